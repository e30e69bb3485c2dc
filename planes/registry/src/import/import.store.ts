import type { IdentifierImport, RegistryFacts } from '@kapok/contracts/registry'
import type { Tx } from '@kapok/kit-store/db'
import { registryLimits } from '../limits.ts'
import type { Sentence } from '../record/fact-fault.ts'
import type { CheckedRow } from './check-rows.ts'

export interface ImportRow {
  row: number
  handle: string
  facts: RegistryFacts
  state: 'bad' | 'waiting' | 'done' | 'same' | 'failed'
  fault: Sentence | null
}

interface CountedImport {
  id: string
  file_name: string
  state: IdentifierImport['state']
  hold: Sentence | null
  created_at: Date
  finished_at: Date | null
  total: bigint
  bad: bigint
  waiting: bigint
  done: bigint
  same: bigint
  failed: bigint
}

const counted = `SELECT f.*, c.* FROM registry.import f CROSS JOIN LATERAL (
  SELECT count(*) AS total, count(*) FILTER (WHERE r.state = 'bad') AS bad, count(*) FILTER (WHERE r.state = 'waiting') AS waiting,
    count(*) FILTER (WHERE r.state = 'done') AS done, count(*) FILTER (WHERE r.state = 'same') AS same,
    count(*) FILTER (WHERE r.state = 'failed') AS failed
  FROM registry.import_row r WHERE r.import_id = f.id) c`

function viewOf(row: CountedImport): IdentifierImport {
  const { total, bad, waiting, done, same, failed } = row
  const counts = { total, bad, waiting, done, same, failed }
  return {
    id: row.id,
    fileName: row.file_name,
    state: row.state,
    hold: row.hold,
    createdAt: row.created_at.getTime(),
    finishedAt: row.finished_at?.getTime() ?? null,
    counts: Object.fromEntries(
      Object.entries(counts).map(([name, n]) => [name, Number(n)]),
    ) as typeof counts extends Record<infer K extends string, bigint> ? Record<K, number> : never,
  }
}

export async function importOf(tx: Tx, orgId: string, importId: string): Promise<IdentifierImport | undefined> {
  const row = await tx.row<CountedImport>(`${counted} WHERE f.org_id = $1 AND f.id = $2`, [orgId, importId])
  return row && viewOf(row)
}

export async function importsOf(tx: Tx, orgId: string, { page = 1, size = 20 }) {
  const rows = await tx.rows<CountedImport>(
    `${counted} WHERE f.org_id = $1 ORDER BY f.created_at DESC, f.id LIMIT $2 OFFSET $3`,
    [orgId, size, (page - 1) * size],
  )
  const all = await tx.row<{ n: bigint }>('SELECT count(*) AS n FROM registry.import WHERE org_id = $1', [orgId])
  return { rows: rows.map(viewOf), total: Number(all?.n ?? 0) }
}

export async function rowsOf(
  tx: Tx,
  importId: string,
  { page = 1, size = 20, wrong = false }: { page?: number; size?: number; wrong?: boolean },
): Promise<{ rows: ImportRow[]; total: number }> {
  const where = `import_id = $1${wrong ? ` AND state IN ('bad', 'failed')` : ''}`
  const rows = await tx.rows<ImportRow>(
    `SELECT row, handle, facts, state, fault FROM registry.import_row WHERE ${where} ORDER BY row LIMIT $2 OFFSET $3`,
    [importId, size, (page - 1) * size],
  )
  const all = await tx.row<{ n: bigint }>(`SELECT count(*) AS n FROM registry.import_row WHERE ${where}`, [importId])
  return { rows, total: Number(all?.n ?? 0) }
}

/** Keeps a checked file; the oldest of an organisation that are not being registered make room. */
export async function keepImport(
  tx: Tx,
  file: { id: string; orgId: string; name: string; atMs: number },
  rows: readonly CheckedRow[],
): Promise<void> {
  await tx.run(
    `DELETE FROM registry.import WHERE id IN (SELECT id FROM registry.import
       WHERE org_id = $1 AND state <> 'running' ORDER BY created_at DESC OFFSET $2)`,
    [file.orgId, registryLimits.importsKept - 1],
  )
  await tx.run(
    `INSERT INTO registry.import (id, org_id, file_name, state, created_at) VALUES ($1, $2, $3, 'checked', $4)`,
    [file.id, file.orgId, file.name, new Date(file.atMs)],
  )
  for (let at = 0; at < rows.length; at += registryLimits.rowsAnInsert)
    await tx.run(
      `INSERT INTO registry.import_row (import_id, org_id, row, handle, facts, state, fault)
       SELECT $1, $2, e.row, e.handle, e.facts, CASE WHEN e.fault IS NULL THEN 'waiting' ELSE 'bad' END, e.fault
       FROM jsonb_to_recordset($3::jsonb) AS e(row integer, handle text, facts jsonb, fault jsonb)`,
      [file.id, file.orgId, JSON.stringify(rows.slice(at, at + registryLimits.rowsAnInsert))],
    )
}

/**
 * Notes what became of rows. They are named by number as well: of a table that was just filled PostgreSQL has no statistics, and
 * without that it looks at all rows of the file for each of these.
 */
export async function noteRows(tx: Tx, importId: string, rows: readonly Omit<ImportRow, 'facts' | 'handle'>[]) {
  await tx.run(
    `UPDATE registry.import_row r SET state = e.state, fault = e.fault
     FROM jsonb_to_recordset($2::jsonb) AS e(row integer, state text, fault jsonb)
     WHERE r.import_id = $1 AND r.row = ANY($3::integer[]) AND r.row = e.row`,
    [importId, JSON.stringify(rows), rows.map(({ row }) => row)],
  )
}
