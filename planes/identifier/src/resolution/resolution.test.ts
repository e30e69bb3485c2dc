import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  decodeFrame,
  decodeMessage,
  defaultFlags,
  type Envelope,
  encodeFrame,
  encodeMessage,
  type HandleMessage,
  newValue,
  operationFlags,
  operations,
  ourVersion,
  PacketJoiner,
  responses,
} from '../handle/handle.ts'
import vectors from '../handle/handle-vectors.json' with { type: 'json' }
import { answersFrom, recordsOf } from '../testing.ts'
import { ResolutionError, resolveByTcp, resolveByUdp } from './client.ts'
import { FrameGatherer } from './frames.ts'
import { resolutionLimits } from './limits.ts'
import { HandleServer } from './server.ts'

const value = (index: number, type: string, data: string, permissions = 0x0e) =>
  newValue(index, type, Buffer.from(data), { permissions, timestamp: 1_700_000_000 })
const spindle = [
  value(1, 'URL', 'https://example.com/p/1'),
  value(2_000, '产品名称', '数控机床'),
  value(2_001, 'HS_SITE.PREFIX', 'below'),
  value(301, 'HS_SECKEY', 's3cret', 0x0c),
]
const now = 1_735_646_400_000
const records = recordsOf([
  ['88.608.8889/App_x', spindle],
  ['88.608.8889/long', [value(1, 'TEXT', 'x'.repeat(15_000))]],
  ['88.608.8889/longer', [value(1, 'TEXT', 'x'.repeat(200_000))]],
])
const clock = { now: () => now }
const answer = answersFrom(records, clock)
const server = new HandleServer({ host: '127.0.0.1', port: 0, answer, clock })
const peer = { host: '127.0.0.1', port: 0 }
beforeAll(async () => {
  peer.port = await server.run()
})
afterAll(() => server.stop())

const transports = [
  ['UDP', (question: Parameters<typeof resolveByUdp>[1]) => resolveByUdp(peer, question, 4_711, now)],
  ['TCP', (question: Parameters<typeof resolveByTcp>[1]) => resolveByTcp(peer, question, 4_711, now)],
] as const
const indexesOf = ({ body }: HandleMessage) => (body.kind === 'values' ? body.values.map(({ index }) => index) : body)

test.each(transports)(
  'a handle resolves over %s to its public values, in any case of its prefix',
  async (_, resolve) => {
    const answer = await resolve({ handle: '88.608.8889/App_x' })
    expect(answer).toMatchObject({ operation: 1, response: responses.success, expiration: now / 1_000 + 43_200 })
    expect(answer.body).toMatchObject({ handle: '88.608.8889/App_x', values: spindle.slice(0, 3) })
    expect(indexesOf(await resolve({ handle: '88.608.8889/App_x', indexes: [2_000], types: ['url'] }))).toEqual([
      1, 2_000,
    ])
    expect(indexesOf(await resolve({ handle: '88.608.8889/App_x', types: ['hs_site.'] }))).toEqual([2_001])
  },
)

test.each(transports)('what is not there, or not public, is said with its code over %s', async (_, resolve) => {
  const codeOf = async (question: Parameters<typeof resolve>[0]) => (await resolve(question)).response
  expect(await codeOf({ handle: '88.608.8889/app_x' })).toBe(responses.handleNotFound)
  expect(await codeOf({ handle: '88.608.8889/App_x', types: ['EMAIL'] })).toBe(responses.valuesNotFound)
  expect(await codeOf({ handle: '88.608.8889/App_x', indexes: [301] })).toBe(responses.valuesNotFound)
})

test('an answer of many packets comes whole by UDP; one that would flood a forged address is refused there', async () => {
  const long = await resolveByUdp(peer, { handle: '88.608.8889/long' }, 1, now)
  expect(long.body).toMatchObject({ values: [{ data: { length: 15_000 } }] })
  const refused = await resolveByUdp(peer, { handle: '88.608.8889/longer' }, 1, now)
  expect(refused).toMatchObject({ response: responses.error, body: { message: expect.stringContaining('ask by TCP') } })
  const longer = await resolveByTcp(peer, { handle: '88.608.8889/longer' }, 1, now)
  expect(longer.body).toMatchObject({ values: [{ data: { length: 200_000 } }] })
})

test('long answers by UDP are so many to one address, then only one packet each; short ones are always given', async () => {
  const time = { now }
  const counted = new HandleServer({ host: '127.0.0.1', port: 0, answer, clock: { now: () => time.now } })
  const counting = { host: '127.0.0.1', port: await counted.run() }
  try {
    const ask = async (handle: string) => (await resolveByUdp(counting, { handle }, 1, now)).response
    const long = Array.from({ length: 12 }, () => '88.608.8889/long')
    const codes: number[] = []
    for (const handle of long) codes.push(await ask(handle))
    const given = codes.filter((code) => code === responses.success).length
    // What comes at once, in answers of 15 KB.
    expect(given).toBe(Math.floor(resolutionLimits.udpBurstBytes / 15_100))
    expect(codes.slice(given).every((code) => code === responses.error)).toBe(true)
    expect(await ask('88.608.8889/App_x')).toBe(responses.success)
    time.now += 1_000
    expect(await ask('88.608.8889/long')).toBe(responses.success)
  } finally {
    await counted.stop()
  }
})

const requestOf = (handle: string, flags: number = defaultFlags) =>
  encodeMessage({
    operation: operations.resolve,
    response: 0,
    flags,
    siteInfoSerial: 0xffff,
    recursionCount: 0,
    expiration: 0,
    body: { kind: 'resolve', handle, indexes: [], types: [] },
    credential: null,
  })
const envelope = (requestId: number): Omit<Envelope, 'messageLength'> => ({
  version: ourVersion,
  suggested: ourVersion,
  compressed: false,
  encrypted: false,
  truncated: false,
  sessionId: 0,
  requestId,
  sequence: 0,
})

/** What the server sends over one connection until it ends it. */
async function conversation(...written: Uint8Array[]): Promise<{ requestId: number; message: HandleMessage }[]> {
  const socket = connect(peer)
  const gatherer = new FrameGatherer()
  const heard: { requestId: number; message: HandleMessage }[] = []
  socket.on('data', (chunk: Buffer) => {
    for (const frame of gatherer.push(chunk))
      heard.push({ requestId: frame.envelope.requestId, message: decodeMessage(frame.message) })
  })
  socket.on('error', () => {})
  for (const bytes of written) socket.write(bytes)
  await once(socket, 'close')
  return heard
}

test('questions in one stream, torn at any byte, are answered in order until one does not keep the connection', async () => {
  const keep = (defaultFlags | operationFlags.keepConnection) >>> 0
  const handles = ['88.608.8889/App_x', '88.608.8889/longer', '1/none', '88.608.8889/longer', '88.608.8889/longer']
  const questions = handles.map((handle, i) => encodeFrame(envelope(i), requestOf(handle, i < 4 ? keep : defaultFlags)))
  const stream = Buffer.concat([...questions, encodeFrame(envelope(9), requestOf('1/none'))])
  const heard = await conversation(stream.subarray(0, 7), stream.subarray(7, 90), stream.subarray(90))
  expect(heard.map(({ requestId, message }) => [requestId, message.response])).toEqual([
    [0, 1],
    [1, 1],
    [2, 100],
    [3, 1],
    [4, 1],
  ])
})

test('a stream that is no message is ended, a message that is none is told so', async () => {
  expect(await conversation(Buffer.from('GET / HTTP/1.1\r\nHost: example.com\r\n\r\n'))).toEqual([])
  const [broken] = await conversation(encodeFrame(envelope(3), Buffer.from('00000001', 'hex')))
  expect(broken).toMatchObject({
    requestId: 3,
    message: { response: responses.protocolError, body: { message: expect.stringContaining('at byte 4') } },
  })
  const [encrypted] = await conversation(encodeFrame({ ...envelope(4), encrypted: true }, Buffer.alloc(32)))
  expect(encrypted?.message.response).toBe(responses.sessionNotSupported)
})

test('an answer is never answered, other operations are refused', async () => {
  const answer = Buffer.from(requestOf('88.608.8889/App_x'))
  answer.writeUInt32BE(responses.handleNotFound, 4)
  expect(await conversation(encodeFrame(envelope(1), answer))).toEqual([])
  const unknown = Buffer.from(requestOf('88.608.8889/App_x'))
  unknown.writeUInt32BE(1_002, 0)
  const [refused] = await conversation(encodeFrame(envelope(1), unknown))
  expect(refused?.message.response).toBe(responses.operationNotSupported)
})

// The bytes that the national Java SDK sends.
test.each(['resolve-all', 'resolve-types-indexes-AT-CT-RD-KC'])(
  'the SDK’s request “%s” is answered by UDP',
  async (name) => {
    const { hex = '' } = vectors.records_and_messages.find((each) => each.name === name) ?? {}
    const socket = createSocket('udp4')
    try {
      socket.send(Buffer.from(hex, 'hex'), peer.port, peer.host)
      const [datagram] = (await once(socket, 'message')) as [Buffer]
      const frame = new PacketJoiner().push('', datagram, 0)
      const message = decodeMessage(frame?.message ?? Buffer.alloc(0))
      expect([frame?.envelope.requestId, message.response]).toEqual([0x01020304, responses.success])
      expect(message.requestDigest === undefined).toBe(name === 'resolve-all')
    } finally {
      socket.close()
    }
  },
)

test('a client passes over what does not answer its question, and says when nothing fitting comes', async () => {
  const liar = createSocket('udp4')
  liar.bind(0, '127.0.0.1')
  await once(liar, 'listening')
  try {
    liar.on('message', (datagram, from) => {
      const { envelope: heard, message } = decodeFrame(datagram)
      const forged = { ...decodeMessage(message), response: responses.handleNotFound, flags: defaultFlags }
      const bytes = encodeMessage({ ...forged, body: { kind: 'error', message: 'forged' } })
      liar.send(Buffer.from('noise'), from.port, from.address)
      liar.send(encodeFrame({ ...heard, requestId: heard.requestId + 1 }, bytes), from.port, from.address)
      liar.send(encodeFrame(heard, bytes), from.port, from.address)
      const flags = (defaultFlags | operationFlags.returnDigest) >>> 0
      const requestDigest = { algorithm: 'SHA-256', digest: Buffer.alloc(32) } as const
      const blind = encodeMessage({ ...forged, flags, requestDigest, body: { kind: 'error', message: 'forged' } })
      liar.send(encodeFrame(heard, blind), from.port, from.address)
    })
    const { port } = liar.address()
    await expect(resolveByUdp({ host: '127.0.0.1', port }, { handle: '1/a' }, 5, now)).rejects.toThrow(ResolutionError)
    await expect(resolveByTcp({ host: '127.0.0.1', port: 1 }, { handle: '1/a' }, 5, now)).rejects.toThrow('127.0.0.1:1')
  } finally {
    liar.close()
  }
})

test('a message that comes in single bytes is gathered whole', () => {
  const gatherer = new FrameGatherer()
  const message = requestOf('1/'.padEnd(2_000, 'x'))
  const stream = encodeFrame(envelope(7), message)
  const frames = Array.from(stream, (byte) => Array.from(gatherer.push(Buffer.of(byte)))).flat()
  expect(frames.map((frame) => [frame.envelope.requestId, frame.message.equals(message)])).toEqual([[7, true]])
})

test('a server whose port is taken for UDP does not keep it for TCP', async () => {
  const taken = createSocket('udp4')
  taken.bind(0, '127.0.0.1')
  await once(taken, 'listening')
  try {
    const { port } = taken.address()
    const second = new HandleServer({ host: '127.0.0.1', port, answer, clock })
    await expect(second.run()).rejects.toThrow('EADDRINUSE')
    const socket = connect({ host: '127.0.0.1', port })
    await expect(once(socket, 'connect')).rejects.toThrow('ECONNREFUSED')
  } finally {
    taken.close()
  }
})
