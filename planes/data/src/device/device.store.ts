import type { device, property } from '@kapok/contracts/data'
import type { Tx } from '@kapok/kit-store/db'
import type { Static } from 'typebox'

export type DeviceRow = Static<typeof device>
export const onlineMsMax = 300_000

export const deviceSelect = `SELECT d.id, d.name, d.kind, d.product_id, coalesce(p.name, '') AS product_name, d.enabled,
  d.deleted_at, d.last_seen, d.session_since, d.shared_credential_at, d.created_at
  FROM data.device d LEFT JOIN data.product p ON p.id = d.product_id`

export interface RawDevice {
  id: string
  name: string
  kind: 'device' | 'gateway'
  product_id: string | null
  product_name: string
  enabled: boolean
  deleted_at: Date | null
  last_seen: Date | null
  session_since: Date | null
  shared_credential_at: Date | null
  created_at: Date
}

export const deviceOf = (row: RawDevice, nowMs: number): DeviceRow => ({
  id: row.id,
  name: row.name,
  kind: row.kind,
  productId: row.product_id,
  productName: row.product_name,
  enabled: row.enabled,
  deletedAt: row.deleted_at?.getTime() ?? null,
  online: row.session_since !== null || (row.last_seen?.getTime() ?? 0) > nowMs - onlineMsMax,
  lastSeen: row.last_seen?.getTime() ?? null,
  sharedCredentialAt: row.shared_credential_at?.getTime() ?? null,
  createdAt: row.created_at.getTime(),
})

export async function findDevice(
  tx: Tx,
  deviceId: string,
  nowMs: number,
  lock = false,
): Promise<DeviceRow | undefined> {
  const row = await tx.row<RawDevice>(`${deviceSelect} WHERE d.id = $1${lock ? ' FOR UPDATE OF d' : ''}`, [deviceId])
  return row === undefined ? undefined : deviceOf(row, nowMs)
}

export async function propertiesOf(tx: Tx, deviceId: string): Promise<Static<typeof property>[]> {
  const row = await tx.row<{ properties: Static<typeof property>[] | null }>(
    'SELECT p.properties FROM data.device d LEFT JOIN data.product p ON p.id = d.product_id WHERE d.id = $1',
    [deviceId],
  )
  return row?.properties ?? []
}
