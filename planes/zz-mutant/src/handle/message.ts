import { readBody, writeBody } from './body.ts'
import type { Body } from './body-kinds.ts'
import { HandleReader, HandleWriter } from './bytes.ts'
import { operationFlags } from './codes.ts'
import { type Credential, readCredential, writeCredential } from './credential.ts'
import { type DigestAlgorithm, digestBytes } from './digest.ts'
import { readDigest, writeDigest } from './digest-field.ts'
import {
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  envelopeBytes,
  ourVersion,
  type ProtocolVersion,
} from './envelope.ts'

/** Header, body and credential of one message: what the envelope carries. */
export interface HandleMessage {
  operation: number
  /** 0 in a request. */
  response: number
  flags: number
  /** Serial of the site information by which the sender chose the server; 0xFFFF when it knows none. */
  siteInfoSerial: number
  recursionCount: number
  /** Seconds since 1970. */
  expiration: number
  /** In a response with the flag RD: the digest of the request that it answers. */
  requestDigest?: { algorithm: DigestAlgorithm; digest: Uint8Array }
  body: Body
  credential: Credential | null
  /** Bytes that no field took, as some peers leave them. The encoder never writes any. */
  surplusBytes?: number
}

const headerBytes = 24

/**
 * Reads a message without its envelope (RFC 3652 §2.2.2–2.2.4), leniently: surplus bytes are counted and left, a missing
 * credential is none. Byte fields are views of `bytes`. Throws HandleFormatError.
 */
export function decodeMessage(bytes: Uint8Array, version: ProtocolVersion = ourVersion): HandleMessage {
  const reader = new HandleReader(bytes)
  const operation = reader.u32('the operation code')
  const response = reader.u32('the response code')
  const flags = reader.u32('the operation flags')
  const siteInfoSerial = reader.u16('the serial of the site information')
  const recursionCount = reader.u8('the recursion count')
  reader.u8('the reserved byte')
  const expiration = reader.u32('the expiration')
  const inBody = reader.within(reader.u32('the body length'), 'the body')
  const requestDigest =
    response !== 0 && (flags & operationFlags.returnDigest) !== 0 ? readRequestDigest(inBody) : undefined
  const body = readBody(inBody, operation, response, version)
  const credential = readCredential(reader)
  const surplusBytes = inBody.left + reader.left
  const message = { operation, response, flags, siteInfoSerial, recursionCount, expiration, body, credential }
  return { ...message, ...(requestDigest && { requestDigest }), ...(surplusBytes > 0 && { surplusBytes }) }
}

function readRequestDigest(reader: HandleReader): NonNullable<HandleMessage['requestDigest']> {
  const at = reader.offset
  const { algorithm = 'MD5', digest } = readDigest(reader)
  if (digest.length !== digestBytes[algorithm]) reader.refuse('an MD5 digest of 16 bytes', `${digest.length}`, at)
  return { algorithm, digest }
}

/** The bytes of a message without its envelope. Throws HandleFormatError for what the protocol cannot carry. */
export function encodeMessage(message: HandleMessage, version: ProtocolVersion = ourVersion): Buffer {
  const { operation, response, flags, requestDigest } = message
  const inBody = new HandleWriter()
  const wantsDigest = response !== 0 && (flags & operationFlags.returnDigest) !== 0
  if (wantsDigest !== (requestDigest !== undefined))
    inBody.refuse('a request digest exactly in responses with the flag RD', wantsDigest ? 'none' : 'one')
  if (requestDigest) writeDigest(inBody, requestDigest)
  writeBody(inBody, message.body, operation, response, version)
  const writer = new HandleWriter()
    .u32(operation, 'the operation code')
    .u32(response, 'the response code')
    .u32(flags, 'the operation flags')
    .u16(message.siteInfoSerial, 'the serial of the site information')
    .u8(message.recursionCount, 'the recursion count')
    .u8(0, 'the reserved byte')
    .u32(message.expiration, 'the expiration')
    .bytes(inBody.done(), 'the body')
  writeCredential(writer, message.credential)
  return writer.done()
}

/** Header and body of an encoded message: what request digests and credentials cover. Throws HandleFormatError. */
export function coveredPart(message: Uint8Array): Buffer {
  const reader = new HandleReader(message)
  reader.raw(headerBytes - 4, 'the header')
  const body = reader.u32('the body length')
  return new HandleReader(message).raw(headerBytes + body, 'header and body')
}

/** An envelope and the whole message after it, as TCP and HTTP carry them. */
export function encodeFrame(envelope: Omit<Envelope, 'messageLength'>, message: Uint8Array): Buffer {
  return Buffer.concat([encodeEnvelope({ ...envelope, messageLength: message.length }), message])
}

/** Takes such a frame apart; bytes after the declared length are not looked at. Throws HandleFormatError. */
export function decodeFrame(bytes: Uint8Array): { envelope: Envelope; message: Buffer } {
  const envelope = decodeEnvelope(bytes)
  const reader = new HandleReader(bytes)
  reader.raw(envelopeBytes, 'the envelope')
  return { envelope, message: reader.raw(envelope.messageLength, 'the message') }
}
