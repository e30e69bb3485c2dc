import { unknownThing } from '@kapok/contracts/refusal'
import { must } from '@kapok/kit/must'
import type { Tx } from '@kapok/kit-store/db'
import { type Programme, parseProgramme } from './programme.ts'

/** Parsed rule sets by hash. A rule set never changes under its hash, so the cache needs no expiry, only a bound. */
const parsed = new Map<string, Programme>()
const parsedLimit = 200

function parseOnce(sha256: string, text: string): Programme {
  const known = parsed.get(sha256)
  if (known !== undefined) return known
  const programme = parseProgramme(text)
  if (parsed.size >= parsedLimit) parsed.clear()
  parsed.set(sha256, programme)
  return programme
}

/** The rule set that a case is pinned to. */
export async function pinnedProgramme(tx: Tx, sha256: string): Promise<Programme> {
  const known = parsed.get(sha256)
  if (known !== undefined) return known
  const row = await tx.row<{ text: string }>('SELECT text FROM subsidy.programme WHERE sha256 = $1', [sha256])
  return parseOnce(sha256, must(row, `the rule set ${sha256} of a case`).text)
}

/** The rule set in force; refuses with `thing.unknown`. */
export async function currentProgramme(tx: Tx, id: string): Promise<Programme> {
  const row = await tx.row<{ sha256: string; text: string }>(
    'SELECT sha256, text FROM subsidy.programme WHERE id = $1 AND current',
    [id],
  )
  if (row === undefined) throw unknownThing('programme')
  return parseOnce(row.sha256, row.text)
}

export async function currentProgrammes(tx: Tx): Promise<Programme[]> {
  const rows = await tx.rows<{ sha256: string; text: string }>(
    'SELECT sha256, text FROM subsidy.programme WHERE current ORDER BY id',
  )
  return rows.map((row) => parseOnce(row.sha256, row.text))
}

/** Makes a rule set the one in force; the same text again changes nothing. */
export async function storeProgramme(tx: Tx, programme: Programme, at: number, by: string): Promise<void> {
  await tx.run('UPDATE subsidy.programme SET current = false WHERE id = $1 AND sha256 <> $2', [
    programme.id,
    programme.sha256,
  ])
  await tx.run(
    `INSERT INTO subsidy.programme (sha256, id, text, current, published_at, published_by) VALUES ($1, $2, $3, true, $4, $5)
     ON CONFLICT (sha256) DO UPDATE SET current = true`,
    [programme.sha256, programme.id, programme.text, new Date(at), by],
  )
}
