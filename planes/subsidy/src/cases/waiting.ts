import type { CaseDesk } from '@kapok/contracts/case'
import type { Subsidy } from '../station.ts'

export interface DeskHolder {
  id: string
  kind: string
  region: string
}

/** Open cases that wait for each organisation now, by its id. */
export async function waitingOf(s: Subsidy, organisations: readonly DeskHolder[]): Promise<Map<string, number>> {
  const open = await s.kit.db.tx({ job: 'subsidy' }, (tx) =>
    tx.rows<{ desk: CaseDesk; region: string; filer_org: string; supplier_org: string | null }>(
      `SELECT desk, region, filer_org, supplier_org FROM subsidy.case_head WHERE desk IS NOT NULL`,
    ),
  )
  const waitsFor = ({ id, kind, region }: DeskHolder) =>
    open.filter((each) => {
      if (each.desk === 'filer') return each.filer_org === id
      if (each.desk === 'supplier') return each.supplier_org === id
      return each.desk === kind && each.region.startsWith(region)
    }).length
  return new Map(organisations.map((organisation) => [organisation.id, waitsFor(organisation)]))
}
