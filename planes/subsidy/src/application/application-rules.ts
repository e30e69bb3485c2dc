import { civilDayOf } from '@kapok/kit/clock'
import { formatYuan } from '@kapok/kit/money'
import { must } from '@kapok/kit/must'
import { stepsIn } from '@kapok/kit-store/case/case'
import { storeDecision, type TracedNumber } from '../cases/decision.store.ts'
import { requireDocuments } from '../cases/documents.ts'
import type { Acting, KindRules } from '../cases/kind.ts'
import { caseTables } from '../cases/tables.ts'
import { type CertificationFacts, certificationOf } from '../certification/certification-rules.ts'
import { type Assessment, assess } from '../programme/assess.ts'
import { currentProgramme, pinnedProgramme } from '../programme/programme.store.ts'
import { openWindow, type Programme, type ProgrammeFacts, windowOf } from '../programme/programme.ts'
import { refuseSubsidy } from '../refusals.ts'
import { reviewRegion } from '../region/region.ts'
import { issueApproved } from '../voucher/issue-voucher.ts'
import type { ContractFacts } from './application.routes.ts'

/** 申领: window, eligibility by the pinned rules, the supplier, no second claim; then issue in the same transaction. */
export const applicationRules: KindRules = {
  async submit(acting) {
    const { s, tx, head, before, now } = acting
    const contract = contractOf(acting)
    const first = before.submittedAt === null
    // The rules of the first submission stay with the case; a correction is judged by the same text (INV-14).
    const programme = first
      ? await currentProgramme(tx, head.programmeId ?? '')
      : await pinnedProgramme(tx, must(head.ruleSha256, 'a submitted application is pinned'))
    if (first) requireWindow(programme, 'apply', now)
    const certification = await certificationOf(tx, head.filerOrg)
    if (certification === undefined) throw refuseSubsidy('certification.first')
    const supplier = await s.ports.organisations.byUscc(contract.supplierUscc)
    if (supplier === undefined || supplier.kind !== 'supplier')
      throw refuseSubsidy('supplier.unknown', { uscc: contract.supplierUscc })
    if (supplier.uscc === head.filerUscc) throw refuseSubsidy('supplier.is_filer')
    const submittedOn = civilDayOf(before.submittedAt ?? now)
    const facts = factsOf(certification.facts, contract, submittedOn)
    const result = requireEligible(programme, facts)
    await refuseSecondClaim(acting, contract)
    const region = await reviewRegion(tx, certification.facts.region)
    await tx.run(
      `UPDATE subsidy.case_head SET rule_sha256 = $2, region = $3, supplier_org = $4, supplier_name = $5,
        supplier_uscc = $6, amount_fen = $7 WHERE id = $1`,
      [head.id, programme.sha256, region.code, supplier.id, supplier.name, supplier.uscc, result.totalFen],
    )
    await tx.run(`DELETE FROM subsidy.case_party WHERE case_id = $1 AND part = 'supplier'`, [head.id])
    await tx.run(`INSERT INTO subsidy.case_party VALUES ($1, $2, 'supplier', $3, $4)`, [
      head.id,
      supplier.id,
      supplier.name,
      supplier.uscc,
    ])
    await requireDocuments(tx, { ...head, ruleSha256: programme.sha256 })
    await storeDecision(tx, head.id, before.version + 1, {
      programme,
      facts,
      clauses: result.clauses,
      numbers: numbersOf(result),
    })
    return { steps: stepsIn(caseTables.application, region), ruleSha256: programme.sha256 }
  },

  async consent(acting, last) {
    if (!last) return {}
    const { tx, head, before } = acting
    const programme = await pinnedProgramme(tx, must(head.ruleSha256, 'a submitted application is pinned'))
    const certification = await certificationOf(tx, head.filerOrg)
    // INV-18: no voucher without a certification that has passed.
    if (certification?.state !== 'passed') throw refuseSubsidy('certification.not_passed')
    await refuseSuspended(acting)
    const submittedOn = civilDayOf(must(before.submittedAt, 'a case in review was submitted'))
    const facts = factsOf(certification.facts, contractOf(acting), submittedOn)
    const result = requireEligible(programme, facts)
    await tx.run('UPDATE subsidy.case_head SET amount_fen = $2 WHERE id = $1', [head.id, result.totalFen])
    await storeDecision(tx, head.id, before.version + 1, {
      programme,
      facts,
      clauses: result.clauses,
      numbers: numbersOf(result),
      approvedFen: result.totalFen,
    })
    return {}
  },

  async moved({ s, tx, head, now }, after) {
    if (after.state === 'approved') await issueApproved(s, tx, head, now)
  },
}

const contractOf = ({ head }: Acting): ContractFacts => (head.facts as { contract: ContractFacts }).contract

/** Facts as the rule set sees them. */
function factsOf(enterprise: CertificationFacts, contract: ContractFacts, submittedOn: string): ProgrammeFacts {
  const { region, industry, registeredOn, lastYearRevenueFen, fiscalViolationOn } = enterprise
  return {
    enterprise: { region, industry, registeredOn, lastYearRevenueFen, fiscalViolationOn: fiscalViolationOn ?? '' },
    contract: {
      signedOn: contract.signedOn,
      lines: contract.lines.map(({ scene, feeKind, amountFen }) => ({ scene, feeKind, amountFen })),
    },
    submittedOn,
  }
}

/** INV-16: by the server's clock, to the last millisecond. */
export function requireWindow(programme: Programme, kind: 'apply' | 'redeem', now: number): void {
  if (openWindow(programme, kind, now) !== undefined) return
  const row = programme.windows.find((each) => each.kind === kind)
  const window = kind === 'apply' ? '申领 / apply' : '兑现 / redeem'
  const minute = (at: number) => new Date(at + 8 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ')
  const { opensAt, closesAt } = windowOf(must(row, 'a programme has windows of both kinds'))
  throw refuseSubsidy('window.closed', { window, opens: minute(opensAt), closes: minute(closesAt + 1) })
}

function requireEligible(programme: Programme, facts: ProgrammeFacts): Assessment {
  const result = assess(programme, facts)
  const failed = result.clauses.find((each) => !each.passed)
  if (failed !== undefined)
    throw refuseSubsidy('application.ineligible', { clause: failed.id, text: `${failed.text.zh} ${failed.text.en}` })
  const unknown = result.unknownLines[0]
  if (unknown !== undefined) throw refuseSubsidy('application.line_unknown', { line: unknown + 1 })
  if (result.totalFen <= 0n) throw refuseSubsidy('amount.invalid', { field: 'contract.lines' })
  return result
}

async function refuseSecondClaim({ tx, head }: Acting, contract: ContractFacts): Promise<void> {
  // The lock makes two submissions of one contract at once come one after the other.
  await tx.run(`SELECT pg_advisory_xact_lock(hashtextextended('contract ' || $1 || $2 || $3, 0))`, [
    head.filerUscc,
    contract.supplierUscc,
    contract.no,
  ])
  const other = await tx.row<{ caseNo: string }>(
    `SELECT case_no AS "caseNo" FROM subsidy.case_head WHERE kind = 'application' AND id <> $1 AND filer_uscc = $2
      AND submitted_at IS NOT NULL AND state NOT IN ('rejected', 'withdrawn')
      AND facts->'contract'->>'no' = $3 AND facts->'contract'->>'supplierUscc' = $4`,
    [head.id, head.filerUscc, contract.no, contract.supplierUscc],
  )
  if (other !== undefined) throw refuseSubsidy('application.twice', { contractNo: contract.no, caseNo: other.caseNo })
}

async function refuseSuspended({ tx, head }: Acting): Promise<void> {
  const row = await tx.row<{ suspended: boolean }>(
    'SELECT suspended FROM subsidy.supplier_standing WHERE uscc = $1 FOR SHARE',
    [head.supplierUscc],
  )
  if (row?.suspended) throw refuseSubsidy('supplier.suspended', { name: head.supplierName })
}

function numbersOf(result: Assessment): TracedNumber[] {
  const lines = result.lines.map((line, index) => ({
    name: `line${index + 1}`,
    label: { zh: `第 ${index + 1} 行补助`, en: `Support of line ${index + 1}` },
    value: `${formatYuan(BigInt(line.amountFen))} × ${line.ratioBp / 100}% = ${formatYuan(line.supportFen)}`,
    unit: '元',
  }))
  const face = { zh: '券面金额', en: 'Face of the voucher' }
  return [...lines, { name: 'face', label: face, value: formatYuan(result.totalFen), unit: '元' }]
}
