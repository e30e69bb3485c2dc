import { isDeepStrictEqual } from 'node:util'
import { compareVersions, type SignedRelease } from '@kapok/contracts/gateway-release'
import type { listReleases } from '@kapok/contracts/gateway-update'
import { unknownThing } from '@kapok/contracts/refusal'
import type { ReplyOf } from '@kapok/contracts/route'
import type { Tx } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import { refuseData } from '../refusals.ts'
import type { ReleaseFiles } from './release-files.ts'

const releasesMax = 50

export interface ReleaseRow {
  id: string
  manifest: SignedRelease
  complete: boolean
}
export const releaseView = ({ id, manifest: { signed, signatures } }: ReleaseRow) => ({
  id,
  version: signed.version,
  platform: signed.platform,
  bytes: signed.bytes,
  bringsNode: signed.bringsNode,
  minimumVersion: signed.minimumVersion,
  madeAt: Date.parse(signed.madeAt),
  keyids: signatures.map(({ keyid }) => keyid),
})
export const newestFirst = (a: ReleaseRow, b: ReleaseRow) =>
  compareVersions(b.manifest.signed.version, a.manifest.signed.version)

/** Keeps a manifest, whose file follows. Whether its signature counts only a gateway can tell, by the keys that it trusts. */
export async function putRelease(kit: Kit, tx: Tx, manifest: SignedRelease, putBy: string): Promise<string> {
  const { version, platform } = manifest.signed
  const known = await tx.row<ReleaseRow>(
    'SELECT id, manifest, complete FROM data.gateway_release WHERE version = $1 AND platform = $2 AND withdrawn_at IS NULL',
    [version, platform],
  )
  if (known !== undefined) {
    if (!isDeepStrictEqual(known.manifest, manifest)) throw refuseData('release.version_taken', { version, platform })
    return known.id
  }
  const held = await tx.row<{ n: number }>(
    'SELECT count(*)::integer AS n FROM data.gateway_release WHERE withdrawn_at IS NULL',
  )
  if ((held?.n ?? 0) >= releasesMax) throw refuseData('release.too_many', { limit: releasesMax })
  const id = kit.ids.uuid()
  await tx.run(
    `INSERT INTO data.gateway_release (id, version, platform, manifest, put_at, put_by) VALUES ($1, $2, $3, $4, $5, $6)`,
    [id, version, platform, JSON.stringify(manifest), new Date(kit.clock.now()), putBy],
  )
  return id
}

/** Takes the piece of a release's file that begins at `offset`; how much is here then. */
export async function putReleasePiece(
  files: ReleaseFiles,
  tx: Tx,
  { releaseId, offset, piece }: { releaseId: string; offset: number; piece: Uint8Array },
): Promise<number> {
  // Pieces side by side are taken one after the other.
  const release = await tx.row<ReleaseRow>(
    'SELECT id, manifest, complete FROM data.gateway_release WHERE id = $1 AND withdrawn_at IS NULL FOR UPDATE',
    [releaseId],
  )
  if (release === undefined) throw unknownThing('release')
  const { bytes, sha256 } = release.manifest.signed
  let received = await files.received(releaseId)
  if (release.complete) return received
  if (offset > received) throw refuseData('release.piece_missing', { received })
  if (offset === received && received < bytes) {
    if (received + piece.length > bytes) throw refuseData('release.too_long', { bytes })
    await files.append(releaseId, piece)
    received += piece.length
  }
  if (received === bytes) {
    if (!(await files.has(releaseId, sha256))) throw refuseData('release.other_file', { sha256 })
    await tx.run('UPDATE data.gateway_release SET complete = true WHERE id = $1', [releaseId])
  }
  return received
}

/** It is offered no more; whoever was told to run it and has not fetched it is not told again. */
export async function withdrawRelease(kit: Kit, files: ReleaseFiles, tx: Tx, releaseId: string): Promise<void> {
  const withdrawn = await tx.run(
    'UPDATE data.gateway_release SET withdrawn_at = $2 WHERE id = $1 AND withdrawn_at IS NULL',
    [releaseId, new Date(kit.clock.now())],
  )
  if (withdrawn !== 1) throw unknownThing('release')
  await files.remove(releaseId)
}

export async function releasesHere(files: ReleaseFiles, tx: Tx): Promise<ReplyOf<typeof listReleases>> {
  const rows = await tx.rows<ReleaseRow & { put_at: Date; put_by: string; ordered: number }>(
    `SELECT r.id, r.manifest, r.complete, r.put_at, r.put_by,
       (SELECT count(*)::integer FROM data.gateway_update u WHERE u.release_id = r.id) AS ordered
     FROM data.gateway_release r WHERE r.withdrawn_at IS NULL`,
  )
  return {
    rows: await Promise.all(
      rows.toSorted(newestFirst).map(async (row) => ({
        ...releaseView(row),
        putAt: row.put_at.getTime(),
        putBy: row.put_by,
        received: row.complete ? row.manifest.signed.bytes : await files.received(row.id),
        ordered: row.ordered,
      })),
    ),
  }
}
