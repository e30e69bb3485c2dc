import { createHmac, type KeyObject, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { HandleWriter } from './bytes.ts'
import { type Credential, credentialTypes, writeCredential } from './credential.ts'
import { sameBytes } from './digest.ts'
import { type Envelope, isAtLeast } from './envelope.ts'
import { holdsBy, type SigningKey, signBy, type VerifyingKey } from './keys.ts'
import { coveredPart } from './message.ts'

type SignedEnvelope = Pick<Envelope, 'version' | 'suggested' | 'sessionId' | 'requestId'>

const macDigests = new Map([
  ['HMAC-SHA256', 'sha256'],
  ['HMAC-SHA1', 'sha1'],
])

/**
 * What a credential signs: from 2.8 on the versions, session, request and counter before header and body, so that neither
 * can be exchanged; before that header and body alone. `covered` is `coveredPart` of the message.
 */
export function signedBytes(envelope: SignedEnvelope, counter: number, covered: Uint8Array): Buffer {
  const writer = new HandleWriter()
  if (isAtLeast(envelope.version, { major: 2, minor: 8 }))
    writer
      .u8(envelope.version.major, 'the major version')
      .u8(envelope.version.minor, 'the minor version')
      .u8(envelope.suggested.major, 'the suggested major version')
      .u8(envelope.suggested.minor, 'the suggested minor version')
      .u32(envelope.sessionId, 'the session id')
      .u32(envelope.requestId, 'the request id')
      .u32(counter, 'the session counter')
  return Buffer.concat([writer.done(), covered])
}

/** A credential by the key of a session, HMAC-SHA256. */
export function macCredential(
  key: Uint8Array,
  envelope: SignedEnvelope,
  counter: number,
  covered: Uint8Array,
): Credential {
  const signature = createHmac('sha256', key)
    .update(signedBytes(envelope, counter, covered))
    .digest()
  return { version: 0, flags: 0, signer: '', counter, type: credentialTypes.mac, algorithm: 'HMAC-SHA256', signature }
}

/** Whether the session's key made this credential. Says nothing of a replay: the caller keeps the counters. */
export function macHolds(
  credential: Credential,
  key: Uint8Array,
  envelope: SignedEnvelope,
  covered: Uint8Array,
): boolean {
  const digest = macDigests.get(credential.algorithm)
  if (credential.type !== credentialTypes.mac || digest === undefined) return false
  const message = signedBytes(envelope, credential.counter, covered)
  return sameBytes(createHmac(digest, key).update(message).digest(), credential.signature)
}

/** A credential by a private key, as certified answers have it (flag CT). */
export function signedCredential(
  key: SigningKey,
  envelope: SignedEnvelope,
  counter: number,
  covered: Uint8Array,
): Credential {
  const { algorithm, signature } = signBy(key, signedBytes(envelope, counter, covered))
  return { version: 0, flags: 0, signer: '', counter, type: credentialTypes.signed, algorithm, signature }
}

const signAside = promisify(sign) as (algorithm: string, data: Uint8Array, key: KeyObject) => Promise<Buffer>

/**
 * An encoded message with a credential by an RSA key in place of what it had. The signature, SHA-256 or for peers before 2.7
 * SHA-1, is made in another thread.
 */
export async function signedMessage(key: KeyObject, envelope: SignedEnvelope, message: Uint8Array): Promise<Buffer> {
  const covered = coveredPart(message)
  const algorithm = isAtLeast(envelope.version, { major: 2, minor: 7 }) ? 'SHA-256' : 'SHA1'
  const signature = await signAside(algorithm.replace('-', ''), signedBytes(envelope, 0, covered), key)
  const writer = new HandleWriter()
  const { signed: type } = credentialTypes
  writeCredential(writer, { version: 0, flags: 0, signer: '', counter: 0, type, algorithm, signature })
  return Buffer.concat([covered, writer.done()])
}

/** Whether a key made the credential of a message: `envelope` as it came, `covered` as `coveredPart` of the message. */
export function signatureHolds(
  credential: Credential,
  key: VerifyingKey,
  envelope: SignedEnvelope,
  covered: Uint8Array,
): boolean {
  if (credential.type !== credentialTypes.signed) return false
  return holdsBy(key, credential.algorithm, signedBytes(envelope, credential.counter, covered), credential.signature)
}
