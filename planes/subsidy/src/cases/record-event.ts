import type { CaseDesk } from '@kapok/contracts/case'
import type { CaseEvent, Standing } from '@kapok/kit-store/case/case'
import { type CaseHead, deskOf } from '@kapok/kit-store/case/case.store'
import type { Tx } from '@kapok/kit-store/db'
import type { Actor } from '@kapok/kit-store/plane'
import { calendarOf } from '../calendar/holiday-years.ts'
import { sendToInbox } from '../inbox/inbox.ts'
import { pinnedProgramme } from '../programme/programme.store.ts'
import type { Subsidy } from '../station.ts'
import { officesAt } from './desks.ts'
import { caseTables } from './tables.ts'

/** Working days of a desk where no programme says otherwise (certification). */
const standardDays: Partial<Record<CaseDesk, number>> = { supplier: 3, county: 5, city: 5, province: 10 }

export type NewEvent = Pick<CaseEvent, 'verb' | 'reason' | 'data'> & { toStep?: number | null; at: number }

/** The plane itself as the one who acts: jobs, the ledger, the bank. */
export const platformActor = { userId: undefined, userName: '平台', orgId: undefined, orgName: 'Kapok' }

/**
 * Appends an event inside the plane's door: derives the new standing, sets the clock of the desk that it now lies on,
 * and tells that desk. The only way in which a case moves.
 */
export async function recordEvent(
  s: Subsidy,
  tx: Tx,
  head: CaseHead,
  before: Standing,
  actor: Pick<Actor, 'userId' | 'userName' | 'orgId' | 'orgName'>,
  event: NewEvent,
): Promise<Standing> {
  const whole = {
    ...event,
    toStep: event.toStep ?? null,
    actorUser: actor.userId ?? null,
    actorName: actor.userName,
    actorOrg: actor.orgId ?? null,
    actorOrgName: actor.orgName,
  }
  const after = await s.cases.append(tx, head, before, whole, async (standing) => {
    const desk = deskOf(standing)
    const offices = await officesAt(desk, head, s.ports.organisations)
    if (standing.state !== 'draft') await tellDesk(s, tx, head, standing, offices, event)
    return { deskName: offices[0]?.name ?? null, deadline: await deadlineOf(tx, head, standing, desk, event.at) }
  })
  s.kit.bus.emit('case.moved', { caseId: head.id, kind: head.kind, state: after.state })
  return after
}

async function deadlineOf(tx: Tx, head: CaseHead, standing: Standing, desk: CaseDesk | null, at: number) {
  if (standing.state !== 'review' || desk === null || desk === 'filer' || desk === 'finance') return null
  const programme = head.ruleSha256 === null ? undefined : await pinnedProgramme(tx, head.ruleSha256)
  const days = programme?.deadlines[desk] ?? standardDays[desk]
  if (days === undefined) return null
  const { due, provisional } = (await calendarOf(tx)).after(at, days)
  return { due, days, provisional }
}

const arrived: Partial<Record<string, { zh: string; en: string }>> = {
  review: { zh: '待贵单位办理', en: 'waits for your decision' },
  returned: { zh: '已退回，请补正后重新提交', en: 'was returned; correct it and submit it again' },
  rejected: { zh: '被驳回，可在期限内申诉', en: 'was rejected; you may appeal in time' },
  passed: { zh: '认证通过', en: 'has passed' },
  waiting: { zh: '已同意，因额度不足排队待发券', en: 'was approved and waits for quota' },
  issued: { zh: '服务券已发放', en: 'has its voucher' },
  noticed: { zh: '核定金额已公示', en: 'is on public notice' },
  payable: { zh: '公示期满，待支付', en: 'is payable' },
  paid: { zh: '补助已支付', en: 'was paid' },
}

async function tellDesk(
  s: Subsidy,
  tx: Tx,
  head: CaseHead,
  standing: Standing,
  offices: readonly { id: string }[],
  event: NewEvent,
): Promise<void> {
  const what = arrived[standing.state]
  if (what === undefined) return
  const title = caseTables[head.kind].title
  const text = { zh: `${title.zh} ${head.caseNo}：${what.zh}。`, en: `${title.en} ${head.caseNo} ${what.en}.` }
  // Results go to the filer too; a case that only moves between offices does not bother it.
  const filer = standing.state === 'review' ? [] : [{ id: head.filerOrg }]
  const receivers = new Set([...offices, ...filer].map((each) => each.id))
  await sendToInbox(s, tx, { at: event.at, caseId: head.id, caseNo: head.caseNo, text }, [...receivers])
}
