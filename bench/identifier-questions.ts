import { connect } from 'node:net'
import {
  defaultFlags,
  encodeFrame,
  encodeMessage,
  envelopeBytes,
  operationFlags,
  operations,
  ourVersion,
} from '@kapok/identifier/handle'
import { benchHandle } from './identifier-records.ts'

/** The resolution of record n, whose request has that id; `flags` beside those of every client. */
export function questionOf(n: number, flags = 0): Buffer {
  const unset = { compressed: false, encrypted: false, truncated: false }
  const envelope = { version: ourVersion, suggested: ourVersion, ...unset, sessionId: 0, requestId: n, sequence: 0 }
  const message = encodeMessage({
    operation: operations.resolve,
    response: 0,
    flags: (defaultFlags | operationFlags.keepConnection | flags) >>> 0,
    siteInfoSerial: 0xffff,
    recursionCount: 0,
    expiration: 0,
    body: { kind: 'resolve', handle: benchHandle(n), indexes: [], types: [] },
    credential: null,
  })
  return encodeFrame(envelope, message)
}

/** Whether the bytes from `at` (envelope included) to `end` answer the question whose number is their request's id. */
export type IsRight = (bytes: Buffer, at: number, end: number) => boolean

/**
 * Answers over one TCP connection until a time (of `performance.now`), `window` questions always under way, beginning at
 * `from`. Rejects at the first answer that is not right.
 */
export function answersOverTcp(
  port: number,
  asked: readonly Buffer[],
  { from, until, window }: { from: number; until: number; window: number },
  isRight: IsRight,
): Promise<number> {
  return new Promise((done, fail) => {
    const socket = connect(port, '127.0.0.1')
    socket.setNoDelay(true)
    let [sent, answered] = [from, 0]
    let rest: Buffer = Buffer.alloc(0)
    const ask = (count: number) => {
      socket.cork()
      for (let i = 0; i < count; i++) socket.write(asked[sent++ % asked.length] as Buffer)
      socket.uncork()
    }
    socket.on('error', fail)
    socket.on('data', (chunk: Buffer) => {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      let [at, heard] = [0, 0]
      while (bytes.length - at >= envelopeBytes) {
        const end = at + envelopeBytes + bytes.readUInt32BE(at + 16)
        if (end > bytes.length) break
        if (!isRight(bytes, at, end))
          return fail(new Error('an answer is not that of the record, or its signature does not hold'))
        at = end
        heard++
      }
      rest = bytes.subarray(at)
      answered += heard
      if (performance.now() < until) return ask(heard)
      socket.destroy()
      done(answered)
    })
    ask(window)
  })
}
