import { createHash } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { getFile, removeFile, uploadFile } from '@kapok/contracts/case'
import { refuse, unknownThing } from '@kapok/contracts/refusal'
import { limits } from '@kapok/kit/limits'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { lockOwnDraft } from '../cases/draft-case.ts'
import { recordEvent } from '../cases/record-event.ts'
import { inside } from '../inside.ts'
import { refuseSubsidy } from '../refusals.ts'
import type { Subsidy } from '../station.ts'
import { fileKind } from './file-kind.ts'

const filesPerCase = 60

export interface FileRow {
  id: string
  role: string
  name: string
  mediaType: string
  bytes: number
  sha256: string
  uploadedAt: Date
  uploadedBy: string
}
export const fileColumns = `id, role, name, media_type AS "mediaType", bytes, sha256, uploaded_at AS "uploadedAt",
  uploaded_by AS "uploadedBy"`
export const fileView = (row: FileRow) => ({ ...row, uploadedAt: row.uploadedAt.getTime() })

export function fileRoutes(s: Subsidy): RouteHandler[] {
  const folder = join(s.kit.dataFolder, 'subsidy', 'files')
  return [
    handle(uploadFile, async ({ tx, params, query, body, actor, orgId }) => {
      if (body.length > limits.fileBytes) throw refuse('body.too_large', { limit: limits.fileBytes })
      const mediaType = fileKind(body)
      if (mediaType === undefined) throw refuseSubsidy('file.kind')
      await s.cases.see(tx, params.caseId)
      return inside(tx, async () => {
        const head = await s.cases.lock(tx, params.caseId)
        // The filer while it may change the case; the supplier while the case is on its desk.
        const own = head.filerOrg === orgId && (head.state === 'draft' || head.state === 'returned')
        if (!own && !(head.supplierOrg === orgId && head.desk === 'supplier')) throw refuse('right.missing')
        const count = await tx.row<{ n: bigint }>('SELECT count(*) AS n FROM subsidy.file WHERE case_id = $1', [
          head.id,
        ])
        if ((count?.n ?? 0n) >= filesPerCase) throw refuseSubsidy('file.too_many', { limit: filesPerCase })
        const sha256 = await keep(folder, body)
        const now = s.kit.clock.now()
        const row: FileRow = {
          id: s.kit.ids.uuid(),
          role: query.role,
          name: query.name,
          mediaType,
          bytes: body.length,
          sha256,
          uploadedAt: new Date(now),
          uploadedBy: actor.userName,
        }
        await tx.run('INSERT INTO subsidy.file VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)', [
          row.id,
          head.id,
          row.role,
          row.name,
          row.mediaType,
          row.bytes,
          row.sha256,
          row.uploadedAt,
          row.uploadedBy,
          orgId,
        ])
        // The hash stands in the case's events, so that a file exchanged on disk is found.
        const data = { fileId: row.id, role: row.role, name: row.name, sha256 }
        await recordEvent(s, tx, head, await s.cases.standing(tx, head), actor, {
          verb: 'attach',
          at: now,
          reason: null,
          data,
        })
        return fileView(row)
      })
    }),
    handle(getFile, async ({ tx, params, actor, orgId }) => {
      const head = await s.cases.see(tx, params.caseId)
      return inside(tx, async () => {
        const government = head.submittedAt !== null && actor.orgKind !== 'enterprise' && actor.orgKind !== 'supplier'
        const party = await tx.row('SELECT 1 FROM subsidy.case_party WHERE case_id = $1 AND org_id = $2', [
          head.id,
          orgId,
        ])
        const row = await tx.row<FileRow>(`SELECT ${fileColumns} FROM subsidy.file WHERE id = $1 AND case_id = $2`, [
          params.fileId,
          params.caseId,
        ])
        if (row === undefined || (!government && party === undefined)) throw unknownThing('file')
        const bytes = await readFile(pathOf(folder, row.sha256))
        if (createHash('sha256').update(bytes).digest('hex') !== row.sha256)
          throw new Error(`file ${row.id} on disk does not have its hash`)
        return { bytes, mediaType: row.mediaType, fileName: row.name }
      })
    }),
    handle(removeFile, ({ tx, params, actor }) =>
      inside(tx, async () => {
        const head = await lockOwnDraft(s, tx, actor, params.caseId)
        const removed = await tx.run('DELETE FROM subsidy.file WHERE id = $1 AND case_id = $2', [
          params.fileId,
          head.id,
        ])
        if (removed !== 1) throw unknownThing('file')
        await recordEvent(s, tx, head, await s.cases.standing(tx, head), actor, {
          verb: 'detach',
          at: s.kit.clock.now(),
          reason: null,
          data: { fileId: params.fileId },
        })
        return {}
      }),
    ),
  ]
}

const pathOf = (folder: string, sha256: string) => join(folder, sha256.slice(0, 2), sha256)

/** Writes bytes under their hash: to a name of its own first, synced, then renamed, so that a torn file has no name. */
async function keep(folder: string, bytes: Uint8Array): Promise<string> {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const path = pathOf(folder, sha256)
  await mkdir(join(folder, sha256.slice(0, 2)), { recursive: true })
  const torn = `${path}.${process.pid}.${process.hrtime.bigint()}`
  const file = await open(torn, 'wx')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(torn, path)
  return sha256
}
