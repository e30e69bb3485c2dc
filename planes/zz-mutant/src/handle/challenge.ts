import { createHmac, pbkdf2Sync } from 'node:crypto'
import { HandleReader, HandleWriter, readOrUndefined } from './bytes.ts'
import { digestCodes, digestOf, sameBytes } from './digest.ts'
import { isAtLeast, type ProtocolVersion } from './envelope.ts'
import { holdsBy, type SigningKey, signBy, type VerifyingKey } from './keys.ts'
import { handleLimits } from './limits.ts'

/** The server's nonce and the digest of the request that it challenged. Together they are what an answer signs. */
export interface Challenge {
  nonce: Uint8Array
  requestDigest: Uint8Array
}

const pbkdf2HmacSha1 = 0x22
const messageOf = ({ nonce, requestDigest }: Challenge) => Buffer.concat([nonce, requestDigest])

function derivedMac(
  secret: Uint8Array,
  salt: Uint8Array,
  iterations: number,
  keyBits: number,
  message: Uint8Array,
): Buffer {
  return createHmac('sha1', pbkdf2Sync(secret, salt, iterations, keyBits / 8, 'sha1'))
    .update(message)
    .digest()
}

const plainHash = (algorithm: 'MD5' | 'SHA-1' | 'SHA-256', secret: Uint8Array, message: Uint8Array) =>
  digestOf(algorithm, Buffer.concat([secret, message, secret]))

/**
 * Answer by a secret key (HS_SECKEY): from 2.7 on HMAC-SHA1 under a key that PBKDF2 derived (10,000 iterations, 160 bits);
 * before that SHA-1 over secret, challenge, secret. `salt` is 16 random bytes of the caller.
 */
export function secretKeyAnswer(
  secret: Uint8Array,
  challenge: Challenge,
  salt: Uint8Array,
  version: ProtocolVersion,
): Buffer {
  const message = messageOf(challenge)
  if (!isAtLeast(version, { major: 2, minor: 7 }))
    return Buffer.concat([Uint8Array.of(digestCodes.indexOf('SHA-1') + 1), plainHash('SHA-1', secret, message)])
  return new HandleWriter()
    .u8(pbkdf2HmacSha1, 'the form of the answer')
    .bytes(salt, 'the salt')
    .u32(10_000, 'the iterations')
    .u32(160, 'the bits of the key')
    .bytes(derivedMac(secret, salt, 10_000, 160, message), 'the MAC')
    .done()
}

/**
 * Whether the answer was made with the secret. Iterations and key bits that the peer chose are held to the limits, since
 * we pay for them; a malformed answer does not hold. From 2.7 on only the derived form counts.
 */
export function secretKeyHolds(
  answer: Uint8Array,
  secret: Uint8Array,
  challenge: Challenge,
  version: ProtocolVersion,
): boolean {
  const message = messageOf(challenge)
  if (answer[0] !== pbkdf2HmacSha1) {
    const algorithm = digestCodes[(answer[0] ?? 0) - 1]
    if (algorithm === undefined || isAtLeast(version, { major: 2, minor: 7 })) return false
    return sameBytes(plainHash(algorithm, secret, message), answer.subarray(1))
  }
  const parts = readOrUndefined(() => {
    const reader = new HandleReader(answer)
    reader.u8('the form of the answer')
    return {
      salt: reader.bytes('the salt', 256),
      iterations: reader.u32('the iterations'),
      keyBits: reader.u32('the bits of the key'),
      mac: reader.bytes('the MAC', 64),
    }
  })
  if (parts === undefined) return false
  const { salt, iterations, keyBits, mac } = parts
  if (iterations < 1 || iterations > handleLimits.pbkdf2Iterations) return false
  if (keyBits < 128 || keyBits > handleLimits.pbkdf2KeyBits || keyBits % 8 !== 0) return false
  return sameBytes(derivedMac(secret, salt, iterations, keyBits, message), mac)
}

/** Answer by a private key (HS_PUBKEY): the name of the digest and the signature over the challenge. */
export function publicKeyAnswer(key: SigningKey, challenge: Challenge): Buffer {
  const { algorithm, signature } = signBy(key, messageOf(challenge))
  return new HandleWriter().text(algorithm, 'the digest algorithm').bytes(signature, 'the signature').done()
}

export function publicKeyHolds(answer: Uint8Array, key: VerifyingKey, challenge: Challenge): boolean {
  const parts = readOrUndefined(() => {
    const reader = new HandleReader(answer)
    return { algorithm: reader.text('the digest algorithm', 64), signature: reader.bytes('the signature') }
  })
  return parts !== undefined && holdsBy(key, parts.algorithm, messageOf(challenge), parts.signature)
}
