import { deleteCase, getCase, listCases } from '@kapok/contracts/case'
import { refuse } from '@kapok/contracts/refusal'
import { headColumns, headOf } from '@kapok/kit-store/case/case.store'
import { type Actor, handle, type RouteHandler } from '@kapok/kit-store/plane'
import { inside } from '../inside.ts'
import { listPage } from '../list.ts'
import { refuseSubsidy } from '../refusals.ts'
import type { Subsidy } from '../station.ts'
import { caseRowOf } from './case-row.ts'
import { caseFile } from './case-view.ts'
import { lockOwnDraft } from './draft-case.ts'

export function caseRoutes(s: Subsidy): RouteHandler[] {
  return [
    handle(listCases, async ({ tx, query, actor }) => {
      const values: unknown[] = []
      const where: string[] = []
      const add = (condition: (parameter: string) => string, value: unknown) =>
        where.push(condition(`$${values.push(value)}`))
      if (query.kind !== undefined) add((p) => `h.kind = ${p}`, query.kind)
      if (query.state !== undefined) add((p) => `h.state = ${p}`, query.state)
      if (query.region !== undefined) add((p) => `h.region LIKE ${p} || '%'`, query.region)
      if (query.desk === 'mine') where.push(mineCondition(actor, (value) => `$${values.push(value)}`))
      const page = await listPage<Parameters<typeof headOf>[0] & { regionName: string }>(
        tx,
        {
          columns: `${headColumns('h')}, coalesce(r.name, h.region) AS "regionName"`,
          from: 'subsidy.case_head h LEFT JOIN subsidy.region r ON r.code = h.region',
          where,
          values,
          search: ['h.case_no', 'h.filer_name', 'h.supplier_name', 'h.voucher_no'],
          sorts: {
            caseNo: 'h.case_no',
            due: 'h.due',
            since: 'h.since',
            submittedAt: 'h.submitted_at',
            filerName: 'h.filer_name',
            amountFen: 'h.amount_fen',
            state: 'h.state',
            kind: 'h.kind',
          },
          // By the clock: nearest deadline first, then whoever waits longest.
          order: 'h.due NULLS LAST, h.since, h.id',
        },
        query,
      )
      const now = s.kit.clock.now()
      return {
        total: page.total,
        rows: page.rows.map((row) => caseRowOf({ ...headOf(row), regionName: row.regionName }, actor, now)),
      }
    }),
    handle(getCase, ({ tx, params, actor }) => caseFile(s, tx, params.caseId, actor)),
    handle(deleteCase, ({ tx, params, actor }) =>
      inside(tx, async () => {
        const head = await lockOwnDraft(s, tx, actor, params.caseId)
        if (head.submittedAt !== null) throw refuse('version.stale')
        const deleted = await tx.run('DELETE FROM subsidy.case_head WHERE id = $1', [head.id])
        if (deleted !== 1) throw refuseSubsidy('redemption.open')
        return {}
      }),
    ),
  ]
}

/** SQL for "it waits for me": the same desks as `desksOf`, so that the queue and the verbs agree. */
function mineCondition(actor: Actor, parameter: (value: unknown) => string): string {
  const mine: string[] = []
  const has = (role: Actor['roles'][number]) => actor.roles.includes(role)
  if (has('plant.manager')) mine.push(`(h.desk = 'filer' AND h.filer_org = ${parameter(actor.orgId)})`)
  if (has('supplier.manager')) mine.push(`(h.desk = 'supplier' AND h.supplier_org = ${parameter(actor.orgId)})`)
  if (has('county.reviewer')) mine.push(`(h.desk = 'county' AND h.region = ${parameter(actor.region)})`)
  if (has('city.reviewer')) mine.push(`(h.desk = 'city' AND left(h.region, 4) = ${parameter(actor.region)})`)
  if (has('province.reviewer')) mine.push(`(h.desk = 'province' AND left(h.region, 2) = ${parameter(actor.region)})`)
  if (has('finance.officer')) mine.push(`h.desk = 'finance'`)
  return mine.length === 0 ? 'false' : `(${mine.join(' OR ')})`
}
