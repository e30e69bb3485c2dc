import { createCipheriv, createDecipheriv } from 'node:crypto'
import { HandleFormatError, HandleReader, HandleWriter } from './bytes.ts'
import { writeCredential } from './credential.ts'
import type { Envelope } from './envelope.ts'
import { handleLimits } from './limits.ts'
import { coveredPart } from './message.ts'
import { macCredential } from './signed-credential.ts'

/** Ciphers of a session, as the first four bytes of its key name them (hdllib; SM4 is of the national SDK). */
export const sessionCiphers = { des: 1, tripleDes: 2, aes: 3, sm4: 4 } as const

/** Key of a session. All bytes make the MAC; the cipher takes the first 16. */
export interface SessionKey {
  cipher: number
  bytes: Uint8Array
}

const blockBytes = 16
const cipherNames = new Map<number, string>([
  [sessionCiphers.aes, 'aes-128-cbc'],
  [sessionCiphers.sm4, 'sm4-cbc'],
])

/** Whether messages can be encrypted by a cipher; DES and 3DES are not. */
export const isOfferedCipher = (cipher: number): boolean => cipherNames.has(cipher)

/** The key that a peer made: its cipher and its bytes (from 2.2 on). Throws HandleFormatError. */
export function decodeSessionKey(data: Uint8Array): SessionKey {
  const reader = new HandleReader(data)
  const cipher = reader.u32('the cipher of the session')
  if (isOfferedCipher(cipher) && (reader.left < blockBytes || reader.left > handleLimits.sessionKeyBytes))
    reader.refuse(`a session key of ${blockBytes} to ${handleLimits.sessionKeyBytes} bytes`, `${reader.left}`)
  return { cipher, bytes: reader.rest() }
}

export function encodeSessionKey({ cipher, bytes }: SessionKey): Buffer {
  return new HandleWriter().u32(cipher, 'the cipher of the session').raw(bytes).done()
}

/** A message under the session's key, CBC with PKCS#5 padding; the IV, 16 random bytes of the caller, stands before it (from 2.4 on). */
export function encryptedMessage({ cipher, bytes }: SessionKey, message: Uint8Array, iv: Uint8Array): Buffer {
  const by = createCipheriv(nameOf(cipher), bytes.subarray(0, blockBytes), iv)
  return Buffer.concat([iv, by.update(message), by.final()])
}

/** Undoes `encryptedMessage`. Throws HandleFormatError for what that key did not make; another key may give any bytes. */
export function decryptedMessage({ cipher, bytes }: SessionKey, encrypted: Uint8Array): Buffer {
  if (encrypted.length < 2 * blockBytes || encrypted.length % blockBytes !== 0)
    throw new HandleFormatError(0, `an IV and whole blocks of ${blockBytes} bytes`, `${encrypted.length} bytes`)
  const iv = encrypted.subarray(0, blockBytes)
  const by = createDecipheriv(nameOf(cipher), bytes.subarray(0, blockBytes), iv)
  const first = by.update(encrypted.subarray(blockBytes))
  try {
    return Buffer.concat([first, by.final()])
  } catch {
    // OpenSSL throws at padding that is none.
    throw new HandleFormatError(encrypted.length, 'PKCS#5 padding', 'other bytes')
  }
}

/** An encoded message with a credential by the session's key in place of what it had. */
export function messageWithMac(
  key: SessionKey,
  envelope: Pick<Envelope, 'version' | 'suggested' | 'sessionId' | 'requestId'>,
  counter: number,
  message: Uint8Array,
): Buffer {
  const covered = coveredPart(message)
  const writer = new HandleWriter()
  writeCredential(writer, macCredential(key.bytes, envelope, counter, covered))
  return Buffer.concat([covered, writer.done()])
}

function nameOf(cipher: number): string {
  const name = cipherNames.get(cipher)
  if (name === undefined) throw new HandleFormatError(0, 'a session with AES or SM4', `cipher ${cipher}`)
  return name
}
