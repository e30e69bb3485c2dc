import { createSocket } from 'node:dgram'
import { afterEach, expect, test } from 'vitest'
import { DeviceError, RefusedRequest, type TagType, type TagValue } from '../../driver.ts'
import { serveTcp } from '../../serve-tcp.ts'
import { driver } from './driver.ts'
import { simulate } from './simulator.ts'

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

function talk(raw: Record<string, unknown>) {
  const settings = driver.settings(raw, 'device')
  const connection = driver.open(settings)
  ends.push(() => connection.close())
  const tag = (address: string, type: TagType) => ({ address: driver.parseAddress(address, type, settings), type })
  const read = async (...tags: [string, TagType][]) => {
    const samples = []
    for (const request of driver.plan(
      tags.map(([address, type]) => tag(address, type)),
      settings,
    ))
      samples.push(...(await connection.read(request)))
    return samples
  }
  return { settings, connection, tag, read }
}

async function machine(more: Record<string, unknown> = {}) {
  const simulator = await simulate()
  ends.push(() => simulator.stop())
  return { simulator, ...talk({ ...simulator.settings, ...more }) }
}

const transports = ['tcp', 'udp'] as const
const values: [string, TagType, TagValue][] = [
  ['D100', 'int16', -2],
  ['D101', 'uint16', 65_535],
  ['D102', 'int32', -70_000],
  ['D104', 'uint32', 4_000_000_000],
  ['D106', 'float32', 1.5],
  ['D110', 'float64', Math.PI],
  ['D114', 'int64', -(2 ** 40)],
  ['D118', 'uint64', 2 ** 50],
  ['D122[6]', 'text', 'KAPOK1'],
  ['D130.15', 'bool', true],
  ['D130.03', 'bool', false],
  ['CIO10.03', 'bool', true],
  ['11.00', 'bool', true],
  ['12', 'uint16', 12],
  ['W0.01', 'bool', true],
  ['W511', 'uint16', 7],
  ['H1535', 'int16', 8],
  ['A448', 'int16', 9],
  ['E0_100', 'uint16', 100],
  ['EC_100.05', 'bool', true],
  ['E10_7', 'int16', 110],
  ['E18_32767', 'uint16', 118],
  ['E18_5.07', 'bool', true],
  ['T5', 'uint16', 300],
  ['T5', 'bool', true],
  ['C5', 'uint16', 400],
  ['C6', 'bool', true],
]

for (const transport of transports) {
  test(`every area and type is read and written by ${transport}`, async () => {
    const { simulator, connection, tag, read } = await machine({ transport })
    for (const [address, type, value] of values) simulator.set(address, type, value)
    for (const [address, type, value] of values)
      expect([address, ...(await read([address, type]))]).toEqual([address, { value, quality: 192 }])
    const fresh = await machine({ transport })
    for (const [address, type, value] of values) {
      await fresh.connection.write!(tag(address, type), value)
      expect([address, fresh.simulator.get(address, type)]).toEqual([address, value])
    }
    await expect(connection.write!(tag('D1', 'uint16'), -1)).rejects.toThrow('-1 does not fit uint16')
    await expect(connection.write!(tag('D1.01', 'bool'), 1)).rejects.toThrow('1 is not true or false')
  })

  test(`a refusal, silence and an answer for another are told by ${transport}, and values come again`, async () => {
    const { simulator, read } = await machine({ transport, timeoutMs: 600 })
    simulator.faults.missing.add('D5')
    await expect(read(['D4', 'int16'], ['D5', 'int16'])).rejects.toThrow(RefusedRequest)
    await expect(read(['D5', 'int16'])).rejects.toThrow('D5: parameter error, address range error (end code 1103)')
    simulator.faults.refusesAll = true
    await expect(read(['D4', 'int16'])).rejects.toThrow('D4: read not possible, protected (end code 2002)')
    simulator.faults.refusesAll = false
    simulator.faults.silent = true
    await fails(read(['D0', 'int16']), 'no answer within 150 ms')
    simulator.faults.silent = false
    simulator.faults.answersForAnother = true
    await fails(read(['D0', 'int16']), 'no answer within 150 ms; a response with service ID')
    simulator.faults.answersForAnother = false
    simulator.set('D0', 'int16', 5)
    expect(await read(['D0', 'int16'])).toEqual([{ value: 5, quality: 192 }])
  })

  test(`a controller that restarts is read again by ${transport}; a closed connection is not`, async () => {
    const { simulator, settings, connection, read } = await machine({ transport, timeoutMs: 600 })
    expect(await read(['D0', 'int16'])).toHaveLength(1)
    await simulator.stop()
    await fails(read(['D0', 'int16']), `127.0.0.1:${settings.port}`)
    const again = await simulate({ port: settings.port })
    ends.push(() => again.stop())
    again.set('D0', 'int16', 6)
    expect(await read(['D0', 'int16'])).toEqual([{ value: 6, quality: 192 }])
    again.faults.silent = true
    const waiting = [read(['D0', 'int16']), read(['D1', 'int16'])]
    const settled = Promise.allSettled(waiting)
    await connection.close()
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await fails(read(['D0', 'int16']), 'closed')
  })
}

const fails = async (read: Promise<unknown>, words: string) => {
  await expect(read).rejects.toThrow(DeviceError)
  await expect(read).rejects.not.toThrow(RefusedRequest)
  await expect(read).rejects.toThrow(words)
}

/** A network between gateway and controller; `pass` says what of each answer arrives, and may keep it for later. */
async function network(port: number, pass: (answer: Buffer, deliver: (answer: Buffer) => void) => void) {
  const [near, far] = [createSocket('udp4'), createSocket('udp4')]
  let lastAsker = 0
  const asked: number[] = []
  near.on('message', (frame, { port: from }) => {
    lastAsker = from
    asked.push(frame[9]!)
    far.send(frame, port, '127.0.0.1')
  })
  far.on('message', (answer) => {
    const asker = lastAsker
    pass(answer, (each) => near.send(each, asker, '127.0.0.1'))
  })
  await new Promise<void>((done) => near.bind(0, '127.0.0.1', done))
  await new Promise<void>((done) => far.bind(0, '127.0.0.1', done))
  ends.push(
    () => new Promise((done) => near.close(() => done())),
    () => new Promise((done) => far.close(() => done())),
  )
  return { port: near.address().port, asked }
}

test('by UDP a lost answer is asked for again within the time-out', async () => {
  const { simulator } = await machine()
  let lost = 0
  const between = await network(simulator.settings.port as number, (answer, deliver) => {
    if (lost++ > 0) deliver(answer)
  })
  const { read } = talk({ ...simulator.settings, port: between.port, transport: 'udp', timeoutMs: 600 })
  simulator.set('D0', 'int16', 5)
  expect(await read(['D0', 'int16'])).toEqual([{ value: 5, quality: 192 }])
  expect(between.asked).toEqual([1, 1])
})

test('by UDP double and late answers are never another request’s value', async () => {
  const { simulator } = await machine()
  const kept: (() => void)[] = []
  const between = await network(simulator.settings.port as number, (answer, deliver) => {
    // Every older answer comes once more before the new one, and the new one twice.
    for (const again of kept) again()
    kept.push(() => deliver(answer))
    deliver(answer)
    deliver(answer)
  })
  const { read } = talk({ ...simulator.settings, port: between.port, transport: 'udp', timeoutMs: 2_000 })
  for (let i = 0; i < 20; i++) {
    simulator.set('D0', 'int16', i)
    expect(await read(['D0', 'int16'])).toEqual([{ value: i, quality: 192 }])
  }
})

test('by UDP no service ID is used twice from the same port', async () => {
  const { simulator } = await machine()
  const seen = new Set<string>()
  const listener = createSocket('udp4')
  const far = createSocket('udp4')
  listener.on('message', (frame, { port }) => {
    expect(seen.has(`${port} ${frame[9]}`)).toBe(false)
    seen.add(`${port} ${frame[9]}`)
    far.once('message', (answer) => listener.send(answer, port, '127.0.0.1'))
    far.send(frame, simulator.settings.port as number, '127.0.0.1')
  })
  await new Promise<void>((done) => listener.bind(0, '127.0.0.1', done))
  ends.push(
    () => new Promise((done) => listener.close(() => done())),
    () => new Promise((done) => far.close(() => done())),
  )
  const { read } = talk({ ...simulator.settings, port: listener.address().port, transport: 'udp', timeoutMs: 5_000 })
  for (let i = 0; i < 600; i++) await read(['D0', 'int16'])
  expect(seen.size).toBe(600)
})

test('neighbours of an area are one request as far as it may be long; banks stay apart', async () => {
  const { settings, tag } = await machine({ wordsMax: 300 })
  const tags = [
    ...Array.from({ length: 140 }, (_, i) => tag(`D${i * 2}`, 'int32')),
    tag('D300', 'int16'),
    tag('E0_0', 'int16'),
    tag('E1_0', 'int16'),
    tag('0.01', 'bool'),
    tag('CIO2', 'uint16'),
    tag('T1', 'bool'),
    tag('T9', 'bool'),
    tag('C1', 'bool'),
    tag('T1', 'int16'),
  ]
  const requests = driver.plan(tags, settings)
  expect(new Set(requests.flatMap((request) => request.tags))).toEqual(new Set(tags))
  expect(requests.map(({ tags: each }) => each.length).reduce((sum, count) => sum + count)).toBe(tags.length)
  const commands = requests.map((request) => (request as unknown as { command: Record<string, unknown> }).command)
  expect(commands.map(({ code, word, elements }) => [code, word, elements])).toEqual(
    [
      [0x82, 0, 280],
      [0x82, 300, 1],
      [0x89, 1, 1],
      [0x09, 1, 9],
      [0x09, 0x8001, 1],
      [0xa0, 0, 1],
      [0xa1, 0, 1],
      [0xb0, 0, 3],
    ].sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : String(a[0]) > String(b[0]) ? 1 : a[1]! - b[1]!)),
  )
})

test('an address out of the grammar is named with its position', async () => {
  const { settings } = await machine()
  const refused = (address: string, type: TagType, at: number, expected: string) =>
    expect(() => driver.parseAddress(address, type, settings)).toThrow(
      `“${address}”, position ${at}: ${expected} is expected`,
    )
  refused('Q1', 'int16', 1, 'an area (CIO, W, H, A, D, E0_ to E18_, T, C)')
  refused('D32768', 'int16', 2, 'a number from 0 to 32767')
  refused('W512', 'int16', 2, 'a number from 0 to 511')
  refused('E19_0', 'int16', 2, 'a bank from 0 to 18')
  refused('E100', 'int16', 2, 'a bank from 0 to 18')
  refused('E1', 'int16', 3, '“_” and a number')
  refused('CIO10', 'bool', 6, '“.” and the bit of the word')
  refused('CIO10.16', 'bool', 7, 'a bit from 0 to 15')
  refused('D100.3', 'int16', 5, 'the end of the address')
  refused('D100', 'text', 5, '“[” and the number of characters')
  refused('D100', 'int8', 1, 'a type of 1, 16, 32 or 64 bits, or text,')
  refused('T1', 'int32', 1, 'a type of 1 or 16 bits')
  expect(driver.parseAddress('dm100', 'int16', settings)).toMatchObject({ area: 'D', word: 100 })
})

test('a FINS/TCP error is told in the manual’s words', async () => {
  const { simulator, settings } = await machine()
  const { read } = talk({ ...simulator.settings, sourceNode: 20 })
  expect(await read(['D0', 'int16'])).toHaveLength(1)
  const full = await serveTcp({}, (socket) => () => {
    socket.end(Buffer.from('46494e530000001000000001000000200000000000000000', 'hex'))
  })
  ends.push(() => full.stop())
  await fails(
    talk({ ...settings, port: full.port }).read(['D0', 'int16']),
    'all connections are in use (FINS/TCP error 20)',
  )
})
