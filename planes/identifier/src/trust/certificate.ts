import {
  canonicalHandle,
  decodeData,
  type HandleValue,
  isObject,
  type Jws,
  type JwsPublicKey,
  jwkOf,
  jwsKeyOfData,
  jwsKeyOfJwk,
  newValue,
  partsOf,
  readOrUndefined,
  signJws,
} from '../handle/handle.ts'
import { rootPrefix, trustRoot } from '../node/homes.ts'
import { trustLimits } from './limits.ts'
import { freeIndex, isBy, isCertificate, type Signer, validFrom } from './record-signature.ts'

/** By our custom the index of a prefix's HS_PUBKEY that signs its records, and of the HS_CERT by the prefix above. */
export const signingKeyIndex = 302
const certificateIndex = 401

/** The value of a prefix's record by which its signatures name it. */
export const issuerOf = (prefix: string): string =>
  `${signingKeyIndex}:${prefix === rootPrefix ? trustRoot : `0.NA/${prefix}`}`

/** What HS_CERT says: whose key it is, and for what. */
export interface Certificate {
  issuer: string
  /** `index:handle` of the key. */
  subject: string
  /** Seconds since 1970. */
  notBefore: number
  expires: number
  key: JwsPublicKey
  permissions: { handle: string; may: string }[]
}

/**
 * The record of a prefix (`0.NA/<prefix>`, or the trust root) with the signer's HS_CERT for the key that signs there (HS_PUBKEY at
 * `signingKeyIndex`): it may sign this record, those under the prefix, and prefixes below it. One by the same signer is
 * replaced, those of others stay; without such a key there is none.
 */
export function withCertificate(
  handle: string,
  values: readonly HandleValue[],
  { issuer, key }: Signer,
  nowSeconds: number,
): HandleValue[] {
  const others = values.filter((value) => !(isCertificate(value) && isBy(value, issuer)))
  const publicKey = signingKeyIn(others)
  if (publicKey === undefined) return others
  const prefixRecord = canonicalHandle(handle)
  const claims = {
    perms: permissionsOf(prefixRecord).map((perm) => ({ handle: prefixRecord, perm })),
    publicKey: jwkOf(publicKey),
    iss: issuer,
    sub: `${signingKeyIndex}:${prefixRecord}`,
    ...validFrom(nowSeconds, trustLimits.certificateSeconds),
  }
  const data = Buffer.from(signJws(claims, key))
  return [...others, newValue(freeIndex(others, certificateIndex), 'HS_CERT', data, { timestamp: nowSeconds })]
}

/** The root's own certificate, by itself, is for all prefixes: CNRI's verifier ends there. */
const permissionsOf = (prefixRecord: string) =>
  prefixRecord === trustRoot ? ['everything'] : ['thisHandle', 'handlesUnderThisPrefix', 'derivedPrefixes']

/** The key by which a prefix's record says that it signs. */
export function signingKeyIn(values: readonly HandleValue[]): JwsPublicKey | undefined {
  const value = values.find(({ index, type }) => index === signingKeyIndex && type.toUpperCase() === 'HS_PUBKEY')
  const data = value && readOrUndefined(() => decodeData('HS_PUBKEY', value.data))
  return data?.format === 'key' ? jwsKeyOfData(data.key) : undefined
}

/** Reads the claims of HS_CERT; undefined when they are none, or for a key that signs nothing here. */
export function certificateIn({ claims }: Jws): Certificate | undefined {
  const { iss, sub, nbf, exp, perms, publicKey } = claims
  const key = jwsKeyOfJwk(publicKey)
  if (typeof iss !== 'string' || typeof sub !== 'string' || typeof nbf !== 'number' || typeof exp !== 'number')
    return undefined
  if (key === undefined || !Array.isArray(perms)) return undefined
  const permissions = perms.flatMap((each) =>
    isObject(each) && typeof each.handle === 'string' && typeof each.perm === 'string'
      ? [{ handle: each.handle, may: each.perm }]
      : [],
  )
  return { issuer: iss, subject: sub, notBefore: nbf, expires: exp, key, permissions }
}

/**
 * Whether a certificate is for a prefix: its subject is a value of that prefix's record, and it may sign there what is asked:
 * records under the prefix, or prefixes below it. Handles of permissions come with `0.NA/` and without.
 */
export function isForPrefix(
  { subject, permissions }: Certificate,
  prefix: string,
  may: 'handlesUnderThisPrefix' | 'derivedPrefixes',
): boolean {
  const handle = subject.slice(subject.indexOf(':') + 1)
  const names = (named: string) => {
    const { prefix: above, suffix } = partsOf(canonicalHandle(named))
    return above === '0.NA' && suffix === prefix
  }
  return (
    names(handle) && permissions.some((each) => each.may === 'everything' || (each.may === may && names(each.handle)))
  )
}
