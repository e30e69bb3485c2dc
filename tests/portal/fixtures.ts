import {
  getHealth,
  getJoin,
  getPlatform,
  getSession,
  listAudit,
  listMembers,
  listOrganisations,
  listTokens,
  verifyAudit,
} from '@kapok/contracts/access'
import { getCase, listCases, listInbox } from '@kapok/contracts/case'
import {
  getDevice,
  getPointRange,
  getProduct,
  listCredentials,
  listDevices,
  listProducts,
  listQuarantine,
} from '@kapok/contracts/data'
import { getCheckpoint, getLogKeys, getStrip, listReadings, listSeals } from '@kapok/contracts/evidence'
import {
  dryRunConfiguration,
  getConfiguration,
  getGatewayHealth,
  getGatewayStanding,
  listConfigurations,
  listGateways,
} from '@kapok/contracts/gateway'
import { getGatewayUpdate, listReleases } from '@kapok/contracts/gateway-update'
import { getResolution } from '@kapok/contracts/identifier'
import { getCockpit, getPublicTotals, listIndicators } from '@kapok/contracts/insight'
import {
  getIdentifier,
  getIdentifierImport,
  getRegistryAccount,
  getRegistryAccountOf,
  listIdentifierImports,
  listIdentifiers,
  listImportRows,
  listRegistryAccounts,
} from '@kapok/contracts/registry'
import { getIdentifierStatistics, listRegistryNodes, type RegistryNode } from '@kapok/contracts/registry-nodes'
import { getMachineIdentifier, getProcess } from '@kapok/contracts/registry-process'
import { listAccesses, recallIdentifier, traceIdentifier } from '@kapok/contracts/registry-trace'
import type { OrgKind, Role } from '@kapok/contracts/roles'
import type { ReplyOf, RouteContract } from '@kapok/contracts/route'
import {
  getBatch,
  getProgramme,
  getTrialBalance,
  getVoucher,
  listBatches,
  listCustomers,
  listNotices,
  listObjections,
  listPayables,
  listPostings,
  listProgrammes,
  listRegions,
  listSupplierCaps,
  listVouchers,
} from '@kapok/contracts/subsidy'
import { getWorld, listPeople } from '@kapok/contracts/world'
import type { Thing } from './looks.ts'

/** Replies for looking at the portal without a server; a test checks each against its contract. */
export interface Fixture {
  contract: RouteContract
  reply: unknown
}
const fixture = <R extends RouteContract>(contract: R, reply: ReplyOf<R>): Fixture => ({ contract, reply })

export const now = Date.UTC(2027, 1, 15, 2, 30)
const day = 86_400_000
const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const hash = (n: number) => n.toString(16).padStart(2, '0').repeat(32)
const say = (zh: string, en: string) => ({ zh, en })
const page = <T>(rows: T[], total = rows.length) => ({ rows, total })
const release = (n: number, version: string) => ({
  id: id(n),
  version,
  platform: 'linux-x64' as const,
  bytes: 51 << 20,
  bringsNode: true,
  minimumVersion: '0.1.0',
  madeAt: now - 9 * day,
  keyids: [hash(19)],
})
const plantName = '云山注塑有限公司'
const supplierName = '榕数工业互联科技有限公司'

export function sessionOf(roles: Role[]): Fixture {
  return fixture(getSession, {
    user: { id: id(1), login: 'wang.min', name: '王敏' },
    organisation: {
      id: id(2),
      name: plantName,
      kind: kindOf[roles[0]?.split('.')[0] ?? ''] ?? 'enterprise',
      uscc: '91440101MA5C000000',
      region: '440105',
    },
    roles: ['public', ...roles],
    expiresAt: now + day / 2,
  })
}
const kindOf: Record<string, OrgKind> = {
  supplier: 'supplier',
  province: 'province',
  finance: 'finance',
  operator: 'operator',
  platform: 'platform',
}

/** What the addresses of pages name. */
export const ids: Record<Thing, string> = {
  device: id(10),
  gateway: id(15),
  product: id(20),
  case: id(30),
  notice: id(90),
  batch: id(50),
  organisation: id(2),
  voucher: 'V-440105-000123',
  programme: 'sample-2026',
  identifier: id(120),
  file: id(121),
}

const strip = Array.from({ length: 90 }, (_, i) => {
  const at = new Date(now - (90 - i) * day).toISOString().slice(0, 10)
  const kinds = ['covered', 'covered', 'covered', 'covered', 'partial', 'covered', 'gap'] as const
  const state = i > 86 ? ('open' as const) : i > 70 && i < 76 ? ('disputed' as const) : kinds[i % 7]!
  return {
    deviceId: id(10),
    deviceName: '1 号注塑机',
    day: at,
    state,
    sealed: state !== 'open',
    corrected: i === 40,
    minutes: state === 'gap' ? 0 : state === 'partial' ? 210 : 940,
    points: state === 'gap' ? 0 : 4700,
    gaps: 2,
    goodBp: 9980,
    identicalTo: state === 'disputed' ? ['2 号注塑机'] : [],
    secondSourceMinutes: 930,
    orgMinutes: 955,
    signedBp: state === 'gap' ? null : 9_950,
    gateways: { missing: i === 30 ? 3 : 0, gapMinutes: i % 7 === 6 ? 1440 : 0, doubled: 0 },
    sealHash: state === 'open' ? null : hash(i),
  }
})
const both = [...strip, ...strip.map((each) => ({ ...each, deviceId: id(11), deviceName: '2 号注塑机' }))]

const device = {
  id: id(10),
  name: '1 号注塑机',
  kind: 'device' as const,
  productId: id(20),
  productName: '注塑机',
  enabled: true,
  deletedAt: null,
  online: true,
  lastSeen: now - 2000,
  sharedCredentialAt: null,
  createdAt: now - 90 * day,
}
const properties = [
  {
    identifier: 'barrel_temperature',
    name: '料筒温度',
    nameEn: 'Barrel temperature',
    type: 'float' as const,
    unit: '℃',
    min: 0,
    max: 400,
  },
  { identifier: 'cycle_time', name: '周期', nameEn: 'Cycle time', type: 'float' as const, unit: 's', min: 0, max: 600 },
  { identifier: 'shots', name: '模次', nameEn: 'Shots', type: 'int' as const, unit: '' },
  { identifier: 'running', name: '运行', nameEn: 'Running', type: 'bool' as const, unit: '' },
]
const product = {
  id: id(20),
  name: '注塑机',
  version: 2,
  retention: 'year3' as const,
  properties,
  devices: 4,
  createdAt: now - 90 * day,
  updatedAt: now - day,
}

const caseRow = {
  id: id(30),
  caseNo: '440105-20270210-0007-3',
  kind: 'redemption' as const,
  state: 'review' as const,
  filerName: plantName,
  supplierName,
  programmeId: 'sample-2026',
  region: '440105',
  regionName: '海珠区',
  desk: 'city' as const,
  deskOrganisation: '穗城市工业和信息化局',
  since: now - 2 * day,
  due: now + 3 * day,
  dueProvisional: false,
  overdue: false,
  amountFen: '12000000',
  mine: true,
  submittedAt: now - 5 * day,
}
const lines = [
  { scene: 'quality', feeKind: 'application-service' as const, product: '注塑质量分析 APP', amountFen: '24000000' },
]
const bankAccount = { holder: plantName, bank: '南粤银行海珠支行', number: '6222020200001234567' }
const clauses = [
  {
    id: 'certified',
    cite: '第八条',
    text: say('企业已通过认证', 'The enterprise is certified'),
    passed: true,
    sample: false,
  },
  {
    id: 'window',
    cite: '第十条',
    text: say('在申报期内提交', 'Submitted within the window'),
    passed: true,
    sample: true,
  },
  {
    id: 'identical',
    cite: '第十四条',
    text: say('各设备同日数据不得完全相同', 'No two machines may have identical days'),
    passed: false,
    sample: true,
  },
]
const view: ReplyOf<typeof getCase> = {
  ...caseRow,
  version: 7,
  steps: [
    {
      index: 0,
      desk: 'filer',
      organisation: plantName,
      state: 'done',
      decidedBy: '王敏',
      decidedAt: now - 5 * day,
      workingDays: null,
    },
    {
      index: 1,
      desk: 'supplier',
      organisation: supplierName,
      state: 'done',
      decidedBy: '陈立',
      decidedAt: now - 4 * day,
      workingDays: 3,
    },
    {
      index: 2,
      desk: 'county',
      organisation: '',
      state: 'skipped',
      decidedBy: null,
      decidedAt: null,
      workingDays: null,
    },
    {
      index: 3,
      desk: 'city',
      organisation: '穗城市工业和信息化局',
      state: 'open',
      decidedBy: null,
      decidedAt: null,
      workingDays: 5,
    },
    {
      index: 4,
      desk: 'province',
      organisation: '省工业和信息化厅',
      state: 'ahead',
      decidedBy: null,
      decidedAt: null,
      workingDays: 5,
    },
  ],
  timeline: [
    {
      version: 1,
      at: now - 5 * day,
      verb: 'submit',
      desk: 'filer',
      actorName: '王敏',
      organisationName: plantName,
      said: say('企业提交兑现', 'The enterprise submitted the redemption'),
      reason: null,
    },
    {
      version: 2,
      at: now - 4 * day,
      verb: 'confirm',
      desk: 'supplier',
      actorName: '陈立',
      organisationName: supplierName,
      said: say('供应商确认交付属实', 'The supplier confirmed the delivery'),
      reason: '交付与合同一致',
    },
  ],
  parties: [
    { organisationId: id(2), name: plantName, uscc: '91440101MA5C000000', part: 'filer' },
    { organisationId: id(3), name: supplierName, uscc: '91440101MA5D111110', part: 'supplier' },
  ],
  verbs: [
    { verb: 'approve', reasonRequired: false, toSteps: [] },
    {
      verb: 'return',
      reasonRequired: true,
      toSteps: [
        { index: 0, desk: 'filer' },
        { index: 1, desk: 'supplier' },
      ],
    },
    { verb: 'reject', reasonRequired: true, toSteps: [] },
  ],
  lastReason: null,
  appealUntil: null,
  certification: null,
  contract: {
    no: 'RS-2026-118',
    signedOn: '2026-11-02',
    supplierUscc: '91440101MA5D111110',
    lines,
    machines: 2,
    supplierName,
    amountFen: '24000000',
    sha256: hash(3),
    sceneNames: { quality: say('质量追溯', 'Quality traceability') },
  },
  redemption: {
    voucherNo: 'V-440105-000123',
    invoices: [
      {
        code: null,
        number: '26442000000012345678',
        issuedOn: '2026-12-20',
        sellerUscc: '91440101MA5D111110',
        buyerUscc: '91440101MA5C000000',
        grossFen: '24000000',
        allocatedFen: '24000000',
      },
    ],
    payments: [{ paidOn: '2026-12-22', amountFen: '24000000', reference: 'NY20261222-8831' }],
    acceptance: { acceptedOn: '2026-12-30', delivered: '两台注塑机接入并上线质量分析' },
    lines: [{ index: 0, amountFen: '24000000' }],
    deviceIds: [id(10), id(11)],
    fromDay: '2026-11-17',
    toDay: '2027-02-14',
    bankAccount,
  },
  voucherNo: 'V-440105-000123',
  documents: [
    { role: 'invoice', text: say('发票', 'Invoice'), present: true },
    { role: 'acceptance', text: say('验收证明', 'Acceptance'), present: false },
  ],
  files: [
    {
      id: id(40),
      role: 'invoice',
      name: '发票-26442000000012345678.pdf',
      mediaType: 'application/pdf',
      bytes: 183_220,
      sha256: hash(9),
      uploadedAt: now - 5 * day,
      uploadedBy: '王敏',
    },
  ],
  coverage: {
    asOf: now,
    minMinutes: 480,
    toleranceBp: 1000,
    minSignedBp: 9000,
    unsignedDays: 0,
    requiredPerMachine: 60,
    machines: 2,
    covered: 98,
    required: 120,
    identicalDays: 10,
    disagreeingDays: 0,
    eligibleFen: '24000000',
    supportedFen: '9800000',
    days: both.map(({ corrected: _c, gaps: _g, goodBp: _b, sealHash: _s, ...each }) => ({
      ...each,
      why: each.state === 'disputed' ? say('与另一设备同日数据完全相同', 'Identical to another machine’s day') : null,
    })),
  },
  money: {
    faceFen: '12000000',
    supportedFen: '9800000',
    paidByEnterpriseFen: '24000000',
    ceilingFen: '9800000',
    approvedFen: null,
    boundBy: 'supported',
  },
  decision: {
    ruleId: 'sample-2026',
    ruleSha256: hash(5),
    factsSha256: hash(6),
    clauses,
    numbers: [
      { name: 'eligible', label: say('符合条件金额', 'Eligible amount'), value: '240,000.00', unit: say('元', 'yuan') },
      { name: 'covered', label: say('有效设备日', 'Machine-days'), value: '98', unit: say('台·日', 'machine-days') },
    ],
  },
}

const indicators = [
  {
    code: 'K1',
    name: say('上云上平台企业数', 'Enterprises on the platform'),
    definition: say('持有已发放服务券的企业数', 'Enterprises with an issued voucher'),
    value: '3',
    unit: say('家', ''),
    count: 3,
    asOf: now,
    query: 'SELECT count(DISTINCT enterprise) FROM subsidy.voucher',
  },
  {
    code: 'P1',
    name: say('额度使用率', 'Take-up'),
    definition: say('已发券金额占已分配额度', 'Issued over allocated'),
    value: '42.5',
    unit: say('%', '%'),
    count: 7,
    asOf: now,
    query: 'SELECT …',
  },
]
const quotas = [
  {
    city: '4401',
    cityName: '穗城市',
    allocatedFen: '300000000',
    availableFen: '172500000',
    issuedFen: '60000000',
    lockedFen: '24000000',
    payableFen: '12000000',
    paidFen: '31500000',
    takeUpBp: 4250,
    applications: 9,
    vouchers: 5,
    waiting: 1,
  },
  {
    city: '4419',
    cityName: '莞城市',
    allocatedFen: '200000000',
    availableFen: '200000000',
    issuedFen: '0',
    lockedFen: '0',
    payableFen: '0',
    paidFen: '0',
    takeUpBp: 0,
    applications: 1,
    vouchers: 0,
    waiting: 0,
  },
]
const programmeRow = {
  id: 'sample-2026',
  title: say('工业企业上云上平台服务券（示例）', 'Vouchers for industry on the cloud (sample)'),
  fiscalYear: 2027,
  sample: true,
  applyOpen: true,
  redeemOpen: true,
  applyClosesAt: now + 60 * day,
  redeemClosesAt: now + 200 * day,
}
const programme: ReplyOf<typeof getProgramme> = {
  ...programmeRow,
  sha256: hash(7),
  plain: [
    say(
      '工业企业购买平台服务，省里按比例补贴，凭封存的设备用量兑现。',
      'A plant that buys platform services is supported by a share of the price, paid on sealed use.',
    ),
  ],
  basis: [{ document: '粤府〔2018〕23 号', clause: '附件二' }],
  effectiveFrom: '2026-11-17',
  effectiveTo: '2027-12-31',
  windows: [
    { kind: 'apply', opensAt: now - 60 * day, closesAt: now + 60 * day, state: 'open' },
    { kind: 'redeem', opensAt: now + day, closesAt: now + 200 * day, state: 'coming' },
  ],
  eligibility: clauses.map(({ passed: _, ...each }) => each),
  standards: [
    {
      scene: 'quality',
      sceneName: say('质量管控', 'Quality'),
      feeKind: 'application-service',
      feeKindName: say('应用服务费', 'Application service'),
      ratioBp: 5000,
      perEnterpriseFen: '50000000',
      sample: true,
    },
  ],
  caps: [{ kind: 'supplier', name: say('单个供应商上限', 'Per supplier'), fen: '500000000', sample: true }],
  documents: [{ kind: 'application', role: 'contract', text: say('服务合同', 'Contract') }],
  evidence: {
    mode: 'metered',
    required: 60,
    minMinutes: 480,
    toleranceBp: 1000,
    text: say('按封存的设备用量兑现', 'Paid on sealed use'),
    sample: true,
  },
  minPaidBp: 5000,
  noticeWorkingDays: 5,
  appealWorkingDays: 10,
}
const voucher = {
  no: 'V-440105-000123',
  programmeId: 'sample-2026',
  enterpriseName: plantName,
  supplierName,
  supplierUscc: '91440101MA5D111110',
  region: '440105',
  faceFen: '12000000',
  issuedFen: '12000000',
  lockedFen: '0',
  payableFen: '0',
  paidFen: '0',
  returnedFen: '0',
  state: 'issued' as const,
  issuedAt: now - 30 * day,
  validTo: now + 200 * day,
  applicationId: id(31),
  redemptionId: null,
  redeemable: true,
}
const batch = {
  id: id(50),
  batchNo: 'B-20270214-01',
  programmeId: 'sample-2026',
  createdAt: now - day,
  createdBy: '李静',
  lines: 1,
  totalFen: '9800000',
  paidFen: '0',
  waiting: 1,
  failed: 0,
  state: 'open' as const,
}
const organisation = {
  id: id(2),
  name: plantName,
  kind: 'enterprise' as const,
  uscc: '91440101MA5C000000',
  region: '440105',
  members: 2,
  createdAt: now - 90 * day,
}
const points = Array.from({ length: 400 }, (_, i) => now - (400 - i) * 216_000)

const value = (index: number, type: string, data: string) => ({
  index,
  type,
  data: { format: 'string', value: data },
  ttl: 86_400,
  timestamp: '2027-02-14T01:00:00Z',
})

export const fixtures: Fixture[] = [
  fixture(getPlatform, { mode: 'world', version: '0.1.0', now, tls: false, mqttPort: 1883, resolves: true }),
  fixture(getWorld, {
    now,
    today: '2027-02-15',
    replaying: true,
    daysPlayed: 62,
    daysTotal: 90,
    message: '',
    stumbled: false,
  }),
  fixture(listPeople, {
    people: [
      {
        userId: id(1),
        name: '王敏',
        organisationName: plantName,
        kind: 'enterprise',
        role: 'plant.manager',
        waiting: 2,
      },
      {
        userId: id(4),
        name: '李静',
        organisationName: '省财政厅',
        kind: 'finance',
        role: 'finance.officer',
        waiting: 0,
      },
    ],
  }),
  fixture(
    listDevices,
    page([device, { ...device, id: id(11), name: '2 号注塑机', online: false, sharedCredentialAt: now - day }]),
  ),
  fixture(getDevice, { ...device, properties }),
  fixture(
    listGateways,
    page([
      {
        id: id(15),
        name: '一车间网关',
        enabled: true,
        online: true,
        lastSeen: now - 2_000,
        sharedCredentialAt: null,
        deletedAt: null,
        enrolled: true,
        health: {
          receivedAt: now - 2_000,
          clockOffsetMs: 180,
          version: '0.1.0',
          newer: '0.2.0',
          updating: false,
          backlogPoints: 12_000,
          lost: 0,
          devices: 2,
          devicesConnected: 1,
          configuration: 6,
          rolledBack: true,
        },
      },
      {
        id: id(16),
        name: '二车间网关',
        enabled: true,
        online: false,
        lastSeen: null,
        sharedCredentialAt: null,
        deletedAt: null,
        enrolled: false,
        health: null,
      },
    ]),
  ),
  fixture(listConfigurations, {
    rows: [
      { version: 7, madeAt: now - 660_000, madeBy: '王敏', note: '增加周期', bytes: 512 },
      { version: 6, madeAt: now - 2 * day, madeBy: '王敏', note: '', bytes: 480 },
    ],
    ordered: { order: id(17), version: 7, at: now - 640_000, by: '王敏' },
  }),
  fixture(dryRunConfiguration, {
    problems: [],
    problemsTotal: 0,
    tags: [
      {
        ...{ device: '1 号注塑机', property: 'pressure', address: 'holding/9', value: null },
        ...{ why: 'holding/9: illegal data address', zh: 'holding/9: 非法数据地址' },
      },
      { device: '1 号注塑机', property: 'shots', address: 'holding/4', value: 48_211, why: null },
      { device: '1 号注塑机', property: 'cycle_time', address: 'holding/5', value: 22.4, why: null },
    ],
    tagsTotal: 3,
    tagsFailed: 1,
    devicesUnchanged: 1,
    overlaps: [
      {
        ...{ device: '1 号注塑机', property: 'cycle_time', address: 'holding/5' },
        with: { property: 'shots', address: 'holding/4' },
      },
    ],
    overlapsTotal: 1,
  }),
  fixture(getConfiguration, {
    version: 7,
    madeAt: now - 660_000,
    madeBy: '王敏',
    note: '增加周期',
    bytes: 512,
    text: 'devices:\n  - name: 1 号注塑机\n    protocol: modbus\n    connection: { host: 192.168.1.10 }\n    tags:\n      - { property: shots, address: holding/4, type: uint32 }\n',
  }),
  fixture(getGatewayHealth, {
    connected: true,
    health: {
      receivedAt: now - 2_000,
      clockOffsetMs: 3_200,
      report: {
        at: now - 5_200,
        version: '0.1.0',
        uptimeMs: 9 * day,
        software: {
          starter: true,
          platform: 'linux-x64',
          order: id(18),
          doing: null,
          failed: {
            version: '0.2.0',
            at: now - 300_000,
            why: {
              code: 'update.unreached',
              zh: '新版本运行了 60 秒，没有一份报告到达平台，已回退。',
              en: 'The release ran for 60 s and no report of it reached the platform; the gateway went back.',
            },
          },
        },
        configuration: {
          source: 'platform',
          version: 6,
          trying: null,
          order: id(17),
          failed: {
            version: 7,
            at: now - 600_000,
            reason:
              'table.devices[0].tags[1].address: “holding/70000”, position 9: an address from 0 to 65535 is expected',
            zh: 'table.devices[0].tags[1].address: “holding/70000”第 9 个字符处应为 0 至 65535 的地址',
          },
        },
        devices: [
          {
            name: '2 号注塑机',
            protocol: 'modbus',
            connected: false,
            lastError: '192.168.1.11:502: connect ECONNREFUSED 192.168.1.11:502',
            zh: '192.168.1.11:502: 连接被拒绝（connect ECONNREFUSED 192.168.1.11:502）',
            good: 0,
            bad: 12,
          },
          { name: '1 号注塑机', protocol: 'modbus', connected: true, lastError: null, good: 12, bad: 0 },
        ],
        devicesTotal: 2,
        backlog: { points: 12_000, bytes: 96_000, oldestAt: now - 3_600_000 },
        lost: 0,
      },
    },
  }),
  fixture(getGatewayUpdate, {
    releases: [release(19, '0.2.0'), release(20, '0.1.0')],
    ordered: { order: id(18), version: '0.2.0', at: now - 400_000, by: '王敏' },
  }),
  fixture(getGatewayStanding, {
    key: { fingerprint: '3f2a 90b1 77c4 0d5e', enrolledAt: now - 9 * day, publicKey: 'A'.repeat(43) },
    batches: 120_431,
    points: 9_204_114,
    lastSequence: 120_440,
    lastReceived: now - 1_000,
    missing: [{ from: 5_014, to: 5_022, after: now - 3 * day, before: now - 3 * day + 90_000 }],
    gaps: [{ firstAt: now - 5 * day, lastAt: now - 4 * day, points: 1_200, reason: 'the buffer was full' }],
    clockSteps: [{ before: now - 2 * day, after: now - 2 * day + 3_600_000 }],
    doubled: 2,
  }),
  fixture(listCredentials, {
    rows: [
      {
        id: id(60),
        deviceId: id(10),
        purpose: 'live',
        hint: 'kpk_7f3a',
        createdAt: now - 90 * day,
        endsAt: null,
        lastUsedAt: now - 2000,
      },
    ],
  }),
  fixture(listProducts, page([product])),
  fixture(getProduct, product),
  fixture(getPointRange, {
    deviceId: id(10),
    property: 'barrel_temperature',
    name: '料筒温度',
    type: 'float',
    unit: '℃',
    source: '1m',
    at: points,
    value: points.map((_, i) => 210 + 12 * Math.sin(i / 9)),
    min: [],
    max: [],
    count: [],
    quality: points.map((_, i) => (i > 200 && i < 220 ? 6000 : 10_000)),
    gaps: [{ from: points[120]! + 1, to: points[121]! }],
  }),
  fixture(
    listQuarantine,
    page([
      {
        id: id(70),
        at: now - 3_600_000,
        deviceId: id(10),
        deviceName: '1 号注塑机',
        credentialId: null,
        door: 'mqtt',
        topic: 'kapok/v1/telemetry',
        reason: say('属性 pressure 不在物模型中，请先添加', 'Property pressure is not in the model; add it first'),
        bytes: 38,
        payloadSha256: hash(8),
        times: 12,
      },
    ]),
  ),
  fixture(getStrip, { minMinutes: 480, toleranceBp: 1000, days: both }),
  fixture(
    listSeals,
    page([
      {
        organisationId: id(2),
        day: '2027-02-13',
        revision: 0,
        leafIndex: 271,
        leafHash: hash(1),
        chainHash: hash(2),
        sealedAt: now - day / 2,
        devices: 2,
        points: 9400,
      },
    ]),
  ),
  fixture(getResolution, {
    handle: '88.901.1001/P20270214-1-01',
    responseCode: 1,
    from: 'network',
    tookMs: 21.4,
    values: [
      value(2000, 'NAME', '电饭煲上盖'),
      value(2001, 'MODEL', 'RC-40'),
      value(2002, 'MANUFACTURER', '凤城注塑（样例）'),
      value(2003, 'PRODUCED_AT', '2027-02-14T01:00:00.000Z'),
      value(2004, 'URL', 'https://example.com/a-long-address-that-breaks/P20270214-1-01'),
      { ...value(2005, 'MACHINE', '88.901.1001/M1'), references: [{ handle: '88.901.1001/M1', index: 0 }] },
      value(100, 'HS_ADMIN', '300:0.NA/88.901.1001'),
    ],
    steps: ['0.NA', '88', '88.901', '88.901.1001'].map((of, i) => ({
      of,
      server: `127.0.0.1:${40_000 + i}`,
      asked: i === 3 ? '88.901.1001/P20270214-1-01' : '0.NA/88.901.1001',
      ...(i !== 1 && { responseCode: i < 2 ? 303 : 1 }),
      tookMs: 1.25 * i,
    })),
  }),
  fixture(getCheckpoint, {
    origin: 'kapok.example/log',
    size: 272,
    rootHash: hash(4),
    at: now - 3_600_000,
    note: 'kapok.example/log\n272\nq83v…\n\n— kapok.example/log Az3…',
  }),
  fixture(getLogKeys, {
    origin: 'kapok.example/log',
    ed25519: { verifierKey: 'kapok+1a2b3c4d+AQ==', fingerprint: hash(11) },
    sm2: { verifierKey: 'kapok+5e6f7a8b+Ag==', fingerprint: hash(12) },
  }),
  fixture(
    listReadings,
    page([
      {
        uscc: '91440101MA5C000000',
        day: '2027-02-13',
        activeMinutes: 930,
        bytes: 81_233_211,
        organisationName: plantName,
        filedAt: now - day / 3,
      },
    ]),
  ),
  fixture(
    listCases,
    page(
      [
        caseRow,
        {
          ...caseRow,
          id: id(32),
          caseNo: '440105-20270201-0003-1',
          kind: 'application',
          state: 'returned',
          overdue: true,
          dueProvisional: true,
          due: now - day,
        },
      ],
      45,
    ),
  ),
  fixture(getCase, view),
  fixture(listInbox, {
    ...page([
      {
        id: id(80),
        at: now - day,
        caseId: id(30),
        caseNo: caseRow.caseNo,
        text: say('兑现申请等您审核', 'A redemption waits for your review'),
        readAt: null,
      },
    ]),
    unread: 1,
  }),
  fixture(listProgrammes, page([programmeRow])),
  fixture(getProgramme, programme),
  fixture(
    listRegions,
    page([
      { code: '44', name: '粤海省', nameEn: 'Yuehai', level: 'province', hasCounties: true },
      { code: '4401', name: '穗城市', nameEn: 'Suicheng', level: 'city', hasCounties: true },
      { code: '440105', name: '海珠区', nameEn: 'Haizhu', level: 'county', hasCounties: false },
    ]),
  ),
  fixture(listVouchers, page([voucher])),
  fixture(getVoucher, { ...voucher, lines, machines: 2, postings: [] }),
  fixture(
    listNotices,
    page([
      {
        id: id(90),
        caseId: id(30),
        caseNo: caseRow.caseNo,
        programmeId: 'sample-2026',
        enterpriseName: plantName,
        supplierName,
        regionName: '海珠区',
        approvedFen: '9800000',
        opensAt: now - day,
        closesAt: now + 4 * day,
        provisional: true,
        state: 'open',
        openObjections: 0,
      },
    ]),
  ),
  fixture(
    listObjections,
    page([
      {
        id: id(91),
        noticeId: id(90),
        caseId: id(30),
        caseNo: caseRow.caseNo,
        enterpriseName: plantName,
        objector: '周明',
        contact: '020-0000000',
        reason: '该企业的两台设备数据完全一致，请核查。',
        receivedAt: now - day / 2,
        state: 'open',
        answer: null,
        answeredAt: null,
      },
    ]),
  ),
  fixture(
    listPayables,
    page([
      {
        caseId: id(33),
        caseNo: '440105-20270120-0002-8',
        voucherNo: 'V-440105-000101',
        programmeId: 'sample-2026',
        enterpriseName: plantName,
        regionName: '海珠区',
        approvedFen: '9800000',
        payableSince: now - day,
        bankAccount,
      },
    ]),
  ),
  fixture(listBatches, page([batch])),
  fixture(getBatch, {
    ...batch,
    rows: [
      {
        line: 1,
        caseId: id(33),
        caseNo: '440105-20270120-0002-8',
        voucherNo: 'V-440105-000101',
        enterpriseName: plantName,
        amountFen: '9800000',
        bankAccount,
        state: 'waiting',
        receiptId: null,
        answeredAt: null,
        failure: null,
      },
    ],
  }),
  fixture(getTrialBalance, {
    asOf: now,
    accounts: [
      {
        name: 'ext:treasury',
        label: say('国库', 'Treasury'),
        debitFen: '0',
        creditFen: '500000000',
        balanceFen: '-500000000',
        accounts: 1,
      },
      {
        name: 'province:available',
        label: say('省级可分配', 'Province'),
        debitFen: '500000000',
        creditFen: '0',
        balanceFen: '500000000',
        accounts: 1,
      },
    ],
    sumFen: '0',
    postings: 1,
  }),
  fixture(
    listPostings,
    page([
      {
        id: 'p-1',
        at: now - 60 * day,
        cause: '下达预算',
        reference: '粤财〔2026〕1 号',
        from: 'ext:treasury',
        to: 'province:available',
        fen: '500000000',
      },
    ]),
  ),
  fixture(
    listSupplierCaps,
    page([
      {
        programmeId: 'sample-2026',
        supplierUscc: '91440101MA5D111110',
        supplierName,
        capFen: '500000000',
        reservedFen: '127500000',
        leftFen: '372500000',
        suspended: false,
        suspendedReason: null,
      },
    ]),
  ),
  fixture(
    listCustomers,
    page([
      {
        enterpriseId: id(2),
        enterpriseName: plantName,
        voucherNo: voucher.no,
        contractNo: 'RS-2026-118',
        faceFen: '12000000',
        machines: 2,
        coveredDays: 41,
        possibleDays: 60,
      },
    ]),
  ),
  fixture(listIndicators, { indicators }),
  fixture(getPublicTotals, {
    totals: [
      {
        asOf: now,
        programmeId: 'sample-2026',
        appropriatedFen: '500000000',
        unallocatedFen: '0',
        citiesAvailableFen: '372500000',
        issuedFen: '60000000',
        lockedFen: '24000000',
        payableFen: '12000000',
        paidFen: '31500000',
        enterprises: 3,
        suppliers: 2,
        vouchers: 5,
        cities: quotas.map((each) => ({
          city: each.city,
          cityName: each.cityName,
          allocatedFen: each.allocatedFen,
          paidFen: each.paidFen,
          vouchers: each.vouchers,
        })),
      },
    ],
  }),
  fixture(getCockpit, {
    asOf: now,
    programmeId: 'sample-2026',
    appropriatedFen: '500000000',
    unallocatedFen: '0',
    quotas,
    desks: [
      { desk: 'city', open: 4, overdue: 1 },
      { desk: 'province', open: 2, overdue: 0 },
    ],
    indicators,
  }),
  fixture(listOrganisations, page([organisation])),
  fixture(listReleases, {
    rows: [
      { ...release(19, '0.2.0'), putAt: now - day, putBy: '管理员', received: 20 << 20, ordered: 0 },
      { ...release(20, '0.1.0'), putAt: now - 9 * day, putBy: '管理员', received: 51 << 20, ordered: 3 },
    ],
  }),
  fixture(
    listMembers,
    page([
      {
        userId: id(1),
        login: 'wang.min',
        name: '王敏',
        roles: ['plant.manager'],
        disabled: false,
        createdAt: now - 90 * day,
        lastSignIn: now - 3_600_000,
      },
    ]),
  ),
  fixture(
    listTokens,
    page([
      {
        id: id(61),
        name: '数据导出',
        scopes: ['points.read'],
        createdAt: now - 5 * day,
        expiresAt: now + 85 * day,
        lastUsed: null,
      },
    ]),
  ),
  fixture(
    listAudit,
    page([
      {
        index: 1204,
        at: now - 60_000,
        actorName: '王敏',
        organisationName: plantName,
        route: 'subsidy.case.decide',
        subject: caseRow.caseNo,
        outcome: 'done',
        hash: hash(13),
      },
    ]),
  ),
  fixture(verifyAudit, { events: 1204, brokenAt: null, head: hash(13) }),
  fixture(getJoin, { purpose: 'join', organisationName: plantName, login: null, expiresAt: now + day }),
  fixture(getHealth, {
    checks: [
      { name: 'store', ok: true, detail: 'ClickHouse 26, 12 ms' },
      { name: 'ingest', ok: false, detail: 'restarted 2 times' },
    ],
  }),
  ...registryFixtures(),
]

function registryFixtures(): Fixture[] {
  const handle = '88.901.1001/P20270214-1-01'
  const gs1 = 'https://id.gs1.org/01/09521234543213/21/1001-P20270214-1-01'
  const named = { name: '电饭煲上盖', model: 'RC-40', batch: '20270214-1', gs1 }
  const file = {
    id: ids.file,
    fileName: '二月第一批.xlsx',
    state: 'checked' as const,
    counts: { total: 1_200, bad: 2, waiting: 1_198, done: 0, same: 0, failed: 0 },
    hold: null,
    createdAt: now - 60_000,
    finishedAt: null,
  }
  const fault = {
    zh: 'GS1 编码：“09521234543221”第 14 个字符处应为校验位 0，现为“1”',
    en: 'GS1 key: “09521234543221”, character 14: expected the check digit 0, found “1”',
  }
  const wrong = { row: 3, handle: 'P20270214-1-02', facts: { suffix: 'P20270214-1-02', name: '电饭煲上盖' } }
  const node = 'https://node.example.cn'
  const silent = {
    zh: '企业标识节点没有应答，将自动重试（fetch failed）',
    en: 'The node of the prefix does not answer; it is tried again (fetch failed)',
  }
  const account = { orgId: id(2), organisation: plantName, prefix: '88.901.1001', url: node }
  return [
    fixture(getRegistryAccount, {
      account: { prefix: '88.901.1001', identifiers: 37, syncedAt: now - day, syncing: false, fault: null },
    }),
    fixture(listIdentifiers, page([{ id: ids.identifier, handle, ...named, registeredAt: now - day }])),
    fixture(getIdentifier, {
      id: ids.identifier,
      handle,
      facts: { suffix: 'P20270214-1-01', ...named, manufacturer: plantName, producedAt: '2027-02-14 09:07' },
      registeredAt: now - day,
    }),
    ...traceFixtures(handle, gs1),
    fixture(listIdentifierImports, page([file])),
    fixture(getIdentifierImport, file),
    fixture(listImportRows, page([{ ...wrong, state: 'bad', fault }])),
    fixture(
      listRegistryAccounts,
      page([
        { ...account, identifiers: 37, syncedAt: now - day, fault: null },
        { ...account, orgId: id(3), prefix: '88.901.1002', identifiers: 0, syncedAt: null, fault: silent },
      ]),
    ),
    fixture(listRegistryNodes, { resolves: true, asOf: now, nodes: identifierNodes(), notAsked: 0 }),
    fixture(getIdentifierStatistics, {
      statistics: {
        asOf: now,
        identifiers: 1_250_418,
        resolutions: 9_004_127,
        nodes: 5,
        nodesKnown: 7,
        nodesThatTold: 4,
      },
    }),
    fixture(getRegistryAccountOf, {
      ...account,
      values: [{ index: 310, type: 'HS_PUBKEY', data: { format: 'key', value: { kty: 'RSA', n: 'x', e: 'AQAB' } } }],
    }),
  ]
}

function traceFixtures(handle: string, gs1: string): Fixture[] {
  const thing = (thingId: string, depth: number, more: object = {}) => ({
    id: thingId,
    name: null,
    handle: null,
    kind: 'thing' as const,
    depth,
    hidden: 0,
    touched: true,
    ...more,
  })
  const part = thing(gs1, 0, { name: '电饭煲上盖', handle })
  const pallet = 'https://id.gs1.org/00/095212345000000018'
  const party = 'https://id.gs1.org/417/9521234500018'
  const access = { at: now - 60_000, handle, indexes: [2_003], asked: null, isPlatform: false, wasRefused: false }
  return [
    fixture(traceIdentifier, {
      start: gs1,
      nodes: [part, thing(pallet, 1, { touched: false })],
      edges: [{ from: gs1, to: pallet, kind: 'aggregation', since: now - day, until: null }],
      cut: { depth: false, size: false },
    }),
    fixture(recallIdentifier, {
      start: gs1,
      parties: [
        {
          party,
          name: '珠江泵业',
          things: [
            { id: gs1, name: '电饭煲上盖', handle, seenAt: now - day, place: 'https://id.gs1.org/414/9521234500001' },
          ],
        },
      ],
      cut: { depth: false, size: false },
    }),
    fixture(listAccesses, {
      accesses: [
        { ...access, seq: 2, user: '300:88.902.1001/wang', wasRefused: true },
        { ...access, seq: 1, user: '310:0.NA/88.901.1001', isPlatform: true, asked: '/recall?id=x', indexes: [] },
      ],
    }),
    fixture(getProcess, {
      machine: { handle: '88.901.1001/M1', device: { id: ids.device, name: '注塑机 1' } },
      producedAt: now - day,
    }),
    fixture(getMachineIdentifier, { prefix: '88.901.1001', handle: '88.901.1001/M1' }),
  ]
}

/** Root, top, a secondary node with a mirror, three enterprises: one works, one is silent, one is no node; and the recursive node. */
function identifierNodes(): RegistryNode[] {
  const told = (records: number): NonNullable<RegistryNode['details']> => ({
    refuses: null,
    records,
    registrations: records + 40,
    resolutions: [
      { code: 1, count: records * 7 },
      { code: 100, count: 12 },
      { code: 303, count: records },
    ],
    mirrors: [],
    resting: [],
    restingInAll: 0,
    cachedAnswers: 0,
    uptimeMs: 26 * 3_600_000,
  })
  const node = (prefix: string, level: RegistryNode['level'], more: Partial<RegistryNode>): RegistryNode => ({
    url: `https://${prefix.toLowerCase()}.nodes.example.cn`,
    prefixes: [prefix],
    level,
    parent: null,
    organisation: null,
    state: 'answers',
    answeredAt: now,
    failsSince: null,
    role: 'primary',
    serial: 1,
    takesChanges: true,
    details: null,
    ...more,
  })
  const below = (prefix: string) => `https://${prefix.toLowerCase()}.nodes.example.cn`
  const mirrors = [
    { user: '300:88.901/MIRROR', behind: 0, silentMs: 800 },
    { user: '301:88.901/MIRROR', behind: 1_204, silentMs: 900 },
    { user: '302:88.901/MIRROR', behind: 0, silentMs: 7_200_000 },
  ]
  const failed = { answeredAt: now - 3_600_000, failsSince: now - 3_500_000 }
  return [
    node('0.NA', 'root', { details: told(4) }),
    node('88', 'top', { parent: below('0.NA') }),
    node('88.901', 'secondary', { parent: below('88'), serial: 3, details: { ...told(1_250_000), mirrors } }),
    node('88.901.1001', 'enterprise', {
      parent: below('88.901'),
      organisation: '凤城注塑有限公司',
      details: told(414),
    }),
    node('88.901.1002', 'enterprise', {
      parent: below('88.901'),
      organisation: '莞城精密有限公司',
      state: 'silent',
      ...failed,
      details: { ...told(37), mirrors: [{ user: '300:88.901.1002/MIRROR', behind: 3, silentMs: 500 }] },
    }),
    node('88.901.1003', 'enterprise', {
      parent: below('88.901'),
      state: 'strange',
      role: null,
      ...failed,
      answeredAt: null,
    }),
    node('recursive', 'recursive', {
      prefixes: [],
      role: 'recursive',
      details: { ...told(0), cachedAnswers: 20_411, resting: ['10.0.0.7:2641'], restingInAll: 34 },
    }),
  ]
}
