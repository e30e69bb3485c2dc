import { type HandleReader, HandleWriter } from './bytes.ts'

/** What signs a message (RFC 3652 §2.2.4), after its body. */
export interface Credential {
  version: number
  flags: number
  /** The handle whose value holds the key; empty when the session's key signed. */
  signer: string
  /** Without a signer the session's counter, which no message repeats; with one the index of the key's value. */
  counter: number
  type: string
  /** `SHA-256`, `SHA1`, `SM3`, `HMAC-SHA256` … */
  algorithm: string
  signature: Uint8Array
}

/** Key words of the two kinds in use. */
export const credentialTypes = { mac: 'HS_MAC', signed: 'HS_SIGNED' } as const

/** Reads a credential, or null for none: a length of 0, or nothing at all, as some clients end. */
export function readCredential(reader: HandleReader): Credential | null {
  if (reader.left === 0) return null
  const whole = reader.within(reader.u32('the length of the credential'), 'the credential')
  if (whole.left === 0) return null
  const version = whole.u8('the version of the credential')
  whole.u8('the reserved byte of the credential')
  const flags = whole.u16('the flags of the credential')
  const signer = whole.text('the signer of the credential')
  const counter = whole.u32('the counter of the credential')
  const type = whole.text('the type of the credential', 64)
  const signed = whole.within(whole.u32('the length of the signature information'), 'the signature information')
  const algorithm = signed.text('the digest algorithm of the credential', 64)
  return { version, flags, signer, counter, type, algorithm, signature: signed.bytes('the signature') }
}

export function writeCredential(writer: HandleWriter, credential: Credential | null): void {
  if (credential === null) {
    writer.u32(0, 'the length of the credential')
    return
  }
  const signed = new HandleWriter()
    .text(credential.algorithm, 'the digest algorithm of the credential', 64)
    .bytes(credential.signature, 'the signature')
    .done()
  const whole = new HandleWriter()
    .u8(credential.version, 'the version of the credential')
    .u8(0, 'the reserved byte')
    .u16(credential.flags, 'the flags of the credential')
    .text(credential.signer, 'the signer of the credential')
    .u32(credential.counter, 'the counter of the credential')
    .text(credential.type, 'the type of the credential', 64)
    .bytes(signed, 'the signature information')
    .done()
  writer.bytes(whole, 'the credential')
}
