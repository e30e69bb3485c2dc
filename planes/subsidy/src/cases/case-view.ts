import { createHash } from 'node:crypto'
import type { CaseDesk, CaseVerb } from '@kapok/contracts/case'
import { canonicalJson, type Json } from '@kapok/kit/canonical-json'
import { type CaseEvent, type Standing, verbsOpen } from '@kapok/kit-store/case/case'
import type { CaseHead } from '@kapok/kit-store/case/case.store'
import type { Tx } from '@kapok/kit-store/db'
import type { Actor } from '@kapok/kit-store/plane'
import type { ContractFacts } from '../application/application.routes.ts'
import type { CertificationFacts } from '../certification/certification-rules.ts'
import { type FileRow, fileColumns, fileView } from '../files/file.routes.ts'
import { inside } from '../inside.ts'
import { pinnedProgramme } from '../programme/programme.store.ts'
import { type Ceiling, type CoverageSnapshot, ceilingFor } from '../redemption/ceiling.ts'
import { ceilingOf } from '../redemption/coverage.ts'
import type { RedemptionFacts } from '../redemption/redemption.routes.ts'
import type { Subsidy } from '../station.ts'
import { type Voucher, voucherByNo } from '../voucher/voucher.store.ts'
import { documentText, unitWords, verbText } from '../words.ts'
import { caseRowOf, withRegionName } from './case-row.ts'
import { judgeRules } from './decide-case.ts'
import { lastDecision, type StoredDecision } from './decision.store.ts'
import { desksOf, officesAt } from './desks.ts'
import { documentsOf } from './documents.ts'
import { caseTables } from './tables.ts'

/** Everything about one case on one page. Runs inside the plane's door, after the reader's own scope saw the case. */
export async function caseView(s: Subsidy, tx: Tx, head: CaseHead, actor: Actor) {
  const now = s.kit.clock.now()
  const events = await s.cases.events(tx, head.id)
  const standing = await s.cases.standing(tx, head)
  const rules = await judgeRules(tx, head, standing, now)
  const decision = await lastDecision(tx, head.id)
  const voucher = head.voucherNo === null ? undefined : await voucherByNo(tx, head.voucherNo)
  const contract =
    head.kind === 'application'
      ? (head.facts as { contract: ContractFacts }).contract
      : head.kind === 'redemption'
        ? voucher?.contract
        : undefined
  const { money, coverage, numbers } = await moneyOf(s, tx, head, voucher, decision, now)
  const person = { userId: actor.userId ?? '', desks: desksOf(actor, head) }
  const files = await tx.rows<FileRow>(
    `SELECT ${fileColumns} FROM subsidy.file WHERE case_id = $1 ORDER BY uploaded_at, id`,
    [head.id],
  )
  const present = new Set(files.map((file) => file.role))
  const lastSaid = events.findLast(
    (event) => event.verb === 'return' || event.verb === 'reject' || event.verb === 'uphold',
  )
  return {
    ...caseRowOf(await withRegionName(tx, head), actor, now),
    version: head.version,
    steps: await stepsView(s, head, standing, events),
    timeline: events.filter((event) => !quiet.has(event.verb)).map((event) => eventView(head, standing, event)),
    parties: await partiesOf(tx, head.id),
    verbs: verbsOpen(caseTables[head.kind], standing, person, rules).map((verb) => ({
      verb,
      reasonRequired: reasoned.has(verb),
      toSteps: verb === 'return' ? standing.steps.slice(0, standing.step).map((desk, index) => ({ index, desk })) : [],
    })),
    lastReason: lastSaid?.reason ?? null,
    appealUntil: standing.state === 'rejected' ? rules.appealUntil : null,
    certification:
      head.kind === 'certification' ? { uscc: head.filerUscc, ...(head.facts as unknown as CertificationFacts) } : null,
    contract: contract === undefined ? null : await contractView(s, tx, head, contract),
    redemption: head.kind === 'redemption' ? redemptionView(head, actor) : null,
    voucherNo: head.voucherNo,
    documents: (await documentsOf(tx, head)).map((role) => ({
      role,
      text: documentText[role],
      present: present.has(role),
    })),
    files: files.map(fileView),
    coverage,
    money,
    decision:
      decision === undefined
        ? null
        : {
            ruleId: decision.ruleId,
            ruleSha256: decision.ruleSha256,
            factsSha256: decision.factsSha256,
            clauses: decision.clauses,
            numbers: (numbers ?? decision.numbers).map((each) => ({ ...each, unit: unitWords(each.unit) })),
          },
  }
}
export type CaseView = Awaited<ReturnType<typeof caseView>>

/** Saving a draft and attaching files are in the events but not on the page. */
const quiet: ReadonlySet<string> = new Set(['save', 'attach', 'detach'])
const reasoned: ReadonlySet<CaseVerb> = new Set<CaseVerb>(['return', 'reject', 'appeal'])

async function stepsView(s: Subsidy, head: CaseHead, standing: Standing, events: readonly CaseEvent[]) {
  const desks: CaseDesk[] =
    standing.steps.length > 1 ? standing.steps : ['filer', ...caseTables[head.kind].desks.map((each) => each.desk)]
  const out = []
  for (const [index, desk] of desks.entries()) {
    const offices = await officesAt(desk, head, s.ports.organisations)
    const consent = standing.consents.get(index)
    const submitted = index === 0 && standing.submittedAt !== null && standing.state !== 'returned'
    const done =
      index === 0
        ? events.findLast((event) => event.verb === 'submit')
        : events.find((event) => event.version === consent?.version)
    // A consent of the past that a return took away: it stands in the events and is valid no more (INV-22).
    const voided = consent === undefined && events.some((event) => event.step === index && consented.has(event.verb))
    const open = standing.step === index && ['draft', 'returned', 'review'].includes(standing.state)
    const overruled = index > 0 && index < standing.step && consent === undefined
    const state = open
      ? 'open'
      : submitted || consent !== undefined
        ? 'done'
        : overruled
          ? 'skipped'
          : voided
            ? 'voided'
            : 'ahead'
    const finished = state === 'done' ? done : undefined
    out.push({
      index,
      desk,
      organisation: offices[0]?.name ?? '',
      state: state as 'done' | 'open' | 'ahead' | 'voided' | 'skipped',
      decidedBy: finished?.actorName ?? null,
      decidedAt: finished?.at ?? null,
      workingDays: null,
    })
  }
  return out
}
const consented: ReadonlySet<string> = new Set(['confirm', 'approve'])

function eventView(head: CaseHead, standing: Standing, event: CaseEvent) {
  const move = caseTables[head.kind].moves.find((each) => each.verb === event.verb)
  return {
    version: event.version,
    at: event.at,
    verb: event.verb,
    desk: standing.steps[event.step] ?? null,
    actorName: event.actorName,
    organisationName: event.actorOrgName,
    said: move?.said ?? verbText[event.verb] ?? { zh: event.verb, en: event.verb },
    reason: event.reason,
  }
}

async function partiesOf(tx: Tx, caseId: string) {
  return tx.rows<{
    organisationId: string
    name: string
    uscc: string | null
    part: 'filer' | 'supplier' | 'reviewer' | 'finance'
  }>(`SELECT org_id AS "organisationId", name, uscc, part FROM subsidy.case_party WHERE case_id = $1 ORDER BY part`, [
    caseId,
  ])
}

async function contractView(s: Subsidy, tx: Tx, head: CaseHead, contract: ContractFacts) {
  const scenes = head.ruleSha256 === null ? [] : (await pinnedProgramme(tx, head.ruleSha256)).scenes
  const supplierName =
    head.supplierName ?? (await s.ports.organisations.byUscc(contract.supplierUscc))?.name ?? contract.supplierUscc
  const amount = contract.lines.reduce((sum, line) => sum + BigInt(line.amountFen), 0n)
  return {
    ...contract,
    supplierName,
    amountFen: amount.toString(),
    sceneNames: Object.fromEntries(scenes.map(({ code, zh, en }) => [code, { zh, en }])),
    sha256: createHash('sha256')
      .update(canonicalJson(contract as Json))
      .digest('hex'),
  }
}

/** The account is the filer's and the payer's business: others see its last four digits. */
function redemptionView(head: CaseHead, actor: Actor) {
  const { redemption } = head.facts as { redemption: RedemptionFacts }
  const open = actor.orgId === head.filerOrg || actor.roles.includes('finance.officer')
  const { number } = redemption.bankAccount
  const masked = number.slice(-4).padStart(number.length, '*')
  return {
    ...redemption,
    voucherNo: head.voucherNo ?? '',
    bankAccount: { ...redemption.bankAccount, number: open ? number : masked },
  }
}

/** Amounts and coverage: live while somebody still decides, as the last decision kept them afterwards. */
async function moneyOf(
  s: Subsidy,
  tx: Tx,
  head: CaseHead,
  voucher: Voucher | undefined,
  decision: StoredDecision | undefined,
  now: number,
) {
  const nothing = { money: null, coverage: null, numbers: null }
  if (head.kind === 'application') {
    const face = (head.amountFen ?? 0n).toString()
    const money = {
      faceFen: face,
      supportedFen: null,
      paidByEnterpriseFen: null,
      ceilingFen: face,
      approvedFen: decision?.approvedFen?.toString() ?? null,
      boundBy: 'face' as const,
    }
    return { ...nothing, money: head.amountFen === null ? null : money }
  }
  if (head.kind !== 'redemption' || voucher === undefined) return nothing
  const programme = await pinnedProgramme(tx, voucher.ruleSha256)
  const { redemption } = head.facts as { redemption: RedemptionFacts }
  const paid = redemption.payments.reduce((sum, each) => sum + BigInt(each.amountFen), 0n)
  const live = head.state === 'draft' || head.state === 'returned' || head.state === 'review'
  let found: Pick<Ceiling, 'ceiling' | 'boundBy'> & { supported: bigint }
  let coverage: CoverageSnapshot | null
  let numbers: Ceiling['numbers'] | null = null
  if (live || decision === undefined) {
    const ceiling = await ceilingFor(s, head, voucher, programme, redemption, now)
    found = { ...ceiling, supported: ceiling.bounds.supported }
    coverage = ceiling.coverage
    numbers = ceiling.numbers
  } else {
    coverage = decision.coverage as CoverageSnapshot | null
    const supported = coverage === null ? voucher.faceFen : BigInt(coverage.supportedFen)
    found = {
      ...ceilingOf({ face: voucher.faceFen, supported, caps: head.amountFen ?? voucher.faceFen, paid }),
      supported,
    }
  }
  const money = {
    faceFen: voucher.faceFen.toString(),
    supportedFen: found.supported.toString(),
    paidByEnterpriseFen: paid.toString(),
    ceilingFen: found.ceiling.toString(),
    approvedFen: decision?.approvedFen?.toString() ?? null,
    boundBy: found.boundBy,
  }
  return { money, coverage, numbers }
}

/** Data of the printable case file: what the page shows, for whoever may see the page. */
export async function caseFile(s: Subsidy, tx: Tx, caseId: string, actor: Actor): Promise<CaseView> {
  const head = await s.cases.see(tx, caseId)
  return inside(tx, () => caseView(s, tx, head, actor))
}
