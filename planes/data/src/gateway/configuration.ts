import type { getConfiguration, listConfigurations } from '@kapok/contracts/gateway'
import { configurationBytesMax } from '@kapok/contracts/gateway-talk'
import { refuse, unknownThing } from '@kapok/contracts/refusal'
import type { ReplyOf } from '@kapok/contracts/route'
import type { Tx } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import { parseDocument } from 'yaml'
import { refuseData } from '../refusals.ts'

const versionsMax = 1_000

/**
 * What the platform can say of a configuration: its size, and that it is YAML with a list of devices. What a protocol, an
 * address or a driver's setting must look like only the gateway knows, which is asked by a dry run.
 */
export function checkConfiguration(text: string): void {
  const bytes = Buffer.byteLength(text)
  if (bytes > configurationBytesMax)
    throw refuseData('configuration.too_large', { bytes, limit: configurationBytesMax })
  const document = parseDocument(text, { uniqueKeys: true })
  const [problem] = document.errors
  if (problem !== undefined) throw refuseData('configuration.unreadable', { why: problem.message.slice(0, 500) })
  const table: unknown = readable(() => document.toJS({ maxAliasCount: 0 }))
  const devices = typeof table === 'object' && table !== null && 'devices' in table ? table.devices : undefined
  if (!Array.isArray(devices) || devices.length === 0) throw refuseData('configuration.no_devices')
}

function readable(read: () => unknown): unknown {
  try {
    return read()
  } catch (error) {
    // Aliases, which could make much out of little.
    throw refuseData('configuration.unreadable', { why: String(error) }, { cause: error })
  }
}

/** Keeps the text as the next version. `after` is the newest one when it was edited. */
export async function saveConfiguration(
  kit: Kit,
  tx: Tx,
  ask: { orgId: string; deviceId: string; text: string; note: string; after: number; madeBy: string },
): Promise<number> {
  checkConfiguration(ask.text)
  // Saving side by side is one after the other.
  await tx.run('SELECT FROM data.device WHERE id = $1 FOR UPDATE', [ask.deviceId])
  const newest = await tx.row<{ version: number }>(
    'SELECT coalesce(max(version), 0) AS version FROM data.gateway_configuration WHERE device_id = $1',
    [ask.deviceId],
  )
  if (newest?.version !== ask.after) throw refuse('version.stale')
  if (ask.after >= versionsMax) throw refuseData('configuration.too_many', { limit: versionsMax })
  const version = ask.after + 1
  await tx.run(
    `INSERT INTO data.gateway_configuration (device_id, org_id, version, text, note, made_by, made_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [ask.deviceId, ask.orgId, version, ask.text, ask.note, ask.madeBy, new Date(kit.clock.now())],
  )
  return version
}

interface VersionRow {
  version: number
  made_at: Date
  made_by: string
  note: string
  bytes: number
}
const versionOf = ({ version, made_at, made_by, note, bytes }: VersionRow) => ({
  version,
  madeAt: made_at.getTime(),
  madeBy: made_by,
  note,
  bytes,
})

export async function configurationOf(
  tx: Tx,
  deviceId: string,
  version: number,
): Promise<ReplyOf<typeof getConfiguration>> {
  const row = await tx.row<VersionRow & { text: string }>(
    `SELECT version, made_at, made_by, note, octet_length(text) AS bytes, text
     FROM data.gateway_configuration WHERE device_id = $1 AND version = $2`,
    [deviceId, version],
  )
  if (row === undefined) throw unknownThing('configuration')
  return { ...versionOf(row), text: row.text }
}

export async function configurationsOf(tx: Tx, deviceId: string): Promise<ReplyOf<typeof listConfigurations>> {
  const rows = await tx.rows<VersionRow>(
    `SELECT version, made_at, made_by, note, octet_length(text) AS bytes
     FROM data.gateway_configuration WHERE device_id = $1 ORDER BY version DESC`,
    [deviceId],
  )
  const order = await tx.row<{ id: string; version: number; ordered_at: Date; ordered_by: string }>(
    'SELECT id, version, ordered_at, ordered_by FROM data.gateway_order WHERE device_id = $1',
    [deviceId],
  )
  return {
    rows: rows.map(versionOf),
    ordered:
      order === undefined
        ? null
        : { order: order.id, version: order.version, at: order.ordered_at.getTime(), by: order.ordered_by },
  }
}

/** The gateway shall run this version from now on. A version that was ordered before is ordered anew. */
export async function orderConfiguration(
  kit: Kit,
  tx: Tx,
  ask: { orgId: string; deviceId: string; version: number; by: string },
): Promise<string> {
  await configurationOf(tx, ask.deviceId, ask.version)
  const order = kit.ids.uuid()
  await tx.run(
    `INSERT INTO data.gateway_order (device_id, org_id, id, version, ordered_by, ordered_at)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (device_id) DO UPDATE SET id = excluded.id, version = excluded.version,
       ordered_by = excluded.ordered_by, ordered_at = excluded.ordered_at`,
    [ask.deviceId, ask.orgId, order, ask.version, ask.by, new Date(kit.clock.now())],
  )
  return order
}
