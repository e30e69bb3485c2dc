import type { listGateways } from '@kapok/contracts/gateway'
import type { QueryOf, ReplyOf } from '@kapok/contracts/route'
import type { Tx } from '@kapok/kit-store/db'
import { listRows } from '@kapok/kit-store/list'
import { deviceOf, type RawDevice } from '../device/device.store.ts'

const select = `SELECT d.id, d.name, d.enabled, d.deleted_at, d.last_seen, d.session_since, d.shared_credential_at, d.created_at,
  k.id IS NOT NULL AS enrolled
  FROM data.device d LEFT JOIN data.gateway_key k ON k.device_id = d.id AND k.replaced_at IS NULL`

/** The gateways of an organisation, deleted ones not. */
export async function listOfGateways(
  tx: Tx,
  query: QueryOf<typeof listGateways>,
  nowMs: number,
): Promise<ReplyOf<typeof listGateways>> {
  const { rows, total } = await listRows<RawDevice & { enrolled: boolean }>(tx, {
    select,
    where: [[`d.kind = 'gateway' AND d.deleted_at IS NULL AND $?`, true]],
    search: ['d.name', 'd.id'],
    sorts: { name: 'name', lastSeen: 'last_seen' },
    otherwise: 'name',
    query,
  })
  return {
    rows: rows.map((row) => {
      const { id, name, enabled, online, lastSeen, sharedCredentialAt, deletedAt } = deviceOf(row, nowMs)
      return { id, name, enabled, online, lastSeen, sharedCredentialAt, deletedAt, enrolled: row.enrolled }
    }),
    total,
  }
}
