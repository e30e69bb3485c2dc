import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SettableClock } from '@kapok/kit/clock'
import { makeLog } from '@kapok/kit/log'
import { afterEach, expect, test } from 'vitest'
import { EdgeBuffer } from '../buffer/buffer.ts'
import type { TagValue } from '../driver.ts'
import { simulate } from '../drivers/modbus/simulator.ts'
import { startReader } from '../reading/reader.ts'
import { readTagTable } from '../tag-table.ts'
import { until } from '../testing.ts'
import { WriteLog } from './write-log.ts'
import { Writer } from './writer.ts'

const log = makeLog('test', 'error')
const running: (() => void | Promise<void>)[] = []
afterEach(async () => {
  for (const stop of running.splice(0).reverse()) await stop()
})

const tags = [
  {
    property: 'speed',
    address: 'holding/0',
    type: 'int16',
    scale: 0.1,
    write: { min: 0, max: 150, interlock: 'running && pressure < 10' },
  },
  { property: 'running', address: 'coil/0', type: 'bool', write: {} },
  { property: 'pressure', address: 'holding/2', type: 'float32' },
  { property: 'mode', address: 'holding/4', type: 'uint16', values: { 0: '手动', 1: '自动' }, write: {} },
  { property: 'recipe', address: 'holding/10[8]', type: 'text', write: {} },
  { property: 'setpoint', address: 'holding/20', type: 'float32', write: { min: -1, max: 1 } },
  { property: 'small', address: 'holding/30', type: 'int16', write: { min: 0, max: 1_000_000 } },
  { property: 'input', address: 'input/0', type: 'uint16', write: { min: 0, max: 9 } },
]

async function machine({ clock = new SettableClock(), more = {} } = {}) {
  const plc = await simulate()
  running.push(() => plc.stop())
  plc.set('coil/0', 'bool', true)
  const folder = mkdtempSync(join(tmpdir(), 'kapok-write-'))
  running.push(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'writes.jsonl')
  const table = await readTagTable(
    JSON.stringify({
      devices: [
        { name: 'A', protocol: 'modbus', connection: { ...plc.settings, timeoutMs: 300 }, periodMs: 50, tags, ...more },
      ],
    }),
  )
  const [device] = table.devices
  if (device === undefined) throw new Error('the device is not in its table')
  const buffer = new EdgeBuffer(':memory:')
  const reader = startReader(device, buffer, clock, log)
  running.push(() => reader.stop())
  await until('the device to be read', () => reader.state.reads > 0)
  const writeLog = new WriteLog(file)
  running.push(() => writeLog.close())
  const writer = new Writer([{ device, reader }], writeLog, clock)
  const write = async (property: string, value: TagValue) =>
    (await writer.write({ who: 'tester', device: 'A', property, value })) ?? 'written'
  const outcomes = () =>
    writeLog.last(99).map(({ property, old, new: value, outcome }) => [property, old, value, outcome])
  return { plc, reader, write, outcomes, file, writeLog, clock }
}

test('a value is written as the device holds it, read back, and recorded before and after', async () => {
  const { plc, write, outcomes, file } = await machine()
  expect(await write('speed', 12.3)).toBe('written')
  expect(plc.get('holding/0', 'int16')).toBe(123)
  expect(await write('mode', '自动')).toBe('written')
  expect(await write('recipe', 'PP-07')).toBe('written')
  expect(await write('setpoint', 0.1)).toBe('written')
  expect(await write('running', false)).toBe('written')
  expect(plc.get('coil/0', 'bool')).toBe(false)
  expect(outcomes().slice(-2)).toEqual([
    ['speed', 0, 12.3, 'written'],
    ['speed', 0, 12.3, 'begun'],
  ])
  const [first = ''] = readFileSync(file, 'utf8').split('\n')
  expect(JSON.parse(first)).toMatchObject({ who: 'tester', device: 'A', property: 'speed', at: expect.any(Number) })
})

test.each<[string, TagValue, string, string]>([
  ['pressure', 1, 'readOnly', '“pressure” is read-only.'],
  ['nothing', 1, 'unknown', '“A” has no tag “nothing”'],
  ['speed', 150.1, 'range', '150.1 is outside of the range from 0 to 150.'],
  ['speed', '12', 'type', 'expected: number'],
  ['speed', 12.34, 'step', 'whole steps of 0.1'],
  ['small', 40_000, 'fit', '40000 does not fit into the device’s int16'],
  ['running', 1, 'type', 'expected: true / false'],
  ['mode', '坏', 'type', 'expected: 手动 / 自动'],
  ['input', 1, 'unfit', 'the area input can only be read'],
])('%s := %s is not written: %s', async (property, value, code, words) => {
  const { write } = await machine()
  expect(await write(property, value)).toMatchObject({ code, message: { en: expect.stringContaining(words) } })
})

test('an interlock that does not hold stops the write and says the values', async () => {
  const { plc, write, outcomes, reader } = await machine()
  plc.set('holding/2', 'float32', 12)
  await until('the pressure to be read', () => reader.state.values.pressure?.value === 12)
  expect(await write('speed', 5)).toMatchObject({
    code: 'interlock',
    message: { en: 'The interlock does not hold: running && pressure < 10 (now running = true, pressure = 12).' },
  })
  expect(plc.get('holding/0', 'int16')).toBe(0)
  expect(outcomes()).toEqual([['speed', 0, 5, 'interlock']])
})

test('an interlock looks at no old value: the device is asked, and when it is silent nothing is written', async () => {
  const { plc, write, reader, clock } = await machine({ more: { periodMs: 3_600_000 } })
  // The only reading saw 0; the machine has changed since.
  clock.set(Date.now() + 60_000, { running: true })
  plc.set('holding/2', 'float32', 12)
  expect(reader.state.values.pressure?.value).toBe(0)
  expect(await write('speed', 5)).toMatchObject({ code: 'interlock' })
  plc.set('holding/2', 'float32', 0)
  expect(await write('speed', 5)).toBe('written')
  plc.faults.silent = true
  expect(await write('speed', 6)).toMatchObject({
    code: 'stale',
    message: { en: expect.stringContaining('The interlock needs “running”, which cannot be used') },
  })
  expect(plc.get('holding/0', 'int16')).toBe(50)
})

test('a device that refuses, is silent, or changes the value is told apart', async () => {
  const { plc, write, reader } = await machine()
  const { connection } = reader
  const send = connection.write?.bind(connection)
  connection.write = async (...ask) => {
    await send?.(...ask)
    plc.set('holding/20', 'float32', 0.75)
  }
  expect(await write('setpoint', 0.5)).toMatchObject({
    code: 'mismatch',
    message: { en: expect.stringContaining('read back is 0.75, not 0.5') },
  })
  connection.write = send
  plc.faults.missing.add('holding/20')
  expect(await write('setpoint', 0.5)).toMatchObject({
    code: 'refused',
    message: { en: expect.stringContaining('illegal data address') },
  })
  plc.faults.silent = true
  expect(await write('setpoint', 0.5)).toMatchObject({
    code: 'failed',
    message: {
      zh: expect.stringMatching(/ 300 ms 内没有应答。/),
      en: expect.stringContaining('no answer within 300 ms'),
    },
  })
})

test('what cannot be recorded is not written; a torn line of the record spoils no other', async () => {
  const { plc, write, writeLog } = await machine()
  const add = writeLog.add.bind(writeLog)
  writeLog.add = () => {
    throw new Error('disk full')
  }
  expect(await write('running', false)).toMatchObject({ code: 'notRecorded' })
  expect(plc.get('coil/0', 'bool')).toBe(true)
  writeLog.add = add
  const torn = join(mkdtempSync(join(tmpdir(), 'kapok-write-')), 'torn.jsonl')
  running.push(() => rmSync(join(torn, '..'), { recursive: true }))
  writeFileSync(torn, '{"id":"1","outcome":"writ')
  const again = new WriteLog(torn)
  running.push(() => again.close())
  again.add({ id: '2', at: 1, who: 'w', device: 'A', property: 'p', old: null, new: 1, outcome: 'written' })
  expect(again.last(9).map(({ id }) => id)).toEqual(['2'])
})

test('a write rule that cannot be kept is refused in the table', async () => {
  const tableWith = (tag: object) =>
    readTagTable(
      JSON.stringify({
        devices: [
          {
            name: 'A',
            protocol: 'modbus',
            connection: { host: 'h' },
            tags: [{ property: 'x', address: 'holding/0', type: 'uint16', ...tag }],
          },
        ],
      }),
    )
  await expect(tableWith({ write: {} })).rejects.toThrow('tags[0].write.min: a number is expected')
  await expect(tableWith({ write: { min: 2, max: 1 } })).rejects.toThrow('not above max')
  await expect(tableWith({ type: 'text', address: 'holding/0[4]', write: { min: 1 } })).rejects.toThrow('only a number')
  await expect(tableWith({ write: { min: 1, max: 2, interlock: 'y > 1' } })).rejects.toThrow(
    'table.devices[0].tags[0].write.interlock: “y > 1”, position 1',
  )
  await expect(tableWith({ write: { min: 1, max: 2, interlock: 'avg(x, 9) > 1' } })).rejects.toThrow('without windows')
})
