import type { CaseDesk } from '@kapok/contracts/case'
import type { OrganisationPort, OrgFacts } from '@kapok/contracts/ports'
import type { CaseHead } from '@kapok/kit-store/case/case.store'
import type { Actor } from '@kapok/kit-store/plane'

/** Region of the office that sits at a desk: the county, city or province of the case. */
export const officeRegion = (desk: CaseDesk, region: string): string =>
  region.slice(0, desk === 'county' ? 6 : desk === 'city' ? 4 : 2)

/** The desks of this case at which this person can sit, by role, organisation and region. */
export function desksOf(actor: Actor, head: Pick<CaseHead, 'filerOrg' | 'supplierOrg' | 'region'>): CaseDesk[] {
  const has = (role: Actor['roles'][number]) => actor.roles.includes(role)
  const office = (desk: CaseDesk) => actor.region === officeRegion(desk, head.region)
  const desks: CaseDesk[] = []
  if (actor.orgId === head.filerOrg && has('plant.manager')) desks.push('filer')
  if (actor.orgId !== undefined && actor.orgId === head.supplierOrg && has('supplier.manager')) desks.push('supplier')
  if (has('county.reviewer') && head.region.length === 6 && office('county')) desks.push('county')
  if (has('city.reviewer') && office('city')) desks.push('city')
  if (has('province.reviewer') && office('province')) desks.push('province')
  if (has('finance.officer')) desks.push('finance')
  return desks
}

/** The organisations at a desk: who gets the message, and the name that the timeline shows. */
export async function officesAt(
  desk: CaseDesk | null,
  head: Pick<CaseHead, 'filerOrg' | 'filerName' | 'supplierOrg' | 'supplierName' | 'region'>,
  organisations: OrganisationPort,
): Promise<Pick<OrgFacts, 'id' | 'name'>[]> {
  if (desk === null) return []
  if (desk === 'filer') return [{ id: head.filerOrg, name: head.filerName }]
  if (desk === 'supplier')
    return head.supplierOrg === null ? [] : [{ id: head.supplierOrg, name: head.supplierName ?? '' }]
  const region = officeRegion(desk, head.region)
  const found = await organisations.ofKind(desk, region)
  return desk === 'finance' ? found : found.filter((each) => each.region === region)
}
