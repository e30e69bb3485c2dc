import { type ChildProcess, fork } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { decodeFrame, decodeMessage, envelopeBytes } from '@kapok/identifier/handle'
import { answersOverTcp, questionOf } from './identifier-questions.ts'
import { benchHandle, benchRecords, benchUrl } from './identifier-records.ts'

type Report = (name: string, value: number, unit: string) => void

const seconds = 10
const udpWindow = 256
const tcpConnections = 4
const tcpWindow = 128
const httpConnections = 32

/** Resolutions per second of one node with a million records, in a process of its own, by three transports. */
export async function resolution(report: Report, folder: string): Promise<void> {
  const node = fork(join(import.meta.dirname, 'identifier-node.ts'), [folder], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  try {
    const [{ port, httpPort }] = (await once(node, 'message')) as [{ port: number; httpPort: number }]
    report('identifier.handle_udp.resolutions_per_s', await byUdp(port), 'resolutions/s')
    report('identifier.handle_tcp.resolutions_per_s', await byTcp(port), 'resolutions/s')
    report(
      'identifier.handle_rest.resolutions_per_s',
      await byHttp(httpPort, handleRest(restAnswerIsRight)),
      'resolutions/s',
    )
  } finally {
    await ended(node)
  }
  report('identifier.bare_http.requests_per_s', await bareHttp(), 'requests/s')
}

/** The same requests to a server that looks up nothing. */
async function bareHttp(): Promise<number> {
  const bare = fork(join(import.meta.dirname, 'bare-http.ts'), [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  try {
    const [{ port }] = (await once(bare, 'message')) as [{ port: number }]
    return await byHttp(
      port,
      handleRest(() => true),
    )
  } finally {
    await ended(bare)
  }
}

/** Ends a process that ends when nobody speaks to it any more. */
export async function ended(node: ChildProcess): Promise<void> {
  const exited = once(node, 'exit')
  node.disconnect()
  await exited
}

/** Questions in an order without a pattern, made before the clock runs: 200,000 of them, again and again. */
const questions = () => {
  let n = 1
  return Array.from({ length: 200_000 }, () => {
    n = (n * 48_271) % 2_147_483_647
    return questionOf(n % benchRecords)
  })
}

/** Every answer is decoded, and is the record that was asked for. */
async function byUdp(port: number): Promise<number> {
  const asked = questions()
  const socket = createSocket('udp4')
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  let [sent, answered, wrong] = [0, 0, 0]
  const ask = () => socket.send(asked[sent++ % asked.length] as Buffer)
  const until = performance.now() + seconds * 1_000
  let last = performance.now()
  socket.on('message', (datagram) => {
    const { envelope, message } = decodeFrame(datagram)
    const { body } = decodeMessage(message)
    const isRight =
      body.kind === 'values' &&
      body.handle === benchHandle(envelope.requestId) &&
      Buffer.from(body.values[0]?.data ?? '').toString() === benchUrl(envelope.requestId)
    if (!isRight) wrong++
    answered++
    last = performance.now()
    if (last < until) ask()
  })
  for (let i = 0; i < udpWindow; i++) ask()
  // What is lost on the way is made good, so that the window stays full.
  const filler = setInterval(() => {
    if (performance.now() - last > 50 && performance.now() < until) for (let i = 0; i < udpWindow; i++) ask()
  }, 50)
  await new Promise((done) => setTimeout(done, seconds * 1_000 + 200))
  clearInterval(filler)
  socket.close()
  if (wrong > 0) throw new Error(`${wrong} answers were not those of the record`)
  return answered / seconds
}

/** Every answer is for the handle that was asked for, and ends with its batch; as bytes, since decoding takes the client longer than answering the node. */
async function byTcp(port: number): Promise<number> {
  const asked = questions()
  const until = performance.now() + seconds * 1_000
  const counts = await Promise.all(
    Array.from({ length: tcpConnections }, (_, c) =>
      answersOverTcp(port, asked, { from: c * 1_000, until, window: tcpWindow }, isAnswerTo),
    ),
  )
  return counts.reduce((sum, count) => sum + count, 0) / seconds
}

function isAnswerTo(bytes: Buffer, at: number, end: number): boolean {
  const n = bytes.readUInt32BE(at + 8)
  const handle = benchHandle(n)
  const handleAt = at + envelopeBytes + 24
  return (
    bytes.readUInt32BE(at + envelopeBytes + 4) === 1 &&
    bytes.readUInt32BE(handleAt) === handle.length &&
    bytes.toString('latin1', handleAt + 4, handleAt + 4 + handle.length) === handle &&
    bytes.toString('latin1', handleAt + 4 + handle.length + 4, end).includes(benchUrl(n))
  )
}

/** The answer to one question over HTTP. */
export interface HttpAnswer {
  status: number
  head: string
  body: string
}

export interface HttpQuestions {
  /** Of how many things they are. */
  things: number
  /** What stands before `HTTP/1.1` and the headers behind it, of thing n. */
  path(n: number): string
  headers?: string
  isRight(n: number, answer: HttpAnswer): boolean
}

/** Kept connections, one question in flight on each; every answer is read, and is the record that was asked for. */
export async function byHttp(port: number, questions: HttpQuestions): Promise<number> {
  const until = performance.now() + seconds * 1_000
  const counts = await Promise.all(
    Array.from({ length: httpConnections }, (_, c) => overOneHttpConnection(port, c, until, questions)),
  )
  return counts.reduce((sum, count) => sum + count, 0) / seconds
}

function overOneHttpConnection(
  port: number,
  from: number,
  until: number,
  { things, path, headers = '', isRight }: HttpQuestions,
): Promise<number> {
  return new Promise((done, fail) => {
    const socket = connect(port, '127.0.0.1')
    let [n, answered, text] = [from * 31_337, 0, '']
    const ask = () => {
      n = (n * 48_271 + 7) % things
      socket.write(`GET ${path(n)} HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n`)
    }
    socket.on('error', fail)
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8')
      const bodyAt = text.indexOf('\r\n\r\n')
      if (bodyAt === -1) return
      const head = text.slice(0, bodyAt)
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1])
      const body = text.slice(bodyAt + 4)
      if (Buffer.byteLength(body) < length) return
      if (!isRight(n, { status: Number(head.slice(9, 12)), head, body }))
        return fail(new Error('an answer is not that of the record'))
      text = ''
      answered++
      if (performance.now() < until) ask()
      else {
        socket.destroy()
        done(answered)
      }
    })
    socket.on('connect', ask)
  })
}

const handleRest = (isRight: (n: number, body: string) => boolean): HttpQuestions => ({
  things: benchRecords,
  path: (n) => `/api/handles/${benchHandle(n)}`,
  isRight: (n, { body }) => isRight(n, body),
})

function restAnswerIsRight(n: number, body: string): boolean {
  const { handle, values } = JSON.parse(body) as { handle: string; values: { data: { value: string } }[] }
  return handle === benchHandle(n) && values[0]?.data.value === benchUrl(n)
}
