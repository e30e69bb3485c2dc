import type { CaseHead } from '@kapok/kit-store/case/case.store'
import type { Tx } from '@kapok/kit-store/db'
import type { Actor } from '@kapok/kit-store/plane'
import { desksOf } from './desks.ts'

export type HeadWithRegion = CaseHead & { regionName: string }

/** One row of a queue, as the reader sees it. */
export function caseRowOf(head: HeadWithRegion, actor: Actor, now: number) {
  return {
    id: head.id,
    caseNo: head.caseNo,
    kind: head.kind,
    state: head.state,
    filerName: head.filerName,
    supplierName: head.supplierName,
    programmeId: head.programmeId,
    region: head.region,
    regionName: head.regionName,
    desk: head.desk,
    deskOrganisation: head.deskName,
    since: head.since,
    due: head.due,
    dueProvisional: head.dueProvisional,
    overdue: head.due !== null && head.due < now,
    amountFen: head.amountFen?.toString() ?? null,
    mine: head.desk !== null && desksOf(actor, head).includes(head.desk),
    submittedAt: head.submittedAt,
  }
}

export async function withRegionName(tx: Tx, head: CaseHead): Promise<HeadWithRegion> {
  const row = await tx.row<{ name: string }>('SELECT name FROM subsidy.region WHERE code = $1', [head.region])
  return { ...head, regionName: row?.name ?? head.region }
}
