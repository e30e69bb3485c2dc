import { createHash, type KeyObject, verify } from 'node:crypto'
import { HandleFormatError } from './bytes.ts'
import { handleLimits } from './limits.ts'
import { encodeValue, type HandleValue } from './value.ts'

/** A compact JWS (RFC 7515) of HS_SIGNATURE or HS_CERT, taken apart; nothing of it is proven yet. */
export interface Jws {
  algorithm: string
  claims: Record<string, unknown>
  signedText: string
  signature: Buffer
}

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

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function jsonOf(part: string, offset: number, what: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
  } catch {
    value = undefined
  }
  if (!isObject(value)) throw new HandleFormatError(offset, `a JSON object as ${what}`, part.slice(0, 16))
  return value
}

/** Throws HandleFormatError. */
export function decodeJws(text: string): Jws {
  if (text.length > handleLimits.jwsBytes)
    throw new HandleFormatError(0, `at most ${handleLimits.jwsBytes} characters`, `${text.length}`)
  const parts = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(text.trim())
  if (parts === null) throw new HandleFormatError(0, 'three parts in base64url with dots between', text.slice(0, 16))
  const [, header = '', payload = '', signature = ''] = parts
  const { alg } = jsonOf(header, 0, 'the header')
  return {
    algorithm: typeof alg === 'string' ? alg : '',
    claims: jsonOf(payload, header.length + 1, 'the claims'),
    signedText: `${header}.${payload}`,
    signature: Buffer.from(signature, 'base64url'),
  }
}

/** Whether the given RSA key made the signature. Only RS256, whatever the header asks for. */
export function jwsHolds(jws: Jws, key: KeyObject): boolean {
  if (jws.algorithm !== 'RS256' || key.asymmetricKeyType !== 'rsa') return false
  return verify('sha256', Buffer.from(jws.signedText, 'ascii'), key, jws.signature)
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
