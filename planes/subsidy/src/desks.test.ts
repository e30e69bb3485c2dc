import { deleteCase, getCase, listCases, listInbox, markInboxRead } from '@kapok/contracts/case'
import * as subsidy from '@kapok/contracts/subsidy'
import { addCivilDays, civilDayOf } from '@kapok/kit/clock'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  act,
  apply,
  attach,
  certificationBody,
  certify,
  contractBody,
  firstDay,
  makeProvince,
  type Province,
  useDays,
  visitor,
  withVoucher,
} from './testing.ts'

let p: Province
beforeAll(async () => {
  p = await makeProvince()
}, 60_000)
afterAll(() => p?.stop())

const plant = () => p.actor('plant', 'plant.manager')
const refused = (code: string) => expect.objectContaining({ code })

const asked = {
  region: '440605',
  industry: 'C2929',
  registeredOn: '2019-05-06',
  lastYearRevenueFen: '5000000000',
  fiscalViolationOn: null,
  contractSignedOn: addCivilDays(firstDay, -20),
  lines: [{ scene: 'energy-management', feeKind: 'device-access' as const, amountFen: '3' }],
}

test('anybody learns whether they are eligible, for how much, and by which clauses', async () => {
  const check = (change: object) =>
    p.call(subsidy.checkEligibility, visitor, {
      params: { programmeId: 'sample-2026' },
      body: { ...asked, ...change },
    })
  const yes = await check({})
  // 3 fen at 50 % are rounded down to one.
  expect(yes).toMatchObject({ eligible: true, totalFen: '1', lines: [{ ratioBp: 5000, sample: true }] })
  const no = await check({ lastYearRevenueFen: '999999999' })
  expect(no.eligible).toBe(false)
  expect(no.clauses.filter((clause) => !clause.passed).map((clause) => clause.id)).toEqual(['E4'])
  const programme = await p.call(subsidy.getProgramme, visitor, { params: { programmeId: 'sample-2026' } })
  expect(programme.standards.every((standard) => standard.sample)).toBe(true)
  expect(programme.windows.map((window) => window.state)).toEqual(['open', 'coming'])
})

test('a rule file with an unknown key or a failing test is not published', async () => {
  const { text } = (await p.kit.db.tx({ job: 'subsidy' }, (tx) =>
    tx.row<{ text: string }>('SELECT text FROM subsidy.programme'),
  ))!
  const publish = (body: string) =>
    p.call(subsidy.publishProgramme, p.actor('province', 'province.reviewer'), { body: { text: body } })
  await expect(publish(`${text}\nextra: 1\n`)).rejects.toEqual(refused('programme.invalid'))
  await expect(publish(text.replace('totalFen: "9000000"', 'totalFen: "9000001"'))).rejects.toEqual(
    refused('programme.test_failed'),
  )
  expect((await p.call(subsidy.listProgrammes, visitor)).total).toBe(1)
})

test('a draft can be changed and deleted by its filer only, and deleting takes its events along', async () => {
  await expect(p.call(subsidy.createCertification, plant(), { body: certificationBody('4406') })).rejects.toEqual(
    refused('region.unknown'),
  )
  const { id: caseId, version } = await p.call(subsidy.createCertification, plant(), { body: certificationBody() })
  await expect(p.call(subsidy.createCertification, plant(), { body: certificationBody() })).rejects.toEqual(
    refused('certification.exists'),
  )
  const changed = await p.call(subsidy.updateCertification, plant(), {
    params: { caseId },
    body: { ...certificationBody(), contactName: '李敏', expectedVersion: version },
  })
  expect(changed.version).toBe(version + 1)
  const stale = { ...certificationBody(), expectedVersion: version }
  await expect(p.call(subsidy.updateCertification, plant(), { params: { caseId }, body: stale })).rejects.toEqual(
    refused('version.stale'),
  )
  await expect(p.call(deleteCase, p.actor('neighbour', 'plant.manager'), { params: { caseId } })).rejects.toEqual(
    refused('thing.unknown'),
  )
  // A draft is its filer's alone: the office of the region does not see it yet.
  expect((await p.call(listCases, p.actor('county', 'county.reviewer'))).total).toBe(0)
  await p.call(deleteCase, plant(), { params: { caseId } })
  await expect(p.call(getCase, plant(), { params: { caseId } })).rejects.toEqual(refused('thing.unknown'))
})

test('an organisation whose code has a wrong check digit cannot be certified', async () => {
  const org = p.orgs.get('neighbour')!
  const good = org.uscc!
  org.uscc = good.slice(0, 17) + (good[17] === '0' ? '1' : '0')
  const neighbour = p.actor('neighbour', 'plant.manager')
  const { id } = await p.call(subsidy.createCertification, neighbour, { body: certificationBody() })
  await attach(p, neighbour, id, ['licence'])
  await expect(act(p, neighbour, id, 'submit')).rejects.toEqual(refused('uscc.invalid'))
  org.uscc = good
})

test('the inbox tells whose turn it is and can be read once', async () => {
  await certify(p)
  const caseId = await apply(p)
  const supplier = p.actor('supplier', 'supplier.manager')
  const inbox = await p.call(listInbox, supplier)
  expect(inbox).toMatchObject({ unread: 1, rows: [{ caseId, readAt: null }] })
  expect((await p.call(listInbox, p.actor('other-supplier', 'supplier.manager'))).total).toBe(0)
  await p.call(markInboxRead, supplier, { body: {} })
  expect((await p.call(listInbox, supplier)).unread).toBe(0)
})

test('a filer may urge once a day, and a rejected case is appealed to the desk above', async () => {
  const { rows } = await p.call(listCases, plant(), { query: { kind: 'application' } })
  const caseId = rows[0]!.id
  await expect(act(p, plant(), caseId, 'urge')).rejects.toEqual(refused('case.urged'))
  p.go(addCivilDays(firstDay, 2))
  await act(p, plant(), caseId, 'urge')
  await expect(act(p, plant(), caseId, 'urge')).rejects.toEqual(refused('case.urged'))
  await act(p, p.actor('supplier', 'supplier.manager'), caseId, 'confirm')
  await act(p, p.actor('county', 'county.reviewer'), caseId, 'reject', { reason: '合同内容不在目录内' })
  const rejected = await p.call(getCase, plant(), { params: { caseId } })
  expect(rejected).toMatchObject({ state: 'rejected', lastReason: '合同内容不在目录内', verbs: [{ verb: 'appeal' }] })
  await act(p, plant(), caseId, 'appeal', { reason: '属于目录第三类，见附件' })
  expect(await p.call(getCase, plant(), { params: { caseId } })).toMatchObject({ state: 'review', desk: 'city' })
})

test('a deadline in a year whose holidays are not known is provisional until its table is entered', async () => {
  const before = await p.call(listCases, p.actor('city', 'city.reviewer'), { query: { desk: 'mine' } })
  expect(before.rows[0]?.dueProvisional).toBe(true)
  const due = before.rows[0]!.due!
  const off = [1, 2, 3, 4, 5].map((n) => addCivilDays(civilDayOf(p.kit.clock.now()), n))
  const { recomputed } = await p.call(subsidy.putHolidays, p.actor('platform', 'platform.administrator'), {
    params: { year: '2027' },
    body: { off, worked: [] },
  })
  expect(recomputed).toBeGreaterThan(0)
  const after = await p.call(listCases, p.actor('city', 'city.reviewer'), { query: { desk: 'mine' } })
  expect(after.rows[0]?.dueProvisional).toBe(false)
  expect(after.rows[0]!.due!).toBeGreaterThan(due)
})

test('a supplier sees its customers use and what is left of its cap, and nobody elses', async () => {
  const { voucherNo } = await withVoucher(p)
  useDays(p, 'plant', 2, addCivilDays(firstDay, -20), 20)
  const supplier = p.actor('supplier', 'supplier.manager')
  const customers = await p.call(subsidy.listCustomers, supplier)
  expect(customers.rows).toMatchObject([{ voucherNo, machines: 2, possibleDays: 60 }])
  expect(customers.rows[0]?.coveredDays).toBeGreaterThan(0)
  const caps = await p.call(subsidy.listSupplierCaps, supplier)
  expect(caps.rows).toMatchObject([{ capFen: '500000000', reservedFen: '9000000', leftFen: '491000000' }])
})

test('the public totals add up, every indicator carries its definition and the query behind it', async () => {
  const totals = await p.plane.figures.totals()
  expect(totals).toMatchObject([{ appropriatedFen: '1000000000', issuedFen: '9000000', vouchers: 1 }])
  const indicators = await p.plane.figures.indicators()
  expect(indicators.map((each) => each.code)).toEqual(['K1', 'K2', 'P1', 'P3', 'P4'])
  expect(indicators.find((each) => each.code === 'P1')?.value).toBe('4.5')
  for (const { query } of indicators) {
    // The query that is shown is the query that ran: asked again as it stands, it gives the value shown.
    const [row] = await p.kit.db.tx({ job: 'subsidy' }, (tx) => tx.rows<{ value: string }>(query))
    expect(indicators.map((each) => each.value)).toContain(row?.value)
  }
})

test('a contract is claimed once: the same number with the same supplier is refused while the other stands', async () => {
  const no = 'HT-ONCE'
  await apply(p, 'plant', { no })
  await expect(apply(p, 'plant', { no })).rejects.toEqual(refused('application.twice'))
  const unknown = contractBody(p, {
    lines: [{ scene: 'robots', feeKind: 'device-access', product: '机器人', amountFen: '1' }],
  })
  await expect(
    p.call(subsidy.createApplication, plant(), { body: { programmeId: 'sample-2026', contract: unknown } }),
  ).rejects.toEqual(refused('application.line_unknown'))
})
