import { getCasePdf } from '@kapok/contracts/case'
import { formatYuan } from '@kapok/kit/money'
import type { Kit } from '@kapok/kit-store/kit'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import type { CaseView } from '@kapok/subsidy'
import type { Planes } from '../planes.ts'
import { dayWords, deskWords, feeWords, kindWords, partWords, stateWords, stepWords, words } from './case-pdf.words.ts'
import { Sheet } from './sheet.ts'

/** The printable case file: what the case page shows to whoever may see it, as a PDF. */
export function casePdfRoutes(kit: Kit, { caseFileOf }: Pick<Planes, 'caseFileOf'>): RouteHandler[] {
  return [
    handle(getCasePdf, async ({ tx, params, actor, language }) => {
      const view = await caseFileOf(tx, params.caseId, actor)
      const bytes = await printCase(view, language, kit.clock.now())
      return { bytes, mediaType: 'application/pdf', fileName: `${view.caseNo}.pdf` }
    }),
  ]
}

/** Bound of the ceiling → the word of its figure. */
const boundWords = { face: 'face', supported: 'supported', caps: 'caps', paid: 'paidByEnterprise' } as const

/** Renders a case; `nowMs` is printed at the foot of every page. */
export async function printCase(view: CaseView, language: 'zh' | 'en', nowMs: number): Promise<Uint8Array> {
  const say = (pair: readonly [string, string]) => pair[language === 'zh' ? 0 : 1]
  const w = (key: keyof typeof words) => say(words[key])
  const kind = say(kindWords[view.kind])
  const sheet = new Sheet({
    title: `${w('file')} ${view.caseNo}`,
    atMs: nowMs,
    lang: language === 'zh' ? 'zh-CN' : 'en',
  })
  sheet.title(`${kind} · ${w('file')}`, `${w('no')} ${view.caseNo} · ${say(stateWords[view.state])}`)
  sheet.heading(w('facts'))
  sheet.facts([
    [w('no'), view.caseNo],
    [w('state'), say(stateWords[view.state])],
    [w('filer'), view.filerName],
    [w('region'), `${view.regionName} ${view.region}`],
    [w('supplier'), view.supplierName],
    [w('programme'), view.programmeId],
    [w('submitted'), view.submittedAt === null ? null : instant(view.submittedAt)],
    [w('desk'), view.desk === null ? null : `${say(deskWords[view.desk])} ${view.deskOrganisation ?? ''}`],
    [w('due'), view.due === null ? null : instant(view.due)],
    [w('voucher'), view.voucherNo],
  ])
  if (view.parties.length > 0) {
    sheet.heading(w('parties'))
    sheet.table(
      [
        { title: w('part'), share: 2, cell: (row) => say(partWords[row.part]) },
        { title: w('name'), share: 5, cell: (row) => row.name },
        { title: w('uscc'), share: 4, cell: (row) => row.uscc ?? '' },
      ],
      view.parties,
    )
  }
  printPapers(sheet, view, w, say, language)
  printEvidence(sheet, view, w, say)
  printDecision(sheet, view, w, language)
  printCourse(sheet, view, w, say, language)
  return sheet.bytes(
    (page, pages) =>
      `Kapok 木棉 · ${view.caseNo} · ${w('version')} ${view.version} · ${w('printed')} ${instant(nowMs)} · ${page} / ${pages}`,
  )
}

type W = (key: keyof typeof words) => string
type Say = (pair: readonly [string, string]) => string

/** What the filer states: enterprise, contract, invoices and payments. */
function printPapers(
  sheet: Sheet,
  { certification, contract, redemption }: CaseView,
  w: W,
  say: Say,
  language: 'zh' | 'en',
): void {
  if (certification !== null) {
    sheet.heading(w('certification'))
    sheet.facts([
      [w('uscc'), certification.uscc],
      [w('industry'), certification.industry],
      [w('registered'), certification.registeredOn],
      [w('revenue'), yuan(certification.lastYearRevenueFen)],
      [w('violation'), certification.fiscalViolationOn ?? w('none')],
      [w('contact'), certification.contactName],
      [w('phone'), certification.contactPhone],
    ])
  }
  if (contract !== null) {
    sheet.heading(w('contract'))
    sheet.facts([
      [w('contractNo'), contract.no],
      [w('signed'), contract.signedOn],
      [w('supplier'), contract.supplierName],
      [w('machines'), String(contract.machines)],
    ])
    sheet.table(
      [
        { title: w('scene'), share: 4, cell: (row) => contract.sceneNames[row.scene]?.[language] ?? row.scene },
        { title: w('fee'), share: 3, cell: (row) => (row.feeKind === undefined ? '' : say(feeWords[row.feeKind])) },
        { title: w('product'), share: 5, cell: (row) => row.product },
        { title: w('amount'), share: 3, align: 'right', cell: (row) => yuan(row.amountFen) },
      ],
      [...contract.lines, { scene: w('total'), feeKind: undefined, product: '', amountFen: contract.amountFen }],
    )
    sheet.paragraph(`${w('hash')}  ${contract.sha256}`, 'faint')
  }
  if (redemption === null) return
  sheet.heading(w('redemption'))
  const { bankAccount, acceptance } = redemption
  sheet.facts([
    [w('voucher'), redemption.voucherNo],
    [w('period'), `${redemption.fromDay} – ${redemption.toDay}`],
    [w('account'), `${bankAccount.holder}　${bankAccount.bank}　${bankAccount.number}`],
    [w('accepted'), acceptance.acceptedOn],
  ])
  sheet.paragraph(`${w('delivered')}: ${acceptance.delivered}`)
  sheet.table(
    [
      { title: w('product'), share: 8, cell: (row) => contract?.lines[row.index]?.product ?? String(row.index + 1) },
      { title: w('claimed'), share: 3, align: 'right', cell: (row) => yuan(row.amountFen) },
    ],
    redemption.lines,
  )
  sheet.table(
    [
      { title: w('invoice'), share: 6, cell: (row) => `${row.code ?? ''} ${row.number}`.trim() },
      { title: w('issuedOn'), share: 3, cell: (row) => row.issuedOn },
      { title: w('gross'), share: 3, align: 'right', cell: (row) => yuan(row.grossFen) },
      { title: w('allocated'), share: 3, align: 'right', cell: (row) => yuan(row.allocatedFen) },
    ],
    redemption.invoices,
  )
  sheet.table(
    [
      { title: w('reference'), share: 6, cell: (row) => row.reference },
      { title: w('paidOn'), share: 3, cell: (row) => row.paidOn },
      { title: w('amount'), share: 3, align: 'right', cell: (row) => yuan(row.amountFen) },
    ],
    redemption.payments,
  )
}

function printEvidence(sheet: Sheet, { coverage }: CaseView, w: W, say: Say): void {
  if (coverage === null) return
  sheet.heading(w('evidence'))
  sheet.facts([
    [w('coveredDays'), `${coverage.covered} / ${coverage.required}`],
    [w('machines'), String(coverage.machines)],
    [w('perMachine'), String(coverage.requiredPerMachine)],
    [w('minMinutes'), String(coverage.minMinutes)],
    [w('tolerance'), `${coverage.toleranceBp / 100} %`],
    [w('identical'), String(coverage.identicalDays)],
    [w('disagreeing'), String(coverage.disagreeingDays)],
    ...(coverage.minSignedBp === undefined
      ? []
      : ([
          [w('minSigned'), `${coverage.minSignedBp / 100} %`],
          [w('unsigned'), String(coverage.unsignedDays ?? 0)],
        ] as const)),
    [w('eligible'), yuan(coverage.eligibleFen)],
    [w('supported'), yuan(coverage.supportedFen)],
    [w('asOf'), instant(coverage.asOf)],
  ])
  const states = Object.keys(dayWords) as (keyof typeof dayWords)[]
  const byDevice = Map.groupBy(coverage.days, (day) => day.deviceId)
  sheet.table(
    [
      { title: w('device'), share: 5, cell: (days) => days[0]?.deviceName ?? '' },
      ...states.map((state) => ({
        title: say(dayWords[state]),
        share: 2,
        align: 'right' as const,
        cell: (days: typeof coverage.days) => String(days.filter((day) => day.state === state).length),
      })),
    ],
    [...byDevice.values()],
  )
}

function printDecision(sheet: Sheet, { money, decision }: CaseView, w: W, language: 'zh' | 'en'): void {
  if (money !== null) {
    sheet.heading(w('money'))
    sheet.facts([
      [w('face'), yuan(money.faceFen)],
      [w('supported'), money.supportedFen === null ? null : yuan(money.supportedFen)],
      [w('paidByEnterprise'), money.paidByEnterpriseFen === null ? null : yuan(money.paidByEnterpriseFen)],
      [w('ceiling'), yuan(money.ceilingFen)],
      [w('boundBy'), w(boundWords[money.boundBy])],
      [w('approved'), money.approvedFen === null ? null : yuan(money.approvedFen)],
    ])
  }
  if (decision === null) return
  sheet.heading(w('decision'))
  sheet.facts([[w('rule'), decision.ruleId]])
  sheet.paragraph(`${w('ruleHash')}  ${decision.ruleSha256}`, 'faint')
  sheet.paragraph(`${w('factsHash')}  ${decision.factsSha256}`, 'faint')
  if (decision.clauses.length > 0)
    sheet.table(
      [
        { title: w('clause'), share: 7, cell: (row) => row.text[language] },
        { title: w('cite'), share: 5, cell: (row) => `${row.cite}${row.sample ? ` (${w('sample')})` : ''}` },
        { title: w('held'), share: 2, cell: (row) => w(row.passed ? 'yes' : 'no_') },
      ],
      decision.clauses,
    )
  if (decision.numbers.length > 0)
    sheet.table(
      [
        { title: w('number'), share: 8, cell: (row) => row.label[language] },
        { title: w('value'), share: 4, align: 'right', cell: (row) => `${row.value} ${row.unit[language]}`.trim() },
      ],
      decision.numbers,
    )
}

/** Documents, steps and everything that happened, in its order. */
function printCourse(sheet: Sheet, view: CaseView, w: W, say: Say, language: 'zh' | 'en'): void {
  if (view.files.length > 0) {
    sheet.heading(w('files'))
    sheet.table(
      [
        { title: w('role'), share: 2, cell: (row) => roleText(view, row.role, language) },
        { title: w('name'), share: 4, cell: (row) => row.name },
        { title: w('bytes'), share: 2, align: 'right', cell: (row) => String(row.bytes) },
        { title: 'SHA-256', share: 6, cell: (row) => row.sha256 },
      ],
      view.files,
    )
  }
  sheet.heading(w('steps'))
  sheet.table(
    [
      { title: w('steps'), share: 3, cell: (row) => say(deskWords[row.desk]) },
      { title: w('organisation'), share: 4, cell: (row) => row.organisation },
      { title: w('state'), share: 2, cell: (row) => say(stepWords[row.state]) },
      { title: w('by'), share: 3, cell: (row) => row.decidedBy ?? '' },
      { title: w('at'), share: 4, cell: (row) => (row.decidedAt === null ? '' : instant(row.decidedAt)) },
    ],
    view.steps,
  )
  sheet.heading(w('timeline'))
  for (const { at, actorName, organisationName, said, reason } of view.timeline) {
    sheet.paragraph(`${instant(at)}　${said[language]}　${organisationName} ${actorName}`)
    if (reason !== null) sheet.paragraph(`　　${w('reason')}${reason}`, 'faint')
  }
}

function roleText(view: CaseView, role: string, language: 'zh' | 'en'): string {
  return view.documents.find((each) => each.role === role)?.text[language] ?? role
}

const yuan = (fen: string) => formatYuan(BigInt(fen))

/** `2027-04-16 10:00` in Asia/Shanghai. */
function instant(atMs: number): string {
  return new Date(atMs + 8 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ')
}
