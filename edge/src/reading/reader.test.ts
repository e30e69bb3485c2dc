import { decodeCompactBatch } from '@kapok/contracts/compact-batch'
import { SettableClock } from '@kapok/kit/clock'
import { makeLog } from '@kapok/kit/log'
import { afterEach, expect, test } from 'vitest'
import { EdgeBuffer } from '../buffer/buffer.ts'
import { quality } from '../driver.ts'
import { simulate } from '../drivers/modbus/simulator.ts'
import type { Simulator } from '../simulator.ts'
import { readTagTable } from '../tag-table.ts'
import { until } from '../testing.ts'
import { type Reader, startReader } from './reader.ts'

const log = makeLog('test', 'error')
const clock = new SettableClock()
const midnight = 1_790_000_000_000
const running: { stop(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop()
})
const plcOn = async (port?: number): Promise<Simulator> => {
  const plc = await simulate({ port })
  running.push(plc)
  return plc
}
interface WrittenTag {
  property: string
  address: string
  type: string
  [more: string]: unknown
}
const tag = (property: string, address: string, type = 'uint16', more = {}): WrittenTag => ({
  property,
  address,
  type,
  ...more,
})

async function read(plc: Simulator, tags: WrittenTag[], { buffer = new EdgeBuffer(':memory:'), ...more } = {}) {
  const connection = { ...plc.settings, timeoutMs: 500 }
  const device = { name: 'm', protocol: 'modbus', connection, periodMs: 50, tags, ...more }
  const table = await readTagTable(JSON.stringify({ platform: 'mqtt://nowhere', token: 'none', devices: [device] }))
  const [read] = table.devices
  if (read === undefined) throw new Error('the device is not in its table')
  const reader = startReader(read, buffer, clock, log)
  running.unshift(reader)
  return { reader, buffer }
}
const kept = (buffer: EdgeBuffer) => {
  buffer.flush()
  return buffer
    .waiting(0, Number.MAX_SAFE_INTEGER, 10_000)
    .flatMap(({ body }) => decodeCompactBatch(body))
    .map(({ property, value, at, quality: q = quality.good }) => ({ property, value, at, q }))
}
const values = (buffer: EdgeBuffer) => kept(buffer).map(({ property, value }) => [property, value])
const rounds = async (reader: Reader, n = 2) => {
  const { reads } = reader.state
  await until(`${n} rounds`, () => reader.state.reads >= reads + n)
}

test('a value goes to the buffer when it leaves its dead band or its heartbeat is due, and with the time of the reading', async () => {
  clock.set(midnight, { running: false })
  const plc = await plcOn()
  plc.set('holding/0', 'uint16', 1000)
  const { reader, buffer } = await read(plc, [
    tag('speed', 'holding/0', 'uint16', { deadBand: 10 }),
    tag('on', 'coil/3', 'bool'),
  ])
  await rounds(reader)
  expect(values(buffer).sort()).toEqual([
    ['on', false],
    ['speed', 1000],
  ])
  plc.set('holding/0', 'uint16', 1010)
  await rounds(reader)
  expect(kept(buffer)).toHaveLength(2)
  expect(reader.state.values.speed?.value).toBe(1010)
  clock.set(midnight + 1000, { running: false })
  plc.set('holding/0', 'uint16', 1011)
  await rounds(reader)
  expect(values(buffer).slice(2)).toEqual([['speed', 1011]])
  // Nothing changes: after the heartbeat both are said once more.
  clock.set(midnight + 62_000, { running: false })
  await rounds(reader, 3)
  // The middle of the request is a little before its end.
  const seconds = kept(buffer).map(({ at = 0 }) => Math.round((at - midnight) / 1000) + 0)
  expect(seconds).toEqual([0, 0, 1, 62, 62])
})

test('tags of each period are read together and no more often than that', async () => {
  clock.set(midnight, { running: false })
  const plc = await plcOn()
  const { reader, buffer } = await read(plc, [
    tag('fast', 'holding/0', 'uint16', { report: 'receive' }),
    tag('slow', 'holding/1', 'uint16', { report: 'receive', periodMs: 3_600_000 }),
  ])
  await rounds(reader, 8)
  const count = (wanted: string) => values(buffer).filter(([property]) => property === wanted).length
  await until('the fast one to be kept', () => count('fast') >= 7)
  expect(count('slow')).toBe(1)
})

test('a device that is off or silent delays no other, is asked less and less often, and is back by itself', async () => {
  clock.set(Date.now(), { running: true })
  const [well, silent, gone] = await Promise.all([plcOn(), plcOn(), plcOn()])
  silent.faults.silent = true
  await gone.stop()
  const { reader: off, buffer } = await read(gone, [tag('x', 'holding/0')], { name: 'off' } as object)
  const { reader: mute } = await read(silent, [tag('x', 'holding/0')])
  const { reader: good } = await read(well, [tag('x', 'holding/0')])
  await until('the one that is off to fail twice', () => off.state.errors >= 2)
  expect(off.state).toMatchObject({ connected: false, reads: 0 })
  expect(off.state.lastError).toMatch(/ECONNREFUSED/)
  expect(off.state.lastErrorZh).toMatch(/连接被拒绝（.*ECONNREFUSED/)
  expect(kept(buffer)).toEqual([])
  expect(good.state.reads).toBeGreaterThan(off.state.errors)
  await until('the silent one to be given up', () => mute.state.errors > 0)
  expect(mute.state.lastError).toMatch(/no answer within/)
  expect(mute.state.lastErrorZh).toMatch(/ ms 内没有应答/)
  const began = good.state.reads
  const failures = off.state.errors
  await rounds(good, 20)
  // Twenty turns of the good one are few for a device that failed twice and more.
  expect(off.state.errors - failures).toBeLessThan((good.state.reads - began) / 4)
  await plcOn(Number(gone.settings.port))
  silent.faults.silent = false
  await until('both to be back', () => off.state.connected && mute.state.connected)
})

test('a value that turns bad is told once, with the last that there was, and once again when it is good', async () => {
  clock.set(midnight, { running: false })
  const plc = await plcOn()
  plc.set('holding/0', 'float32', 1.5)
  const { reader, buffer } = await read(plc, [tag('x', 'holding/0', 'float32')])
  await rounds(reader)
  plc.set('holding/0', 'float32', Number.NaN)
  await rounds(reader, 3)
  expect(reader.state).toMatchObject({ connected: true, lastError: 'x: not a number', lastErrorZh: 'x: 不是有效数字' })
  plc.set('holding/0', 'float32', 1.5)
  await rounds(reader)
  expect(kept(buffer).map(({ value, q }) => [value, q])).toEqual([
    [1.5, quality.good],
    [1.5, quality.bad],
    [1.5, quality.good],
  ])
})

test('addresses that the device lacks take nothing from their neighbours, and are asked for less and less often', async () => {
  clock.set(Date.now(), { running: true })
  const plc = await plcOn()
  const tags = Array.from({ length: 40 }, (_, i) => tag(`p${i}`, `holding/${i}`))
  for (let i = 0; i < 40; i++) plc.set(`holding/${i}`, 'uint16', i)
  for (const i of [3, 17, 39]) plc.faults.missing.add(`holding/${i}`)
  const { reader } = await read(plc, tags)
  await rounds(reader)
  const good = Object.entries(reader.state.values).filter(([, { quality: q }]) => q === quality.good)
  expect(good.map(([property, { value }]) => `${property}=${value}`).sort()).toEqual(
    tags.flatMap((_, i) => ([3, 17, 39].includes(i) ? [] : [`p${i}=${i}`])).sort(),
  )
  expect(reader.state.values.p17).toMatchObject({ quality: quality.bad, reason: 'holding/17: illegal data address' })
  expect(reader.state.connected).toBe(true)
  plc.faults.missing.clear()
  await until('the address that came back to be read', () => reader.state.values.p17?.value === 17)
})

test('a value that the disk refused is written as soon as it can be', async () => {
  clock.set(midnight, { running: false })
  const plc = await plcOn()
  plc.set('holding/0', 'uint16', 42)
  const buffer = new EdgeBuffer(':memory:')
  const append = buffer.append.bind(buffer)
  let full = true
  buffer.append = (...ask) => (full ? Promise.reject(new Error('database or disk is full')) : append(...ask))
  const { reader } = await read(plc, [tag('x', 'holding/0')], { buffer })
  await until('the disk to be full', () => reader.state.lastError === 'database or disk is full')
  full = false
  await until('the value to be kept', () => kept(buffer).length === 1)
  expect(values(buffer)).toEqual([['x', 42]])
})

test('a counter that rolled over while the gateway was off goes on', async () => {
  clock.set(midnight, { running: false })
  const plc = await plcOn()
  const buffer = new EdgeBuffer(':memory:')
  const counter = [tag('parts', 'holding/0', 'uint16', { rollOver: 65_536 })]
  plc.set('holding/0', 'uint16', 65_000)
  const { reader } = await read(plc, counter, { buffer })
  await rounds(reader)
  await reader.stop()
  plc.set('holding/0', 'uint16', 10)
  const { reader: next } = await read(plc, counter, { buffer })
  await rounds(next)
  expect(values(buffer)).toEqual([
    ['parts', 65_000],
    ['parts', 65_546],
  ])
})

test('more blocks than the device takes at once are all read; a break in between does not hold up the next round', async () => {
  clock.set(Date.now(), { running: true })
  const plc = await plcOn()
  const tags = Array.from({ length: 12 }, (_, i) => tag(`p${i}`, `holding/${i * 80}`))
  const { reader } = await read(plc, tags)
  await rounds(reader)
  expect(Object.keys(reader.state.values)).toHaveLength(12)
  await plc.stop()
  await until('the break', () => !reader.state.connected)
  await plcOn(Number(plc.settings.port))
  await until('the device to be back', () => reader.state.connected)
})
