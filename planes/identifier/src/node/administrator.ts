import type { KeyObject } from 'node:crypto'
import {
  adminPermissions,
  encodeData,
  type HandleValue,
  type JwsPrivateKey,
  jwsKeyData,
  newValue,
  rsaPublicKeyData,
} from '../handle/handle.ts'
import { signingKeyIndex } from '../trust/certificate.ts'

/** By custom: index of the administrator, of its public key, of its secret key. */
export const customaryIndexes = { admin: 100, publicKey: 300, secretKey: 301 } as const

const allPermissions = Object.values(adminPermissions).reduce((bits, bit) => bits | bit, 0)

/**
 * The values of `0.NA/<prefix>` by which its administrator is known, by an RSA key or by a secret one. A secret is told to
 * administrators alone, and never to another node.
 */
export function administratorValues(
  prefix: string,
  key: { publicKey: KeyObject } | { secret: string },
  nowSeconds: number,
): HandleValue[] {
  const handle = `0.NA/${prefix}`
  const index = 'secret' in key ? customaryIndexes.secretKey : customaryIndexes.publicKey
  const admin = encodeData({ format: 'admin', permissions: allPermissions, handle, index })
  const timestamp = nowSeconds
  return [
    newValue(customaryIndexes.admin, 'HS_ADMIN', admin, { timestamp }),
    'secret' in key
      ? newValue(index, 'HS_SECKEY', Buffer.from(key.secret), { timestamp, permissions: 0x0c })
      : newValue(index, 'HS_PUBKEY', encodeData({ format: 'key', key: rsaPublicKeyData(key.publicKey) }), {
          timestamp,
        }),
  ]
}

/** The value of `0.NA/<prefix>` by which the key is known that signs the prefix's records; the prefix above certifies it. */
export function signingKeyValue(key: JwsPrivateKey, nowSeconds: number): HandleValue {
  const data = encodeData({ format: 'key', key: jwsKeyData(key) })
  return newValue(signingKeyIndex, 'HS_PUBKEY', data, { timestamp: nowSeconds })
}
