import {
  decodeData,
  encodeData,
  jwkOf,
  jwsKeyData,
  jwsKeyOfData,
  jwsKeyOfJwk,
  readOrUndefined,
} from '../../handle/handle.ts'
import { isObject, type Json, ValueJsonError } from './json.ts'

export const base64Json = (bytes: Uint8Array): Json => ({
  format: 'base64',
  value: Buffer.from(bytes).toString('base64'),
})

/** Data of HS_PUBKEY: an RSA, Ed25519 or SM2 key as JWK (RFC 7517), any other as its bytes. */
export function keyToJson(bytes: Uint8Array): Json {
  const data = readOrUndefined(() => decodeData('HS_PUBKEY', bytes))
  const key = data?.format === 'key' ? jwsKeyOfData(data.key) : undefined
  return key ? { format: 'key', value: jwkOf(key) } : base64Json(bytes)
}

/** Data of HS_PUBKEY from such a key as JWK, alone or as `{format: 'key', value}`. Throws ValueJsonError. */
export function keyFromJson(json: unknown, at: string): Buffer {
  const value = isObject(json) && json.format === 'key' ? json.value : json
  const key = jwsKeyOfJwk(value)
  if (key === undefined) throw new ValueJsonError(at, 'an RSA, Ed25519 or SM2 key as JWK')
  return encodeData({ format: 'key', key: jwsKeyData(key) })
}
