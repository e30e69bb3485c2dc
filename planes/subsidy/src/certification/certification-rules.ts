import type { BodyOf } from '@kapok/contracts/route'
import type { createCertification } from '@kapok/contracts/subsidy'
import { usccFault } from '@kapok/contracts/uscc'
import { stepsIn } from '@kapok/kit-store/case/case'
import type { Tx } from '@kapok/kit-store/db'
import { requireDocuments } from '../cases/documents.ts'
import type { KindRules } from '../cases/kind.ts'
import { caseTables } from '../cases/tables.ts'
import { refuseSubsidy } from '../refusals.ts'
import { reviewRegion } from '../region/region.ts'

export type CertificationFacts = BodyOf<typeof createCertification>

export const certificationRules: KindRules = {
  async submit({ tx, head }) {
    const facts = head.facts as unknown as CertificationFacts
    if (usccFault(head.filerUscc) !== undefined) throw refuseSubsidy('uscc.invalid', { uscc: head.filerUscc })
    if (!facts.promised) throw refuseSubsidy('certification.promise_missing')
    const region = await reviewRegion(tx, facts.region)
    await requireDocuments(tx, head)
    return { steps: stepsIn(caseTables.certification, region), facts }
  },
  async consent() {
    return {}
  },
  async moved() {},
}

/** The newest certification of an enterprise that was submitted and not rejected or withdrawn. */
export async function certificationOf(
  tx: Tx,
  filerOrg: string,
): Promise<{ id: string; caseNo: string; state: string; facts: CertificationFacts } | undefined> {
  return tx.row(
    `SELECT id, case_no AS "caseNo", state, facts FROM subsidy.case_head
     WHERE kind = 'certification' AND filer_org = $1 AND submitted_at IS NOT NULL AND state NOT IN ('rejected', 'withdrawn')
     ORDER BY created_at DESC LIMIT 1`,
    [filerOrg],
  )
}
