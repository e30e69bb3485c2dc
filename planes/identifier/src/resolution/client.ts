import type { KeyObject } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import {
  type Body,
  coveredPart,
  decodeMessage,
  defaultFlags,
  digestOf,
  type Envelope,
  encodeFrame,
  encodeMessage,
  HandleFormatError,
  type HandleMessage,
  operationFlags,
  operations,
  ourVersion,
  PacketJoiner,
  readOrUndefined,
  signatureHolds,
  splitIntoPackets,
} from '../handle/handle.ts'
import { type Frame, FrameGatherer } from './frames.ts'
import { resolutionLimits } from './limits.ts'

export interface Question {
  handle: string
  indexes?: number[]
  types?: string[]
  /** Whether the server may ask others in our place; true when nothing is said. */
  recursive?: boolean
  /** Whether the primary site is to answer, and no cache. */
  authoritative?: boolean
  /** The key of the site that is asked (RSA): the answer is to be signed with it (flag CT), and counts only so. */
  certifiedBy?: KeyObject
}

export interface Peer {
  host: string
  port: number
}

/** No answer that fits the question came in time. */
export class ResolutionError extends Error {}

/** What the node of a user with a secret key is asked: whether the answer to our challenge was made with it (operation 201). */
export interface Verification {
  handle: string
  index: number
  nonce: Uint8Array
  requestDigest: { algorithm: 'SHA-1' | 'SHA-256'; digest: Uint8Array }
  answer: Uint8Array
  /** As of a question. */
  certifiedBy?: KeyObject
}

interface Asked {
  operation: number
  envelope: Omit<Envelope, 'messageLength'>
  message: Buffer
  certifiedBy: KeyObject | undefined
}

/** What a fitting answer lacks that must not be taken for one. */
const uncertified = Symbol('uncertified')

/** A resolution of public values that wants its digest back, so that a forged answer must have seen the question. */
function asked(question: Question, requestId: number, nowMs: number): Asked {
  const { handle, indexes = [], types = [], recursive = true, authoritative = false, certifiedBy } = question
  const unwanted = recursive ? 0 : operationFlags.recursive
  const flags = (defaultFlags & ~unwanted) | (authoritative ? operationFlags.authoritative : 0)
  const body = { kind: 'resolve' as const, handle, indexes, types }
  return request(operations.resolve, body, { flags, requestId, nowMs, certifiedBy })
}

function request(
  operation: number,
  body: Body,
  how: { flags: number; requestId: number; nowMs: number; certifiedBy: KeyObject | undefined },
): Asked {
  const { requestId, nowMs, certifiedBy } = how
  const flagsOfQuestion = (how.flags | operationFlags.returnDigest | (certifiedBy ? operationFlags.certify : 0)) >>> 0
  const message = encodeMessage({
    operation,
    response: 0,
    flags: flagsOfQuestion,
    siteInfoSerial: 0xffff,
    recursionCount: 0,
    expiration: Math.floor(nowMs / 1_000) + 43_200,
    body,
    credential: null,
  })
  const version = ourVersion
  const flags = { compressed: false, encrypted: false, truncated: false }
  return {
    operation,
    envelope: { version, suggested: version, ...flags, sessionId: 0, requestId, sequence: 0 },
    message,
    certifiedBy,
  }
}

/** The answer in a frame, or undefined when it answers another question or cannot be read; `uncertified` as that says. */
function answerIn({ envelope, message }: Frame, question: Asked): HandleMessage | typeof uncertified | undefined {
  if (envelope.requestId !== question.envelope.requestId || envelope.encrypted || envelope.compressed) return undefined
  const answer = decodeMessage(message, envelope.version)
  if (answer.response === 0 || answer.operation !== question.operation) return undefined
  const { requestDigest } = answer
  if (requestDigest === undefined) return undefined
  const expected = digestOf(requestDigest.algorithm, coveredPart(question.message))
  if (!expected.equals(requestDigest.digest)) return undefined
  const { certifiedBy } = question
  if (certifiedBy === undefined) return answer
  const key = { kind: 'rsa', key: certifiedBy } as const
  const { credential } = answer
  return credential && signatureHolds(credential, key, envelope, coveredPart(message)) ? answer : uncertified
}

/**
 * Asks over UDP, again after each of `retriesMs`. `requestId` is 32 random bits. Whatever does not fit the question is passed over.
 * Rejects with ResolutionError when nothing fitting came.
 */
export function resolveByUdp(
  peer: Peer,
  question: Question,
  requestId: number,
  nowMs: number,
  retriesMs: readonly number[] = resolutionLimits.udpRetriesMs,
): Promise<HandleMessage> {
  const request = asked(question, requestId, nowMs)
  const packets = splitIntoPackets(request.envelope, request.message)
  const socket = createSocket(peer.host.includes(':') ? 'udp6' : 'udp4')
  const joiner = new PacketJoiner()
  return new Promise<HandleMessage>((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined
    const attempt = (waits: readonly number[]) => {
      const [wait, ...others] = waits
      if (wait === undefined) return reject(new ResolutionError(`${peer.host}:${peer.port} did not answer by UDP`))
      for (const packet of packets) socket.send(packet)
      timer = setTimeout(() => attempt(others), wait)
    }
    socket.on('error', (cause) => reject(new ResolutionError(`${peer.host}:${peer.port} by UDP`, { cause })))
    socket.on('close', () => clearTimeout(timer))
    socket.on('message', (datagram) => {
      const answer = readOrUndefined(() => {
        const frame = joiner.push('', datagram, performance.now())
        return frame && answerIn(frame, request)
      })
      // Without the signature it may be anybody's: the right one may come still.
      if (answer && answer !== uncertified) resolve(answer)
    })
    // Connected, the socket takes datagrams of this peer alone.
    socket.connect(peer.port, peer.host, () => attempt(retriesMs))
  }).finally(() => socket.close())
}

/** Asks over a TCP connection of its own. Rejects with ResolutionError when it ends or idles without a fitting answer. */
export function resolveByTcp(
  peer: Peer,
  question: Question,
  requestId: number,
  nowMs: number,
  timeoutMs: number = resolutionLimits.tcpIdleMs,
): Promise<HandleMessage> {
  return askByTcp(peer, asked(question, requestId, nowMs), timeoutMs)
}

/** As `resolveByTcp`, whether a user's answer to a challenge holds. */
export function verifyByTcp(
  peer: Peer,
  { certifiedBy, ...verification }: Verification,
  requestId: number,
  nowMs: number,
  timeoutMs: number,
): Promise<HandleMessage> {
  const body = { kind: 'verify' as const, ...verification }
  return askByTcp(
    peer,
    request(operations.verifyResponse, body, { flags: 0, requestId, nowMs, certifiedBy }),
    timeoutMs,
  )
}

function askByTcp(peer: Peer, request: Asked, timeoutMs: number): Promise<HandleMessage> {
  const socket = connect(peer)
  const gatherer = new FrameGatherer()
  return new Promise<HandleMessage>((resolve, reject) => {
    const fail = (why: string, cause?: Error) =>
      reject(new ResolutionError(`${peer.host}:${peer.port} ${why} by TCP`, { cause }))
    socket.setTimeout(timeoutMs, () => fail('did not answer'))
    socket.on('error', (cause) => fail('failed', cause))
    socket.on('close', () => fail('ended without a fitting answer'))
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const frame of gatherer.push(chunk)) {
          const answer = answerIn(frame, request)
          if (answer === uncertified) return fail('answered without a signature that holds')
          if (answer) return resolve(answer)
        }
      } catch (error) {
        if (!(error instanceof HandleFormatError)) throw error
        fail(`answered what is no message (${error.message})`)
      }
    })
    socket.write(encodeFrame(request.envelope, request.message))
  }).finally(() => socket.destroy())
}
