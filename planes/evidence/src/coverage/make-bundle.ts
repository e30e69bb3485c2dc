import type { DeviceFacts, OrgFacts } from '@kapok/contracts/ports'
import { canonicalJson, type Json } from '@kapok/kit/canonical-json'
import { toHex } from '@kapok/kit/signed-note'
import type { Kit } from '@kapok/kit-store/kit'
import type { EvidenceLog } from '../log/log.ts'
import { refuse } from '../refusals.ts'
import { genesisHash, type Leaf } from '../seal/leaf.ts'
import { type Bundle, type BundleSeal, statementHash } from '../verify/bundle.ts'

interface SealRow {
  leaf_index: bigint
  sequence: number
  leaf: string
  chain_hash: Buffer
}

/**
 * The bundle that proves an organisation's days: its chain from the first seal that touches them to the last, so that
 * corrections are in it and nothing between can be left out.
 */
export async function makeBundle(
  kit: Kit,
  log: EvidenceLog,
  ask: { organisation: OrgFacts; devices: readonly DeviceFacts[]; fromDay: string; toDay: string },
): Promise<string> {
  await log.checkpoint()
  const checkpoint = await log.newest()
  if (checkpoint === undefined) throw refuse('bundle.nothing-sealed')
  const { seals, before, days } = await kit.db.tx({ job: 'evidence' }, async (tx) => {
    const span = await tx.row<{ first: number | null; last: number; from: string; to: string }>(
      `SELECT min(sequence) AS first, max(sequence) AS last,
         to_char(min(day), 'YYYY-MM-DD') AS from, to_char(max(day), 'YYYY-MM-DD') AS to
       FROM evidence.seal WHERE org_id = $1 AND day BETWEEN $2 AND $3 AND leaf_index < $4`,
      [ask.organisation.id, ask.fromDay, ask.toDay, checkpoint.size],
    )
    if (span === undefined || span.first === null) throw refuse('bundle.nothing-sealed')
    const rows = await tx.rows<SealRow>(
      `SELECT leaf_index, sequence, leaf, chain_hash FROM evidence.seal
       WHERE org_id = $1 AND sequence BETWEEN $2 AND $3 ORDER BY sequence`,
      [ask.organisation.id, span.first - 1, span.last],
    )
    const [first] = rows
    const hasBefore = first !== undefined && first.sequence < span.first
    return { seals: hasBefore ? rows.slice(1) : rows, before: hasBefore ? first.chain_hash : genesisHash, days: span }
  })
  const unsigned: Omit<Bundle, 'statement'> = {
    format: 'kapok-bundle-1',
    organisation: { id: ask.organisation.id, name: ask.organisation.name, uscc: ask.organisation.uscc ?? '' },
    from: days.from,
    to: days.to,
    devices: ask.devices.map(({ id, name }) => ({ id, name })),
    chainBefore: toHex(before),
    seals: await Promise.all(seals.map((row) => sealOf(row, log, checkpoint.size))),
    checkpoint: checkpoint.note,
    keys: log.keys,
  }
  const bundle: Bundle = { ...unsigned, statement: log.state(statementHash(unsigned)) }
  return canonicalJson(bundle as unknown as Json)
}

async function sealOf(row: SealRow, log: EvidenceLog, size: number): Promise<BundleSeal> {
  const index = Number(row.leaf_index)
  const proof = await log.inclusion(index, size)
  if (proof === undefined) throw new Error(`the log has no proof of its own leaf ${index}`)
  return { leaf: JSON.parse(row.leaf) as Leaf, index, chain: toHex(row.chain_hash), path: proof.path.map(toHex) }
}
