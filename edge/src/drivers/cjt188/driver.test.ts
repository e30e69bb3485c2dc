import { type AddressInfo, createServer } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type DeviceConnection, DeviceError, quality, RefusedRequest, type TagType } from '../../driver.ts'
import { pseudoTerminalTo } from '../../pseudo-terminal.ts'
import type { Simulator } from '../../simulator.ts'
import type { Cjt188Address } from './address.ts'
import { decodeFrame, encodeFrame, type Frame, frameReader } from './codec.ts'
import { type Cjt188Request, type Cjt188Settings, driver } from './driver.ts'
import { simulate } from './simulator.ts'

let simulator: Simulator
const open: { close(): Promise<void> }[] = []

beforeEach(async () => {
  simulator = await simulate()
})
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
  await simulator.stop()
})

const settingsWith = (more: Record<string, unknown> = {}) =>
  driver.settings({ ...simulator.settings, timeoutMs: 300, ...more }, 'devices[0]')

function connect(settings: Cjt188Settings): DeviceConnection<Cjt188Address, Cjt188Request> {
  const connection = driver.open(settings)
  open.push(connection)
  return connection
}

async function readWith(settings: Cjt188Settings, ...wanted: (readonly [address: string, type: TagType])[]) {
  const tags = wanted.map(([address, type]) => ({ address: driver.parseAddress(address, type, settings), type }))
  const samples = []
  for (const request of driver.plan(tags, settings)) samples.push(...(await connect(settings).read(request)))
  return samples
}

test('a water meter: flow with its unit, settlement day, valve and battery, stamped with the meter’s clock', async () => {
  const settings = settingsWith()
  simulator.set('cumulativeFlow', 'float64', 1234.56)
  simulator.set('settlementFlow', 'float64', 1200.5)
  simulator.set('settlementFlow/unit', 'text', 'L')
  simulator.set('valve', 'text', 'closed')
  simulator.set('batteryLow', 'bool', true)
  const minute = Math.floor(Date.now() / 60_000) * 60_000 - 120_000
  const beijing = new Date(minute + 8 * 3_600_000).toISOString().slice(0, 19)
  simulator.set('clock', 'text', beijing)
  const samples = await readWith(
    settings,
    ['cumulativeflow', 'float64'],
    ['cumulativeFlow:m3', 'text'],
    ['settlementFlow', 'float64'],
    ['settlementFlow/unit', 'text'],
    ['settlementFlow:m³', 'float64'],
    ['valve', 'text'],
    ['batteryLow', 'bool'],
    ['status', 'uint16'],
    ['status.0', 'bool'],
    ['clock', 'text'],
  )
  expect(samples.map(({ value }) => value)).toEqual([
    1234.56,
    '1234.56',
    1200.5,
    'L',
    undefined,
    'closed',
    true,
    5,
    true,
    beijing.replace('T', ' '),
  ])
  expect(samples[4]).toMatchObject({
    quality: quality.bad,
    reason: 'settlementFlow:m³: the meter counts in L instead of m³',
  })
  expect(new Set(samples.map(({ at }) => at))).toEqual(new Set([minute]))
})

test('a heat meter: heat, power, flow, temperatures and working hours', async () => {
  const settings = settingsWith({ meterType: 'heat' })
  const values = {
    settlementHeat: 100.01,
    heat: 123.45,
    heatPower: 12.5,
    flowRate: 1.2345,
    cumulativeFlow: 999_999.99,
    supplyTemperature: 75.25,
    returnTemperature: 55.5,
    workingHours: 123_456,
  }
  for (const [name, value] of Object.entries(values)) simulator.set(name, 'float64', value)
  simulator.set('heat/unit', 'text', 'GJ')
  const samples = await readWith(
    settings,
    ...Object.keys(values).map((name) => [name, 'float64'] as const),
    ['heat:GJ', 'float64'],
    ['heatPower/unit', 'text'],
  )
  expect(samples.map(({ value }) => value)).toEqual([...Object.values(values), 123.45, 'kW'])
})

test('all that a meter answers is one request', () => {
  const settings = settingsWith()
  const tags = ['cumulativeFlow', 'clock', 'meterAddress'].map((address) => ({
    address: driver.parseAddress(address, 'text', settings),
    type: 'text' as const,
  }))
  expect(driver.plan(tags, settings).map(({ what, tags }) => [what, tags.length])).toEqual([
    ['data', 2],
    ['address', 1],
  ])
})

test('a clock that is far off does not stamp values, and one that is none is bad', async () => {
  simulator.set('clock', 'text', '2015-05-11 22:01:31')
  const [clock] = await readWith(settingsWith(), ['clock', 'text'])
  expect(clock).toEqual({ value: '2015-05-11 22:01:31', quality: quality.good })
  simulator.set('clock', 'text', '2015-02-31 22:01:31')
  const [none] = await readWith(settingsWith(), ['clock', 'text'])
  expect(none?.reason).toBe('clock: the meter’s clock says 20150231220131, which is no time')
})

test('what the meter does not have is bad; an unknown unit code is uncertain', async () => {
  simulator.faults.missing.add('settlementFlow')
  simulator.set('cumulativeFlow', 'float64', 5)
  simulator.set('cumulativeFlow/unit', 'text', 'furlong')
  const samples = await readWith(
    settingsWith(),
    ['settlementFlow', 'float64'],
    ['cumulativeFlow', 'float64'],
    ['cumulativeFlow/unit', 'text'],
  )
  expect(samples.map(({ value, quality, reason }) => ({ value, quality, reason }))).toEqual([
    {
      value: undefined,
      quality: quality.bad,
      reason: 'settlementFlow: the meter answers FFFFFFFFFFH, which is no XXXXXX.XX',
    },
    { value: 5, quality: quality.uncertain, reason: 'cumulativeFlow: the meter has the unit code 00H, which is none' },
    {
      value: undefined,
      quality: quality.bad,
      reason: 'cumulativeFlow/unit: the meter has the unit code 00H, which is none',
    },
  ])
})

test('a meter alone on its line tells its address, and fourteen A ask for nothing else', async () => {
  const settings = settingsWith({ meter: 'AAAAAAAAAAAAAA' })
  expect((await readWith(settings, ['meterAddress', 'text']))[0]?.value).toBe('78330011223344')
  expect(() => driver.parseAddress('cumulativeFlow', 'float64', settings)).toThrow('one of meterAddress is expected')
})

test('a refusal is said, with the status word that it brings', async () => {
  simulator.faults.refusesAll = true
  simulator.set('valve', 'text', 'abnormal')
  const refused = readWith(settingsWith(), ['cumulativeFlow', 'float64'])
  await expect(refused).rejects.toThrow(DeviceError)
  // Asking for fewer fields would be the same question again.
  await expect(refused).rejects.not.toBeInstanceOf(RefusedRequest)
  await expect(refused).rejects.toThrow('meter 78330011223344 refuses to answer (abnormal reply, status 0300H)')
})

test('a silent meter and one that answers for another give no value but their reason', async () => {
  simulator.faults.silent = true
  await expect(readWith(settingsWith(), ['cumulativeFlow', 'float64'])).rejects.toThrow('no answer within 300 ms')
  simulator.faults.silent = false
  simulator.faults.answersForAnother = true
  await expect(readWith(settingsWith(), ['cumulativeFlow', 'float64'])).rejects.toThrow(
    'an answer of meter 78330011223345',
  )
  simulator.faults.answersForAnother = false
  expect((await readWith(settingsWith(), ['cumulativeFlow', 'float64']))[0]?.value).toBe(0)
})

test('after a restart of the meter the same connection reads again', async () => {
  const settings = settingsWith()
  const connection = connect(settings)
  const tag = { address: driver.parseAddress('valve', 'text', settings), type: 'text' as const }
  const [request] = driver.plan([tag], settings)
  expect((await connection.read(request!))[0]?.value).toBe('open')
  await simulator.stop()
  await expect(connection.read(request!)).rejects.toThrow(DeviceError)
  simulator = await simulate({ port: settings.port })
  expect((await connection.read(request!))[0]?.value).toBe('open')
})

/** A meter that says what a test tells it to say, of the request that came. */
async function sayer(reply: (request: Frame) => Buffer, more: Record<string, unknown> = {}) {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    const reader = frameReader()
    socket.on('data', (chunk) => {
      for (const raw of reader.push(chunk)) socket.write(reply(decodeFrame(raw, '7')))
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  open.push({ close: () => new Promise((done) => void server.close(() => done())) })
  return settingsWith({ port: (server.address() as AddressInfo).port, ...more })
}
const body = Buffer.from('563412002C563412002C000000000000000000', 'hex')
const answered = (request: Frame, more: Partial<Frame> = {}) =>
  encodeFrame({ ...request, isAnswer: true, data: Buffer.concat([request.data, body]), ...more }, '7')

test.each<[said: string, reply: (request: Frame) => Buffer]>([
  ['its address in the wrong byte order', (request) => answered(request, { address: '33780011223344' })],
  ['an answer of meter 00000011223344', (request) => answered(request, { address: '00000011223344' })],
  ['an answer of meter type 20h', (request) => answered(request, { type: 0x20 })],
  ['an answer to function 3h', (request) => answered(request, { function: 3 })],
  [
    'its data identifier in the wrong byte order',
    (request) => answered(request, { data: Buffer.concat([Buffer.of(0x90, 0x1f, request.data[2]!), body]) }),
  ],
  [
    'an answer for D120',
    (request) => answered(request, { data: Buffer.concat([Buffer.of(0xd1, 0x20, request.data[2]!), body]) }),
  ],
  [
    'the answer to request 9 instead of 1',
    (request) => answered(request, { data: Buffer.concat([Buffer.of(0x1f, 0x90, 9), body]) }),
  ],
  ['an answer without identifier', (request) => answered(request, { data: Buffer.of(0x1f) })],
])('an answer that does not fit is named and no value: %s', async (said, reply) => {
  await expect(readWith(await sayer(reply), ['cumulativeFlow', 'float64'])).rejects.toThrow(new RegExp(said, 'i'))
})

test('makers’ departures are settings: both identifier orders, a fixed sequence number, unit first, address 5+2', async () => {
  const reversed = (request: Frame) => answered(request, { data: Buffer.concat([Buffer.of(0x90, 0x1f, 0), body]) })
  const departing = await sayer(reversed, { answeredOrder: '901F', sequenceNumber: 'ignored' })
  expect((await readWith(departing, ['cumulativeFlow', 'float64']))[0]?.value).toBe(1234.56)
  const asked = await sayer((request) => (request.data[0] === 0x90 ? answered(request) : Buffer.of(0)), {
    identifierOrder: '901F',
    meter: '33780011223344',
    addressOrder: '5+2',
  })
  expect((await readWith(asked, ['cumulativeFlow', 'float64']))[0]?.value).toBe(1234.56)
  const first = Buffer.from('2C563412002C56341200000000000000000000', 'hex')
  const unitFirst = await sayer((request) => answered(request, { data: Buffer.concat([request.data, first]) }), {
    unitPosition: 'before',
  })
  expect((await readWith(unitFirst, ['cumulativeFlow:m³', 'float64']))[0]?.value).toBe(1234.56)
})

test('a damaged frame and an answer of another length are no values; an echo does not disturb', async () => {
  const damaged = await sayer((request) => {
    const raw = answered(request)
    raw[raw.length - 2]! ^= 1
    return raw
  })
  await expect(readWith(damaged, ['cumulativeFlow', 'float64'])).rejects.toThrow('has the checksum')
  const short = await sayer((request) => answered(request, { data: Buffer.concat([request.data, body.subarray(1)]) }))
  expect((await readWith(short, ['cumulativeFlow', 'float64']))[0]).toEqual({
    value: undefined,
    quality: quality.bad,
    reason: 'the meter answers with 18 bytes instead of 19',
  })
  const echoing = await sayer((request) => Buffer.concat([encodeFrame(request, '7'), answered(request)]))
  expect((await readWith(echoing, ['cumulativeFlow', 'float64']))[0]?.value).toBe(1234.56)
})

test('a meter’s fields are browsed by its type', async () => {
  const found = []
  for await (const { address } of connect(settingsWith({ meterType: 'gas' })).browse!()) found.push(address)
  expect(found).toEqual([
    'cumulativeFlow',
    'cumulativeFlow/unit',
    'settlementFlow',
    'settlementFlow/unit',
    'clock',
    'status',
    'valve',
    'batteryLow',
  ])
})

test('the same over a serial line', async (context) => {
  const terminal = await pseudoTerminalTo(simulator.settings.port as number)
  if (typeof terminal === 'string') return context.skip(terminal)
  try {
    simulator.set('cumulativeFlow', 'float64', 77.7)
    const settings = driver.settings({ serialPort: terminal.path, meter: '78330011223344', timeoutMs: 1_000 }, 'd')
    expect((await readWith(settings, ['cumulativeFlow', 'float64']))[0]?.value).toBe(77.7)
  } finally {
    for (const each of open.splice(0).reverse()) await each.close()
    terminal.stop()
  }
})
