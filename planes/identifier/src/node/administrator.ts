import type { createPublicKey } from 'node:crypto'
import { adminPermissions, encodeData, type HandleValue, rsaPublicKeyData } from '../handle/handle.ts'

type PublicKey = ReturnType<typeof createPublicKey>

/** By custom: index of the administrator, of its public key, of its secret key. */
export const customaryIndexes = { admin: 100, publicKey: 300, secretKey: 301 } as const

const allPermissions = Object.values(adminPermissions).reduce((bits, bit) => bits | bit, 0)

/**
 * The values of `0.NA/<prefix>` by which its administrator is known, by an RSA key or by a secret one. A secret is told to
 * administrators alone, and never to another node.
 */
export function administratorValues(
  prefix: string,
  key: { publicKey: PublicKey } | { secret: string },
  nowSeconds: number,
): HandleValue[] {
  const handle = `0.NA/${prefix}`
  const index = 'secret' in key ? customaryIndexes.secretKey : customaryIndexes.publicKey
  const admin = encodeData({ format: 'admin', permissions: allPermissions, handle, index })
  const value = (at: number, type: string, data: Uint8Array, permissions: number): HandleValue => ({
    index: at,
    type,
    data,
    ttl: { kind: 'relative', seconds: 86_400 },
    permissions,
    timestamp: nowSeconds,
    references: [],
  })
  return [
    value(customaryIndexes.admin, 'HS_ADMIN', admin, 0x0e),
    'secret' in key
      ? value(index, 'HS_SECKEY', Buffer.from(key.secret), 0x0c)
      : value(index, 'HS_PUBKEY', encodeData({ format: 'key', key: rsaPublicKeyData(key.publicKey) }), 0x0e),
  ]
}
