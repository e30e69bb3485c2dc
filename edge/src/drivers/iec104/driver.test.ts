import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  type DeviceConnection,
  DeviceError,
  quality,
  RefusedRequest,
  type Request,
  type Sample,
  type TagType,
} from '../../driver.ts'
import { until } from '../../testing.ts'
import type { Iec104Address } from './address.ts'
import { driver, type Iec104Settings } from './driver.ts'
import { type Outstation, simulate } from './simulator.ts'

let station: Outstation
const open: { close(): Promise<void> }[] = []

beforeEach(async () => {
  station = (await simulate()) as Outstation
})
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
  await station.stop()
})

const settingsWith = (more: Record<string, unknown> = {}) =>
  driver.settings({ ...station.settings, timeoutMs: 400, ...more }, 'devices[0]')

function connect(settings: Iec104Settings): DeviceConnection<Iec104Address, Request<Iec104Address>> {
  const connection = driver.open(settings)
  open.push(connection)
  return connection
}

const tagsOf = (settings: Iec104Settings, wanted: readonly (readonly [address: string, type: TagType])[]) =>
  wanted.map(([address, type]) => ({ address: driver.parseAddress(address, type, settings), type }))

type Wanted = readonly [address: string, type: TagType]
/** A reader of one connection. */
function reader(settings: Iec104Settings) {
  const connection = connect(settings)
  return { connection, read: (...wanted: Wanted[]) => connection.read({ tags: tagsOf(settings, wanted) }) }
}
const values = (samples: Sample[]) => samples.map(({ value }) => value)

test('a general interrogation brings every kind of point', async () => {
  station.set('M_SP:1', 'bool', true)
  station.set('M_DP:2', 'bool', true)
  station.set('M_DP:3', 'uint8', 1)
  station.set('M_ST:4', 'int8', -12)
  station.set('M_BO:5', 'uint32', 0x8000_0001)
  station.set('M_ME_NA:4001H', 'float64', -0.5)
  station.set('M_ME_NB:4002H', 'int16', -1234)
  station.set('M_ME_NC:16387', 'float32', 21.5)
  station.set('M_IT:6401H', 'int32', 123_456)
  const { read } = reader(settingsWith())
  const samples = await read(
    ['m_sp_na_1:1', 'bool'],
    ['M_DP:2', 'bool'],
    ['M_DP:3', 'uint8'],
    ['M_ST:4', 'int8'],
    ['M_BO:5', 'uint32'],
    ['M_BO:5.31', 'bool'],
    ['M_BO:5.1', 'bool'],
    ['M_ME_NA:16385', 'float64'],
    ['M_ME_TE_1:4002H', 'int16'],
    ['M_ME_NC:4003H', 'float32'],
    ['M_IT:6401H', 'int32'],
  )
  expect(values(samples)).toEqual([true, true, 1, -12, 0x8000_0001, true, false, -0.5, -1234, 21.5, 123_456])
  expect(samples.every((sample) => sample.quality === quality.good && sample.at === undefined)).toBe(true)
})

test('a read gives the last value that the station sent by itself, with the time of its tag', async () => {
  station.set('M_ME_NC:7', 'float32', 1)
  const { read } = reader(settingsWith())
  expect(values(await read(['M_ME_NC:7', 'float64']))).toEqual([1])
  const at = Date.now() - 90_000
  station.tell('M_ME_NC', 7, 2.5, { at })
  await until('the spontaneous value', async () => (await read(['M_ME_NC:7', 'float64']))[0]?.value === 2.5)
  expect(await read(['M_ME_NC:7', 'float64'])).toEqual([{ value: 2.5, quality: quality.good, at }])
  station.tell('M_ME_NC', 7, 3.5, { at, timeBytes: 3 })
  await until('the next', async () => (await read(['M_ME_NC:7', 'float64']))[0]?.value === 3.5)
  expect((await read(['M_ME_NC:7', 'float64']))[0]?.at).toBe(at)
})

test('a read by interrogation asks each time', async () => {
  station.set('M_SP:1', 'bool', true)
  const { read } = reader(settingsWith({ read: 'interrogate' }))
  expect(values(await read(['M_SP:1', 'bool']))).toEqual([true])
  // Changed where the station does not tell of it.
  station.faults.missing.add('M_SP:1')
  station.set('M_SP:1', 'bool', false)
  station.faults.missing.clear()
  expect(values(await read(['M_SP:1', 'bool']))).toEqual([false])
})

test('quality descriptors and time tags make values uncertain or bad, with their words', async () => {
  const { read } = reader(settingsWith())
  await read(['M_SP:1', 'bool'])
  station.tell('M_ME_NC', 1, 5, { flags: 0x80 })
  station.tell('M_ME_NC', 2, 5, { flags: 0x51 })
  station.tell('M_ME_NC', 3, Number.NaN)
  station.tell('M_DP', 4, 3)
  station.tell('M_DP', 5, 3)
  station.send({ type: 30, objects: [{ address: 6, element: Buffer.from('0100008000010100', 'hex') }] })
  station.tell('M_SP', 7, 1)
  const ask = () =>
    read(
      ['M_ME_NC:1', 'float64'],
      ['M_ME_NC:2', 'float64'],
      ['M_ME_NC:3', 'float64'],
      ['M_DP:4', 'bool'],
      ['M_DP:5', 'uint8'],
      ['M_SP:6', 'bool'],
      ['M_DP:7', 'bool'],
      ['M_SP:8', 'bool'],
      ['C_SC:9', 'bool'],
    )
  await until('the last value', async () => (await ask())[6]?.reason?.includes('sends') ?? false)
  expect((await ask()).map(({ value, quality, reason }) => [value, quality, reason])).toEqual([
    [undefined, quality.bad, 'M_ME_NC:1: the station calls it invalid (IV)'],
    [5, quality.uncertain, 'M_ME_NC:2: overflow (OV), blocked (BL), not topical (NT)'],
    [undefined, quality.bad, 'M_ME_NC:3: the station sends NaN'],
    [undefined, quality.bad, 'M_DP:4: the double point is indeterminate (3)'],
    [3, quality.uncertain, 'M_DP:5: indeterminate'],
    [true, quality.uncertain, 'M_SP:6: its time tag is invalid'],
    [undefined, quality.bad, 'M_DP:7: the station sends M_SP_TB_1 there'],
    [undefined, quality.bad, 'M_SP:8: the station has sent no value for it since the connection began'],
    [undefined, quality.bad, 'C_SC:9: a command has no value to be read'],
  ])
})

test('subscribed values come in their order, each once, and a point that the station lacks is named', async () => {
  station.set('M_ME_NC:1', 'float32', 0)
  const settings = settingsWith()
  const connection = connect(settings)
  const got: [string, unknown][] = []
  await connection.subscribe!(
    tagsOf(settings, [
      ['M_ME_NC:1', 'float64'],
      ['M_SP:2', 'bool'],
    ]),
    {
      periodMs: 1_000,
      deliver: ({ address }, { value }) => got.push([address.text, value]),
      state: () => {},
    },
  )
  expect(got).toEqual([
    ['M_ME_NC:1', 0],
    ['M_SP:2', undefined],
  ])
  for (let i = 1; i <= 500; i++) station.set('M_ME_NC:1', 'float32', i)
  await until('all values', () => got.length >= 502)
  expect(got.slice(2)).toEqual(Array.from({ length: 500 }, (_, i) => ['M_ME_NC:1', i + 1]))
})

test('after a break a subscription says so, comes back by itself and interrogates again', async () => {
  station.set('M_ME_NC:1', 'float32', 1)
  const settings = settingsWith()
  const connection = connect(settings)
  const got: unknown[] = []
  await connection.subscribe!(tagsOf(settings, [['M_ME_NC:1', 'float64']]), {
    periodMs: 1_000,
    deliver: (_, { value }) => got.push(value),
    state: (error) => got.push(error instanceof DeviceError ? 'lost' : 'whole'),
  })
  await station.stop()
  await until('the break', () => got.includes('lost'))
  station = (await simulate({ port: settings.port })) as Outstation
  station.set('M_ME_NC:1', 'float32', 2)
  await until('the return', () => got.includes('whole'))
  station.set('M_ME_NC:1', 'float32', 3)
  await until('the next value', () => got.includes(3))
  expect(got).toEqual([1, 'lost', 2, 'whole', 3])
})

test('a point that a station lacks after its restart is bad, read and subscribed, whatever it was before', async () => {
  station.set('M_ME_NC:1', 'float32', 1)
  const settings = settingsWith()
  const { connection, read } = reader(settings)
  const got: unknown[] = []
  await connection.subscribe!(tagsOf(settings, [['M_ME_NC:1', 'float64']]), {
    periodMs: 1_000,
    deliver: (_, { value }) => got.push(value),
    state: (error) => got.push(error instanceof DeviceError ? 'lost' : 'whole'),
  })
  await station.stop()
  await until('the break', () => got.includes('lost'))
  station = (await simulate({ port: settings.port })) as Outstation
  await until('the return', () => got.length >= 4)
  expect(got).toEqual([1, 'lost', 'whole', undefined])
  expect(values(await read(['M_ME_NC:1', 'float64']))).toEqual([undefined])
})

test('a station is browsed by what its general interrogation brings', async () => {
  station.set('M_ME_NC:4001H', 'float32', 1)
  station.set('M_DP:2', 'bool', true)
  const found = []
  for await (const tag of connect(settingsWith()).browse!()) found.push(tag)
  expect(found).toEqual([
    { address: 'M_DP:2', name: 'M_DP:2', type: 'bool', writable: false },
    { address: 'M_ME_NC:16385', name: 'M_ME_NC:16385', type: 'float32', writable: false },
  ])
})

test('a test ASDU is no value', async () => {
  station.set('M_SP:1', 'bool', false)
  const { read } = reader(settingsWith())
  await read(['M_SP:1', 'bool'])
  station.send({ type: 1, isTest: true, objects: [{ address: 1, element: Buffer.of(1) }] })
  station.tell('M_SP', 2, 1)
  await until('what came behind it', async () => (await read(['M_SP:2', 'bool']))[0]?.value === true)
  expect(values(await read(['M_SP:1', 'bool']))).toEqual([false])
})

test('a subscription to a station that is not there is refused', async () => {
  const settings = settingsWith()
  await station.stop()
  const connection = connect(settings)
  const options = { periodMs: 1_000, deliver: () => {}, state: () => {} }
  await expect(connection.subscribe!(tagsOf(settings, [['M_SP:1', 'bool']]), options)).rejects.toThrow(DeviceError)
})

test('a station that is silent, refuses, or answers under another common address gives no value but a reason', async () => {
  const ask = (more: Record<string, unknown> = {}) => reader(settingsWith(more)).read(['M_SP:1', 'bool'])
  station.set('M_SP:1', 'bool', true)
  station.faults.silent = true
  await expect(ask()).rejects.toThrow(/common address 1: no connection within 400 ms/)
  station.faults.silent = false
  station.faults.refusesAll = true
  await expect(ask()).rejects.toThrow('general interrogation is refused')
  await expect(ask()).rejects.not.toBeInstanceOf(RefusedRequest)
  station.faults.refusesAll = false
  await expect(ask({ commonAddress: 9 })).rejects.toThrow('unknown common address (cause 46)')
  station.faults.answersForAnother = true
  await expect(ask()).rejects.toThrow('no answer to general interrogation within 400 ms; it sent for common address 2')
  station.faults.answersForAnother = false
  station.faults.missing.add('M_SP:1')
  expect((await ask())[0]?.quality).toBe(quality.bad)
  station.faults.missing.clear()
  expect(values(await ask())).toEqual([true])
})

test('a station that falls silent gives no value any more, although its last ones are known', async () => {
  station.set('M_SP:1', 'bool', true)
  const { read } = reader(settingsWith())
  expect(values(await read(['M_SP:1', 'bool']))).toEqual([true])
  station.faults.silent = true
  await expect(read(['M_SP:1', 'bool'])).rejects.toThrow('no answer within 400 ms')
  station.faults.silent = false
})

test('after a restart of the station the same connection reads again', async () => {
  const settings = settingsWith()
  const { read } = reader(settings)
  station.set('M_SP:1', 'bool', true)
  expect(values(await read(['M_SP:1', 'bool']))).toEqual([true])
  await station.stop()
  await expect(read(['M_SP:1', 'bool'])).rejects.toThrow(DeviceError)
  station = (await simulate({ port: settings.port })) as Outstation
  station.set('M_SP:1', 'bool', false)
  expect(values(await read(['M_SP:1', 'bool']))).toEqual([false])
})
