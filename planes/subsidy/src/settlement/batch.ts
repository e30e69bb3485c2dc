import { unknownThing } from '@kapok/contracts/refusal'
import type { BodyOf } from '@kapok/contracts/route'
import type { createBatch, fileReceipt } from '@kapok/contracts/subsidy'
import { civilDayOf } from '@kapok/kit/clock'
import { must } from '@kapok/kit/must'
import { type CaseHead, headColumns, headOf } from '@kapok/kit-store/case/case.store'
import type { Tx } from '@kapok/kit-store/db'
import type { Actor } from '@kapok/kit-store/plane'
import { recordEvent } from '../cases/record-event.ts'
import { payMoves } from '../ledger/chart.ts'
import { balances, mustPost } from '../ledger/ledger.ts'
import type { RedemptionFacts } from '../redemption/redemption.routes.ts'
import { refuseSubsidy } from '../refusals.ts'
import type { Subsidy } from '../station.ts'
import { chartOf, lockVoucher, setVoucherState } from '../voucher/voucher.store.ts'

export type BankAccount = RedemptionFacts['bankAccount']

/** Cases of a batch at most; a bank's file is read by people. */
const batchLimit = 500

/** Puts payable redemptions into a batch: each becomes `paying` and can be in no other batch. Inside the plane's door. */
export async function makeBatch(s: Subsidy, tx: Tx, actor: Actor, body: BodyOf<typeof createBatch>): Promise<string> {
  const now = s.kit.clock.now()
  const rows = await tx.rows<Parameters<typeof headOf>[0]>(
    `SELECT ${headColumns('h')} FROM subsidy.case_head h WHERE h.kind = 'redemption' AND h.programme_id = $1
      AND (($2::uuid[] IS NULL AND h.state = 'payable') OR h.id = ANY ($2)) ORDER BY h.since, h.id LIMIT ${batchLimit}
     FOR UPDATE`,
    [body.programmeId, body.caseIds ?? null],
  )
  const heads = rows.map(headOf)
  const stray = heads.find((head) => head.state !== 'payable')
  if (stray !== undefined) throw refuseSubsidy('batch.not_payable', { caseNo: stray.caseNo })
  if (body.caseIds !== undefined && heads.length !== body.caseIds.length) throw unknownThing('case')
  if (heads.length === 0) throw refuseSubsidy('batch.empty')
  const id = s.kit.ids.uuid()
  // The serial of the day is taken under a lock, so two batches made at once get two numbers.
  await tx.run(`SELECT pg_advisory_xact_lock(hashtextextended('batch', 0))`)
  const day = civilDayOf(now).replaceAll('-', '')
  const count = await tx.row<{ n: bigint }>(`SELECT count(*) AS n FROM subsidy.batch WHERE batch_no LIKE $1 || '%'`, [
    `B${day}`,
  ])
  const batchNo = `B${day}${String((count?.n ?? 0n) + 1n).padStart(3, '0')}`
  await tx.run('INSERT INTO subsidy.batch VALUES ($1, $2, $3, $4, $5)', [
    id,
    batchNo,
    body.programmeId,
    new Date(now),
    actor.userName,
  ])
  for (const [index, head] of heads.entries()) {
    const { redemption } = head.facts as { redemption: RedemptionFacts }
    const voucherNo = must(head.voucherNo, 'a redemption has a voucher')
    await tx.run(`INSERT INTO subsidy.batch_line VALUES ($1, $2, $3, $4, $5, $6, 'waiting')`, [
      id,
      index + 1,
      head.id,
      voucherNo,
      await payableOf(tx, head),
      JSON.stringify(redemption.bankAccount),
    ])
    const before = await s.cases.standing(tx, head)
    await recordEvent(s, tx, head, before, actor, { verb: 'batch', at: now, reason: null, data: { batchNo } })
  }
  return id
}

async function payableOf(tx: Tx, head: CaseHead): Promise<bigint> {
  const voucher = await lockVoucher(tx, must(head.voucherNo, 'a redemption has a voucher'))
  const account = chartOf(voucher).voucher(voucher.no, 'payable')
  return must((await balances(tx, [account])).get(account), 'a payable amount')
}

interface Line {
  caseId: string
  voucherNo: string
  amountFen: bigint
  state: 'waiting' | 'paid' | 'failed'
  receiptId: string | null
}

/**
 * Enters the bank's answer. The receipt's id is the idempotency key: the same answer again changes nothing, another
 * answer for the same line or receipt is refused. Inside the plane's door.
 */
export async function enterReceipt(
  s: Subsidy,
  tx: Tx,
  actor: Actor,
  batchId: string,
  body: BodyOf<typeof fileReceipt>,
): Promise<void> {
  const now = s.kit.clock.now()
  const seen = await lineOf(tx, batchId, body.line)
  const head = await s.cases.lock(tx, seen.caseId)
  // Read again under the case's lock: a copy of this receipt may have come first.
  const line = await lineOf(tx, batchId, body.line)
  if (line.state !== 'waiting') {
    if (line.receiptId === body.receiptId && line.state === body.outcome) return
    throw refuseSubsidy('receipt.conflict')
  }
  const used = await tx.row('SELECT 1 FROM subsidy.batch_line WHERE receipt_id = $1', [body.receiptId])
  if (used !== undefined) throw refuseSubsidy('receipt.conflict')
  if (body.outcome === 'paid') {
    const voucher = await lockVoucher(tx, line.voucherNo)
    await mustPost(tx, {
      key: `receipt:${body.receiptId}`,
      cause: 'pay',
      reference: line.voucherNo,
      at: now,
      moves: payMoves(chartOf(voucher), line.voucherNo, line.amountFen),
    })
    await setVoucherState(tx, line.voucherNo, 'settled')
  }
  await tx.run(
    `UPDATE subsidy.batch_line SET state = $3, receipt_id = $4, answered_at = $5, failure = $6
     WHERE batch_id = $1 AND line = $2`,
    [
      batchId,
      body.line,
      body.outcome,
      body.receiptId,
      new Date(now),
      body.outcome === 'failed' ? (body.reason ?? '') : null,
    ],
  )
  await recordEvent(s, tx, head, await s.cases.standing(tx, head), actor, {
    verb: body.outcome === 'paid' ? 'pay' : 'bounce',
    at: now,
    reason: body.outcome === 'failed' ? (body.reason ?? null) : null,
    data: { receiptId: body.receiptId, amountFen: line.amountFen.toString() },
  })
}

async function lineOf(tx: Tx, batchId: string, line: number): Promise<Line> {
  const row = await tx.row<Line>(
    `SELECT case_id AS "caseId", voucher_no AS "voucherNo", amount_fen AS "amountFen", state, receipt_id AS "receiptId"
     FROM subsidy.batch_line WHERE batch_id = $1 AND line = $2`,
    [batchId, line],
  )
  if (row === undefined) throw unknownThing('batch line')
  return row
}
