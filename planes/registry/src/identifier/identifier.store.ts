import type { RegistryFacts } from '@kapok/contracts/registry'
import type { Tx } from '@kapok/kit-store/db'

export interface IdentifierRow {
  id: string
  handle: string
  facts: RegistryFacts
  name: string
  model: string
  batch: string
  gs1: string
  registered_at: Date
}

export interface Registered {
  id: string
  handle: string
  facts: RegistryFacts
  registeredAt: number
}

/** Lists what was registered; one that is listed gets its new facts and keeps its id. */
export async function keepIdentifiers(
  tx: Tx,
  orgId: string,
  registered: readonly Registered[],
  seen: string | null = null,
): Promise<void> {
  if (registered.length === 0) return
  await tx.run(
    `INSERT INTO registry.identifier (id, org_id, handle, facts, name, model, batch, gs1, registered_at, seen)
     SELECT e.id, $1, e.handle, e.facts, coalesce(e.facts->>'name', ''), coalesce(e.facts->>'model', ''),
       coalesce(e.facts->>'batch', ''), coalesce(e.facts->>'gs1', ''), to_timestamp(e."registeredAt" / 1000.0), $3
     FROM jsonb_to_recordset($2::jsonb) AS e(id uuid, handle text, facts jsonb, "registeredAt" bigint)
     ON CONFLICT (org_id, handle) DO UPDATE SET facts = excluded.facts, name = excluded.name, model = excluded.model,
       batch = excluded.batch, gs1 = excluded.gs1, registered_at = excluded.registered_at, seen = excluded.seen`,
    [orgId, JSON.stringify(registered), seen],
  )
}

export const identifierOf = (tx: Tx, orgId: string, id: string): Promise<IdentifierRow | undefined> =>
  tx.row<IdentifierRow>('SELECT * FROM registry.identifier WHERE org_id = $1 AND id = $2', [orgId, id])
