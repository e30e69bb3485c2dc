import type { GatewayHealth } from '@kapok/contracts/gateway-talk'
import type { Tx } from '@kapok/kit-store/db'

export interface KnownHealth {
  receivedAt: number
  clockOffsetMs: number
  report: GatewayHealth
}

/** What a gateway last said of itself. */
export async function healthOf(tx: Tx, deviceId: string): Promise<KnownHealth | undefined> {
  const row = await tx.row<{ received_at: Date; clock_offset_ms: bigint; report: GatewayHealth }>(
    'SELECT received_at, clock_offset_ms, report FROM data.gateway_health WHERE device_id = $1',
    [deviceId],
  )
  if (row === undefined) return undefined
  return { receivedAt: row.received_at.getTime(), clockOffsetMs: Number(row.clock_offset_ms), report: row.report }
}

/** Whether the gateway has a session, as ingest said within the last seconds. */
export async function isConnected(tx: Tx, deviceId: string): Promise<boolean> {
  const row = await tx.row<{ connected: boolean }>(
    'SELECT session_since IS NOT NULL AS connected FROM data.device WHERE id = $1',
    [deviceId],
  )
  return row?.connected === true
}
