import { getCockpit, getPublicTotals, listIndicators } from '@kapok/contracts/insight'
import type { FiguresPort } from '@kapok/contracts/ports'
import { unknownThing } from '@kapok/contracts/refusal'
import type { Kit } from '@kapok/kit-store/kit'
import { handle, type Plane } from '@kapok/kit-store/plane'

/** What the money did, for everybody: indicator → publish. It keeps no copy; every figure is asked of its owner. */
export function insightPlane(kit: Kit, { figures }: { figures: FiguresPort }): Plane {
  return {
    name: 'insight',
    routes: [
      handle(listIndicators, async ({ query }) => ({ indicators: await figures.indicators(query.programmeId) })),
      handle(getPublicTotals, async () => ({ totals: await figures.totals() })),
      handle(getCockpit, async ({ query, actor }) => {
        const totals = await figures.totals()
        const of = totals.find((each) => query.programmeId === undefined || each.programmeId === query.programmeId)
        if (of === undefined) throw unknownThing('programme')
        const quotas = await figures.quotas(of.programmeId)
        return {
          asOf: kit.clock.now(),
          programmeId: of.programmeId,
          appropriatedFen: of.appropriatedFen,
          unallocatedFen: of.unallocatedFen,
          // A city sees its own row; the province and finance see all.
          quotas: actor.orgKind === 'city' ? quotas.filter((row) => row.city === actor.region) : quotas,
          desks: await figures.desks(of.programmeId),
          indicators: await figures.indicators(of.programmeId),
        }
      }),
    ],
    jobs: [],
  }
}
