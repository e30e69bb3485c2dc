import type { listGateways } from '@kapok/contracts/gateway'
import { compareVersions } from '@kapok/contracts/gateway-release'
import type { QueryOf, ReplyOf } from '@kapok/contracts/route'
import type { Tx } from '@kapok/kit-store/db'
import { listRows } from '@kapok/kit-store/list'
import { deviceOf, type RawDevice } from '../device/device.store.ts'

const select = `SELECT d.id, d.name, d.enabled, d.deleted_at, d.last_seen, d.session_since, d.shared_credential_at, d.created_at,
  k.id IS NOT NULL AS enrolled, h.received_at AS heard_at, h.clock_offset_ms AS clock_offset,
  h.report ->> 'version' AS version, (h.report -> 'backlog' ->> 'points')::bigint AS backlog,
  (h.report ->> 'lost')::bigint AS lost, (h.report ->> 'devicesTotal')::integer AS machines,
  (SELECT count(*)::integer FROM jsonb_array_elements(h.report -> 'devices') m WHERE (m ->> 'connected')::boolean) AS machines_connected,
  (h.report -> 'configuration' ->> 'version')::integer AS configuration,
  jsonb_typeof(h.report -> 'configuration' -> 'failed') = 'object' AS rolled_back,
  coalesce(jsonb_typeof(h.report -> 'software' -> 'doing') = 'object', false) AS updating,
  (SELECT r.version FROM data.gateway_release r
   WHERE (h.report -> 'software' ->> 'starter')::boolean AND r.platform = h.report -> 'software' ->> 'platform'
     AND r.complete AND r.withdrawn_at IS NULL
   ORDER BY string_to_array(r.version, '.')::integer[] DESC LIMIT 1) AS newest
  FROM data.device d LEFT JOIN data.gateway_key k ON k.device_id = d.id AND k.replaced_at IS NULL
    LEFT JOIN data.gateway_health h ON h.device_id = d.id`

interface RawGateway extends RawDevice {
  enrolled: boolean
  /** Null, and with it all that follows, before its first report. */
  heard_at: Date | null
  clock_offset: bigint
  version: string
  backlog: bigint
  lost: bigint
  machines: number
  machines_connected: number
  configuration: number | null
  rolled_back: boolean
  updating: boolean
  newest: string | null
}

/** The gateways of an organisation, deleted ones not. */
export async function listOfGateways(
  tx: Tx,
  query: QueryOf<typeof listGateways>,
  nowMs: number,
): Promise<ReplyOf<typeof listGateways>> {
  const { rows, total } = await listRows<RawGateway>(tx, {
    select,
    where: [[`d.kind = 'gateway' AND d.deleted_at IS NULL AND $?`, true]],
    search: ['d.name', 'd.id'],
    sorts: { name: 'name', lastSeen: 'last_seen', backlog: 'backlog', clockOffset: 'clock_offset', version: 'version' },
    otherwise: 'name',
    query,
  })
  return {
    rows: rows.map((row) => {
      const { id, name, enabled, lastSeen, sharedCredentialAt, deletedAt, ...device } = deviceOf(row, nowMs)
      const online = row.enrolled ? row.session_since !== null : device.online
      const health = row.heard_at === null ? null : { receivedAt: row.heard_at.getTime(), ...summaryOf(row) }
      return { id, name, enabled, online, lastSeen, sharedCredentialAt, deletedAt, enrolled: row.enrolled, health }
    }),
    total,
  }
}

const summaryOf = (row: RawGateway) => ({
  clockOffsetMs: Number(row.clock_offset),
  version: row.version,
  newer: row.newest !== null && compareVersions(row.newest, row.version) > 0 ? row.newest : null,
  updating: row.updating,
  backlogPoints: Number(row.backlog),
  lost: Number(row.lost),
  devices: row.machines,
  devicesConnected: row.machines_connected,
  configuration: row.configuration,
  rolledBack: row.rolled_back,
})
