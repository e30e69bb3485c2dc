import { sign, verify } from 'node:crypto'
import { HandleFormatError } from './bytes.ts'
import type { JwsPrivateKey, JwsPublicKey } from './jws-key.ts'
import { holdsBy, signBy } from './keys.ts'
import { handleLimits } from './limits.ts'

/** A compact JWS (RFC 7515) of HS_SIGNATURE or HS_CERT, taken apart; nothing of it is proven yet. */
export interface Jws {
  algorithm: string
  claims: Record<string, unknown>
  signedText: string
  signature: Buffer
}

/**
 * What the header says of each kind of key: RS256 (RFC 7518 §3.3), EdDSA (RFC 8037), and for SM2 over SM3, which has no
 * registered name, `SM2SM3` with the signature as r ‖ s.
 */
const algorithms = { rsa: 'RS256', ed25519: 'EdDSA', sm2: 'SM2SM3' } as const

/** The user id of a signature for which nothing else was agreed (GB/T 35276 §10). */
const userId = '1234567812345678'

export const isObject = (value: unknown): value is Record<string, unknown> =>
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

/** Whether the key made the signature, by the one algorithm of its kind, whatever the header asks for. */
export function jwsHolds(jws: Jws, key: JwsPublicKey): boolean {
  if (jws.algorithm !== algorithms[key.kind]) return false
  const message = Buffer.from(jws.signedText, 'ascii')
  if (key.kind === 'sm2')
    return jws.signature.length === 64 && holdsBy({ ...key, userId }, 'SM3', message, jws.signature)
  return verify(key.kind === 'rsa' ? 'sha256' : null, message, key.key, jws.signature)
}

/** Signs claims as a compact JWS. */
export function signJws(claims: Record<string, unknown>, key: JwsPrivateKey): string {
  const part = (json: unknown) => Buffer.from(JSON.stringify(json)).toString('base64url')
  const signedText = `${part({ alg: algorithms[key.kind] })}.${part(claims)}`
  const message = Buffer.from(signedText, 'ascii')
  const signature =
    key.kind === 'sm2'
      ? signBy({ ...key, userId, form: 'raw' }, message).signature
      : sign(key.kind === 'rsa' ? 'sha256' : null, message, key.key)
  return `${signedText}.${signature.toString('base64url')}`
}
