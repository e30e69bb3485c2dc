import { expireMoves } from '../ledger/chart.ts'
import { mustPost } from '../ledger/ledger.ts'
import type { Subsidy } from '../station.ts'
import { chartOf, lockVoucher, moneyOf, setVoucherState } from './voucher.store.ts'

/**
 * Ends vouchers that nobody redeemed in time: the face goes back to the city and every cap is freed. A voucher with an
 * open redemption is locked and does not expire.
 */
export async function expireVouchers(s: Subsidy): Promise<number> {
  const now = s.kit.clock.now()
  const due = await s.kit.db.tx({ job: 'subsidy' }, (tx) =>
    tx.rows<{ no: string }>(
      `SELECT no FROM subsidy.voucher WHERE state = 'issued' AND valid_to < $1 ORDER BY no LIMIT 1000`,
      [new Date(now)],
    ),
  )
  let expired = 0
  for (const { no } of due)
    await s.kit.db.tx({ job: 'subsidy' }, async (tx) => {
      const voucher = await lockVoucher(tx, no)
      if (voucher.state !== 'issued') return
      await mustPost(tx, {
        key: `expire:${no}`,
        cause: 'expire',
        reference: no,
        at: now,
        moves: expireMoves(chartOf(voucher), moneyOf(voucher)),
      })
      await setVoucherState(tx, no, 'expired')
      expired++
    })
  return expired
}
