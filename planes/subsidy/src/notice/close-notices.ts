import { must } from '@kapok/kit/must'
import type { Tx } from '@kapok/kit-store/db'
import { platformActor, recordEvent } from '../cases/record-event.ts'
import { approveMoves } from '../ledger/chart.ts'
import { mustPost } from '../ledger/ledger.ts'
import type { Subsidy } from '../station.ts'
import { chartOf, lockVoucher, moneyOf, setVoucherState } from '../voucher/voucher.store.ts'

interface EndedNotice {
  id: string
  caseId: string
  approvedFen: bigint
}

/**
 * Ends the notices whose last working day is over and to which no objection is open (INV-20): what was approved becomes
 * payable, the remainder goes back to the city. Each case in its own transaction; a second run finds nothing to do.
 */
export async function closeNotices(s: Subsidy): Promise<number> {
  const now = s.kit.clock.now()
  const ended = await s.kit.db.tx({ job: 'subsidy' }, (tx) => tx.rows<EndedNotice>(endedNotices, [new Date(now), null]))
  let closed = 0
  for (const notice of ended)
    await s.kit.db.tx({ job: 'subsidy' }, async (tx) => {
      if (await closeNotice(s, tx, notice, now)) closed++
    })
  return closed
}

const endedNotices = `SELECT n.id, n.case_id AS "caseId", n.approved_fen AS "approvedFen" FROM subsidy.notice n
  WHERE n.state = 'open' AND n.closes_at < $1 AND ($2::uuid IS NULL OR n.id = $2)
    AND NOT EXISTS (SELECT FROM subsidy.objection o WHERE o.notice_id = n.id AND o.state = 'open')
  ORDER BY n.closes_at, n.id LIMIT 1000`

async function closeNotice(s: Subsidy, tx: Tx, { id, caseId }: EndedNotice, now: number): Promise<boolean> {
  const head = await s.cases.lock(tx, caseId)
  // The notice row is what an objection locks too: whoever comes second sees what the first one did.
  await tx.row('SELECT 1 FROM subsidy.notice WHERE id = $1 FOR UPDATE', [id])
  const notice = await tx.row<EndedNotice>(endedNotices, [new Date(now), id])
  if (notice === undefined || head.state !== 'noticed') return false
  const voucher = await lockVoucher(tx, must(head.voucherNo, 'a redemption has a voucher'))
  await tx.run(`UPDATE subsidy.notice SET state = 'closed' WHERE id = $1`, [id])
  await mustPost(tx, {
    key: `approve:${caseId}:${id}`,
    cause: 'approve',
    reference: voucher.no,
    at: now,
    moves: approveMoves(chartOf(voucher), moneyOf(voucher), notice.approvedFen),
  })
  await setVoucherState(tx, voucher.no, 'payable')
  const before = await s.cases.standing(tx, head)
  const data = { noticeId: id, approvedFen: notice.approvedFen.toString() }
  await recordEvent(s, tx, head, before, platformActor, { verb: 'clear', at: now, reason: null, data })
  return true
}
