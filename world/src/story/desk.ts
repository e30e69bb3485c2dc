import { type CaseVerb, decideCase, getCase } from '@kapok/contracts/case'
import type { Person } from '../people/person.ts'
import type { OrganisationKey } from '../province.ts'

/** What the acts of the story work with. */
export interface Stage {
  programmeId: string
  person(key: OrganisationKey): Person
  /** Names that acts give to cases, vouchers and batches for later acts; kept over restarts. */
  memory: Record<string, string>
  /** Civil day of the world, `n` days after its first. */
  day(n: number): string
}

/** One act on a case, reading it first as a person would. */
export async function act(
  stage: Stage,
  who: OrganisationKey,
  caseName: string,
  verb: CaseVerb,
  more: { reason?: string; toStep?: number } = {},
): Promise<void> {
  const person = stage.person(who)
  const caseId = recall(stage, caseName)
  const seen = await person.call(getCase, { params: { caseId } })
  const decided = await person.call(decideCase, {
    params: { caseId },
    body: { verb, expectedVersion: seen.version, ...more },
  })
  if (decided.voucherNo !== null) stage.memory[`voucher of ${caseName}`] = decided.voucherNo
}

export function recall(stage: Stage, name: string): string {
  const value = stage.memory[name]
  if (value === undefined) throw new Error(`the story has no ${name} yet`)
  return value
}
