import { createHash, timingSafeEqual } from 'node:crypto'
import { sm3 } from 'sm-crypto-v2'

/** Digests that answers carry, in the order of their codes 1, 2, 3. */
export const digestCodes = ['MD5', 'SHA-1', 'SHA-256'] as const
export type DigestAlgorithm = (typeof digestCodes)[number]
export const digestBytes: Record<DigestAlgorithm, number> = { MD5: 16, 'SHA-1': 20, 'SHA-256': 32 }

/** Digest of a request's header and body (see `coveredPart`): what a response with the flag RD returns. */
export function digestOf(algorithm: DigestAlgorithm | 'SM3', bytes: Uint8Array): Buffer {
  if (algorithm === 'SM3') return Buffer.from(sm3(bytes), 'hex')
  return createHash(algorithm === 'SHA-1' ? 'sha1' : algorithm.replace('-', '').toLowerCase())
    .update(bytes)
    .digest()
}

/** Compares without telling by time where two byte strings differ. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}
