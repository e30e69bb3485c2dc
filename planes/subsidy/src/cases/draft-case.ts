import type { CaseKind } from '@kapok/contracts/case'
import type { OrgFacts } from '@kapok/contracts/ports'
import { refuse, unknownThing } from '@kapok/contracts/refusal'
import { civilDayOf } from '@kapok/kit/clock'
import { must } from '@kapok/kit/must'
import { newStanding } from '@kapok/kit-store/case/case'
import type { Tx } from '@kapok/kit-store/db'
import type { Actor } from '@kapok/kit-store/plane'
import { refuseSubsidy } from '../refusals.ts'
import type { Subsidy } from '../station.ts'
import { recordEvent } from './record-event.ts'

export interface Draft {
  kind: CaseKind
  region: string
  programmeId: string | null
  ruleSha256?: string | null
  voucherNo?: string
  facts: Record<string, unknown>
  amountFen: bigint | null
}

/** Makes a draft of the actor's organisation, inside the plane's door. */
export async function draftCase(s: Subsidy, tx: Tx, actor: Actor, draft: Draft) {
  const now = s.kit.clock.now()
  const filer = await filerOf(s, actor)
  const id = s.kit.ids.uuid()
  const caseNo = await nextCaseNo(tx, draft.region, now)
  await tx.run(
    `INSERT INTO subsidy.case_head (id, case_no, kind, programme_id, rule_sha256, region, filer_org, filer_name, filer_uscc,
      voucher_no, facts, amount_fen, created_at, version, state, step, steps, since)
     VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,0,'draft',0,'{filer}',$13)`,
    [
      id,
      caseNo,
      draft.kind,
      draft.programmeId,
      draft.ruleSha256 ?? null,
      draft.region,
      filer.id,
      filer.name,
      filer.uscc,
      draft.voucherNo ?? null,
      JSON.stringify(draft.facts),
      draft.amountFen,
      new Date(now),
    ],
  )
  await tx.run(`INSERT INTO subsidy.case_party VALUES ($1, $2, 'filer', $3, $4)`, [
    id,
    filer.id,
    filer.name,
    filer.uscc,
  ])
  const head = await s.cases.see(tx, id)
  const after = await recordEvent(s, tx, head, newStanding, actor, { verb: 'create', at: now, reason: null, data: {} })
  return { id, caseNo, version: after.version }
}

/** Replaces the facts of an own draft or returned case; refuses in any other state. Inside the plane's door. */
export async function saveDraft(
  s: Subsidy,
  tx: Tx,
  actor: Actor,
  caseId: string,
  change: {
    kind: CaseKind
    expectedVersion: number
    facts: Record<string, unknown>
    amountFen: bigint | null
    region?: string
  },
) {
  const head = await lockOwnDraft(s, tx, actor, caseId)
  if (head.kind !== change.kind) throw unknownThing('case')
  if (head.version !== change.expectedVersion) throw refuse('version.stale')
  await tx.run('UPDATE subsidy.case_head SET facts = $2, amount_fen = $3, region = $4 WHERE id = $1', [
    caseId,
    JSON.stringify(change.facts),
    change.amountFen,
    change.region ?? head.region,
  ])
  const after = await recordEvent(s, tx, head, await s.cases.standing(tx, head), actor, {
    verb: 'save',
    at: s.kit.clock.now(),
    reason: null,
    data: {},
  })
  return { id: caseId, caseNo: head.caseNo, version: after.version }
}

/** An own case that its filer may still change. */
export async function lockOwnDraft(s: Subsidy, tx: Tx, actor: Actor, caseId: string) {
  const head = await s.cases.lock(tx, caseId)
  if (head.filerOrg !== actor.orgId) throw unknownThing('case')
  if (head.state !== 'draft' && head.state !== 'returned') throw refuse('version.stale')
  return head
}

async function filerOf(s: Subsidy, actor: Actor): Promise<OrgFacts & { uscc: string }> {
  const org = must(
    await s.ports.organisations.byId(must(actor.orgId, 'a filer has an organisation')),
    'own organisation',
  )
  if (org.uscc === null) throw refuseSubsidy('uscc.invalid', { uscc: '—' })
  return { ...org, uscc: org.uscc }
}

/** Case number: region padded to six digits, day, serial of four digits, check digit (ISO/IEC 7064 MOD 11,10). */
async function nextCaseNo(tx: Tx, region: string, now: number): Promise<string> {
  const day = civilDayOf(now).replaceAll('-', '')
  const row = await tx.row<{ last: number }>(
    `INSERT INTO subsidy.case_serial VALUES ($1, $2, 1)
     ON CONFLICT (region, day) DO UPDATE SET last = subsidy.case_serial.last + 1 RETURNING last`,
    [region, day],
  )
  const digits = `${region.padEnd(6, '0')}${day}${String(must(row, 'a serial').last).padStart(4, '0')}`
  return digits + mod11_10(digits)
}

/** Check digit of a string of digits, ISO/IEC 7064 MOD 11,10. */
export function mod11_10(digits: string): string {
  let product = 10
  for (const char of digits) {
    const sum = (Number(char) + product) % 10 || 10
    product = (sum * 2) % 11
  }
  return String((11 - product) % 10)
}
