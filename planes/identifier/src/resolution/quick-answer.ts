import { envelopeBytes, operationFlags, operations, responses } from '../handle/handle.ts'
import type { Answer } from './exchange.ts'
import type { Frame } from './frames.ts'

const headerBytes = 24
const expirationSeconds = 43_200
/** What an answer repeats of the flags; a request with others is answered by the long way. */
const simple =
  (operationFlags.authoritative |
    operationFlags.recursive |
    operationFlags.cacheAuthentication |
    operationFlags.keepConnection |
    operationFlags.publicOnly |
    operationFlags.noReferral) >>>
  0
const repeated = (simple & ~operationFlags.noReferral) >>> 0
const slash = 0x2f

/**
 * The answer to the most common request, all public values of a record, made by copying what the store has ready; undefined
 * for all else, which the service answers from the decoded message. Both give the same bytes.
 */
export function quickAnswer(
  { envelope, message }: Frame,
  isHomed: (prefix: string) => boolean,
  publicBlock: (canonicalKey: Buffer) => Buffer | undefined,
  nowMs: number,
): Answer | undefined {
  const { version } = envelope
  if (envelope.encrypted || envelope.compressed || version.major !== 2 || version.minor > 11) return undefined
  if (message.length < headerBytes + 12 || message.readUInt32BE(0) !== operations.resolve) return undefined
  const flags = message.readUInt32BE(8)
  if (message.readUInt32BE(4) !== 0 || (flags & operationFlags.publicOnly) === 0 || (flags & ~simple) !== 0)
    return undefined
  const length = message.readUInt32BE(headerBytes)
  const end = headerBytes + 4 + length + 8
  // Without indexes, types, the authentication of IDIS, or a credential.
  if (length === 0 || message.readUInt32BE(20) !== length + 12 || message.length < end) return undefined
  if (message.readUInt32BE(end - 8) !== 0 || message.readUInt32BE(end - 4) !== 0) return undefined
  if (message.length > end && (message.length !== end + 4 || message.readUInt32BE(end) !== 0)) return undefined

  const handle = message.subarray(headerBytes + 4, headerBytes + 4 + length)
  const key = canonicalKey(handle)
  if (key === undefined || !isHomed(key.toString('latin1', 0, key.indexOf(slash)))) return undefined
  const block = publicBlock(key)
  if (block === undefined) return undefined
  const body = 4 + length + block.length
  const frame = Buffer.allocUnsafe(envelopeBytes + headerBytes + body + 4)
  writeEnvelope(frame, envelope)
  let at = frame.writeUInt32BE(operations.resolve, envelopeBytes)
  at = frame.writeUInt32BE(responses.success, at)
  at = frame.writeUInt32BE((flags & repeated) >>> 0, at)
  at = frame.writeUInt16BE(0xffff, at)
  frame[at] = message[14] ?? 0
  frame[at + 1] = 0
  at = frame.writeUInt32BE(Math.floor(nowMs / 1_000) + expirationSeconds, at + 2)
  at = frame.writeUInt32BE(body, at)
  at = frame.writeUInt32BE(length, at)
  handle.copy(frame, at)
  block.copy(frame, at + length)
  frame.writeUInt32BE(0, at + length + block.length)
  return {
    envelope,
    message: frame.subarray(envelopeBytes),
    frame,
    keepConnection: (flags & operationFlags.keepConnection) !== 0,
  }
}

function writeEnvelope(frame: Buffer, { version, sessionId, requestId }: Frame['envelope']): void {
  frame[0] = version.major
  frame[1] = version.minor
  frame[2] = 2
  frame[3] = 11
  frame.writeUInt32BE(sessionId, 4)
  frame.writeUInt32BE(requestId, 8)
  frame.writeUInt32BE(0, 12)
  frame.writeUInt32BE(frame.length - envelopeBytes, 16)
}

/** ASCII capitals before the slash; undefined for a global handle or what has no prefix and suffix. */
function canonicalKey(handle: Buffer): Buffer | undefined {
  if (handle[0] === 0x30 && handle[1] === 0x2e) return undefined
  const key = Buffer.from(handle)
  for (let i = 0; i < key.length; i++) {
    const byte = key[i] as number
    if (byte === slash) return i > 0 ? key : undefined
    if (byte >= 0x61 && byte <= 0x7a) key[i] = byte - 0x20
  }
  return undefined
}
