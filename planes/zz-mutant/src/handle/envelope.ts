import { HandleFormatError, HandleReader, HandleWriter } from './bytes.ts'
import { handleLimits } from './limits.ts'

export interface ProtocolVersion {
  major: number
  minor: number
}

/** What we speak and suggest. */
export const ourVersion: ProtocolVersion = { major: 2, minor: 11 }

export interface Envelope {
  version: ProtocolVersion
  /** The highest version that the sender speaks; what came before 2.3 says 0.0. */
  suggested: ProtocolVersion
  compressed: boolean
  encrypted: boolean
  /** One of several packets of a message. Peers often leave it out: only `messageLength` and `sequence` count. */
  truncated: boolean
  sessionId: number
  requestId: number
  sequence: number
  /** Bytes after the envelope, of the whole message, in each of its packets. */
  messageLength: number
}

export const envelopeBytes = 20

/** Message envelope (RFC 3652 §2.2.1). Checks the declared length against the limit. Throws HandleFormatError. */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  const reader = new HandleReader(bytes)
  const version = { major: reader.u8('the major version'), minor: reader.u8('the minor version') }
  const flags = reader.u8('the message flags')
  const suggested = { major: flags & 0x1f, minor: reader.u8('the suggested minor version') }
  const sessionId = reader.u32('the session id')
  const requestId = reader.u32('the request id')
  const sequence = reader.u32('the sequence number')
  const lengthAt = reader.offset
  const messageLength = reader.u32('the message length')
  if (messageLength > handleLimits.messageBytes)
    throw new HandleFormatError(lengthAt, `a message of at most ${handleLimits.messageBytes} bytes`, `${messageLength}`)
  return {
    version,
    suggested,
    compressed: (flags & 0x80) !== 0,
    encrypted: (flags & 0x40) !== 0,
    truncated: (flags & 0x20) !== 0,
    sessionId,
    requestId,
    sequence,
    messageLength,
  }
}

export function encodeEnvelope(envelope: Envelope): Buffer {
  const { version, suggested, compressed, encrypted, truncated } = envelope
  const writer = new HandleWriter()
  if (suggested.major > 0x1f) writer.refuse('a suggested major version up to 31', `${suggested.major}`)
  if (envelope.messageLength > handleLimits.messageBytes)
    writer.refuse(`a message of at most ${handleLimits.messageBytes} bytes`, `${envelope.messageLength}`)
  const flags = (compressed ? 0x80 : 0) | (encrypted ? 0x40 : 0) | (truncated ? 0x20 : 0)
  return writer
    .u8(version.major, 'the major version')
    .u8(version.minor, 'the minor version')
    .u8(flags | suggested.major, 'the suggested major version')
    .u8(suggested.minor, 'the suggested minor version')
    .u32(envelope.sessionId, 'the session id')
    .u32(envelope.requestId, 'the request id')
    .u32(envelope.sequence, 'the sequence number')
    .u32(envelope.messageLength, 'the message length')
    .done()
}

/**
 * Whether a peer's version is at least `minor` of major 2. “5.0” was the first clients' mistake for 2.0 and is older than
 * all that follow; 3 is DO-IRP and newer than all.
 */
export function isAtLeast({ major, minor }: ProtocolVersion, atLeast: ProtocolVersion): boolean {
  if (major === 5) return atLeast.major < 2 || (atLeast.major === 2 && atLeast.minor === 0)
  return major > atLeast.major || (major === atLeast.major && minor >= atLeast.minor)
}

/** The version that two sides speak: the lower of both. */
export function commonVersion(ours: ProtocolVersion, theirs: ProtocolVersion): ProtocolVersion {
  return isAtLeast(theirs, ours) ? ours : theirs
}
