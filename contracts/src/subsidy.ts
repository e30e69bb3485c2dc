import { Type } from 'typebox'
import {
  bankAccount,
  caseReaders,
  certificationFacts,
  clause,
  contractFacts,
  contractLine,
  feeKind,
  redemptionFacts,
  sentence,
} from './case.ts'
import { emptyReply, pageOf, pageQuery, route } from './route.ts'
import { basisPoints, civilDay, fen, id, instant, name, nullable, regionCode, sha256, uscc } from './words.ts'

const oneOf = <const T extends readonly string[]>(words: T) =>
  Type.Unsafe<T[number]>(Type.Union(words.map((each) => Type.Literal(each))))

// ---- programme: rules as dated data, readable by everybody

const programmeWindow = Type.Object({
  kind: oneOf(['apply', 'redeem']),
  opensAt: instant,
  /** Last millisecond in which a submission is taken. */
  closesAt: instant,
  state: oneOf(['coming', 'open', 'closed']),
})
const standard = Type.Object({
  scene: Type.String(),
  sceneName: sentence,
  feeKind,
  feeKindName: sentence,
  ratioBp: basisPoints,
  perEnterpriseFen: fen,
  /** The value has no published source; it stands for an example. */
  sample: Type.Boolean(),
})
export const programmeRow = Type.Object({
  id: Type.String(),
  title: sentence,
  fiscalYear: Type.Integer(),
  sample: Type.Boolean(),
  applyOpen: Type.Boolean(),
  redeemOpen: Type.Boolean(),
  applyClosesAt: nullable(instant),
  redeemClosesAt: nullable(instant),
})
export const programme = Type.Object({
  ...programmeRow.properties,
  sha256,
  /** What it is, in plain words. */
  plain: Type.Array(sentence),
  basis: Type.Array(Type.Object({ document: Type.String(), clause: Type.String() })),
  effectiveFrom: civilDay,
  effectiveTo: civilDay,
  windows: Type.Array(programmeWindow),
  eligibility: Type.Array(
    Type.Object({ id: Type.String(), cite: Type.String(), text: sentence, sample: Type.Boolean() }),
  ),
  standards: Type.Array(standard),
  caps: Type.Array(
    Type.Object({ kind: oneOf(['supplier', 'enterprise', 'scene']), name: sentence, fen, sample: Type.Boolean() }),
  ),
  documents: Type.Array(
    Type.Object({ kind: oneOf(['certification', 'application', 'redemption']), role: Type.String(), text: sentence }),
  ),
  evidence: Type.Object({
    mode: oneOf(['paper', 'metered']),
    required: Type.Integer(),
    minMinutes: Type.Integer(),
    toleranceBp: basisPoints,
    minSignedBp: Type.Optional(basisPoints),
    text: sentence,
    sample: Type.Boolean(),
  }),
  minPaidBp: basisPoints,
  noticeWorkingDays: Type.Integer(),
  appealWorkingDays: Type.Integer(),
})
export const listProgrammes = route({
  id: 'subsidy.programme.list',
  method: 'GET',
  path: '/programmes',
  summary: 'Programmes with their windows.',
  who: ['public'],
  query: Type.Object(pageQuery),
  reply: pageOf(programmeRow),
})
const ofProgramme = Type.Object({ programmeId: Type.String({ maxLength: 60 }) })
export const getProgramme = route({
  id: 'subsidy.programme.get',
  method: 'GET',
  path: '/programmes/:programmeId',
  summary: 'A programme in plain words: windows, who may, how much, which papers, which clauses.',
  who: ['public'],
  params: ofProgramme,
  reply: programme,
})
export const publishProgramme = route({
  id: 'subsidy.programme.publish',
  method: 'POST',
  path: '/programmes',
  summary: 'Publish a rule set (YAML). Cases already submitted keep the rules that they are pinned to.',
  who: ['province.reviewer', 'platform.administrator'],
  body: Type.Object({ text: Type.String({ minLength: 1, maxLength: 200_000 }) }),
  reply: Type.Object({ id: Type.String(), sha256, tests: Type.Integer() }),
})
export const putHolidays = route({
  id: 'subsidy.calendar.put',
  method: 'PUT',
  path: '/calendar/:year',
  summary:
    'Enter the State Council table of a year: days off and weekend days that are worked; provisional deadlines are recomputed.',
  who: ['platform.administrator'],
  params: Type.Object({ year: Type.String({ pattern: '^20\\d{2}$' }) }),
  body: Type.Object({
    off: Type.Array(civilDay, { maxItems: 80, uniqueItems: true }),
    worked: Type.Array(civilDay, { maxItems: 40, uniqueItems: true }),
  }),
  reply: Type.Object({ recomputed: Type.Integer() }),
})
export const checkEligibility = route({
  id: 'subsidy.programme.check',
  method: 'POST',
  path: '/programmes/:programmeId/check',
  summary: 'Am I eligible, and for how much? Nothing is stored.',
  who: ['public'],
  params: ofProgramme,
  body: Type.Object({
    region: regionCode,
    industry: Type.String({ pattern: '^[A-T]\\d{2,4}$' }),
    registeredOn: civilDay,
    lastYearRevenueFen: fen,
    fiscalViolationOn: nullable(civilDay),
    contractSignedOn: civilDay,
    lines: Type.Array(Type.Object({ scene: contractLine.properties.scene, feeKind, amountFen: fen }), {
      minItems: 1,
      maxItems: 50,
    }),
  }),
  reply: Type.Object({
    eligible: Type.Boolean(),
    clauses: Type.Array(clause),
    lines: Type.Array(
      Type.Object({
        scene: Type.String(),
        feeKind,
        amountFen: fen,
        ratioBp: basisPoints,
        supportFen: fen,
        sample: Type.Boolean(),
      }),
    ),
    totalFen: fen,
    /** Name of the cap that made the total smaller than the sum of the lines; null when none did. */
    cappedBy: nullable(sentence),
    ruleSha256: sha256,
  }),
})

// ---- regions: which levels review is data

export const region = Type.Object({
  code: regionCode,
  name: Type.String(),
  nameEn: Type.String(),
  level: oneOf(['province', 'city', 'county']),
  /** A city has counties that review; without, that level is skipped. */
  hasCounties: Type.Boolean(),
})
export const listRegions = route({
  id: 'subsidy.region.list',
  method: 'GET',
  path: '/regions',
  summary: 'Regions of the province (GB/T 2260).',
  who: ['public'],
  query: Type.Object(pageQuery),
  reply: pageOf(region),
})
export const putRegions = route({
  id: 'subsidy.region.put',
  method: 'PUT',
  path: '/regions',
  summary: 'Enter or rename regions; a county needs its city, a city its province.',
  who: ['platform.administrator'],
  body: Type.Object({
    regions: Type.Array(Type.Object({ code: regionCode, name, nameEn: name }), { minItems: 1, maxItems: 500 }),
  }),
  reply: Type.Object({ regions: Type.Integer() }),
})

// ---- certification, application, redemption: what the filer writes; every act on them is `decideCase`

const made = Type.Object({ id, caseNo: Type.String(), version: Type.Integer() })
const ofCase = Type.Object({ caseId: id })
const expectedVersion = Type.Integer({ minimum: 0 })

export const createCertification = route({
  id: 'subsidy.certification.create',
  method: 'POST',
  path: '/certifications',
  summary: 'Draft the certification of the own enterprise; name and code come from its registration and are locked.',
  who: ['plant.manager'],
  body: certificationFacts,
  reply: made,
})
export const updateCertification = route({
  id: 'subsidy.certification.update',
  method: 'PUT',
  path: '/certifications/:caseId',
  summary: 'Change a certification that is a draft or was returned.',
  who: ['plant.manager'],
  params: ofCase,
  body: Type.Object({ ...certificationFacts.properties, expectedVersion }),
  reply: made,
})
export const createApplication = route({
  id: 'subsidy.application.create',
  method: 'POST',
  path: '/applications',
  summary: 'Draft an application for a voucher.',
  who: ['plant.manager'],
  body: Type.Object({ programmeId: Type.String({ maxLength: 60 }), contract: contractFacts }),
  reply: made,
})
export const updateApplication = route({
  id: 'subsidy.application.update',
  method: 'PUT',
  path: '/applications/:caseId',
  summary: 'Change an application that is a draft or was returned.',
  who: ['plant.manager'],
  params: ofCase,
  body: Type.Object({ contract: contractFacts, expectedVersion }),
  reply: made,
})
export const createRedemption = route({
  id: 'subsidy.redemption.create',
  method: 'POST',
  path: '/redemptions',
  summary: 'Draft the redemption of an own voucher; a voucher has at most one open redemption.',
  who: ['plant.manager'],
  body: Type.Object({ voucherNo: Type.String({ maxLength: 40 }), redemption: redemptionFacts }),
  reply: made,
})
export const updateRedemption = route({
  id: 'subsidy.redemption.update',
  method: 'PUT',
  path: '/redemptions/:caseId',
  summary: 'Change a redemption that is a draft or was returned.',
  who: ['plant.manager'],
  params: ofCase,
  body: Type.Object({ redemption: redemptionFacts, expectedVersion }),
  reply: made,
})

// ---- voucher

export const voucherStates = ['issued', 'locked', 'payable', 'settled', 'expired'] as const
export const voucher = Type.Object({
  no: Type.String(),
  programmeId: Type.String(),
  enterpriseName: Type.String(),
  supplierName: Type.String(),
  supplierUscc: Type.String(),
  region: Type.String(),
  faceFen: fen,
  /** The six parts of the face: issued + locked + payable + paid + returned = face. */
  issuedFen: fen,
  lockedFen: fen,
  payableFen: fen,
  paidFen: fen,
  returnedFen: fen,
  state: oneOf(voucherStates),
  issuedAt: instant,
  /** Last millisecond in which a redemption may be submitted. */
  validTo: instant,
  applicationId: id,
  /** Open or settled redemption. */
  redemptionId: nullable(id),
  /** The enterprise may draft a redemption now. */
  redeemable: Type.Boolean(),
})
export const listVouchers = route({
  id: 'subsidy.voucher.list',
  method: 'GET',
  path: '/vouchers',
  summary: 'Vouchers that I may see.',
  who: caseReaders,
  query: Type.Object({ ...pageQuery, state: Type.Optional(oneOf(voucherStates)) }),
  reply: pageOf(voucher),
})
export const getVoucher = route({
  id: 'subsidy.voucher.get',
  method: 'GET',
  path: '/vouchers/:voucherNo',
  summary: 'One voucher with its contract lines and every posting on it.',
  who: caseReaders,
  params: Type.Object({ voucherNo: Type.String({ maxLength: 40 }) }),
  reply: Type.Object({
    ...voucher.properties,
    lines: Type.Array(contractLine),
    machines: Type.Integer(),
    postings: Type.Array(
      Type.Object({ at: instant, cause: Type.String(), from: Type.String(), to: Type.String(), fen }),
    ),
  }),
})

// ---- public notice (公示)

export const notice = Type.Object({
  id,
  caseId: id,
  caseNo: Type.String(),
  programmeId: Type.String(),
  enterpriseName: Type.String(),
  supplierName: Type.String(),
  regionName: Type.String(),
  approvedFen: fen,
  opensAt: instant,
  /** End of the last full working day. */
  closesAt: instant,
  provisional: Type.Boolean(),
  state: oneOf(['open', 'stopped', 'closed', 'upheld']),
  openObjections: Type.Integer(),
})
export const listNotices = route({
  id: 'subsidy.notice.list',
  method: 'GET',
  path: '/notices',
  summary: 'Public notices of redemptions before payment; anybody may object.',
  who: ['public'],
  query: Type.Object({ ...pageQuery, state: Type.Optional(oneOf(['open', 'stopped', 'closed', 'upheld'])) }),
  reply: pageOf(notice),
})
const ofNotice = Type.Object({ noticeId: id })
export const createObjection = route({
  id: 'subsidy.notice.object',
  method: 'POST',
  path: '/notices/:noticeId/objections',
  summary: 'Object to a notice with name, contact and reason; payment stops until the province has answered.',
  who: ['public'],
  params: ofNotice,
  body: Type.Object({ objector: name, contact: name, reason: Type.String({ minLength: 10, maxLength: 2000 }) }),
  reply: Type.Object({ id, receivedAt: instant }),
})
export const objection = Type.Object({
  id,
  noticeId: id,
  caseId: id,
  caseNo: Type.String(),
  enterpriseName: Type.String(),
  objector: Type.String(),
  contact: Type.String(),
  reason: Type.String(),
  receivedAt: instant,
  state: oneOf(['open', 'upheld', 'dismissed']),
  answer: nullable(Type.String()),
  answeredAt: nullable(instant),
})
export const listObjections = route({
  id: 'subsidy.notice.objections',
  method: 'GET',
  path: '/objections',
  summary: 'Objections to notices of the own region, open ones first.',
  who: ['province.reviewer', 'city.reviewer'],
  query: Type.Object({ ...pageQuery, state: Type.Optional(oneOf(['open', 'upheld', 'dismissed'])) }),
  reply: pageOf(objection),
})
export const answerObjection = route({
  id: 'subsidy.notice.answer',
  method: 'POST',
  path: '/objections/:objectionId/answer',
  summary: 'Uphold an objection (the case goes back to review) or dismiss it, with reasons.',
  who: ['province.reviewer'],
  params: Type.Object({ objectionId: id }),
  body: Type.Object({ upheld: Type.Boolean(), answer: Type.String({ minLength: 5, maxLength: 2000 }) }),
  reply: objection,
})

// ---- finance: appropriation, allocation, batches, receipts, trial balance

const finance = ['finance.officer'] as const
const budget = ['finance.officer', 'province.reviewer'] as const
const documentNo = Type.String({ minLength: 1, maxLength: 80 })
const programmeId = Type.String({ minLength: 1, maxLength: 60 })
const positiveFen = Type.String({
  pattern: '^[1-9]\\d{0,17}$',
  description: 'positive amount in fen as a decimal string',
})
const posted = Type.Object({ postingId: Type.String(), provinceAvailableFen: fen })

export const appropriate = route({
  id: 'subsidy.budget.appropriate',
  method: 'POST',
  path: '/finance/appropriations',
  summary: 'Enter an appropriation of the budget: treasury → province.',
  who: finance,
  body: Type.Object({ programmeId, amountFen: positiveFen, documentNo }),
  reply: posted,
})
export const allocate = route({
  id: 'subsidy.budget.allocate',
  method: 'POST',
  path: '/finance/allocations',
  summary: 'Allocate quota to a city, or recall what the city has not issued.',
  who: budget,
  body: Type.Object({
    programmeId,
    city: regionCode,
    direction: oneOf(['allocate', 'recall']),
    amountFen: positiveFen,
    documentNo,
  }),
  reply: posted,
})
export const quotaRow = Type.Object({
  city: Type.String(),
  cityName: Type.String(),
  allocatedFen: fen,
  availableFen: fen,
  issuedFen: fen,
  lockedFen: fen,
  payableFen: fen,
  paidFen: fen,
  /** (allocated − available) / allocated. */
  takeUpBp: Type.Integer(),
  applications: Type.Integer(),
  vouchers: Type.Integer(),
  waiting: Type.Integer(),
})
export const getTrialBalance = route({
  id: 'subsidy.ledger.trial-balance',
  method: 'GET',
  path: '/finance/trial-balance',
  summary: 'Trial balance of the money ledger of a programme; the sum is zero.',
  who: budget,
  query: Type.Object({ programmeId }),
  reply: Type.Object({
    asOf: instant,
    accounts: Type.Array(
      Type.Object({
        name: Type.String(),
        label: sentence,
        debitFen: fen,
        creditFen: fen,
        balanceFen: fen,
        accounts: Type.Integer(),
      }),
    ),
    sumFen: fen,
    postings: Type.Integer(),
  }),
})
export const listPostings = route({
  id: 'subsidy.ledger.postings',
  method: 'GET',
  path: '/finance/postings',
  summary: 'Postings of a programme, newest first.',
  who: budget,
  query: Type.Object({ ...pageQuery, programmeId: Type.Optional(programmeId) }),
  reply: pageOf(
    Type.Object({
      id: Type.String(),
      at: instant,
      cause: Type.String(),
      reference: Type.String(),
      from: Type.String(),
      to: Type.String(),
      fen,
    }),
  ),
})

export const payable = Type.Object({
  caseId: id,
  caseNo: Type.String(),
  voucherNo: Type.String(),
  programmeId,
  enterpriseName: Type.String(),
  regionName: Type.String(),
  approvedFen: fen,
  payableSince: instant,
  bankAccount,
})
export const listPayables = route({
  id: 'subsidy.batch.payables',
  method: 'GET',
  path: '/finance/payables',
  summary: 'Redemptions whose notice has run without open objection and which are in no batch.',
  who: finance,
  query: Type.Object(pageQuery),
  reply: pageOf(payable),
})
const batchLine = Type.Object({
  line: Type.Integer(),
  caseId: id,
  caseNo: Type.String(),
  voucherNo: Type.String(),
  enterpriseName: Type.String(),
  amountFen: fen,
  bankAccount,
  state: oneOf(['waiting', 'paid', 'failed']),
  receiptId: nullable(Type.String()),
  answeredAt: nullable(instant),
  failure: nullable(Type.String()),
})
export const batch = Type.Object({
  id,
  batchNo: Type.String(),
  programmeId,
  createdAt: instant,
  createdBy: Type.String(),
  lines: Type.Integer(),
  totalFen: fen,
  paidFen: fen,
  waiting: Type.Integer(),
  failed: Type.Integer(),
  state: oneOf(['open', 'closed']),
})
export const listBatches = route({
  id: 'subsidy.batch.list',
  method: 'GET',
  path: '/finance/batches',
  summary: 'Payment batches.',
  who: finance,
  query: Type.Object(pageQuery),
  reply: pageOf(batch),
})
export const createBatch = route({
  id: 'subsidy.batch.create',
  method: 'POST',
  path: '/finance/batches',
  summary: 'Put payable redemptions of a programme into a batch; without a list all of them, at most 500.',
  who: finance,
  body: Type.Object({
    programmeId,
    caseIds: Type.Optional(Type.Array(id, { minItems: 1, maxItems: 500, uniqueItems: true })),
  }),
  reply: batch,
})
const ofBatch = Type.Object({ batchId: id })
export const getBatch = route({
  id: 'subsidy.batch.get',
  method: 'GET',
  path: '/finance/batches/:batchId',
  summary: 'A batch with its lines.',
  who: finance,
  params: ofBatch,
  reply: Type.Object({ ...batch.properties, rows: Type.Array(batchLine) }),
})
export const exportBatch = route({
  id: 'subsidy.batch.export',
  method: 'GET',
  path: '/finance/batches/:batchId/export',
  summary: 'The batch as CSV for the bank; cells that a spreadsheet would run are made text.',
  who: finance,
  params: ofBatch,
  replyKind: 'file',
  reply: Type.Unknown(),
})
export const fileReceipt = route({
  id: 'subsidy.batch.receipt',
  method: 'POST',
  path: '/finance/batches/:batchId/receipts',
  summary: "Enter the bank's answer for one line; the receipt's id makes a repetition harmless.",
  who: finance,
  params: ofBatch,
  body: Type.Object({
    line: Type.Integer({ minimum: 1, maximum: 500 }),
    receiptId: Type.String({ minLength: 1, maxLength: 80 }),
    outcome: oneOf(['paid', 'failed']),
    reason: Type.Optional(Type.String({ maxLength: 500 })),
  }),
  reply: batchLine,
})

// ---- suppliers as the voucher sees them: cap, suspension

export const supplierCap = Type.Object({
  programmeId: Type.String(),
  supplierUscc: Type.String(),
  supplierName: Type.String(),
  capFen: fen,
  reservedFen: fen,
  leftFen: fen,
  suspended: Type.Boolean(),
  suspendedReason: nullable(Type.String()),
})
export const listSupplierCaps = route({
  id: 'subsidy.cap.list',
  method: 'GET',
  path: '/supplier-caps',
  summary: 'Caps of suppliers and what is left of them; a supplier sees its own.',
  who: ['supplier.manager', 'city.reviewer', 'province.reviewer', 'finance.officer'],
  query: Type.Object({ ...pageQuery, programmeId: Type.Optional(programmeId) }),
  reply: pageOf(supplierCap),
})
export const setSupplierCap = route({
  id: 'subsidy.cap.set',
  method: 'POST',
  path: '/supplier-caps',
  summary: 'Set the cap of a supplier in a programme, not below what is already reserved.',
  who: ['province.reviewer'],
  body: Type.Object({
    programmeId,
    supplierUscc: uscc,
    capFen: fen,
    reason: Type.String({ minLength: 2, maxLength: 500 }),
  }),
  reply: supplierCap,
})
export const suspendSupplier = route({
  id: 'subsidy.supplier.suspend',
  method: 'POST',
  path: '/suppliers/:supplierUscc/suspension',
  summary: 'Suspend a supplier, or lift it: no voucher is issued for a suspended supplier.',
  who: ['province.reviewer'],
  params: Type.Object({ supplierUscc: uscc }),
  body: Type.Object({ suspended: Type.Boolean(), reason: Type.String({ minLength: 2, maxLength: 500 }) }),
  reply: emptyReply,
})
export const listCustomers = route({
  id: 'subsidy.supplier.customers',
  method: 'GET',
  path: '/supplier/customers',
  summary:
    'Enterprises with a voucher on a contract of the own supplier, and the days of use of the last 30 sealed days.',
  who: ['supplier.manager'],
  query: Type.Object(pageQuery),
  reply: pageOf(
    Type.Object({
      enterpriseId: id,
      enterpriseName: Type.String(),
      voucherNo: Type.String(),
      contractNo: Type.String(),
      faceFen: fen,
      machines: Type.Integer(),
      /** Machine-days with enough minutes in the last 30 days, of machines × 30. */
      coveredDays: Type.Integer(),
      possibleDays: Type.Integer(),
    }),
  ),
})
