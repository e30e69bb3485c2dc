import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { decodeData, encodeData, readOrUndefined, rsaPublicKey, rsaPublicKeyData } from '../../handle/handle.ts'
import { isObject, type Json, ValueJsonError } from './json.ts'

export const base64Json = (bytes: Uint8Array): Json => ({
  format: 'base64',
  value: Buffer.from(bytes).toString('base64'),
})

/** Data of HS_PUBKEY: an RSA key as JWK (RFC 7517), any other as its bytes. */
export function keyToJson(bytes: Uint8Array): Json {
  const data = readOrUndefined(() => decodeData('HS_PUBKEY', bytes))
  const key = data?.format === 'key' ? rsaPublicKey(data.key) : undefined
  return key ? { format: 'key', value: key.export({ format: 'jwk' }) } : base64Json(bytes)
}

/** Data of HS_PUBKEY from an RSA key as JWK, alone or as `{format: 'key', value}`. Throws ValueJsonError. */
export function keyFromJson(json: unknown, at: string): Buffer {
  const value = isObject(json) && json.format === 'key' ? json.value : json
  try {
    const key = createPublicKey({ format: 'jwk', key: value as JsonWebKey })
    if (key.asymmetricKeyType === 'rsa') return encodeData({ format: 'key', key: rsaPublicKeyData(key) })
  } catch {
    // OpenSSL takes no key from it.
  }
  throw new ValueJsonError(at, 'an RSA key as JWK')
}
