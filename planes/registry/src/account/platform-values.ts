import { createPublicKey, type KeyObject } from 'node:crypto'
import { adminPermissions } from '@kapok/identifier/handle'

/** Where the platform stands in the record of a prefix: its key, and what it may. */
export const platformIndexes = { key: 310, admin: 110 } as const

/** What the platform needs: registering, changing, deleting, reading and listing; not to name administrators. */
export const platformPermissions =
  adminPermissions.createHandle |
  adminPermissions.deleteHandle |
  adminPermissions.addValue |
  adminPermissions.modifyValue |
  adminPermissions.removeValue |
  adminPermissions.readValue |
  adminPermissions.listHandles

/** The values of `0.NA/<prefix>` by which a node lets the platform in, as Handle REST takes them. */
export function platformValues(prefix: string, key: KeyObject) {
  const { kty, n, e } = createPublicKey(key).export({ format: 'jwk' })
  const permissions = platformPermissions.toString(2).padStart(12, '0')
  return [
    { index: platformIndexes.key, type: 'HS_PUBKEY', data: { format: 'key', value: { kty, n, e } } },
    {
      index: platformIndexes.admin,
      type: 'HS_ADMIN',
      data: { format: 'admin', value: { handle: `0.NA/${prefix}`, index: platformIndexes.key, permissions } },
    },
  ]
}
