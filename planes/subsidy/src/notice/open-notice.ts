import { must } from '@kapok/kit/must'
import type { CaseHead } from '@kapok/kit-store/case/case.store'
import type { Tx } from '@kapok/kit-store/db'
import { calendarOf } from '../calendar/holiday-years.ts'
import { lastDecision } from '../cases/decision.store.ts'
import { pinnedProgramme } from '../programme/programme.store.ts'
import type { Subsidy } from '../station.ts'

/** Opens the public notice of an approved redemption: n full working days after today. Inside the plane's door. */
export async function openNotice(s: Subsidy, tx: Tx, head: CaseHead, now: number): Promise<void> {
  const programme = await pinnedProgramme(tx, must(head.ruleSha256, 'a redemption is pinned'))
  const decision = must(await lastDecision(tx, head.id), 'an approved redemption has a decision')
  const days = programme.notice.workingDays
  const { due, provisional } = (await calendarOf(tx)).after(now, days)
  await tx.run(`INSERT INTO subsidy.notice VALUES ($1, $2, $3, $4, $5, $6, $7, 'open')`, [
    s.kit.ids.uuid(),
    head.id,
    must(decision.approvedFen, 'an approved redemption has an amount'),
    new Date(now),
    new Date(due),
    days,
    provisional,
  ])
}
