import { addCivilDays, civilDayOf } from '@kapok/kit/clock'
import { formatYuan, minFen, shareOf } from '@kapok/kit/money'
import { must } from '@kapok/kit/must'
import { stepsIn } from '@kapok/kit-store/case/case'
import { requireWindow } from '../application/application-rules.ts'
import { storeDecision } from '../cases/decision.store.ts'
import { requireDocuments } from '../cases/documents.ts'
import type { Acting, KindRules } from '../cases/kind.ts'
import { caseTables } from '../cases/tables.ts'
import { certificationOf } from '../certification/certification-rules.ts'
import { lockMoves, unlockMoves } from '../ledger/chart.ts'
import { balances, post } from '../ledger/ledger.ts'
import { openNotice } from '../notice/open-notice.ts'
import { assess } from '../programme/assess.ts'
import { pinnedProgramme } from '../programme/programme.store.ts'
import type { Programme } from '../programme/programme.ts'
import { refuseSubsidy } from '../refusals.ts'
import { reviewRegion } from '../region/region.ts'
import { chartOf, lockVoucher, moneyOf, setVoucherState, type Voucher } from '../voucher/voucher.store.ts'
import { boundText, voucherStateText } from '../words.ts'
import { ceilingFor } from './ceiling.ts'
import { freeInvoices, takeInvoices } from './invoice.ts'
import { claimedFen, type RedemptionFacts } from './redemption.routes.ts'

/** 兑现: papers and use on one voucher; approval opens the public notice, the money moves when that has run. */
export const redemptionRules: KindRules = {
  async submit(acting) {
    const { tx, head, before, now } = acting
    const { voucher, programme, redemption } = await subject(acting)
    if (before.submittedAt === null) requireWindow(programme, 'redeem', now)
    const lapsed = now > voucher.validTo.getTime()
    if (before.submittedAt === null && lapsed)
      throw refuseSubsidy('voucher.not_redeemable', { no: voucher.no, state: voucherStateText.expired })
    await checkPapers(acting, voucher, programme, redemption)
    await takeInvoices(tx, head.id, redemption.invoices, { seller: voucher.supplierUscc, buyer: voucher.filerUscc })
    await requireDocuments(tx, head)
    await lockMoney(acting, voucher)
    if (voucher.supplierOrg !== null)
      await tx.run(`INSERT INTO subsidy.case_party VALUES ($1, $2, 'supplier', $3, $4) ON CONFLICT DO NOTHING`, [
        head.id,
        voucher.supplierOrg,
        voucher.supplierName,
        voucher.supplierUscc,
      ])
    await decide(acting, null)
    const region = await reviewRegion(tx, voucher.region)
    return { steps: stepsIn(caseTables.redemption, region), ruleSha256: programme.sha256 }
  },

  async consent(acting) {
    const desk = acting.before.steps[acting.before.step]
    if (desk === 'supplier') return {}
    const approved = await decide(acting, acting.body.approvedFen ?? null)
    return { approvedFen: approved.toString() }
  },

  async moved(acting, after) {
    const { s, tx, head, body, now } = acting
    if (after.state === 'noticed') await openNotice(s, tx, head, now)
    if (after.state === 'rejected' || after.state === 'withdrawn') {
      const { voucher } = await subject(acting)
      await unlockMoney(acting, voucher)
      await freeInvoices(tx, head.id)
    }
    if (body.verb === 'appeal') {
      const { voucher, redemption } = await subject(acting)
      await lockMoney(acting, voucher)
      await takeInvoices(tx, head.id, redemption.invoices, { seller: voucher.supplierUscc, buyer: voucher.filerUscc })
    }
  },
}

async function subject({ tx, head }: Acting) {
  const voucher = await lockVoucher(tx, must(head.voucherNo, 'a redemption has a voucher'))
  const programme = await pinnedProgramme(tx, voucher.ruleSha256)
  const { redemption } = head.facts as { redemption: RedemptionFacts }
  return { voucher, programme, redemption }
}

/**
 * Computes what may be approved, checks what is asked against it, and stores the decision with all its numbers. A level
 * may grant less than the ceiling; the levels above may not grant more than the least that was granted below.
 */
async function decide(acting: Acting, asked: string | null): Promise<bigint> {
  const { s, tx, head, before, now } = acting
  const { voucher, programme, redemption } = await subject(acting)
  const found = await ceilingFor(s, head, voucher, programme, redemption, now)
  const submitting = acting.body.verb === 'submit'
  const granted = await grantedBelow(acting)
  const ceiling = granted === null ? found.ceiling : minFen(found.ceiling, granted)
  const approved = asked === null ? ceiling : BigInt(asked)
  if (approved > ceiling || approved < 0n)
    throw refuseSubsidy('approval.above_ceiling', {
      approved: formatYuan(approved),
      ceiling: formatYuan(ceiling),
      bound: boundText[found.boundBy].zh,
    })
  if (!submitting && approved === 0n) throw refuseSubsidy('approval.nothing_supported')
  const certification = must(await certificationOf(tx, head.filerOrg), 'a voucher holder is certified')
  const { region, industry, registeredOn, lastYearRevenueFen, fiscalViolationOn } = certification.facts
  const facts = {
    enterprise: { region, industry, registeredOn, lastYearRevenueFen, fiscalViolationOn: fiscalViolationOn ?? '' },
    contract: { signedOn: voucher.contract.signedOn, lines: voucher.contract.lines },
    submittedOn: civilDayOf(before.submittedAt ?? now),
  }
  await storeDecision(tx, head.id, before.version + 1, {
    programme,
    facts: { ...facts, redemption },
    clauses: assess(programme, facts).clauses,
    numbers: found.numbers,
    coverage: found.coverage === null ? null : { ...found.coverage },
    approvedFen: submitting ? null : approved,
  })
  return approved
}

/** The least that a valid consent below the present step granted; null when none did. */
async function grantedBelow({ tx, head, before }: Acting): Promise<bigint | null> {
  const versions = [...before.consents].filter(([step]) => step < before.step).map(([, consent]) => consent.version)
  const row = await tx.row<{ least: bigint | null }>(
    'SELECT min(approved_fen) AS least FROM subsidy.decision WHERE case_id = $1 AND version = ANY ($2::int[])',
    [head.id, versions],
  )
  return row?.least ?? null
}

async function checkPapers(
  { s, head, now }: Acting,
  voucher: Voucher,
  programme: Programme,
  redemption: RedemptionFacts,
): Promise<void> {
  const perLine = new Map<number, bigint>()
  for (const { index, amountFen } of redemption.lines)
    perLine.set(index, (perLine.get(index) ?? 0n) + BigInt(amountFen))
  for (const [index, amount] of perLine) {
    const line = voucher.contract.lines[index]
    if (line === undefined || amount <= 0n || amount > BigInt(line.amountFen))
      throw refuseSubsidy('redemption.line', { line: index + 1 })
  }
  const sum = (amounts: string[]) => amounts.reduce((total, each) => total + BigInt(each), 0n)
  const claimed = claimedFen(redemption)
  const allocated = sum(redemption.invoices.map((each) => each.allocatedFen))
  if (allocated < claimed)
    throw refuseSubsidy('redemption.invoices_too_small', {
      allocated: formatYuan(allocated),
      claimed: formatYuan(claimed),
    })
  const negative = redemption.payments.findIndex((each) => BigInt(each.amountFen) <= 0n)
  if (negative >= 0) throw refuseSubsidy('amount.invalid', { field: `payments[${negative}]` })
  const paid = sum(redemption.payments.map((each) => each.amountFen))
  const needed = shareOf(sum(voucher.contract.lines.map((line) => line.amountFen)), programme.redeem.minPaidBp)
  if (paid < needed)
    throw refuseSubsidy('redemption.paid_too_little', {
      paid: formatYuan(paid),
      share: `${programme.redeem.minPaidBp / 100}%`,
      needed: formatYuan(needed),
    })
  const { fromDay, toDay } = redemption
  if (fromDay > toDay || toDay >= civilDayOf(now) || addCivilDays(fromDay, 400) <= toDay)
    throw refuseSubsidy('redemption.period')
  if (programme.evidence.mode === 'metered') {
    const own = new Set((await s.ports.devices.ofOrg(head.filerOrg)).map((device) => device.id))
    if (redemption.deviceIds.length === 0 || redemption.deviceIds.some((id) => !own.has(id)))
      throw refuseSubsidy('redemption.device')
  }
}

/** v:issued → v:locked, unless a returned case still holds it. */
async function lockMoney({ tx, head, before, now }: Acting, voucher: Voucher): Promise<void> {
  const c = chartOf(voucher)
  const locked = c.voucher(voucher.no, 'locked')
  if ((await balances(tx, [locked])).get(locked) !== 0n && before.submittedAt !== null) return
  const result = await post(tx, {
    key: `lock:${head.id}:${before.version + 1}`,
    cause: 'lock',
    reference: voucher.no,
    at: now,
    moves: lockMoves(c, moneyOf(voucher)),
  })
  if (result.outcome === 'short')
    throw refuseSubsidy('voucher.not_redeemable', { no: voucher.no, state: '已用或已过期 / used or expired' })
  await setVoucherState(tx, voucher.no, 'locked')
}

async function unlockMoney({ tx, head, before, now }: Acting, voucher: Voucher): Promise<void> {
  const result = await post(tx, {
    key: `unlock:${head.id}:${before.version + 1}`,
    cause: 'unlock',
    reference: voucher.no,
    at: now,
    moves: unlockMoves(chartOf(voucher), moneyOf(voucher)),
  })
  must(result.outcome === 'posted' || undefined, 'an open redemption holds its voucher locked')
  await setVoucherState(tx, voucher.no, 'issued')
}
