import { SettableClock } from '@kapok/kit/clock'
import { makeLog } from '@kapok/kit/log'
import { afterEach, expect, test } from 'vitest'
import { type EdgeBuffer, openBuffer } from './buffer.ts'
import { type Reader, startReader } from './reader.ts'
import type { EdgeDevice, Tag } from './tag-table.ts'
import { servePlc, type TestPlc, until } from './testing.ts'

const log = makeLog('test', 'error')
const clock = new SettableClock()
const midnight = 1_790_000_000_000
const plcs: TestPlc[] = []
const readers: Reader[] = []
afterEach(async () => {
  await Promise.all(readers.splice(0).map((reader) => reader.stop()))
  await Promise.all(plcs.splice(0).map((plc) => plc.stop()))
})
const plcOn = async (port?: number) => {
  const plc = await servePlc(port)
  plcs.push(plc)
  return plc
}
const tag = (property: string, address: number, more: Partial<Tag> = {}): Tag => ({
  property,
  area: 'holding',
  address,
  type: 'uint16',
  order: 'ABCD',
  scale: 1,
  offset: 0,
  deadBand: 0,
  ...more,
})
const deviceOn = (port: number, tags: Tag[], name = 'm'): EdgeDevice => ({
  name,
  host: '127.0.0.1',
  port,
  unit: 1,
  periodMs: 50,
  heartbeatMs: 60_000,
  tags,
})
const read = (device: EdgeDevice, buffer: EdgeBuffer) => {
  const reader = startReader(device, buffer, clock, log)
  readers.push(reader)
  return reader
}
const kept = (buffer: EdgeBuffer) =>
  buffer.oldest(0, Number.MAX_SAFE_INTEGER, 1000).map(({ property, value }) => [property, value])
const rounds = async (reader: Reader, n = 2) => {
  const { reads } = reader.state
  await until(`${n} rounds`, () => reader.state.reads >= reads + n)
}

test('a value goes to the buffer when it leaves its dead band or its heartbeat is due, and with the time of the reading', async () => {
  clock.set(midnight, { running: false })
  const plc = await plcOn()
  plc.holding[0] = 1000
  const buffer = openBuffer(':memory:')
  const reader = read(
    deviceOn(plc.port, [tag('speed', 0, { deadBand: 10 }), tag('on', 3, { area: 'coil', type: 'bool' })]),
    buffer,
  )
  await rounds(reader)
  expect(kept(buffer).sort()).toEqual([
    ['on', false],
    ['speed', 1000],
  ])
  plc.holding[0] = 1010
  await rounds(reader)
  expect(kept(buffer)).toHaveLength(2)
  expect(reader.state.values.speed?.value).toBe(1010)
  plc.holding[0] = 1011
  plc.coils[3] = true
  clock.set(midnight + 1000, { running: false })
  await rounds(reader)
  expect(kept(buffer).slice(2).sort()).toEqual([
    ['on', true],
    ['speed', 1011],
  ])
  // Nothing changes: after the heartbeat both are said once more.
  clock.set(midnight + 61_000, { running: false })
  await rounds(reader, 3)
  expect(buffer.count()).toBe(6)
  expect(buffer.oldest(0, 1000, 1000).map(({ at }) => at - midnight)).toEqual([0, 0, 1000, 1000, 61_000, 61_000])
})

test('a device that is off or silent delays no other, is asked less and less often, and is back by itself', async () => {
  clock.set(Date.now(), { running: true })
  const [well, silent, gone] = await Promise.all([plcOn(), plcOn(), plcOn()])
  silent.mood = 'silent'
  await gone.stop()
  const buffer = openBuffer(':memory:')
  const off = read(deviceOn(gone.port, [tag('x', 0)], 'off'), buffer)
  const mute = read(deviceOn(silent.port, [tag('x', 0)], 'mute'), buffer)
  const good = read(deviceOn(well.port, [tag('x', 0)], 'good'), buffer)
  await until('the one that is off to fail three times', () => off.state.errors >= 3)
  expect(off.state).toMatchObject({ connected: false, reads: 0 })
  expect(off.state.lastError).toMatch(/ECONNREFUSED/)
  // By now the good one has been read at every turn; the silent one still waits for its first answer.
  expect(good.state.reads).toBeGreaterThan(off.state.errors)
  await until('the silent one to be given up', () => mute.state.errors > 0)
  expect(mute.state.lastError).toMatch(/no answer within/)
  const began = good.state.reads
  const failures = off.state.errors
  await rounds(good, 20)
  // Twenty turns of the good one are few for a device that failed four times and more.
  expect(off.state.errors - failures).toBeLessThan((good.state.reads - began) / 4)
  await plcOn(gone.port)
  silent.mood = 'answers'
  await until('both to be back', () => off.state.connected && mute.state.connected)
})

test('a tag with a wrong address takes nothing from the others, and the device is read at its own pace', async () => {
  clock.set(Date.now(), { running: true })
  const plc = await plcOn()
  plc.holding[5] = 7
  const buffer = openBuffer(':memory:')
  const reader = read(deviceOn(plc.port, [tag('right', 5), tag('wrong', 2000)]), buffer)
  await rounds(reader, 5)
  plc.holding[5] = 8
  await rounds(reader)
  expect(kept(buffer)).toEqual([
    ['right', 7],
    ['right', 8],
  ])
  expect(reader.state).toMatchObject({ connected: true, lastError: 'holding 2000: illegal data address' })
})

test('a value that the disk refused is written as soon as it can be', async () => {
  clock.set(midnight, { running: false })
  const plc = await plcOn()
  plc.holding[0] = 42
  const buffer = openBuffer(':memory:')
  let full = true
  const disk: EdgeBuffer = {
    ...buffer,
    append(points) {
      if (full) throw new Error('database or disk is full')
      buffer.append(points)
    },
  }
  const reader = read(deviceOn(plc.port, [tag('x', 0)]), disk)
  await until('the disk to be full', () => reader.state.errors > 0)
  full = false
  await until('the value to be kept', () => buffer.count() === 1)
  expect(kept(buffer)).toEqual([['x', 42]])
})

test('more blocks than the device takes at once are all read; a break in between does not hold up the next round', async () => {
  clock.set(Date.now(), { running: true })
  const plc = await plcOn()
  const tags = Array.from({ length: 12 }, (_, i) => tag(`p${i}`, i * 80))
  const buffer = openBuffer(':memory:')
  const reader = read(deviceOn(plc.port, tags), buffer)
  await rounds(reader)
  expect(Object.keys(reader.state.values)).toHaveLength(12)
  await plc.stop()
  await until('the break', () => !reader.state.connected)
  await plcOn(plc.port)
  await until('the device to be back', () => reader.state.connected)
})
