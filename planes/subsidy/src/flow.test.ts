import { getCase, getFile, listCases, listInbox } from '@kapok/contracts/case'
import * as subsidy from '@kapok/contracts/subsidy'
import { addCivilDays } from '@kapok/kit/clock'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  act,
  approveAll,
  certify,
  deciders,
  firstDay,
  makeProvince,
  type Province,
  redeem,
  runJobs,
  useDays,
  visitor,
  withVoucher,
} from './testing.ts'

let p: Province
beforeAll(async () => {
  p = await makeProvince()
}, 60_000)
afterAll(() => p?.stop())

test('a plant is certified, applies, redeems on its sealed use, waits out the notice and is paid', async () => {
  const plant = p.actor('plant', 'plant.manager')
  const finance = p.actor('finance', 'finance.officer')
  await certify(p)
  const { voucherNo } = await withVoucher(p)
  const voucher = await p.call(subsidy.getVoucher, plant, { params: { voucherNo } })
  expect(voucher).toMatchObject({ faceFen: '9000000', issuedFen: '9000000', state: 'issued', redeemable: false })

  p.go(addCivilDays(firstDay, 60))
  const deviceIds = useDays(p, 'plant', 2, addCivilDays(firstDay, 20), 40)
  const caseId = await redeem(p, 'plant', voucherNo, deviceIds)
  expect((await p.call(subsidy.getVoucher, plant, { params: { voucherNo } })).lockedFen).toBe('9000000')

  for (const [actor, verb] of deciders(p)) {
    const queue = await p.call(listCases, actor, { query: { desk: 'mine' } })
    expect(queue.rows.map((row) => row.id)).toContain(caseId)
    await act(p, actor, caseId, verb)
  }
  const noticed = await p.call(getCase, plant, { params: { caseId } })
  expect(noticed).toMatchObject({ state: 'noticed', money: { approvedFen: '9000000', ceilingFen: '9000000' } })
  expect(noticed.coverage).toMatchObject({ covered: 60, required: 60 })
  const notices = await p.call(subsidy.listNotices, visitor)
  expect(notices.rows).toMatchObject([{ caseId, approvedFen: '9000000', state: 'open' }])

  await runJobs(p)
  expect((await p.call(getCase, plant, { params: { caseId } })).state).toBe('noticed')
  p.go(addCivilDays(firstDay, 75))
  await runJobs(p)
  expect((await p.call(getCase, plant, { params: { caseId } })).state).toBe('payable')

  const batch = await p.call(subsidy.createBatch, finance, { body: { programmeId: 'sample-2026' } })
  const { bytes } = await p.call(subsidy.exportBatch, finance, { params: { batchId: batch.id } })
  expect(new TextDecoder().decode(bytes)).toContain('90000.00')
  const receipt = { line: 1, receiptId: 'ICBC-1', outcome: 'paid' as const }
  await p.call(subsidy.fileReceipt, finance, { params: { batchId: batch.id }, body: receipt })

  const paid = await p.call(getCase, plant, { params: { caseId } })
  expect(paid.state).toBe('paid')
  expect(paid.timeline.map((event) => event.verb)).toEqual([
    'create',
    'submit',
    'confirm',
    'approve',
    'approve',
    'approve',
    'clear',
    'batch',
    'pay',
  ])
  const settled = await p.call(subsidy.getVoucher, plant, { params: { voucherNo } })
  expect(settled).toMatchObject({ paidFen: '9000000', state: 'settled' })
  const trial = await p.call(subsidy.getTrialBalance, finance, { query: { programmeId: 'sample-2026' } })
  expect(trial.sumFen).toBe('0')
  const indicators = await p.plane.figures.indicators('sample-2026')
  expect(indicators.find((each) => each.code === 'K2')?.value).toBe('1')
  const inbox = await p.call(listInbox, plant)
  expect(inbox.rows.map((row) => row.text.zh).join()).toContain('补助已支付')
})

test('a plant that replays one machine under three names is cut by the rule, and the decision prints the numbers', async () => {
  await certify(p, 'neighbour')
  const { voucherNo } = await withVoucher(p, 'neighbour', { machines: 3 })
  const deviceIds = useDays(p, 'neighbour', 3, addCivilDays(firstDay, 35), 40, (_, index) =>
    index < 30 ? { identicalTo: ['another'] } : {},
  )
  const caseId = await redeem(p, 'neighbour', voucherNo, deviceIds)
  await approveAll(p, caseId, 'neighbour')
  const view = await p.call(getCase, p.actor('neighbour', 'plant.manager'), { params: { caseId } })
  // 10 days × 3 machines of 30 × 3 that are required: a third of 90,000 yuan.
  expect(view.money).toMatchObject({ approvedFen: '3000000', supportedFen: '3000000', faceFen: '9000000' })
  expect(view.coverage).toMatchObject({ covered: 30, required: 90, identicalDays: 90 })
  expect(view.decision?.numbers.map((each) => each.name)).toEqual(
    expect.arrayContaining(['required', 'minMinutes', 'toleranceBp', 'covered', 'supported', 'ceiling']),
  )
})

test('in a city without counties that level of review is skipped by data', async () => {
  await certify(p, 'far-plant', ['far-city', 'city.reviewer'])
  const { applicationId } = await withVoucher(p, 'far-plant')
  const view = await p.call(getCase, p.actor('far-plant', 'plant.manager'), { params: { caseId: applicationId } })
  expect(view.steps.map((step) => step.desk)).toEqual(['filer', 'supplier', 'city', 'province'])
})

test('only the parties and the offices of the region see a case and its files', async () => {
  const mine = p.actor('plant', 'plant.manager')
  const { rows } = await p.call(listCases, mine, { query: { kind: 'application' } })
  const caseId = rows[0]!.id
  const { files } = await p.call(getCase, mine, { params: { caseId } })
  const params = { caseId, fileId: files[0]!.id }
  for (const stranger of [
    p.actor('neighbour', 'plant.manager'),
    p.actor('other-supplier', 'supplier.manager'),
    p.actor('far-city', 'city.reviewer'),
  ]) {
    await expect(p.call(getCase, stranger, { params: { caseId } })).rejects.toMatchObject({ code: 'thing.unknown' })
    await expect(p.call(getFile, stranger, { params })).rejects.toMatchObject({ code: 'thing.unknown' })
    expect((await p.call(listCases, stranger)).rows.map((row) => row.id)).not.toContain(caseId)
  }
  for (const party of [p.actor('supplier', 'supplier.manager'), p.actor('city', 'city.reviewer')])
    expect((await p.call(getFile, party, { params })).mediaType).toBe('application/pdf')
})
