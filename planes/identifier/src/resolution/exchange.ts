import {
  type Body,
  commonVersion,
  coveredPart,
  decodeMessage,
  digestOf,
  type Envelope,
  encodeMessage,
  HandleFormatError,
  type HandleMessage,
  isAtLeast,
  operationFlags,
  operations,
  ourVersion,
  responses,
} from '../handle/handle.ts'
import type { Session } from '../session/session.ts'
import type { Frame } from './frames.ts'

/** A request as it came: its words, and its bytes, which digests cover. */
export interface Exchange {
  envelope: Envelope
  bytes: Buffer
  message: HandleMessage
  /** Address that it came from, where one is known. */
  from?: string | undefined
  byUdp?: boolean | undefined
  /** The session that it was said in, by whoever has its key. */
  session?: Session
  /** Whether it came encrypted, and is answered so. */
  wasEncrypted?: boolean
}

/** What a node says to a request. */
export interface Reply {
  response: number
  body: Body
  /** Given with a challenge: the answer to it repeats it. */
  sessionId?: number
  /** The request that is answered, when the answer to a challenge brought it back. */
  of?: Exchange
}

/** A reply as bytes. */
export interface Answer {
  envelope: Omit<Envelope, 'messageLength'>
  message: Buffer
  /** Envelope and message together, where they were made so. */
  frame?: Buffer
  /** The message before it was encrypted. */
  plain?: Buffer
  /** Whether the client wants to ask more over its connection. */
  keepConnection: boolean
  /** Whether whoever asked wants it signed (flag CT), and this node does so. */
  wantsCertifying?: boolean
}

const expirationSeconds = 43_200
/** What an answer repeats of a request's flags; CT where it is signed. */
const repeated =
  operationFlags.authoritative |
  operationFlags.recursive |
  operationFlags.cacheAuthentication |
  operationFlags.keepConnection |
  operationFlags.publicOnly |
  operationFlags.returnDigest

/** A request as the wire would have brought it, for the faces over HTTP. */
export function exchangeOf(operation: number, body: Body, flags: number): Exchange {
  const message = {
    operation,
    response: 0,
    flags,
    siteInfoSerial: 0xffff,
    recursionCount: 0,
    expiration: 0,
    body,
    credential: null,
  }
  const envelope = {
    version: ourVersion,
    suggested: ourVersion,
    compressed: false,
    encrypted: false,
    truncated: false,
    sessionId: 0,
    requestId: 0,
    sequence: 0,
    messageLength: 0,
  }
  return {
    envelope,
    message,
    get bytes() {
      return encodeMessage(message)
    },
  }
}

export const refusal = (response: number, message: string, indexes?: number[]): Reply => ({
  response,
  body: { kind: 'error', message, ...(indexes && { indexes }) },
})

/** The digest algorithm that a peer of a version understands (hdllib 2.7 brought SHA-256). */
export function digestAlgorithmFor(version: Envelope['version']): 'SHA-1' | 'SHA-256' {
  return isAtLeast(version, { major: 2, minor: 7 }) ? 'SHA-256' : 'SHA-1'
}

/** The digest of a request by which its answer, or a challenge to it, is bound to it. */
export function requestDigestOf({ envelope, bytes }: Exchange): { algorithm: 'SHA-1' | 'SHA-256'; digest: Buffer } {
  const algorithm = digestAlgorithmFor(commonVersion(ourVersion, envelope.version))
  return { algorithm, digest: digestOf(algorithm, coveredPart(bytes)) }
}

/** Reads a request; a reply where it cannot be one, undefined for what is an answer, so that servers never answer each other. */
export function readRequest({ envelope, message: bytes, from, byUdp }: Frame): Exchange | Reply | undefined {
  if (envelope.encrypted || envelope.compressed)
    return refusal(responses.sessionNotSupported, 'this server takes no compression and has no such session')
  try {
    const message = decodeMessage(bytes, envelope.version)
    return message.response === 0 ? { envelope, bytes, message, from, byUdp } : undefined
  } catch (error) {
    if (!(error instanceof HandleFormatError)) throw error
    return refusal(responses.protocolError, error.message)
  }
}

/**
 * The bytes of a reply to a request; `asked` is undefined when the request could not be read. `certifies`: whether the answer
 * is signed for whoever asked for that, by whoever sends it.
 */
export function answerOf(
  envelope: Envelope,
  asked: Exchange | undefined,
  reply: Reply,
  nowMs: number,
  certifies = false,
): Answer {
  const of = reply.of ?? asked
  const version = commonVersion(ourVersion, envelope.version)
  const isChallenge = reply.response === responses.authenticationNeeded
  const kinds = certifies ? repeated | operationFlags.certify : repeated
  const flags = ((of?.message.flags ?? 0) & kinds) | (isChallenge ? operationFlags.returnDigest : 0)
  const encode = ({ response, body }: Reply) =>
    encodeMessage(
      {
        operation: of?.message.operation ?? operations.resolve,
        response,
        flags: flags >>> 0,
        siteInfoSerial: 0xffff,
        recursionCount: of?.message.recursionCount ?? 0,
        expiration: Math.floor(nowMs / 1_000) + expirationSeconds,
        ...(of && (flags & operationFlags.returnDigest) !== 0 && { requestDigest: requestDigestOf(of) }),
        body,
        credential: null,
      },
      version,
    )
  const kept = { ...envelope, version, suggested: ourVersion, compressed: false, encrypted: false, truncated: false }
  const keepConnection = ((of?.message.flags ?? 0) & operationFlags.keepConnection) !== 0
  return {
    envelope: { ...kept, sessionId: reply.sessionId ?? envelope.sessionId },
    message: written(),
    keepConnection,
    ...((flags & operationFlags.certify) !== 0 && { wantsCertifying: true }),
  }

  function written(): Buffer {
    try {
      return encode(reply)
    } catch (error) {
      if (!(error instanceof HandleFormatError)) throw error
      return encode(refusal(responses.error, `the answer does not fit a message: ${error.expected}`))
    }
  }
}

/** The answer to a request that is not looked at now. */
export function refusedFrame(
  frame: Frame,
  { response, message }: { response: number; message: string },
  nowMs: number,
): Answer | undefined {
  const request = readRequest(frame)
  if (request === undefined) return undefined
  return answerOf(frame.envelope, 'response' in request ? undefined : request, refusal(response, message), nowMs)
}

/** In place of an answer that a forged question must not bring upon somebody by UDP. */
export function tooLongForUdp({
  envelope: sent,
  message: whole,
  plain: message = whole,
  keepConnection,
}: Answer): Answer {
  const envelope = { ...sent, encrypted: false }
  const { operation, flags, recursionCount, siteInfoSerial, expiration, requestDigest } = decodeMessage(
    message,
    envelope.version,
  )
  const short: HandleMessage = {
    operation,
    response: responses.error,
    flags,
    recursionCount,
    siteInfoSerial,
    expiration,
    ...(requestDigest && { requestDigest }),
    body: { kind: 'error', message: 'this answer is too long for UDP: ask by TCP' },
    credential: null,
  }
  return { envelope, message: encodeMessage(short, envelope.version), keepConnection }
}
