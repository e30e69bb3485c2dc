import { listDevices } from '@kapok/contracts/data'
import {
  allocate,
  appropriate,
  createApplication,
  createBatch,
  createCertification,
  createRedemption,
} from '@kapok/contracts/subsidy'
import { must } from '@kapok/kit/must'
import { type OrganisationKey, organisations, plants } from '../province.ts'
import { act, recall, type Stage } from './desk.ts'
import { attach } from './papers.ts'

/** Something that people do on a day of the world, in its office hours; on a day off it waits for the next working day. */
export interface Act {
  /** Days after the world's first. */
  day: number
  says: string
  run(stage: Stage): Promise<unknown>
}

const orgOf = (key: OrganisationKey) =>
  must(
    organisations.find((each) => each.key === key),
    key,
  )
const usccOf = (key: OrganisationKey): string => {
  const organisation = orgOf(key)
  return 'uscc' in organisation ? organisation.uscc : ''
}

function certify(stage: Stage, who: OrganisationKey, name: string) {
  return async () => {
    const made = await stage.person(who).call(createCertification, {
      body: {
        region: orgOf(who).region,
        industry: 'C2929',
        registeredOn: '2012-05-18',
        lastYearRevenueFen: '8600000000',
        fiscalViolationOn: null,
        contactName: orgOf(who).person,
        contactPhone: '0757-2288 0000',
        promised: true,
      },
    })
    stage.memory[name] = made.id
    await attach(stage, who, name, 'licence')
    await act(stage, who, name, 'submit')
  }
}

interface ContractWords {
  supplier: OrganisationKey
  scene: string
  machines: number
  lines: readonly {
    feeKind: 'application-service' | 'device-access' | 'network-upgrade'
    product: string
    yuan: number
  }[]
}

function apply(stage: Stage, who: OrganisationKey, name: string, words: ContractWords, signedOn: string) {
  return async () => {
    const made = await stage.person(who).call(createApplication, {
      body: {
        programmeId: stage.programmeId,
        contract: {
          no: `HT-${signedOn.replaceAll('-', '')}-${usccOf(who).slice(-4)}`,
          signedOn,
          supplierUscc: usccOf(words.supplier),
          machines: words.machines,
          lines: words.lines.map(({ feeKind, product, yuan }) => ({
            scene: words.scene,
            feeKind,
            product,
            amountFen: String(yuan * 100),
          })),
        },
      },
    })
    stage.memory[name] = made.id
    await attach(stage, who, name, 'contract')
    await act(stage, who, name, 'submit')
  }
}

function redeem(
  stage: Stage,
  who: OrganisationKey,
  name: string,
  application: string,
  words: ContractWords,
  days: { from: number; to: number; invoice: number },
) {
  return async () => {
    const { rows } = await stage.person(who).call(listDevices, { query: { kind: 'device', size: 100 } })
    const own = must(
      plants.find(({ key }) => key === who),
      `a plant ${who}`,
    ).machines.map((machine) => machine.name)
    const total = words.lines.reduce((sum, { yuan }) => sum + yuan * 100, 0)
    const made = await stage.person(who).call(createRedemption, {
      body: {
        voucherNo: recall(stage, `voucher of ${application}`),
        redemption: {
          invoices: [
            {
              code: null,
              number: `26440000000${String(days.invoice).padStart(9, '0')}`,
              issuedOn: stage.day(days.from + 20),
              sellerUscc: usccOf(words.supplier),
              buyerUscc: usccOf(who),
              grossFen: String(total),
              allocatedFen: String(total),
            },
          ],
          payments: [
            {
              paidOn: stage.day(days.from + 22),
              amountFen: String(total),
              reference: `转账 ${stage.day(days.from + 22).replaceAll('-', '')}-${days.invoice}`,
            },
          ],
          acceptance: { acceptedOn: stage.day(days.to - 1), delivered: '设备接入与运行监控功能已按合同交付并验收。' },
          lines: words.lines.map(({ yuan }, index) => ({ index, amountFen: String(yuan * 100) })),
          deviceIds: rows
            .filter((device) => own.includes(device.name))
            .slice(0, words.machines)
            .map(({ id }) => id),
          fromDay: stage.day(days.from),
          toDay: stage.day(days.to),
          bankAccount: { holder: orgOf(who).name, bank: '样例银行佛山分行', number: `62280000${days.invoice}00001234` },
        },
      },
    })
    stage.memory[name] = made.id
    for (const role of ['invoice', 'payment', 'acceptance'] as const) await attach(stage, who, name, role)
    await act(stage, who, name, 'submit')
  }
}

const monitoring = (supplier: OrganisationKey, machines: number, service: number, access: number): ContractWords => ({
  supplier,
  scene: 'production-monitoring',
  machines,
  lines: [
    { feeKind: 'application-service', product: '设备状态监控服务（一年）', yuan: service },
    { feeKind: 'device-access', product: '设备接入', yuan: access },
  ],
})
const contracts = {
  mould: monitoring('cloud', 4, 160_000, 60_000),
  precision: monitoring('integrator', 3, 120_000, 45_000),
  hardware: monitoring('integrator', 3, 150_000, 60_000),
  plastics: monitoring('cloud', 2, 80_000, 30_000),
  electronics: monitoring('integrator', 5, 200_000, 70_000),
} satisfies Partial<Record<OrganisationKey, ContractWords>>
const energy: ContractWords = {
  supplier: 'cloud',
  scene: 'energy-management',
  machines: 1,
  lines: [{ feeKind: 'application-service', product: '能源管理服务（一年）', yuan: 60_000 }],
}

const quality: ContractWords = {
  supplier: 'cloud',
  scene: 'quality-traceability',
  machines: 2,
  lines: [{ feeKind: 'application-service', product: '质量追溯服务（一年）', yuan: 50_000 }],
}

/** The past of the province as acts through its ordinary doors, so that every desk has work on the world's first day. */
export function storyOf(stage: Stage): Act[] {
  const acts: Act[] = []
  const on = (day: number, says: string, run: () => Promise<unknown>) => acts.push({ day, says, run: () => run() })
  const decide = (day: number, who: OrganisationKey, name: string, reason?: string) =>
    on(day, `${who} approves ${name}`, () => act(stage, who, name, 'approve', reason === undefined ? {} : { reason }))
  const confirm = (day: number, who: OrganisationKey, name: string) =>
    on(day, `${who} confirms ${name}`, () => act(stage, who, name, 'confirm'))
  /** Supplier and officers say yes, one after the other. */
  const passes = (
    name: string,
    [day, supplier]: [number, OrganisationKey],
    ...officers: readonly [number, OrganisationKey][]
  ) => {
    confirm(day, supplier, name)
    for (const [each, who] of officers) decide(each, who, name)
  }

  on(0, 'the budget comes and is allocated', async () => {
    const finance = stage.person('finance')
    const { programmeId } = stage
    await finance.call(appropriate, {
      body: { programmeId, amountFen: '2000000000', documentNo: '粤财工〔样例〕1号' },
    })
    for (const city of ['4406', '4419'])
      await finance.call(allocate, {
        body: {
          programmeId,
          city,
          direction: 'allocate',
          amountFen: '800000000',
          documentNo: `粤工信〔样例〕${city}号`,
        },
      })
  })

  // Certification: by the county where there is one, else by the city.
  const cities = {
    mould: 'shunde',
    precision: 'dongguan',
    hardware: 'nanhai',
    plastics: 'shunde',
    electronics: 'dongguan',
  } as const
  for (const [key, reviewer] of Object.entries(cities) as [keyof typeof cities, OrganisationKey][]) {
    const later = key === 'plastics' || key === 'electronics' ? 60 : 0
    on(1 + later, `${key} asks to be certified`, certify(stage, key, `certification ${key}`))
    decide(3 + later, reviewer, `certification ${key}`)
  }

  // The honest plant with counties: returned once, corrected, issued, redeemed, paid.
  on(4, 'mould applies', apply(stage, 'mould', 'application mould', contracts.mould, stage.day(-10)))
  confirm(5, 'cloud', 'application mould')
  on(6, 'shunde returns the application', () =>
    act(stage, 'shunde', 'application mould', 'return', { toStep: 0, reason: '合同附件缺少价格明细，请补充后再报。' }),
  )
  on(8, 'mould corrects the application', async () => {
    await attach(stage, 'mould', 'application mould', 'other')
    await act(stage, 'mould', 'application mould', 'submit')
  })
  passes('application mould', [9, 'cloud'], [10, 'shunde'], [12, 'foshan'], [14, 'province'])
  on(
    50,
    'mould redeems',
    redeem(stage, 'mould', 'redemption mould', 'application mould', contracts.mould, { from: 6, to: 48, invoice: 1 }),
  )
  passes('redemption mould', [51, 'cloud'], [52, 'shunde'], [53, 'foshan'], [55, 'province'])
  on(67, 'the first batch is made', () =>
    stage.person('finance').call(createBatch, { body: { programmeId: stage.programmeId } }),
  )
  // Its second contract is noticed and payable when the replay ends: finance has a batch to make.
  on(
    20,
    'mould applies for energy management',
    apply(stage, 'mould', 'application mould energy', energy, stage.day(15)),
  )
  passes('application mould energy', [21, 'cloud'], [22, 'shunde'], [24, 'foshan'], [26, 'province'])
  on(
    69,
    'mould redeems energy management',
    redeem(stage, 'mould', 'redemption mould energy', 'application mould energy', energy, {
      from: 24,
      to: 66,
      invoice: 2,
    }),
  )
  passes('redemption mould energy', [70, 'cloud'], [71, 'shunde'], [72, 'foshan'], [74, 'province'])

  // The honest plant of a city without counties: in public notice at the end.
  on(5, 'precision applies', apply(stage, 'precision', 'application precision', contracts.precision, stage.day(-5)))
  passes('application precision', [6, 'integrator'], [8, 'dongguan'], [12, 'province'])
  on(
    79,
    'precision redeems',
    redeem(stage, 'precision', 'redemption precision', 'application precision', contracts.precision, {
      from: 8,
      to: 76,
      invoice: 3,
    }),
  )
  passes('redemption precision', [80, 'integrator'], [82, 'dongguan'], [86, 'province'])

  // The one that lies: the evidence cuts it; it waits for the province.
  on(5, 'hardware applies', apply(stage, 'hardware', 'application hardware', contracts.hardware, stage.day(-3)))
  passes('application hardware', [6, 'integrator'], [7, 'nanhai'], [9, 'foshan'], [13, 'province'])
  on(
    80,
    'hardware redeems',
    redeem(stage, 'hardware', 'redemption hardware', 'application hardware', contracts.hardware, {
      from: 8,
      to: 76,
      invoice: 4,
    }),
  )
  passes('redemption hardware', [81, 'integrator'], [82, 'nanhai'])
  decide(84, 'foshan', 'redemption hardware', '线路读数与平台用量不一致，请省厅按证据核减。')

  // Work for every other desk: a voucher to redeem, a paper to correct, and one case before each supplier and officer.
  on(60, 'mould applies for traceability', apply(stage, 'mould', 'application mould quality', quality, stage.day(55)))
  passes('application mould quality', [61, 'cloud'], [62, 'shunde'], [63, 'foshan'], [65, 'province'])
  on(
    83,
    'precision applies for energy management',
    apply(stage, 'precision', 'application precision energy', energy, stage.day(75)),
  )
  confirm(84, 'cloud', 'application precision energy')
  on(86, 'dongguan returns the application', () =>
    act(stage, 'dongguan', 'application precision energy', 'return', {
      toStep: 0,
      reason: '能源管理服务的计量范围未写明，请补充合同附件后再报。',
    }),
  )
  on(
    84,
    'electronics applies',
    apply(stage, 'electronics', 'application electronics', contracts.electronics, stage.day(70)),
  )
  confirm(85, 'integrator', 'application electronics')
  on(
    82,
    'plastics applies for energy management',
    apply(stage, 'plastics', 'application plastics energy', energy, stage.day(75)),
  )
  passes('application plastics energy', [83, 'cloud'], [86, 'shunde'])
  on(
    85,
    'hardware applies for traceability',
    apply(stage, 'hardware', 'application hardware quality', quality, stage.day(80)),
  )
  confirm(86, 'cloud', 'application hardware quality')
  on(88, 'plastics applies', apply(stage, 'plastics', 'application plastics', contracts.plastics, stage.day(80)))
  on(
    88,
    'electronics applies for energy management',
    apply(stage, 'electronics', 'application electronics energy', { ...energy, supplier: 'integrator' }, stage.day(85)),
  )
  on(87, 'furniture asks to be certified', certify(stage, 'furniture', 'certification furniture'))
  return acts
}
