import { type CaseKind, decideCase } from '@kapok/contracts/case'
import { refuse } from '@kapok/contracts/refusal'
import { type JudgeRules, judge, type Standing } from '@kapok/kit-store/case/case'
import { type CaseHead, deskOf } from '@kapok/kit-store/case/case.store'
import { sqlState, type Tx } from '@kapok/kit-store/db'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { applicationRules } from '../application/application-rules.ts'
import { calendarOf } from '../calendar/holiday-years.ts'
import { certificationRules } from '../certification/certification-rules.ts'
import { inside } from '../inside.ts'
import { pinnedProgramme } from '../programme/programme.store.ts'
import { redemptionRules } from '../redemption/redemption-rules.ts'
import { refuseSubsidy } from '../refusals.ts'
import type { Subsidy } from '../station.ts'
import { desksOf } from './desks.ts'
import type { Acting, KindRules } from './kind.ts'
import { recordEvent } from './record-event.ts'
import { caseTables } from './tables.ts'

const rulesOf: Readonly<Record<CaseKind, KindRules>> = {
  certification: certificationRules,
  application: applicationRules,
  redemption: redemptionRules,
}

/** The one door for every act on a case: see → lock → judge → the kind's own checks → event → what follows. */
export function decideRoutes(s: Subsidy): RouteHandler[] {
  return [
    handle(decideCase, async ({ tx, params, body, actor }) => {
      await s.cases.see(tx, params.caseId)
      return inside(tx, async () => {
        const head = await s.cases.lock(tx, params.caseId)
        const before = await s.cases.standing(tx, head)
        if (before.version !== body.expectedVersion) throw refuse('version.stale')
        const acting: Acting = { s, tx, head, before, actor, body, now: s.kit.clock.now() }
        const table = caseTables[head.kind]
        const person = { userId: actor.userId ?? '', desks: desksOf(actor, head) }
        judge(table, before, person, body, await judgeRules(tx, head, before, acting.now))
        const after = await act(acting).catch((error: unknown) => {
          // INV-09: an appeal or a second draft meets the unique index of open redemptions.
          if (sqlState(error) === '23505') throw refuseSubsidy('redemption.open', {}, { cause: error as Error })
          throw error
        })
        const now = await s.cases.see(tx, head.id)
        return {
          id: head.id,
          version: now.version,
          state: now.state,
          desk: deskOf(after) && now.desk,
          voucherNo: now.voucherNo,
        }
      })
    }),
  ]
}

async function act(acting: Acting): Promise<Standing> {
  const { s, tx, head, before, actor, body, now } = acting
  const rules = rulesOf[head.kind]
  const data: Record<string, unknown> = {}
  if (body.verb === 'submit') Object.assign(data, await rules.submit(acting))
  if (body.verb === 'confirm' || body.verb === 'approve')
    Object.assign(data, await rules.consent(acting, before.step === before.steps.length - 1))
  // What `submit` pinned on the head (region, supplier, programme) is what names the next desk and its clock.
  const pinned = body.verb === 'submit' ? await s.cases.see(tx, head.id) : head
  const after = await recordEvent(s, tx, pinned, before, actor, {
    verb: body.verb,
    at: now,
    toStep: body.verb === 'return' ? (body.toStep ?? 0) : null,
    reason: body.reason ?? null,
    data,
  })
  await rules.moved({ ...acting, head: pinned }, after)
  return after
}

/** Until when the standing rejection may be appealed, by the pinned programme (10 working days without one). */
export async function judgeRules(tx: Tx, head: CaseHead, standing: Standing, now: number): Promise<JudgeRules> {
  if (standing.rejectedBy === null) return { now, appealUntil: null }
  const programme = head.ruleSha256 === null ? undefined : await pinnedProgramme(tx, head.ruleSha256)
  const days = programme?.appeal.workingDays ?? 10
  return { now, appealUntil: (await calendarOf(tx)).after(standing.rejectedBy.at, days).due }
}
