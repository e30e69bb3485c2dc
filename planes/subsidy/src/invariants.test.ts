import { decideCase, getCase, listCases, uploadFile } from '@kapok/contracts/case'
import * as subsidy from '@kapok/contracts/subsidy'
import { addCivilDays } from '@kapok/kit/clock'
import { fold } from '@kapok/kit-store/case/case'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { caseTables } from './cases/tables.ts'
import { closeNotices } from './notice/close-notices.ts'
import { parseProgramme, windowOf } from './programme/programme.ts'
import {
  act,
  apply,
  approveAll,
  attach,
  certificationBody,
  certify,
  contractBody,
  deciders,
  firstDay,
  makeProvince,
  type Province,
  redeem,
  redemptionBody,
  runJobs,
  useDays,
  visitor,
  withVoucher,
} from './testing.ts'

let p: Province
let deviceIds: string[]
beforeAll(async () => {
  p = await makeProvince()
  await certify(p)
  deviceIds = useDays(p, 'plant', 2, addCivilDays(firstDay, 5), 45)
}, 60_000)
afterAll(() => p?.stop())

const plant = () => p.actor('plant', 'plant.manager')
const finance = () => p.actor('finance', 'finance.officer')
const province = () => p.actor('province', 'province.reviewer')
const see = (caseId: string, actor = plant()) => p.call(getCase, actor, { params: { caseId } })
const refused = (code: string) => expect.objectContaining({ code })
/** A small contract, so that many fit under the enterprise's cap. */
const small = () => ({
  lines: [{ scene: 'production-monitoring', feeKind: 'device-access' as const, product: '网关', amountFen: '1000000' }],
})
const paper = () => ({
  lines: [{ index: 0, amountFen: '1000000' }],
})

async function freshRedemption() {
  p.go(firstDay)
  const { voucherNo } = await withVoucher(p, 'plant', small())
  p.go(addCivilDays(firstDay, 50))
  const caseId = await redeem(p, 'plant', voucherNo, deviceIds, paper())
  return { voucherNo, caseId }
}

test('INV-09 a voucher has one open redemption, even when two are drafted at once, and settles once', async () => {
  p.go(firstDay)
  const { voucherNo } = await withVoucher(p, 'plant', small())
  p.go(addCivilDays(firstDay, 50))
  const draft = () =>
    p.call(subsidy.createRedemption, plant(), {
      body: { voucherNo, redemption: redemptionBody(p, 'plant', deviceIds, paper()) },
    })
  const both = await Promise.allSettled([draft(), draft()])
  expect(both.map((each) => each.status).sort()).toEqual(['fulfilled', 'rejected'])
  expect(both.find((each) => each.status === 'rejected')?.reason).toEqual(refused('redemption.open'))
})

test('INV-10 an invoice serves one redemption over all cities, and a withdrawn redemption gives it back', async () => {
  const { caseId } = await freshRedemption()
  const used = (await see(caseId)).redemption!.invoices
  p.go(firstDay)
  const { voucherNo } = await withVoucher(p, 'plant', small())
  p.go(addCivilDays(firstDay, 50))
  const { id } = await p.call(subsidy.createRedemption, plant(), {
    body: { voucherNo, redemption: redemptionBody(p, 'plant', deviceIds, { ...paper(), invoices: used }) },
  })
  await attach(p, plant(), id, ['invoice', 'payment', 'acceptance'])
  await expect(act(p, plant(), id, 'submit')).rejects.toEqual(refused('invoice.used'))
  await act(p, plant(), caseId, 'withdraw')
  expect((await act(p, plant(), id, 'submit')).state).toBe('review')
})

test('INV-10 an invoice cannot be allocated beyond its gross amount, nor by half a number', async () => {
  p.go(firstDay)
  const { voucherNo } = await withVoucher(p, 'plant', small())
  p.go(addCivilDays(firstDay, 50))
  const attempt = async (change: object) => {
    const redemption = redemptionBody(p, 'plant', deviceIds, paper())
    Object.assign(redemption.invoices[0]!, change)
    const { id } = await p.call(subsidy.createRedemption, plant(), { body: { voucherNo, redemption } })
    await attach(p, plant(), id, ['invoice', 'payment', 'acceptance'])
    const result = await act(p, plant(), id, 'submit').catch((error: { code: string }) => error.code)
    await p.kit.db.tx({ job: 'subsidy' }, (tx) => tx.run('DELETE FROM subsidy.case_head WHERE id = $1', [id]))
    return result
  }
  expect(await attempt({ allocatedFen: '20000001' })).toBe('invoice.allocation')
  expect(await attempt({ number: '12345678' })).toBe('invoice.number')
  expect(await attempt({ buyerUscc: p.orgs.get('neighbour')!.uscc })).toBe('invoice.party')
})

test('INV-11 nobody approves above the ceiling, and no level above more than a level below', async () => {
  const { caseId } = await freshRedemption()
  const [supplier, county, city, prov] = deciders(p).map(([actor]) => actor)
  await act(p, supplier!, caseId, 'confirm')
  const { ceilingFen } = (await see(caseId, county!)).money!
  expect(ceilingFen).toBe('500000')
  await expect(act(p, county!, caseId, 'approve', { approvedFen: '500001' })).rejects.toEqual(
    refused('approval.above_ceiling'),
  )
  await act(p, county!, caseId, 'approve', { approvedFen: '400000' })
  await expect(act(p, city!, caseId, 'approve', { approvedFen: '400001' })).rejects.toEqual(
    refused('approval.above_ceiling'),
  )
  await act(p, city!, caseId, 'approve')
  await act(p, prov!, caseId, 'approve')
  expect((await see(caseId)).money?.approvedFen).toBe('400000')
})

test('INV-14 a case keeps the rules that it was submitted under when the programme changes', async () => {
  p.go(firstDay)
  const before = await apply(p, 'plant', small())
  const { text } = (await p.kit.db.tx({ job: 'subsidy' }, (tx) =>
    tx.row<{ text: string }>('SELECT text FROM subsidy.programme WHERE current'),
  ))!
  const changed = text
    .replaceAll('ratioBp: 5000', 'ratioBp: 1000')
    .replace('totalFen: "9000000"', 'totalFen: "5000000"')
  await p.call(subsidy.publishProgramme, province(), { body: { text: changed } })
  const after = await apply(p, 'plant', small())
  expect((await approveAll(p, before)).state).toBe('issued')
  expect((await see(before)).amountFen).toBe('500000')
  expect((await see(after)).amountFen).toBe('100000')
  expect((await see(before)).decision?.ruleSha256).not.toBe((await see(after)).decision?.ruleSha256)
  await p.call(subsidy.publishProgramme, province(), { body: { text } })
})

test('INV-16 the last millisecond of the window takes an application and the next one does not', async () => {
  p.go(firstDay)
  const drafts = []
  for (let index = 0; index < 2; index++) {
    const { id } = await p.call(subsidy.createApplication, plant(), {
      body: { programmeId: 'sample-2026', contract: contractBody(p, small()) },
    })
    await attach(p, plant(), id, ['contract'])
    drafts.push(id)
  }
  const { text } = (await p.kit.db.tx({ job: 'subsidy' }, (tx) =>
    tx.row<{ text: string }>('SELECT text FROM subsidy.programme WHERE current'),
  ))!
  const { closesAt } = windowOf(parseProgramme(text).windows[0]!)
  p.kit.clock.set(closesAt + 1, { running: false })
  await expect(act(p, plant(), drafts[0]!, 'submit')).rejects.toEqual(refused('window.closed'))
  p.kit.clock.set(closesAt, { running: false })
  expect((await act(p, plant(), drafts[1]!, 'submit')).state).toBe('review')
})

test('INV-18 no voucher is issued before the certification has passed', async () => {
  p.go(firstDay)
  const far = p.actor('far-plant', 'plant.manager')
  await expect(
    p.call(subsidy.createApplication, far, { body: { programmeId: 'sample-2026', contract: contractBody(p) } }),
  ).rejects.toEqual(refused('certification.first'))
  const { id } = await p.call(subsidy.createCertification, far, { body: certificationBody('4419') })
  await attach(p, far, id, ['licence'])
  await act(p, far, id, 'submit')
  const caseId = await apply(p, 'far-plant', small())
  await expect(approveAll(p, caseId, 'far-plant')).rejects.toEqual(refused('certification.not_passed'))
  await act(p, p.actor('far-city', 'city.reviewer', 'certifier'), id, 'approve')
  expect((await act(p, province(), caseId, 'approve')).state).toBe('issued')
})

test('INV-20 the money is payable only after every full working day of the notice, and an open objection stops it', async () => {
  const { caseId } = await freshRedemption()
  await approveAll(p, caseId)
  const notice = (await p.call(subsidy.listNotices, visitor, { query: { size: 500 } })).rows.find(
    (each) => each.caseId === caseId,
  )!
  const { id: objectionId } = await p.call(subsidy.createObjection, visitor, {
    params: { noticeId: notice.id },
    body: { objector: '李华', contact: '13800000000', reason: '该企业的设备长期停机，与公示不符。' },
  })
  p.kit.clock.set(notice.closesAt + 86_400_000, { running: false })
  await closeNotices(p.plane.station)
  expect((await see(caseId)).state).toBe('noticed')
  await p.call(subsidy.answerObjection, province(), {
    params: { objectionId },
    body: { upheld: false, answer: '经现场核查，设备正常使用。' },
  })
  p.kit.clock.set(notice.closesAt, { running: false })
  await closeNotices(p.plane.station)
  expect((await see(caseId)).state).toBe('noticed')
  p.kit.clock.set(notice.closesAt + 1, { running: false })
  await closeNotices(p.plane.station)
  expect((await see(caseId)).state).toBe('payable')
  await expect(
    p.call(subsidy.createObjection, visitor, {
      params: { noticeId: notice.id },
      body: { objector: '李华', contact: '13800000000', reason: '我还有别的意见要反映。' },
    }),
  ).rejects.toEqual(refused('notice.closed'))
})

test('INV-20 an objection that is upheld sends the case back to review with the money still locked', async () => {
  const { caseId, voucherNo } = await freshRedemption()
  await approveAll(p, caseId)
  const notice = (await p.call(subsidy.listNotices, visitor, { query: { size: 500 } })).rows.find(
    (each) => each.caseId === caseId,
  )!
  const { id: objectionId } = await p.call(subsidy.createObjection, visitor, {
    params: { noticeId: notice.id },
    body: { objector: '李华', contact: '13800000000', reason: '该企业的设备长期停机，与公示不符。' },
  })
  await p.call(subsidy.answerObjection, province(), {
    params: { objectionId },
    body: { upheld: true, answer: '异议属实，退回复审。' },
  })
  const view = await see(caseId, province())
  expect([view.state, view.desk]).toEqual(['review', 'province'])
  expect((await p.call(subsidy.getVoucher, plant(), { params: { voucherNo } })).state).toBe('locked')
  await act(p, province(), caseId, 'reject', { reason: '证据不足' })
  expect((await p.call(subsidy.getVoucher, plant(), { params: { voucherNo } })).state).toBe('issued')
})

test('INV-21 one person with two desks cannot decide two steps, and the filer none', async () => {
  p.go(firstDay)
  const caseId = await apply(p, 'plant', small())
  const [supplier] = deciders(p).map(([actor]) => actor)
  await act(p, supplier!, caseId, 'confirm')
  const county = p.actor('county', 'county.reviewer', 'same')
  await act(p, county, caseId, 'approve')
  const sameInCity = { ...p.actor('city', 'city.reviewer'), userId: county.userId }
  await expect(act(p, sameInCity, caseId, 'approve')).rejects.toEqual(refused('case.decider_again'))
  expect((await see(caseId, sameInCity)).verbs).toEqual([])
  const filerInCity = { ...p.actor('city', 'city.reviewer'), userId: plant().userId }
  await expect(act(p, filerInCity, caseId, 'approve')).rejects.toEqual(refused('case.decider_is_filer'))
})

test('INV-22 a return to the county voids what the county and the city consented to, and nothing below', async () => {
  p.go(firstDay)
  const caseId = await apply(p, 'plant', small())
  const [supplier, county, city, prov] = deciders(p).map(([actor]) => actor)
  await act(p, supplier!, caseId, 'confirm')
  await act(p, county!, caseId, 'approve')
  await act(p, city!, caseId, 'approve')
  await expect(act(p, prov!, caseId, 'return', { toStep: 2 })).rejects.toEqual(refused('case.reason_missing'))
  await act(p, prov!, caseId, 'return', { toStep: 2, reason: '请县区核对合同' })
  const view = await see(caseId)
  expect(view.steps.map((step) => step.state)).toEqual(['done', 'done', 'open', 'voided', 'ahead'])
  await expect(act(p, prov!, caseId, 'approve')).rejects.toEqual(refused('case.not_your_desk'))
  await act(p, county!, caseId, 'approve')
  await act(p, city!, caseId, 'approve')
  expect((await act(p, prov!, caseId, 'approve')).state).toBe('issued')
})

test('INV-22 a case that was returned to the plant can be corrected and goes through every desk again', async () => {
  p.go(firstDay)
  const caseId = await apply(p, 'plant', small())
  const [supplier, county] = deciders(p).map(([actor]) => actor)
  await act(p, supplier!, caseId, 'confirm')
  await act(p, county!, caseId, 'return', { toStep: 0, reason: '合同金额与附件不一致' })
  const returned = await see(caseId)
  expect([returned.state, returned.desk, returned.lastReason]).toEqual(['returned', 'filer', '合同金额与附件不一致'])
  await p.call(subsidy.updateApplication, plant(), {
    params: { caseId },
    body: { contract: contractBody(p, small()), expectedVersion: returned.version },
  })
  await act(p, plant(), caseId, 'submit')
  expect((await approveAll(p, caseId)).state).toBe('issued')
})

test('INV-05 INV-17 when the quota of a city is gone, cases wait in the order of submission and new quota serves them so', async () => {
  p.go(firstDay)
  const quota = await p.plane.figures.quotas('sample-2026')
  const left = quota.find((each) => each.city === '4406')!.availableFen
  const move = (direction: 'allocate' | 'recall', amountFen: string) =>
    p.call(subsidy.allocate, finance(), {
      body: { programmeId: 'sample-2026', city: '4406', direction, amountFen, documentNo: '调' },
    })
  await move('recall', left)
  const first = await apply(p, 'plant', small())
  p.go(firstDay, 11)
  const second = await apply(p, 'plant', small())
  expect((await approveAll(p, second)).state).toBe('waiting')
  expect((await approveAll(p, first)).state).toBe('waiting')
  await move('allocate', '600000')
  expect([(await see(first)).state, (await see(second)).state]).toEqual(['issued', 'waiting'])
  await move('allocate', (BigInt(left) - 600_000n).toString())
  expect((await see(second)).state).toBe('issued')
})

test('INV-05 a cap cannot be set below what is reserved, and a supplier without cap makes a case wait', async () => {
  p.go(firstDay)
  const supplierUscc = p.orgs.get('other-supplier')!.uscc!
  const set = (capFen: string) =>
    p.call(subsidy.setSupplierCap, province(), {
      body: { programmeId: 'sample-2026', supplierUscc, capFen, reason: '抽查' },
    })
  await set('600000')
  const contract = { ...small(), supplierUscc }
  const decide = async (caseId: string) => {
    await act(p, p.actor('other-supplier', 'supplier.manager'), caseId, 'confirm')
    let state = ''
    for (const [actor, verb] of deciders(p).slice(1)) state = (await act(p, actor, caseId, verb)).state
    return state
  }
  expect(await decide(await apply(p, 'plant', contract))).toBe('issued')
  expect(await decide(await apply(p, 'plant', contract))).toBe('waiting')
  await expect(set('400000')).rejects.toEqual(refused('cap.below_reserved'))
  const caps = await p.call(subsidy.listSupplierCaps, province(), { query: { search: supplierUscc } })
  expect(caps.rows[0]).toMatchObject({ capFen: '600000', reservedFen: '500000', leftFen: '100000' })
})

test('no voucher is issued on a contract with a suspended supplier until the suspension is lifted', async () => {
  p.go(firstDay)
  const caseId = await apply(p, 'plant', small())
  const params = { supplierUscc: p.orgs.get('supplier')!.uscc! }
  await p.call(subsidy.suspendSupplier, province(), { params, body: { suspended: true, reason: '抽查不合格' } })
  await expect(approveAll(p, caseId)).rejects.toEqual(refused('supplier.suspended'))
  await p.call(subsidy.suspendSupplier, province(), { params, body: { suspended: false, reason: '已整改' } })
  expect((await act(p, province(), caseId, 'approve')).state).toBe('issued')
})

test('INV-06 the same bank receipt twice pays once, twice at once too, and another answer is refused', async () => {
  const { caseId, voucherNo } = await freshRedemption()
  await approveAll(p, caseId)
  p.go(addCivilDays(firstDay, 75))
  await runJobs(p)
  const batch = await p.call(subsidy.createBatch, finance(), {
    body: { programmeId: 'sample-2026', caseIds: [caseId] },
  })
  const file = (receiptId: string, outcome: 'paid' | 'failed') =>
    p.call(subsidy.fileReceipt, finance(), { params: { batchId: batch.id }, body: { line: 1, receiptId, outcome } })
  const both = await Promise.all([file('R-1', 'paid'), file('R-1', 'paid')])
  expect(both.map((each) => each.state)).toEqual(['paid', 'paid'])
  await expect(file('R-1', 'failed')).rejects.toEqual(refused('receipt.conflict'))
  await expect(file('R-2', 'paid')).rejects.toEqual(refused('receipt.conflict'))
  expect((await p.call(subsidy.getVoucher, plant(), { params: { voucherNo } })).paidFen).toBe('500000')
})

test('a payment that the bank returned can be paid in a later batch', async () => {
  const { caseId } = await freshRedemption()
  await approveAll(p, caseId)
  p.go(addCivilDays(firstDay, 75))
  await runJobs(p)
  const pay = async (receiptId: string, outcome: 'paid' | 'failed') => {
    const { id: batchId } = await p.call(subsidy.createBatch, finance(), {
      body: { programmeId: 'sample-2026', caseIds: [caseId] },
    })
    await p.call(subsidy.fileReceipt, finance(), {
      params: { batchId },
      body: { line: 1, receiptId, outcome, reason: '户名不符' },
    })
    return (await see(caseId)).state
  }
  expect(await pay('F-1', 'failed')).toBe('payable')
  expect(await pay('P-1', 'paid')).toBe('paid')
})

test('a voucher that nobody redeemed in time goes back to its city with every cap it held', async () => {
  p.go(firstDay)
  const { voucherNo } = await withVoucher(p, 'plant', small())
  const voucher = await p.call(subsidy.getVoucher, plant(), { params: { voucherNo } })
  p.kit.clock.set(voucher.validTo, { running: false })
  await runJobs(p)
  expect((await p.call(subsidy.getVoucher, plant(), { params: { voucherNo } })).state).toBe('issued')
  p.kit.clock.set(voucher.validTo + 1, { running: false })
  await runJobs(p)
  const after = await p.call(subsidy.getVoucher, plant(), { params: { voucherNo } })
  expect(after).toMatchObject({ state: 'expired', returnedFen: voucher.faceFen, issuedFen: '0' })
})

test('a stale version, a missing paper, a foreign machine and a file that is no document are refused with a sentence', async () => {
  p.go(firstDay)
  const { id: caseId } = await p.call(subsidy.createApplication, plant(), {
    body: { programmeId: 'sample-2026', contract: contractBody(p, small()) },
  })
  const upload = (text: string) =>
    p.call(uploadFile, plant(), {
      params: { caseId },
      query: { role: 'contract', name: 'c.pdf' },
      body: new TextEncoder().encode(text) as never,
    })
  await expect(upload('<html>not a document')).rejects.toEqual(refused('file.kind'))
  await expect(act(p, plant(), caseId, 'submit')).rejects.toEqual(refused('document.missing'))
  await upload('%PDF-1.7')
  await expect(
    p.call(decideCase, plant(), { params: { caseId }, body: { verb: 'submit', expectedVersion: 1 } }),
  ).rejects.toEqual(refused('version.stale'))
  const { voucherNo } = await withVoucher(p, 'plant', small())
  p.go(addCivilDays(firstDay, 50))
  await expect(redeem(p, 'plant', voucherNo, [p.kit.ids.uuid()], paper())).rejects.toEqual(refused('redemption.device'))
})

test('INV-08 the head of every case is the fold of its events', async () => {
  const { rows } = await p.kit.db.tx({ job: 'subsidy' }, async (tx) => ({
    rows: await tx.rows<{ id: string }>('SELECT id FROM subsidy.case_head'),
  }))
  expect(rows.length).toBeGreaterThan(20)
  for (const { id } of rows)
    await p.kit.db.tx({ job: 'subsidy' }, async (tx) => {
      const head = await p.plane.station.cases.see(tx, id)
      const standing = fold(caseTables[head.kind], await p.plane.station.cases.events(tx, id))
      expect({
        version: head.version,
        state: head.state,
        step: head.step,
        steps: head.steps,
        since: head.since,
      }).toEqual({
        version: standing.version,
        state: standing.state,
        step: standing.step,
        steps: standing.steps,
        since: standing.since,
      })
    })
})

test('INV-01 INV-03 after all of this the money ledger is zero-sum and the public totals add up', async () => {
  const trial = await p.call(subsidy.getTrialBalance, finance(), { query: { programmeId: 'sample-2026' } })
  expect(trial.sumFen).toBe('0')
  const [totals] = await p.plane.figures.totals()
  const parts = ['unallocatedFen', 'citiesAvailableFen', 'issuedFen', 'lockedFen', 'payableFen', 'paidFen'] as const
  expect(parts.reduce((sum, part) => sum + BigInt(totals![part]), 0n).toString()).toBe(totals!.appropriatedFen)
})

test('a queue shows the nearest deadline first and pages without losing a row', async () => {
  p.go(firstDay)
  const reviewer = p.actor('city', 'city.reviewer')
  const all = await p.call(listCases, reviewer, { query: { size: 500 } })
  const paged = []
  for (let page = 1; page <= Math.ceil(all.total / 7); page++)
    paged.push(...(await p.call(listCases, reviewer, { query: { page, size: 7 } })).rows)
  expect(paged.map((row) => row.id)).toEqual(all.rows.map((row) => row.id))
  const dues = all.rows.map((row) => row.due ?? Number.POSITIVE_INFINITY)
  expect(dues).toEqual([...dues].sort((a, b) => a - b))
})
