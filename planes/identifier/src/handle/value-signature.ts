import { createHash } from 'node:crypto'
import { HandleFormatError } from './bytes.ts'
import { isObject, type Jws } from './jws.ts'
import { encodeValue, type HandleValue } from './value.ts'

/** What HS_SIGNATURE says of a record: the digest of each signed value, by index. */
export interface SignedDigests {
  /** `index:handle` of the key's value. */
  issuer: string
  subject: string
  /** Seconds since 1970. */
  notBefore: number
  expires: number
  digests: Map<number, string>
}

/** Digest of a value as HS_SIGNATURE lists it: SHA-256 of its bytes without index and timestamp, base64. */
export function valueDigest(value: HandleValue): string {
  return createHash('sha256').update(encodeValue(value).subarray(8)).digest('base64')
}

/** Reads the claims of HS_SIGNATURE. Throws HandleFormatError; any digest but SHA-256 is refused. */
export function signedDigests({ claims }: Jws): SignedDigests {
  const { iss, sub, nbf, exp, digests } = claims
  const refuse = (expected: string, found: unknown): never => {
    throw new HandleFormatError(0, expected, String(JSON.stringify(found)).slice(0, 64))
  }
  const [issuer, subject] = typeof iss === 'string' && typeof sub === 'string' ? [iss, sub] : refuse('iss and sub', iss)
  const [notBefore, expires] =
    typeof nbf === 'number' && typeof exp === 'number' ? [nbf, exp] : refuse('nbf and exp in seconds', nbf)
  if (!isObject(digests) || digests.alg !== 'SHA-256' || !Array.isArray(digests.digests))
    return refuse('digests by SHA-256', digests)
  const byIndex = new Map<number, string>()
  for (const each of digests.digests as unknown[]) {
    if (!isObject(each) || typeof each.index !== 'number' || typeof each.digest !== 'string')
      return refuse('a digest with its index', each)
    byIndex.set(each.index, each.digest)
  }
  return { issuer, subject, notBefore, expires, digests: byIndex }
}

/** Whether the signature lists the value as it is. */
export function isCovered(value: HandleValue, { digests }: SignedDigests): boolean {
  return digests.get(value.index) === valueDigest(value)
}
