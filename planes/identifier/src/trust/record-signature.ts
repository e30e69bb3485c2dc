import {
  canonicalHandle,
  decodeJws,
  type HandleValue,
  type JwsPrivateKey,
  newValue,
  readOrUndefined,
  signJws,
  valueDigest,
} from '../handle/handle.ts'
import { isPublic } from '../resolution/records.ts'
import { trustLimits } from './limits.ts'

/** By custom the index of HS_SIGNATURE; taken by somebody else's value, the next free one. */
const signatureIndex = 400

/** Who signs: the key, and the value that others know it by, `index:handle`. */
export interface Signer {
  issuer: string
  key: JwsPrivateKey
}

export const isSignature = ({ type }: HandleValue): boolean => type.toUpperCase() === 'HS_SIGNATURE'
export const isCertificate = ({ type }: HandleValue): boolean => type.toUpperCase() === 'HS_CERT'

/** The JWS that a value of HS_SIGNATURE or HS_CERT holds; undefined when it holds none. */
export const jwsIn = ({ data }: HandleValue) => readOrUndefined(() => decodeJws(Buffer.from(data).toString('utf8')))

/** Whether a value is a signature or certificate by this issuer, as far as its words go. */
export const isBy = (value: HandleValue, issuer: string): boolean => jwsIn(value)?.claims.iss === issuer

/**
 * The values of a record with the signer's HS_SIGNATURE over all other public ones (digests as in `valueDigest`). One by the
 * same signer is replaced; signatures of others stay, and are signed like any value. Without public values, or with more than
 * `trustLimits.signedValues`, the record is left without.
 */
export function withSignature(
  handle: string,
  values: readonly HandleValue[],
  { issuer, key }: Signer,
  nowSeconds: number,
): HandleValue[] {
  const others = values.filter((value) => !(isSignature(value) && isBy(value, issuer)))
  const open = others.filter(isPublic)
  if (open.length === 0 || open.length > trustLimits.signedValues) return others
  const claims = {
    digests: { alg: 'SHA-256', digests: open.map((value) => ({ index: value.index, digest: valueDigest(value) })) },
    iss: issuer,
    sub: canonicalHandle(handle),
    ...validFrom(nowSeconds, trustLimits.signatureSeconds),
  }
  const data = Buffer.from(signJws(claims, key))
  const value = newValue(freeIndex(others, signatureIndex), 'HS_SIGNATURE', data, { timestamp: nowSeconds })
  return [...others, value]
}

export const validFrom = (nowSeconds: number, seconds: number) => ({
  iat: nowSeconds,
  nbf: nowSeconds,
  exp: nowSeconds + seconds,
})

export function freeIndex(values: readonly HandleValue[], from: number): number {
  const taken = new Set(values.map(({ index }) => index))
  let index = from
  while (taken.has(index)) index++
  return index
}
