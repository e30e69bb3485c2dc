import { Type } from 'typebox'
import { gatewayFacts } from './evidence.ts'
import { emptyReply, pageOf, pageQuery, route } from './route.ts'
import { basisPoints, civilDay, fen, id, instant, name, nullable, regionCode, sha256, uscc } from './words.ts'

const oneOf = <const T extends readonly string[]>(words: T) =>
  Type.Unsafe<T[number]>(Type.Union(words.map((each) => Type.Literal(each))))

/** Kinds of case (办件) that run on the one case kernel. */
export const caseKinds = ['certification', 'application', 'redemption'] as const
export type CaseKind = (typeof caseKinds)[number]
export const caseKind = oneOf(caseKinds)

/**
 * States, derived from the events and never set: `draft` 草稿 · `review` 审核中 (at `step`) · `returned` 退回补正 ·
 * `approved` 同意 · `passed` 认证通过 · `waiting` 待发券 (quota or cap exhausted) · `issued` 已发券 · `noticed` 公示中 ·
 * `payable` 待支付 · `paying` 支付中 · `paid` 已支付 · `rejected` 驳回 · `withdrawn` 撤回.
 */
export const caseStates = [
  'draft',
  'review',
  'returned',
  'approved',
  'passed',
  'waiting',
  'issued',
  'noticed',
  'payable',
  'paying',
  'paid',
  'rejected',
  'withdrawn',
] as const
export type CaseState = (typeof caseStates)[number]
export const caseState = oneOf(caseStates)

/** Steps in the order of the arrow; `filer` is step 0. A region without counties has no `county` step. */
export const caseDesks = ['filer', 'supplier', 'county', 'city', 'province', 'finance'] as const
export type CaseDesk = (typeof caseDesks)[number]
export const caseDesk = oneOf(caseDesks)

/**
 * Verbs: `submit` 提交 · `confirm` 供应商确认 · `approve` 同意 · `return` 退回 (to any earlier step) · `reject` 驳回 ·
 * `withdraw` 撤回 · `appeal` 申诉 · `urge` 催办.
 */
export const caseVerbs = ['submit', 'confirm', 'approve', 'return', 'reject', 'withdraw', 'appeal', 'urge'] as const
export type CaseVerb = (typeof caseVerbs)[number]
export const caseVerb = oneOf(caseVerbs)

/** A sentence in both languages; the Chinese is authoritative. */
export const sentence = Type.Object({ zh: Type.String(), en: Type.String() })

/** One row of a queue. */
export const caseRow = Type.Object({
  id,
  /** Region (6 digits) + day + serial + check digit. */
  caseNo: Type.String(),
  kind: caseKind,
  state: caseState,
  filerName: Type.String(),
  supplierName: nullable(Type.String()),
  /** Null for a certification, which serves every programme. */
  programmeId: nullable(Type.String()),
  region: Type.String(),
  regionName: Type.String(),
  /** Whose desk it is on; null when nobody has to act. */
  desk: nullable(caseDesk),
  deskOrganisation: nullable(Type.String()),
  since: instant,
  /** End of the last working day for this step; null when no clock runs. */
  due: nullable(instant),
  /** The holiday table does not know that year: weekends only were counted. */
  dueProvisional: Type.Boolean(),
  overdue: Type.Boolean(),
  /** Amount asked for; null for a certification. */
  amountFen: nullable(fen),
  /** I may do something to it now. */
  mine: Type.Boolean(),
  submittedAt: nullable(instant),
})

export const caseStep = Type.Object({
  index: Type.Integer(),
  desk: caseDesk,
  /** Organisation type or name that decides here. */
  organisation: Type.String(),
  /** `open` is the one it is on now. */
  state: oneOf(['done', 'open', 'ahead', 'voided', 'skipped']),
  decidedBy: nullable(Type.String()),
  decidedAt: nullable(instant),
  workingDays: nullable(Type.Integer()),
})

export const caseEvent = Type.Object({
  version: Type.Integer(),
  at: instant,
  verb: Type.String(),
  desk: nullable(caseDesk),
  actorName: Type.String(),
  organisationName: Type.String(),
  /** What happened, as a sentence. */
  said: sentence,
  reason: nullable(Type.String()),
})

/** One clause of a rule set and whether it held. */
export const clause = Type.Object({
  id: Type.String(),
  /** The clause of the policy that it comes from. */
  cite: Type.String(),
  text: sentence,
  passed: Type.Boolean(),
  sample: Type.Boolean(),
})

/** What a decision stood on: the rule set, the facts and the clauses that fired. */
export const decisionTrace = Type.Object({
  ruleId: Type.String(),
  ruleSha256: sha256,
  factsSha256: sha256,
  clauses: Type.Array(clause),
  /** Numbers of the computation in order, e.g. eligible, ratio, face, covered, required, supported. */
  numbers: Type.Array(Type.Object({ name: Type.String(), label: sentence, value: Type.String(), unit: sentence })),
})

export const caseFile = Type.Object({
  id,
  role: Type.String(),
  name: Type.String(),
  mediaType: Type.String(),
  bytes: Type.Integer(),
  sha256,
  uploadedAt: instant,
  uploadedBy: Type.String(),
})

export const caseParty = Type.Object({
  organisationId: id,
  name: Type.String(),
  uscc: nullable(Type.String()),
  part: oneOf(['filer', 'supplier', 'reviewer', 'finance']),
})

/** Kinds of fee that a voucher covers (应用服务费, 设备接入费, 网络改造费). */
export const feeKinds = ['application-service', 'device-access', 'network-upgrade'] as const
export const feeKind = oneOf(feeKinds)

export const contractLine = Type.Object({
  scene: Type.String({ minLength: 1, maxLength: 60 }),
  feeKind,
  product: name,
  amountFen: fen,
})
export const contractFacts = Type.Object({
  no: Type.String({ minLength: 1, maxLength: 60 }),
  signedOn: civilDay,
  supplierUscc: uscc,
  lines: Type.Array(contractLine, { minItems: 1, maxItems: 50 }),
  /** Machines that the contract connects; metered programmes divide by at least this many. */
  machines: Type.Integer({ minimum: 0, maximum: 10_000 }),
})

/** 企业认证: what the enterprise states about itself. */
export const certificationFacts = Type.Object({
  /** Decides which office reviews; a city without counties is named by its own code. */
  region: regionCode,
  /** GB/T 4754: letter and digits, e.g. `C2929`. */
  industry: Type.String({ pattern: '^[A-T]\\d{2,4}$' }),
  registeredOn: civilDay,
  lastYearRevenueFen: fen,
  /** Day of the last serious fiscal violation; null when there was none. */
  fiscalViolationOn: nullable(civilDay),
  contactName: name,
  contactPhone: Type.String({ pattern: '^[0-9+ -]{5,20}$' }),
  promised: Type.Boolean(),
})

/** An invoice: 20 digits (数电票), or code (10 or 12 digits) and number (8 digits). */
export const invoice = Type.Object({
  code: nullable(Type.String({ pattern: '^\\d{10}(\\d{2})?$' })),
  number: Type.String({ pattern: '^(\\d{8}|\\d{20})$' }),
  issuedOn: civilDay,
  sellerUscc: uscc,
  buyerUscc: uscc,
  grossFen: fen,
  /** How much of it this redemption uses, at most the gross amount. */
  allocatedFen: fen,
})
export const payment = Type.Object({
  paidOn: civilDay,
  amountFen: fen,
  reference: Type.String({ minLength: 1, maxLength: 60 }),
})
export const acceptance = Type.Object({
  acceptedOn: civilDay,
  delivered: Type.String({ minLength: 1, maxLength: 2000 }),
})
export const bankAccount = Type.Object({
  holder: name,
  bank: name,
  number: Type.String({ pattern: '^\\d{8,30}$' }),
})
export const redemptionFacts = Type.Object({
  invoices: Type.Array(invoice, { minItems: 1, maxItems: 100 }),
  payments: Type.Array(payment, { minItems: 1, maxItems: 100 }),
  acceptance,
  /** Amount claimed on each contract line, by its index, at most the line's amount. */
  lines: Type.Array(Type.Object({ index: Type.Integer({ minimum: 0, maximum: 49 }), amountFen: fen }), {
    minItems: 1,
    maxItems: 50,
  }),
  deviceIds: Type.Array(id, { maxItems: 1000, uniqueItems: true }),
  fromDay: civilDay,
  toDay: civilDay,
  bankAccount,
})

/** One device and day of the claimed use, as the programme's rule counts it. */
export const claimedDay = Type.Object({
  deviceId: id,
  deviceName: Type.String(),
  day: civilDay,
  state: oneOf(['covered', 'partial', 'gap', 'disputed', 'open']),
  sealed: Type.Boolean(),
  minutes: Type.Integer(),
  points: Type.Integer(),
  /** Names of the devices with the identical day. */
  identicalTo: Type.Array(Type.String()),
  secondSourceMinutes: nullable(Type.Integer()),
  orgMinutes: Type.Integer(),
  /** As on the evidence strip; not in decisions from before these were counted. */
  signedBp: Type.Optional(nullable(basisPoints)),
  gateways: Type.Optional(gatewayFacts),
  /** Why the day does not count; empty when it does. */
  why: nullable(sentence),
})
export const coverage = Type.Object({
  asOf: instant,
  /** The rule's numbers. */
  minMinutes: Type.Integer(),
  toleranceBp: Type.Integer(),
  minSignedBp: Type.Optional(basisPoints),
  requiredPerMachine: Type.Integer(),
  machines: Type.Integer(),
  /** Machine-days that count, at most `requiredPerMachine` a machine. */
  covered: Type.Integer(),
  required: Type.Integer(),
  identicalDays: Type.Integer(),
  disagreeingDays: Type.Integer(),
  unsignedDays: Type.Optional(Type.Integer()),
  eligibleFen: fen,
  supportedFen: fen,
  days: Type.Array(claimedDay),
})

/** Everything about one case on one page; what the reader may not see is null or left out. */
export const caseView = Type.Object({
  ...caseRow.properties,
  version: Type.Integer(),
  steps: Type.Array(caseStep),
  timeline: Type.Array(caseEvent),
  parties: Type.Array(caseParty),
  /** What I may do now, with the steps that a return may go to. */
  verbs: Type.Array(
    Type.Object({
      verb: caseVerb,
      reasonRequired: Type.Boolean(),
      toSteps: Type.Array(Type.Object({ index: Type.Integer(), desk: caseDesk })),
    }),
  ),
  /** Clause or sentence that explains the last return or rejection, and until when it may be appealed. */
  lastReason: nullable(Type.String()),
  appealUntil: nullable(instant),
  certification: nullable(Type.Object({ uscc: Type.String(), ...certificationFacts.properties })),
  contract: nullable(
    Type.Object({
      ...contractFacts.properties,
      supplierName: Type.String(),
      amountFen: fen,
      sha256,
      /** Names of the scenes in the rule set that the case is pinned to. */
      sceneNames: Type.Record(Type.String(), sentence),
    }),
  ),
  redemption: nullable(
    Type.Object({
      ...redemptionFacts.properties,
      /** For others than the filer and finance all but the last four digits are `*`. */
      bankAccount: Type.Object({ ...bankAccount.properties, number: Type.String() }),
      voucherNo: Type.String(),
    }),
  ),
  voucherNo: nullable(Type.String()),
  /** Documents that the programme asks for in this case, and whether they are there. */
  documents: Type.Array(Type.Object({ role: Type.String(), text: sentence, present: Type.Boolean() })),
  files: Type.Array(caseFile),
  coverage: nullable(coverage),
  /** Face, ceiling and approved amounts; the approver may not exceed `ceilingFen`. */
  money: nullable(
    Type.Object({
      faceFen: fen,
      supportedFen: nullable(fen),
      paidByEnterpriseFen: nullable(fen),
      ceilingFen: fen,
      approvedFen: nullable(fen),
      /** Name of the bound that made the ceiling: face, supported, caps or paid. */
      boundBy: oneOf(['face', 'supported', 'caps', 'paid']),
    }),
  ),
  decision: nullable(decisionTrace),
})

/** Everybody who can be a party of a case or decide in one. */
export const caseReaders = [
  'plant.manager',
  'supplier.manager',
  'county.reviewer',
  'city.reviewer',
  'province.reviewer',
  'finance.officer',
] as const

export const listCases = route({
  id: 'subsidy.case.list',
  method: 'GET',
  path: '/cases',
  summary: 'Cases that I may see, nearest deadline first; `desk=mine` keeps those that wait for me.',
  who: caseReaders,
  query: Type.Object({
    ...pageQuery,
    desk: Type.Optional(oneOf(['mine', 'all'])),
    kind: Type.Optional(caseKind),
    state: Type.Optional(caseState),
    region: Type.Optional(regionCode),
  }),
  reply: pageOf(caseRow),
})
const ofCase = Type.Object({ caseId: id })
export const getCase = route({
  id: 'subsidy.case.get',
  method: 'GET',
  path: '/cases/:caseId',
  summary: 'One case on one page: paper facts, files, evidence with its numbers, decision trace, timeline.',
  who: caseReaders,
  params: ofCase,
  reply: caseView,
})
export const getCasePdf = route({
  id: 'subsidy.case.pdf',
  method: 'GET',
  path: '/cases/:caseId/pdf',
  summary: 'The case file as a PDF to print or keep: what the case page shows, in the language asked for.',
  who: caseReaders,
  params: ofCase,
  replyKind: 'file',
  reply: Type.Unknown(),
})
export const decideCase = route({
  id: 'subsidy.case.decide',
  method: 'POST',
  path: '/cases/:caseId/decisions',
  summary: 'One act on a case: submit, confirm, approve, return, reject, withdraw, appeal, urge.',
  who: caseReaders,
  params: ofCase,
  body: Type.Object({
    verb: caseVerb,
    /** Version that I read; another one is refused with `version.stale`. */
    expectedVersion: Type.Integer({ minimum: 0 }),
    /** For `return`: index of an earlier step, 0 is the filer. */
    toStep: Type.Optional(Type.Integer({ minimum: 0, maximum: 10 })),
    reason: Type.Optional(Type.String({ minLength: 1, maxLength: 2000 })),
    /** For `approve` of a redemption: what I grant, at most the ceiling; absent means the ceiling. */
    approvedFen: Type.Optional(fen),
  }),
  reply: Type.Object({
    id,
    version: Type.Integer(),
    state: caseState,
    desk: nullable(caseDesk),
    voucherNo: nullable(Type.String()),
  }),
})
export const deleteCase = route({
  id: 'subsidy.case.delete',
  method: 'DELETE',
  path: '/cases/:caseId',
  summary: 'Delete an own draft that was never submitted.',
  who: ['plant.manager'],
  params: ofCase,
  reply: emptyReply,
})

/** What a document is in its case. */
export const fileRoles = ['licence', 'contract', 'invoice', 'payment', 'acceptance', 'other'] as const
export const uploadFile = route({
  id: 'subsidy.file.upload',
  method: 'POST',
  path: '/cases/:caseId/files',
  summary: 'Attach a PDF, OFD, JPG or PNG of at most 20 MiB; the content decides what it is, not its name.',
  who: ['plant.manager', 'supplier.manager'],
  params: ofCase,
  query: Type.Object({ role: oneOf(fileRoles), name: Type.String({ minLength: 1, maxLength: 200 }) }),
  bodyKind: 'raw',
  bodyLimitBytes: 20 << 20,
  reply: caseFile,
})
export const getFile = route({
  id: 'subsidy.file.get',
  method: 'GET',
  path: '/cases/:caseId/files/:fileId',
  summary: 'Download a file of a case; only its parties can.',
  who: caseReaders,
  params: Type.Object({ caseId: id, fileId: id }),
  replyKind: 'file',
  reply: Type.Unknown(),
})
export const removeFile = route({
  id: 'subsidy.file.remove',
  method: 'DELETE',
  path: '/cases/:caseId/files/:fileId',
  summary: 'Take a file out of an own case that is a draft or was returned.',
  who: ['plant.manager'],
  params: Type.Object({ caseId: id, fileId: id }),
  reply: emptyReply,
})

export const inboxRow = Type.Object({
  id,
  at: instant,
  caseId: nullable(id),
  caseNo: nullable(Type.String()),
  text: sentence,
  readAt: nullable(instant),
})
export const listInbox = route({
  id: 'subsidy.inbox.list',
  method: 'GET',
  path: '/inbox',
  summary: 'Messages to the own organisation: whose turn it is, what was decided.',
  who: caseReaders,
  query: Type.Object({ ...pageQuery, unread: Type.Optional(Type.Boolean()) }),
  reply: Type.Object({ rows: Type.Array(inboxRow), total: Type.Integer(), unread: Type.Integer() }),
})
export const markInboxRead = route({
  id: 'subsidy.inbox.read',
  method: 'POST',
  path: '/inbox/read',
  summary: 'Mark messages as read; without ids all of them.',
  who: caseReaders,
  body: Type.Object({ ids: Type.Optional(Type.Array(id, { maxItems: 500 })) }),
  reply: emptyReply,
})
