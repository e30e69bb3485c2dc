import { type AddressInfo, createServer } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type DeviceConnection, DeviceError, quality, RefusedRequest, type TagType } from '../../driver.ts'
import { pseudoTerminalTo } from '../../pseudo-terminal.ts'
import type { Simulator } from '../../simulator.ts'
import type { Dlt645Address } from './address.ts'
import { encodeFrame, reversedHex } from './codec.ts'
import { type Dlt645Request, type Dlt645Settings, driver } from './driver.ts'
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

function connect(settings: Dlt645Settings): DeviceConnection<Dlt645Address, Dlt645Request> {
  const connection = driver.open(settings)
  open.push(connection)
  return connection
}

async function readWith(settings: Dlt645Settings, ...wanted: (readonly [address: string, type: TagType])[]) {
  const connection = connect(settings)
  const tags = wanted.map(([address, type]) => ({ address: driver.parseAddress(address, type, settings), type }))
  const samples = []
  for (const request of driver.plan(tags, settings)) samples.push(...(await connection.read(request)))
  return samples
}
const read = (...wanted: (readonly [address: string, type: TagType])[]) => readWith(settingsWith(), ...wanted)

test('energy, phases, power with its sign, and demand with its time come as the meter holds them', async () => {
  simulator.set('forwardActiveEnergyTotal', 'float64', 123_456.78)
  simulator.set('00010200', 'float64', 0.05)
  simulator.set('voltageA', 'float64', 231.4)
  simulator.set('currentB', 'float64', 12.345)
  simulator.set('activePowerTotal', 'float64', -7.0213)
  simulator.set('frequency', 'float32', 50.02)
  simulator.set('powerFactorC', 'float64', -0.987)
  simulator.set('forwardActiveDemandTotal', 'float64', 8.125)
  simulator.set('forwardActiveDemandTotal/time', 'text', '2026-11-20 14:30')
  const samples = await read(
    ['forwardactiveenergytotal', 'float64'],
    ['00010200', 'float64'],
    ['02010100', 'float64'],
    ['currentB', 'float64'],
    ['activePowerTotal', 'float64'],
    ['frequency', 'float64'],
    ['powerFactorC', 'float64'],
    ['01010000', 'float64'],
    ['01010000/time', 'text'],
    ['forwardActiveEnergyTotal', 'text'],
  )
  expect(samples.map(({ value }) => value)).toEqual([
    123_456.78,
    '123456.78',
    0.05,
    231.4,
    12.345,
    -7.0213,
    50.02,
    -0.987,
    8.125,
    '2026-11-20 14:30',
  ])
  expect(new Set(samples.map((sample) => sample.quality))).toEqual(new Set([quality.good]))
})

test('tags of one identifier are one request', () => {
  const settings = settingsWith()
  const tags = (['0201FF00/1', '0201FF00/2', '02010100', '0201FF00/3'] as const).map((address) => ({
    address: driver.parseAddress(address, 'float64', settings),
    type: 'float64' as const,
  }))
  const requests = driver.plan(tags, settings)
  expect(requests.map((request) => [request.identifier, request.tags.length])).toEqual([
    ['0201FF00', 3],
    ['02010100', 1],
  ])
})

test('a block longer than a frame is fetched with the frames that follow', async () => {
  for (let set = 1; set <= 64; set++) simulator.set(`0001FF00/${set}`, 'float64', set * 1.01)
  const samples = await read(['0001FF00/1', 'float64'], ['0001FF00/49', 'float64'], ['0001FF00/64', 'float64'])
  expect(samples.map(({ value }) => value)).toEqual([1.01, 49.49, 64.64])
})

test('the edition of 1997 has its own function codes, identifiers and formats', async () => {
  const settings = settingsWith({ edition: 1997 })
  simulator.set('9010', 'float64', 2463.48)
  simulator.set('voltageB', 'float64', 221)
  simulator.set('901F/2', 'float64', 11.11)
  const samples = await readWith(
    settings,
    ['forwardActiveEnergyTotal', 'float64'],
    ['B612', 'uint16'],
    ['901F/2', 'float64'],
    ['901F/3', 'float64'],
  )
  expect(samples.map(({ value }) => value)).toEqual([2463.48, 221, 11.11, undefined])
  expect(samples[3]?.reason).toBe('901F/3: the block has 2 sets of values')
  for (let set = 1; set <= 60; set++) simulator.set(`901F/${set}`, 'float64', set)
  expect((await readWith(settings, ['901F/60', 'float64']))[0]?.value).toBe(60)
  await expect(readWith(settings, ['9020', 'float64'])).rejects.toThrow('9020: wrong data identifier (error word 02H)')
})

test('a word of bits is read as a number or bit by bit', async () => {
  simulator.set('runningStatus3.4', 'bool', true)
  const samples = await read(['04000503', 'uint16'], ['runningStatus3.4', 'bool'], ['04000503.5', 'bool'])
  expect(samples.map(({ value }) => value)).toEqual([16, true, false])
})

test('a meter alone on its line tells its address, and twelve A ask for nothing else', async () => {
  const settings = settingsWith({ meter: 'AAAAAAAAAAAA' })
  expect((await readWith(settings, ['meterAddress', 'text']))[0]?.value).toBe('000000000161')
  expect(() => driver.parseAddress('00010000', 'float64', settings)).toThrow('position 1: meterAddress')
  expect(() => driver.parseAddress('voltageA', 'float64', settings)).toThrow('position 1: meterAddress')
  expect(() => settingsWith({ meter: 'AAAAAAAAAAAA', edition: '1997' })).toThrow('cannot ask for an address')
  expect((await read(['meterAddress', 'text']))[0]?.value).toBe('000000000161')
})

test('what a meter refuses is said in its own words, by tag or as a whole', async () => {
  simulator.set('voltageA', 'float64', 230)
  simulator.faults.missing.add('voltageA')
  await expect(read(['voltageA', 'float64'])).rejects.toThrow(RefusedRequest)
  await expect(read(['voltageA', 'float64'])).rejects.toThrow(
    'meter 000000000161: 02010100: no data asked for (error word 02H)',
  )
  simulator.faults.missing.clear()
  simulator.faults.refusesAll = true
  await expect(read(['voltageA', 'float64'])).rejects.toThrow('other error (error word 01H)')
})

test('a silent meter and one that answers for another give no value but their reason', async () => {
  simulator.set('voltageA', 'float64', 230)
  simulator.faults.silent = true
  await expect(read(['voltageA', 'float64'])).rejects.toThrow('no answer within 300 ms')
  simulator.faults.silent = false
  simulator.faults.answersForAnother = true
  const wrong = read(['voltageA', 'float64'])
  await expect(wrong).rejects.toThrow('it sent an answer of meter 999999999998')
  await expect(wrong).rejects.not.toBeInstanceOf(RefusedRequest)
  simulator.faults.answersForAnother = false
  expect((await read(['voltageA', 'float64']))[0]?.value).toBe(230)
})

test('after a restart of the meter the same connection reads again', async () => {
  const settings = settingsWith()
  simulator.set('voltageA', 'float64', 230)
  const connection = connect(settings)
  const tag = { address: driver.parseAddress('voltageA', 'float64', settings), type: 'float64' as const }
  const [request] = driver.plan([tag], settings)
  expect((await connection.read(request!))[0]?.value).toBe(230)
  await simulator.stop()
  await expect(connection.read(request!)).rejects.toThrow(DeviceError)
  simulator = await simulate({ port: settings.port })
  simulator.set('voltageA', 'float64', 231)
  expect((await connection.read(request!))[0]?.value).toBe(231)
})

/** A meter that says what a test tells it to say. */
async function sayer(reply: (address: string, identifier: Buffer) => Buffer) {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.on('data', () => socket.write(reply('000000000161', Buffer.from('00010102', 'hex'))))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  open.push({ close: () => new Promise((done) => void server.close(() => done())) })
  return settingsWith({ port: (server.address() as AddressInfo).port })
}
const voltage = Buffer.from('1423', 'hex')
const answer = { function: 0x11, isAnswer: true, isRefusal: false, hasMore: false }

test.each<[said: string, reply: (address: string, identifier: Buffer) => Buffer]>([
  [
    'its address in the wrong byte order',
    (address, identifier) =>
      encodeFrame({
        ...answer,
        address: reversedHex(Buffer.from(address, 'hex')),
        data: Buffer.concat([identifier, voltage]),
      }),
  ],
  [
    'its data identifier in the wrong byte order',
    (address, identifier) =>
      encodeFrame({ ...answer, address, data: Buffer.concat([Buffer.from(identifier).reverse(), voltage]) }),
  ],
  [
    'an answer for 02010200',
    (address) => encodeFrame({ ...answer, address, data: Buffer.concat([Buffer.from('00020102', 'hex'), voltage]) }),
  ],
  [
    'data bytes without the added 33H',
    (address, identifier) =>
      encodeFrame({
        ...answer,
        address,
        data: Buffer.from(Buffer.concat([identifier, voltage]).map((byte) => byte - 0x33)),
      }),
  ],
  [
    'an answer to function 12H',
    (address, identifier) =>
      encodeFrame({ ...answer, function: 0x12, address, data: Buffer.concat([identifier, voltage]) }),
  ],
])('an answer that does not fit is named and no value: %s', async (said, reply) => {
  await expect(readWith(await sayer(reply), ['voltageA', 'float64'])).rejects.toThrow(said)
})

test('a damaged frame, a value of another length and one without digits are no values', async () => {
  const damaged = (address: string, identifier: Buffer) => {
    const raw = encodeFrame({ ...answer, address, data: Buffer.concat([identifier, voltage]) })
    raw[raw.length - 2]! ^= 1
    return raw
  }
  await expect(readWith(await sayer(damaged), ['voltageA', 'float64'])).rejects.toThrow('has the checksum')
  const long = await sayer((address, identifier) =>
    encodeFrame({ ...answer, address, data: Buffer.concat([identifier, voltage, voltage]) }),
  )
  expect((await readWith(long, ['voltageA', 'float64']))[0]).toEqual({
    value: undefined,
    quality: quality.bad,
    reason: 'voltageA: the meter answers with 4 bytes instead of 2',
  })
  expect((await readWith(long, ['02010100:XXXXXX.XX', 'float64']))[0]?.value).toBe(231_423.14)
  const empty = await sayer((address, identifier) =>
    encodeFrame({ ...answer, address, data: Buffer.concat([identifier, Buffer.alloc(2, 0xff)]) }),
  )
  expect((await readWith(empty, ['voltageA', 'float64']))[0]?.reason).toContain('FFFFH, which is no XXX.X')
})

test('a two-wire adapter that echoes the request does not disturb its answer', async () => {
  const echoing = await sayer((address, identifier) =>
    Buffer.concat([
      encodeFrame({ ...answer, isAnswer: false, address, data: identifier }),
      encodeFrame({ ...answer, address, data: Buffer.concat([identifier, voltage]) }),
    ]),
  )
  expect((await readWith(echoing, ['voltageA', 'float64']))[0]?.value).toBe(231.4)
})

test('frames that follow without end, or out of order, are no value', async () => {
  const endless = await sayer((address, identifier) =>
    encodeFrame({ ...answer, address, hasMore: true, data: identifier }),
  )
  await expect(readWith(endless, ['voltageA', 'float64'])).rejects.toThrow('an answer to function 11H')
  let sequence = 0
  const skipping = await sayer((address, identifier) => {
    const first = sequence++ === 0
    const data = first ? identifier : Buffer.concat([identifier, Buffer.of(7)])
    return encodeFrame({ ...answer, function: first ? 0x11 : 0x12, address, hasMore: true, data })
  })
  await expect(readWith(skipping, ['voltageA', 'float64'])).rejects.toThrow('frame 7 of 02010100 instead of 1')
})

test('a meter is browsed by asking for all that has a name', async () => {
  simulator.set('voltageB', 'float64', 230)
  simulator.set('forwardActiveEnergyPeak', 'float64', 1)
  const connection = connect(settingsWith())
  const found = []
  for await (const tag of connection.browse!()) found.push(tag)
  expect(found).toEqual([
    {
      address: 'forwardActiveEnergyPeak',
      name: 'forwardActiveEnergyPeak',
      type: 'float64',
      unit: 'kWh',
      writable: false,
    },
    { address: 'voltageB', name: 'voltageB', type: 'float64', unit: 'V', writable: false },
  ])
})

test('the same over a serial line', async (context) => {
  const terminal = await pseudoTerminalTo(simulator.settings.port as number)
  if (typeof terminal === 'string') return context.skip(terminal)
  try {
    simulator.set('voltageA', 'float64', 229.9)
    const settings = driver.settings({ serialPort: terminal.path, meter: '000000000161', timeoutMs: 1_000 }, 'd')
    expect(
      (await readWith(settings, ['voltageA', 'float64'], ['meterAddress', 'text'])).map(({ value }) => value),
    ).toEqual([229.9, '000000000161'])
    simulator.faults.silent = true
    await expect(readWith(settings, ['voltageA', 'float64'])).rejects.toThrow('no answer within')
    simulator.faults.silent = false
    expect((await readWith(settings, ['voltageA', 'float64']))[0]?.value).toBe(229.9)
  } finally {
    for (const each of open.splice(0)) await each.close()
    terminal.stop()
  }
})
