import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CaseVerb } from '@kapok/contracts/case'
import { decideCase, getCase, uploadFile } from '@kapok/contracts/case'
import type { CoverageDay, EvidencePort, OrganisationPort, OrgFacts } from '@kapok/contracts/ports'
import type { OrgKind, Role } from '@kapok/contracts/roles'
import type { BodyOf, ParamsOf, QueryOf, ReplyOf, RouteContract } from '@kapok/contracts/route'
import * as subsidy from '@kapok/contracts/subsidy'
import { makeUscc } from '@kapok/contracts/uscc'
import { addCivilDays, civilDayOf, startOfCivilDay } from '@kapok/kit/clock'
import { must } from '@kapok/kit/must'
import type { Actor, Call } from '@kapok/kit-store/plane'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import { Compile } from 'typebox/compile'
import { subsidyMigrations, subsidyPlane } from './flow.ts'
import { fillProgramme } from './programme/programme.ts'

export const firstDay = '2027-02-15'
const sample = join(import.meta.dirname, '../../../programmes/sample-2026.yaml')

/** A small province in memory for the other planes' answers; the subsidy itself is real, on real PostgreSQL. */
export interface Province {
  kit: TestKit
  plane: ReturnType<typeof subsidyPlane>
  orgs: Map<string, OrgFacts>
  evidence: { days: CoverageDay[] }
  actor(org: string, role: Role, who?: string): Actor
  call<R extends RouteContract>(
    contract: R,
    actor: Actor,
    ask?: { params?: ParamsOf<R>; query?: QueryOf<R>; body?: BodyOf<R>; key?: string },
  ): Promise<R['replyKind'] extends 'file' ? { bytes: Uint8Array; mediaType: string } : ReplyOf<R>>
  /** Civil time of day on the world's calendar. */
  go(day: string, hour?: number): void
  stop(): Promise<void>
}

export const visitor: Actor = {
  userId: undefined,
  userName: '',
  orgId: undefined,
  orgName: '',
  orgKind: undefined,
  region: '',
  roles: ['public'],
}

/** Two cities: 4406 with counties, 4419 without. Two plants in the first, one in the second, two suppliers. */
export async function makeProvince(): Promise<Province> {
  const kit = await testKit({ migrations: [subsidyMigrations] })
  const orgs = new Map<string, OrgFacts>()
  const add = (key: string, kind: OrgKind, region: string, uscc: string | null = null) =>
    orgs.set(key, { id: kit.ids.uuid(), name: key, kind, uscc, region })
  add('plant', 'enterprise', '440605', makeUscc('91', '440605', 'MA4W0001'))
  add('neighbour', 'enterprise', '440605', makeUscc('91', '440605', 'MA4W0002'))
  add('far-plant', 'enterprise', '4419', makeUscc('91', '441900', 'MA4W0003'))
  add('supplier', 'supplier', '440106', makeUscc('91', '440106', 'MA5C0001'))
  add('other-supplier', 'supplier', '440106', makeUscc('91', '440106', 'MA5C0002'))
  add('county', 'county', '440605')
  add('city', 'city', '4406')
  add('far-city', 'city', '4419')
  add('province', 'province', '44')
  add('finance', 'finance', '44')
  add('platform', 'platform', '44')

  const facts = () => [...orgs.values()]
  const organisations: OrganisationPort = {
    byId: async (id) => facts().find((each) => each.id === id),
    byUscc: async (uscc) => facts().find((each) => each.uscc === uscc),
    ofKind: async (kind, prefix = '') => facts().filter((each) => each.kind === kind && each.region.startsWith(prefix)),
  }
  const evidence = { days: [] as CoverageDay[] }
  const evidencePort: EvidencePort = {
    coverage: async ({ deviceIds, fromDay, toDay }) =>
      evidence.days.filter((day) => deviceIds.includes(day.deviceId) && fromDay <= day.day && day.day <= toDay),
    bundle: async () => '{}',
  }
  const devices = {
    ofOrg: async (orgId: string) =>
      [...new Set(evidence.days.map((day) => day.deviceId))]
        .filter((id) => id.startsWith(orgId.slice(0, 8)))
        .map((id) => ({ id, name: id, productName: '', createdAt: 0 })),
  }
  const plane = subsidyPlane(kit, { organisations, evidence: evidencePort, devices })
  const replies = new Map<string, ReturnType<typeof Compile>>()
  let calls = 0

  const province: Province = {
    kit,
    plane,
    orgs,
    evidence,
    actor(org, role, who = role) {
      const found = must(orgs.get(org), `organisation ${org}`)
      return {
        userId: `${org}/${who}`,
        userName: who,
        orgId: found.id,
        orgName: found.name,
        orgKind: found.kind as OrgKind,
        region: found.region,
        roles: [role, 'public'],
      }
    },
    async call(contract, actor, ask = {}) {
      const route = must(
        plane.routes.find((each) => each.contract.id === contract.id),
        `route ${contract.id}`,
      )
      if (!contract.who.some((role) => actor.roles.includes(role)))
        throw new Error(`${contract.id} is not for ${actor.roles.join(', ')}`)
      const government = ['county', 'city', 'province', 'finance'].includes(actor.orgKind ?? '')
      const reply = await kit.db.tx({ orgId: actor.orgId, region: government ? actor.region : undefined }, (tx) =>
        route.run({
          params: ask.params ?? {},
          query: ask.query ?? {},
          body: ask.body,
          actor,
          orgId: actor.orgId ?? '',
          tx,
          key: ask.key ?? `k${++calls}`,
          requestId: 'test',
          language: 'zh',
          headers: {},
          ip: '::1',
          reply: { header: () => {} },
        } as Call<RouteContract>),
      )
      if (contract.replyKind !== 'file') {
        // What the portal gets is what the contract says, in every test.
        const check = replies.get(contract.id) ?? Compile(contract.reply)
        replies.set(contract.id, check)
        if (!check.Check(reply))
          throw new Error(`${contract.id} broke its contract: ${JSON.stringify(check.Errors(reply).slice(0, 3))}`)
      }
      return reply as never
    },
    go(day, hour = 10) {
      kit.clock.set(startOfCivilDay(day) + hour * 3_600_000, { running: false })
    },
    stop: () => kit.stop(),
  }
  province.go(firstDay)
  await furnish(province)
  return province
}

/** Regions, the sample programme, an appropriation and quotas. */
async function furnish(p: Province): Promise<void> {
  const platform = p.actor('platform', 'platform.administrator')
  const regions = [
    ['44', '广东省', 'Guangdong'],
    ['4406', '佛山市', 'Foshan'],
    ['440605', '南海区', 'Nanhai'],
    ['4419', '东莞市', 'Dongguan'],
  ].map(([code, name, nameEn]) => ({ code: code!, name: name!, nameEn: nameEn! }))
  await p.call(subsidy.putRegions, platform, { body: { regions } })
  const text = fillProgramme(readFileSync(sample, 'utf8'), { firstDay })
  await p.call(subsidy.publishProgramme, p.actor('province', 'province.reviewer'), { body: { text } })
  const finance = p.actor('finance', 'finance.officer')
  const programmeId = 'sample-2026'
  await p.call(subsidy.appropriate, finance, {
    body: { programmeId, amountFen: '1000000000', documentNo: '粤财工〔2027〕1号' },
  })
  for (const city of ['4406', '4419'])
    await p.call(subsidy.allocate, finance, {
      body: { programmeId, city, direction: 'allocate', amountFen: '100000000', documentNo: '粤财工〔2027〕2号' },
    })
}

const pdf = new TextEncoder().encode('%PDF-1.7\n% a test document\n')

/** Attaches a document of each role. */
export async function attach(p: Province, actor: Actor, caseId: string, roles: readonly string[]): Promise<void> {
  for (const role of roles)
    await p.call(uploadFile, actor, {
      params: { caseId },
      query: { role: role as 'contract', name: `${role}.pdf` },
      body: pdf as never,
    })
}

/** One act, with the version that the actor reads just before. */
export async function act(
  p: Province,
  actor: Actor,
  caseId: string,
  verb: CaseVerb,
  more: Partial<BodyOf<typeof decideCase>> = {},
) {
  const { version } = await p.call(getCase, actor, { params: { caseId } })
  return p.call(decideCase, actor, { params: { caseId }, body: { verb, expectedVersion: version, ...more } })
}

export const certificationBody = (region = '440605'): BodyOf<typeof subsidy.createCertification> => ({
  region,
  industry: 'C2929',
  registeredOn: '2019-05-06',
  lastYearRevenueFen: '5000000000',
  fiscalViolationOn: null,
  contactName: '陈敏',
  contactPhone: '0757-1234567',
  promised: true,
})

/** Certification of a plant, passed by the office of its region. */
export async function certify(p: Province, org = 'plant', office: [string, Role] = ['county', 'county.reviewer']) {
  const plant = p.actor(org, 'plant.manager')
  const region = p.orgs.get(org)?.region
  const { id } = await p.call(subsidy.createCertification, plant, { body: certificationBody(region) })
  await attach(p, plant, id, ['licence'])
  await act(p, plant, id, 'submit')
  await act(p, p.actor(office[0], office[1], 'certifier'), id, 'approve')
  return id
}

export function contractBody(p: Province, over: Partial<BodyOf<typeof subsidy.createApplication>['contract']> = {}) {
  return {
    no: `HT-${p.kit.ids.uuid().slice(0, 8)}`,
    signedOn: addCivilDays(firstDay, -20),
    supplierUscc: must(p.orgs.get('supplier')?.uscc, 'supplier'),
    lines: [
      {
        scene: 'production-monitoring',
        feeKind: 'application-service' as const,
        product: '云上产线',
        amountFen: '10000000',
      },
      { scene: 'production-monitoring', feeKind: 'device-access' as const, product: '采集网关', amountFen: '10000000' },
    ],
    machines: 2,
    ...over,
  }
}

/** A submitted application, on the supplier's desk. */
export async function apply(
  p: Province,
  org = 'plant',
  over: Parameters<typeof contractBody>[1] = {},
): Promise<string> {
  const plant = p.actor(org, 'plant.manager')
  const { id } = await p.call(subsidy.createApplication, plant, {
    body: { programmeId: 'sample-2026', contract: contractBody(p, over) },
  })
  await attach(p, plant, id, ['contract'])
  await act(p, plant, id, 'submit')
  return id
}

/** Everybody who decides on a case of a plant of this city, in order. */
export function deciders(p: Province, org = 'plant'): [Actor, CaseVerb][] {
  const far = p.orgs.get(org)?.region === '4419'
  return [
    [p.actor('supplier', 'supplier.manager'), 'confirm'],
    ...(far ? [] : ([[p.actor('county', 'county.reviewer'), 'approve']] as [Actor, CaseVerb][])),
    [p.actor(far ? 'far-city' : 'city', 'city.reviewer'), 'approve'],
    [p.actor('province', 'province.reviewer'), 'approve'],
  ]
}

export async function approveAll(p: Province, caseId: string, org = 'plant') {
  let last: ReplyOf<typeof decideCase> | undefined
  for (const [actor, verb] of deciders(p, org)) last = await act(p, actor, caseId, verb)
  return must(last, 'somebody decides')
}

/** A plant with an issued voucher: certified, applied, approved. */
export async function withVoucher(p: Province, org = 'plant', over: Parameters<typeof contractBody>[1] = {}) {
  const applicationId = await apply(p, org, over)
  const { voucherNo } = await approveAll(p, applicationId, org)
  return { applicationId, voucherNo: must(voucherNo, 'a voucher') }
}

/** Days of use of a plant's machines, as the seals would say; `over` changes single days. */
export function useDays(
  p: Province,
  org: string,
  machines: number,
  from: string,
  count: number,
  over: (machine: number, index: number) => Partial<CoverageDay> = () => ({}),
): string[] {
  const orgId = must(p.orgs.get(org), org).id
  const ids = Array.from(
    { length: machines },
    (_, machine) => `${orgId.slice(0, 8)}-0000-4000-8000-00000000000${machine}`,
  )
  for (const [machine, deviceId] of ids.entries())
    for (let index = 0; index < count; index++)
      p.evidence.days.push({
        deviceId,
        deviceName: `${machine + 1}号机`,
        day: addCivilDays(from, index),
        sealed: true,
        minutes: 480,
        points: 4800,
        gaps: 1,
        goodBp: 10_000,
        digest: `${machine}/${index}`,
        identicalTo: [],
        secondSourceMinutes: 490,
        orgMinutes: 480,
        signedBp: 10_000,
        gateways: { missing: 0, gapMinutes: 0, doubled: 0 },
        ...over(machine, index),
      })
  return ids
}

let invoices = 0

export function redemptionBody(
  p: Province,
  org: string,
  deviceIds: string[],
  over: Partial<BodyOf<typeof subsidy.createRedemption>['redemption']> = {},
): BodyOf<typeof subsidy.createRedemption>['redemption'] {
  const day = civilDayOf(p.kit.clock.now())
  return {
    invoices: [
      {
        code: null,
        number: `27440000${String(++invoices).padStart(12, '0')}`,
        issuedOn: addCivilDays(day, -3),
        sellerUscc: must(p.orgs.get('supplier')?.uscc, 'supplier'),
        buyerUscc: must(p.orgs.get(org)?.uscc, org),
        grossFen: '20000000',
        allocatedFen: '20000000',
      },
    ],
    payments: [{ paidOn: addCivilDays(day, -2), amountFen: '20000000', reference: '回单 8841' }],
    acceptance: { acceptedOn: addCivilDays(day, -1), delivered: '2 台设备接入，产线看板上线' },
    lines: [
      { index: 0, amountFen: '10000000' },
      { index: 1, amountFen: '10000000' },
    ],
    deviceIds,
    fromDay: addCivilDays(day, -40),
    toDay: addCivilDays(day, -1),
    bankAccount: { holder: org, bank: '工商银行佛山分行', number: '6222020200011112222' },
    ...over,
  }
}

/** A submitted redemption of a voucher, on the supplier's desk. */
export async function redeem(
  p: Province,
  org: string,
  voucherNo: string,
  deviceIds: string[],
  over: Parameters<typeof redemptionBody>[3] = {},
): Promise<string> {
  const plant = p.actor(org, 'plant.manager')
  const { id } = await p.call(subsidy.createRedemption, plant, {
    body: { voucherNo, redemption: redemptionBody(p, org, deviceIds, over) },
  })
  await attach(p, plant, id, ['invoice', 'payment', 'acceptance'])
  await act(p, plant, id, 'submit')
  return id
}

/** Runs every job of the plane once. */
export async function runJobs(p: Province): Promise<void> {
  for (const job of p.plane.jobs) await job.run()
}
