import { type KeyObject, sign, verify } from 'node:crypto'
import { sm2 } from 'sm-crypto-v2'

/** A public key of SM2: its point in hex, uncompressed (`04…`), or made ready for many signatures. */
export type Sm2Point = Parameters<typeof sm2.doVerifySignature>[2]

/**
 * A key that is given to us. SM2 (GB/T 32918.2) in hex: 32 bytes private, uncompressed point `04…` public; `userId` enters
 * the signature, and IDIS takes the handle of the user for it. A signature is DER when no form is said.
 */
export type SigningKey =
  | { kind: 'rsa'; key: KeyObject; digest: 'SHA-256' | 'SHA1' }
  | { kind: 'sm2'; privateKey: string; publicKey: string; userId: string; form?: 'der' | 'raw' }

export type VerifyingKey = { kind: 'rsa'; key: KeyObject } | { kind: 'sm2'; publicKey: Sm2Point; userId: string }

const rsaDigests = new Map([
  ['SHA-256', 'sha256'],
  ['SHA256', 'sha256'],
  ['SHA1', 'sha1'],
  ['SHA-1', 'sha1'],
])

/** Whether an RSA key made a signature over a digest by the given name; false for a digest that is not in use. */
export function verifiesRsa(key: KeyObject, algorithm: string, message: Uint8Array, signature: Uint8Array): boolean {
  return holdsBy({ kind: 'rsa', key }, algorithm, message, signature)
}

/** Signs and says by which digest algorithm: RSASSA-PKCS1-v1_5, or SM2 over SM3. */
export function signBy(key: SigningKey, message: Uint8Array): { algorithm: string; signature: Buffer } {
  if (key.kind === 'rsa')
    return { algorithm: key.digest, signature: sign(key.digest === 'SHA1' ? 'sha1' : 'sha256', message, key.key) }
  const { privateKey, publicKey, userId, form = 'der' } = key
  const hex = sm2.doSignature(message, privateKey, { hash: true, der: form === 'der', publicKey, userId })
  return { algorithm: 'SM3', signature: Buffer.from(hex, 'hex') }
}

/** Whether the signature holds. An algorithm that does not belong to the key, or a broken signature, does not hold. */
export function holdsBy(key: VerifyingKey, algorithm: string, message: Uint8Array, signature: Uint8Array): boolean {
  if (key.kind === 'rsa') {
    const digest = rsaDigests.get(algorithm)
    return digest !== undefined && key.key.asymmetricKeyType === 'rsa' && verify(digest, message, key.key, signature)
  }
  if (algorithm !== 'SM3') return false
  // Peers write r ‖ s or DER.
  const der = signature.length !== 64
  try {
    const hex = Buffer.from(signature).toString('hex')
    return sm2.doVerifySignature(message, hex, key.publicKey, { hash: true, der, userId: key.userId })
  } catch {
    // The library throws at a signature or point that cannot be read: it holds nothing.
    return false
  }
}
