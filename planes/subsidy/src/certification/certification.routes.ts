import { createCertification, updateCertification } from '@kapok/contracts/subsidy'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { draftCase, saveDraft } from '../cases/draft-case.ts'
import { inside } from '../inside.ts'
import { refuseSubsidy } from '../refusals.ts'
import { reviewRegion } from '../region/region.ts'
import type { Subsidy } from '../station.ts'

export function certificationRoutes(s: Subsidy): RouteHandler[] {
  return [
    handle(createCertification, ({ tx, body, actor, orgId }) =>
      inside(tx, async () => {
        // One at a time: two drafts made at once by one enterprise come one after the other.
        await tx.run(`SELECT pg_advisory_xact_lock(hashtextextended('certification ' || $1, 0))`, [orgId])
        const other = await tx.row<{ caseNo: string }>(
          `SELECT case_no AS "caseNo" FROM subsidy.case_head
           WHERE kind = 'certification' AND filer_org = $1 AND state NOT IN ('rejected', 'withdrawn')`,
          [orgId],
        )
        if (other !== undefined) throw refuseSubsidy('certification.exists', other)
        const { code } = await reviewRegion(tx, body.region)
        return draftCase(s, tx, actor, {
          kind: 'certification',
          region: code,
          programmeId: null,
          facts: body,
          amountFen: null,
        })
      }),
    ),
    handle(updateCertification, ({ tx, params, body, actor }) =>
      inside(tx, async () => {
        const { expectedVersion, ...facts } = body
        const { code } = await reviewRegion(tx, facts.region)
        return saveDraft(s, tx, actor, params.caseId, {
          kind: 'certification',
          expectedVersion,
          facts,
          amountFen: null,
          region: code,
        })
      }),
    ),
  ]
}
