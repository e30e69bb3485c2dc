import { unknownThing } from '@kapok/contracts/refusal'
import { labelsMax, type RegistryFacts } from '@kapok/contracts/registry'
import type { Tx } from '@kapok/kit-store/db'
import { refuse } from '../refusals.ts'

export interface LabelledThing {
  handle: string
  facts: RegistryFacts
}

/**
 * Identifiers of an organisation for its labels: those with these ids, in their order, or those that a file registered. Throws
 * refusals: an id that is not its own, none, too many.
 */
export async function thingsToLabel(
  tx: Tx,
  orgId: string,
  ask: { identifierIds?: readonly string[]; importId?: string },
): Promise<LabelledThing[]> {
  const things =
    ask.importId === undefined
      ? await byIds(tx, orgId, ask.identifierIds ?? [])
      : await ofImport(tx, orgId, ask.importId)
  if (things.length === 0) throw refuse('label.none')
  if (things.length > labelsMax) throw refuse('label.many', { max: labelsMax, n: things.length })
  return things
}

async function byIds(tx: Tx, orgId: string, ids: readonly string[]): Promise<LabelledThing[]> {
  const rows = await tx.rows<LabelledThing & { id: string }>(
    'SELECT id, handle, facts FROM registry.identifier WHERE org_id = $1 AND id = ANY($2::uuid[])',
    [orgId, ids],
  )
  const found = new Map(rows.map((row) => [row.id, row]))
  return ids.map((id) => {
    const row = found.get(id)
    if (row === undefined) throw unknownThing('identifier')
    return row
  })
}

async function ofImport(tx: Tx, orgId: string, importId: string): Promise<LabelledThing[]> {
  const known = await tx.row('SELECT 1 FROM registry.import WHERE org_id = $1 AND id = $2', [orgId, importId])
  if (known === undefined) throw unknownThing('import')
  // What was deleted since gets no label.
  return tx.rows<LabelledThing>(
    `SELECT i.handle, i.facts FROM registry.import_row r JOIN registry.identifier i ON i.org_id = $1 AND i.handle = r.handle
     WHERE r.import_id = $2 AND r.state IN ('done', 'same') ORDER BY r.row LIMIT $3`,
    [orgId, importId, labelsMax + 1],
  )
}
