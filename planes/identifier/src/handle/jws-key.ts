import { createPrivateKey, createPublicKey, generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto'
import { sm2 } from 'sm-crypto-v2'
import { isObject } from './jws.ts'
import type { Sm2Point } from './keys.ts'
import { type PublicKeyData, rsaPublicKey, rsaPublicKeyData, sm2PublicKey } from './public-key.ts'

/** Kinds of keys that sign records and delegations. */
export const jwsKinds = ['ed25519', 'sm2', 'rsa'] as const

/** A key that is given to us; SM2 as in `SigningKey`. */
export type JwsPublicKey = { kind: 'rsa' | 'ed25519'; key: KeyObject } | { kind: 'sm2'; publicKey: Sm2Point }
export type JwsPrivateKey =
  | { kind: 'rsa' | 'ed25519'; key: KeyObject }
  | { kind: 'sm2'; privateKey: string; publicKey: string }

const hexOf = (part: unknown) => (typeof part === 'string' ? Buffer.from(part, 'base64url').toString('hex') : '')
const base64url = (hex: string) => Buffer.from(hex, 'hex').toString('base64url')

/** A new key: Ed25519, SM2, or RSA of 2,048 bits. */
export function makeJwsKey(kind: (typeof jwsKinds)[number]): JwsPrivateKey {
  if (kind === 'sm2') return { kind, ...sm2.generateKeyPairHex() }
  if (kind === 'rsa') return { kind, key: generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey }
  return { kind, key: generateKeyPairSync('ed25519').privateKey }
}

/** The public half of either as JWK (RFC 7517, RFC 8037); of SM2 `{"kty":"EC","crv":"SM2"}` with its two coordinates. */
export function jwkOf(key: JwsPublicKey): Record<string, unknown> {
  if (key.kind !== 'sm2') return { ...publicHalf(key.key).export({ format: 'jwk' }) }
  const [x, y] = coordinatesOf(key.publicKey)
  return { kty: 'EC', crv: 'SM2', x: base64url(x), y: base64url(y) }
}

export function privateJwkOf(key: JwsPrivateKey): Record<string, unknown> {
  if (key.kind === 'sm2') return { ...jwkOf(key), d: base64url(key.privateKey) }
  return { ...key.key.export({ format: 'jwk' }) }
}

/** The key of a JWK; undefined for a kind that signs nothing here, a too weak key, or none. */
export function jwsKeyOfJwk(jwk: unknown): JwsPublicKey | undefined {
  if (!isObject(jwk)) return undefined
  if (jwk.kty === 'EC') {
    const [x, y] = [hexOf(jwk.x), hexOf(jwk.y)]
    return jwk.crv === 'SM2' ? sm2Key(`04${x}${y}`) : undefined
  }
  try {
    return keyOfObject(createPublicKey({ format: 'jwk', key: jwk as JsonWebKey }))
  } catch {
    // OpenSSL takes no key from it.
    return undefined
  }
}

/** As `jwsKeyOfJwk`, of a private key. */
export function privateJwsKeyOfJwk(jwk: unknown): JwsPrivateKey | undefined {
  const key = jwsKeyOfJwk(jwk)
  if (key === undefined || !isObject(jwk)) return undefined
  if (key.kind === 'sm2') {
    const privateKey = hexOf(jwk.d)
    return typeof key.publicKey === 'string' && sm2.getPublicKeyFromPrivateKey(privateKey) === key.publicKey
      ? { kind: 'sm2', privateKey, publicKey: key.publicKey }
      : undefined
  }
  try {
    return { kind: key.kind, key: createPrivateKey({ format: 'jwk', key: jwk as JsonWebKey }) }
  } catch {
    // OpenSSL finds no private half in it.
    return undefined
  }
}

/** The key that data of HS_PUBKEY holds; undefined as in `jwsKeyOfJwk`. */
export function jwsKeyOfData(data: PublicKeyData): JwsPublicKey | undefined {
  if (data.form === 'numbers') {
    const point = sm2PublicKey(data)
    return point === undefined ? keyOfObject(rsaPublicKey(data)) : sm2Key(point)
  }
  try {
    return keyOfObject(createPublicKey(data.text))
  } catch {
    // OpenSSL takes no key from the text.
    return undefined
  }
}

/** Data of HS_PUBKEY for the public half of either: numbers for RSA and SM2; Ed25519, which has no numbers there, as PEM. */
export function jwsKeyData(key: JwsPublicKey): PublicKeyData {
  if (key.kind === 'sm2') {
    const numbers = coordinatesOf(key.publicKey).map((hex) => Buffer.from(`00${hex}`, 'hex'))
    return { form: 'numbers', type: 'SM2_PUB_KEY', flags: 0, numbers }
  }
  const publicKey = publicHalf(key.key)
  return key.kind === 'rsa'
    ? rsaPublicKeyData(publicKey)
    : { form: 'pem', text: publicKey.export({ type: 'spki', format: 'pem' }).toString() }
}

/** The same key, ready for many signatures: of SM2 it takes a tenth of a second once, and makes each some six times faster. */
export function prepared(key: JwsPublicKey): JwsPublicKey {
  return key.kind === 'sm2' && typeof key.publicKey === 'string'
    ? { kind: 'sm2', publicKey: sm2.precomputePublicKey(key.publicKey) }
    : key
}

const publicHalf = (key: KeyObject) => (key.type === 'public' ? key : createPublicKey(key))

function coordinatesOf(point: Sm2Point): [x: string, y: string] {
  const hex = typeof point === 'string' ? point : point.toHex(false)
  return [hex.slice(2, 66), hex.slice(66)]
}

function keyOfObject(key: KeyObject | undefined): JwsPublicKey | undefined {
  if (key?.asymmetricKeyType === 'ed25519') return { kind: 'ed25519', key }
  if (key?.asymmetricKeyType !== 'rsa') return undefined
  // The limits of a key that proves something are those of HS_PUBKEY.
  const strong = rsaPublicKey({ form: 'pem', text: key.export({ type: 'spki', format: 'pem' }).toString() })
  return strong && { kind: 'rsa', key: strong }
}

function sm2Key(point: string): JwsPublicKey | undefined {
  try {
    return /^04[0-9a-f]{128}$/.test(point) && sm2.verifyPublicKey(point) ? { kind: 'sm2', publicKey: point } : undefined
  } catch {
    // The library throws at coordinates outside of the field.
    return undefined
  }
}
