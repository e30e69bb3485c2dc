import { createHash } from 'node:crypto'
import { compareVersions, releasePieceBytes } from '@kapok/contracts/gateway-release'
import type { getGatewayUpdate } from '@kapok/contracts/gateway-update'
import { refuse, unknownThing } from '@kapok/contracts/refusal'
import type { ReplyOf } from '@kapok/contracts/route'
import type { Tx } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import type { DeviceRow } from '../device/device.store.ts'
import { healthOf } from '../gateway/health.ts'
import { refuseData } from '../refusals.ts'
import { newestFirst, type ReleaseRow, releaseView } from './put-release.ts'
import type { ReleaseFiles } from './release-files.ts'

const offered = 'complete AND withdrawn_at IS NULL'

/** The releases that fit a gateway, and which it was told to run. */
export async function updateOf(tx: Tx, deviceId: string): Promise<ReplyOf<typeof getGatewayUpdate>> {
  const health = await healthOf(tx, deviceId)
  const releases = await tx.rows<ReleaseRow>(
    `SELECT id, manifest, complete FROM data.gateway_release WHERE platform = $1 AND ${offered}`,
    [health?.report.software?.platform ?? ''],
  )
  const order = await tx.row<{ id: string; version: string; ordered_at: Date; ordered_by: string }>(
    `SELECT u.id, r.version, u.ordered_at, u.ordered_by
     FROM data.gateway_update u JOIN data.gateway_release r ON r.id = u.release_id WHERE u.device_id = $1`,
    [deviceId],
  )
  return {
    releases: releases.toSorted(newestFirst).map(releaseView),
    ordered:
      order === undefined
        ? null
        : { order: order.id, version: order.version, at: order.ordered_at.getTime(), by: order.ordered_by },
  }
}

/** The gateway shall run this release from now on; it says itself when it cannot. */
export async function orderUpdate(
  kit: Kit,
  tx: Tx,
  { id: deviceId, name }: DeviceRow,
  ask: { orgId: string; releaseId: string; downgrade: boolean; by: string },
): Promise<string> {
  const report = (await healthOf(tx, deviceId))?.report
  if (report?.software?.starter !== true) throw refuseData('update.no_starter', { name })
  const release = await tx.row<ReleaseRow>(
    `SELECT id, manifest, complete FROM data.gateway_release WHERE id = $1 AND ${offered}`,
    [ask.releaseId],
  )
  if (release === undefined) throw unknownThing('release')
  const { version, platform } = release.manifest.signed
  const names = { name, version, running: report.version }
  if (platform !== report.software.platform)
    throw refuseData('update.platform', { ...names, platform, own: report.software.platform })
  const step = compareVersions(version, report.version)
  if (step === 0) throw refuseData('update.same', names)
  if (step < 0 && !ask.downgrade) throw refuseData('update.older', names)
  const order = kit.ids.uuid()
  await tx.run(
    `INSERT INTO data.gateway_update (device_id, org_id, id, release_id, downgrade, ordered_by, ordered_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (device_id) DO UPDATE SET id = excluded.id, release_id = excluded.release_id,
       downgrade = excluded.downgrade, ordered_by = excluded.ordered_by, ordered_at = excluded.ordered_at`,
    [deviceId, ask.orgId, order, ask.releaseId, ask.downgrade, ask.by, new Date(kit.clock.now())],
  )
  return order
}

/** A piece of a release for the gateway that shall run it, by its device token. */
export async function releasePiece(
  kit: Kit,
  files: ReleaseFiles,
  ask: { authorization: string | undefined; releaseId: string; offset: number },
): Promise<Uint8Array> {
  const token = /^Bearer ([\w-]{20,200})$/.exec(ask.authorization ?? '')?.[1]
  if (token === undefined) throw refuse('session.missing')
  const told = await kit.db.tx({ job: 'data' }, (tx) =>
    tx.row(
      `SELECT FROM data.credential c JOIN data.device d ON d.id = c.device_id JOIN data.gateway_update u ON u.device_id = d.id
         JOIN data.gateway_release r ON r.id = u.release_id
       WHERE c.secret_sha256 = $1 AND (c.ends_at IS NULL OR c.ends_at > $2) AND d.enabled AND d.deleted_at IS NULL
         AND r.id = $3 AND r.complete AND r.withdrawn_at IS NULL`,
      [createHash('sha256').update(token).digest(), new Date(kit.clock.now()), ask.releaseId],
      'data-release-piece',
    ),
  )
  const piece = told && (await files.piece(ask.releaseId, ask.offset, releasePieceBytes.down))
  if (piece === undefined) throw unknownThing('release')
  return piece
}
