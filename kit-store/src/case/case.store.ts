import type { CaseDesk, CaseKind, CaseState } from '@kapok/contracts/case'
import { refuse, unknownThing } from '@kapok/contracts/refusal'
import { must } from '@kapok/kit/must'
import type { Tx } from '../db.ts'
import { type CaseEvent, type CaseTable, fold, type Standing, step } from './case.ts'

/** Head of a case as stored; the standing in it is a copy of what the events give. */
export interface CaseHead {
  id: string
  caseNo: string
  kind: CaseKind
  programmeId: string | null
  ruleSha256: string | null
  region: string
  filerOrg: string
  filerName: string
  filerUscc: string
  supplierOrg: string | null
  supplierName: string | null
  supplierUscc: string | null
  voucherNo: string | null
  facts: Record<string, unknown>
  amountFen: bigint | null
  submittedAt: number | null
  version: number
  state: CaseState
  step: number
  steps: CaseDesk[]
  desk: CaseDesk | null
  deskName: string | null
  since: number
  due: number | null
  dueProvisional: boolean
}

export interface Deadline {
  due: number
  days: number
  provisional: boolean
}

/** Columns of a head, for `SELECT`; `table` is an alias. */
export const headColumns = (table: string) =>
  `${table}.id, ${table}.case_no AS "caseNo", ${table}.kind, ${table}.programme_id AS "programmeId",
  ${table}.rule_sha256 AS "ruleSha256", ${table}.region, ${table}.filer_org AS "filerOrg",
  ${table}.filer_name AS "filerName", ${table}.filer_uscc AS "filerUscc", ${table}.supplier_org AS "supplierOrg",
  ${table}.supplier_name AS "supplierName", ${table}.supplier_uscc AS "supplierUscc",
  ${table}.voucher_no AS "voucherNo", ${table}.facts, ${table}.amount_fen AS "amountFen",
  ${table}.submitted_at AS "submittedAt", ${table}.version, ${table}.state, ${table}.step, ${table}.steps,
  ${table}.desk, ${table}.desk_name AS "deskName", ${table}.since, ${table}.due,
  ${table}.due_provisional AS "dueProvisional"`

type HeadRow = Omit<CaseHead, 'submittedAt' | 'since' | 'due'> & {
  submittedAt: Date | null
  since: Date
  due: Date | null
}
export const headOf = (row: HeadRow): CaseHead => ({
  ...row,
  submittedAt: row.submittedAt?.getTime() ?? null,
  since: row.since.getTime(),
  due: row.due?.getTime() ?? null,
})

/** Reads and writes of cases in one plane's schema (tables `case_head`, `case_event`, `case_party`). */
export function caseStore(schema: string, tables: Readonly<Record<CaseKind, CaseTable>>) {
  const heads = `${schema}.case_head`

  /** The head as the present scope sees it; refuses with `thing.unknown` when it does not. */
  async function see(tx: Tx, caseId: string): Promise<CaseHead> {
    const row = await tx.row<HeadRow>(`SELECT ${headColumns('h')} FROM ${heads} h WHERE h.id = $1`, [caseId])
    if (row === undefined) throw unknownThing('case')
    return headOf(row)
  }

  /** The head, locked until the transaction ends, so that acts on one case come one after the other. */
  async function lock(tx: Tx, caseId: string): Promise<CaseHead> {
    const row = await tx.row<HeadRow>(`SELECT ${headColumns('h')} FROM ${heads} h WHERE h.id = $1 FOR UPDATE`, [caseId])
    if (row === undefined) throw unknownThing('case')
    return headOf(row)
  }

  async function events(tx: Tx, caseId: string): Promise<CaseEvent[]> {
    const rows = await tx.rows<Omit<CaseEvent, 'at'> & { at: Date }>(
      `SELECT version, at, verb, step, to_step AS "toStep", actor_user AS "actorUser", actor_name AS "actorName",
        actor_org AS "actorOrg", actor_org_name AS "actorOrgName", reason, data
       FROM ${schema}.case_event WHERE case_id = $1 ORDER BY version`,
      [caseId],
    )
    return rows.map((row) => ({ ...row, at: row.at.getTime() }))
  }

  async function standing(tx: Tx, head: CaseHead): Promise<Standing> {
    return fold(tables[head.kind], await events(tx, head.id))
  }

  /** Appends one event and brings the head's copy of the standing up to it. Returns the new standing. */
  async function append(
    tx: Tx,
    head: CaseHead,
    before: Standing,
    event: Omit<CaseEvent, 'version' | 'step'>,
    next: (after: Standing) => Promise<{ deskName: string | null; deadline: Deadline | null }>,
  ): Promise<Standing> {
    const whole: CaseEvent = { ...event, version: before.version + 1, step: before.step }
    const after = step(tables[head.kind], before, whole)
    await tx.run(
      `INSERT INTO ${schema}.case_event (case_id, version, at, verb, step, to_step, actor_user, actor_name, actor_org,
        actor_org_name, reason, data) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12)`,
      [
        head.id,
        whole.version,
        new Date(whole.at),
        whole.verb,
        whole.step,
        whole.toStep,
        whole.actorUser,
        whole.actorName,
        whole.actorOrg,
        whole.actorOrgName,
        whole.reason,
        JSON.stringify(whole.data),
      ],
    )
    const moved = after.state !== before.state || after.step !== before.step
    const { deskName, deadline } = moved ? await next(after) : { deskName: head.deskName, deadline: null }
    const changed = await tx.run(
      `UPDATE ${heads} SET version = $3, state = $4, step = $5, steps = $6, desk = $7, desk_name = $8, since = $9,
        submitted_at = $10,
        due = CASE WHEN $11 THEN $12::timestamptz ELSE due END,
        due_days = CASE WHEN $11 THEN $13::int ELSE due_days END,
        due_provisional = CASE WHEN $11 THEN $14::boolean ELSE due_provisional END
       WHERE id = $1 AND version = $2`,
      [
        head.id,
        before.version,
        after.version,
        after.state,
        after.step,
        after.steps,
        deskOf(after),
        deskName,
        new Date(after.since),
        after.submittedAt === null ? null : new Date(after.submittedAt),
        moved,
        deadline === null ? null : new Date(deadline.due),
        deadline?.days ?? null,
        deadline?.provisional ?? false,
      ],
    )
    if (changed !== 1) throw refuse('version.stale')
    return after
  }

  return { see, lock, events, standing, append }
}

/** Whose desk a case is on; null when nobody has to act. */
export function deskOf(standing: Standing): CaseDesk | null {
  if (standing.state === 'draft' || standing.state === 'returned') return 'filer'
  if (standing.state === 'review') return must(standing.steps[standing.step], 'a case in review stands at a step')
  if (standing.state === 'payable' || standing.state === 'paying') return 'finance'
  return null
}
