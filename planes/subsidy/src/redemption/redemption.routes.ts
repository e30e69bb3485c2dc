import { unknownThing } from '@kapok/contracts/refusal'
import type { BodyOf } from '@kapok/contracts/route'
import { createRedemption, updateRedemption } from '@kapok/contracts/subsidy'
import { sqlState } from '@kapok/kit-store/db'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { draftCase, saveDraft } from '../cases/draft-case.ts'
import { inside } from '../inside.ts'
import { refuseSubsidy } from '../refusals.ts'
import type { Subsidy } from '../station.ts'
import { voucherByNo } from '../voucher/voucher.store.ts'
import { voucherStateText } from '../words.ts'

export type RedemptionFacts = BodyOf<typeof createRedemption>['redemption']

export function redemptionRoutes(s: Subsidy): RouteHandler[] {
  return [
    handle(createRedemption, async ({ tx, body, actor, orgId }) => {
      const voucher = await voucherByNo(tx, body.voucherNo)
      if (voucher === undefined || voucher.filerOrg !== orgId) throw unknownThing('voucher')
      const state = voucherStateText[voucher.state]
      if (voucher.state !== 'issued') throw refuseSubsidy('voucher.not_redeemable', { no: voucher.no, state })
      return inside(tx, async () => {
        const draft = {
          kind: 'redemption' as const,
          region: voucher.region,
          programmeId: voucher.programmeId,
          ruleSha256: voucher.ruleSha256,
          voucherNo: voucher.no,
          facts: { redemption: body.redemption },
          amountFen: claimedFen(body.redemption),
        }
        const made = await draftCase(s, tx, actor, draft).catch((error: unknown) => {
          if (sqlState(error) === '23505') throw refuseSubsidy('redemption.open', {}, { cause: error as Error })
          throw error
        })
        await tx.run(
          `UPDATE subsidy.case_head SET supplier_org = $2, supplier_name = $3, supplier_uscc = $4 WHERE id = $1`,
          [made.id, voucher.supplierOrg, voucher.supplierName, voucher.supplierUscc],
        )
        return made
      })
    }),
    handle(updateRedemption, ({ tx, params, body, actor }) =>
      inside(tx, () =>
        saveDraft(s, tx, actor, params.caseId, {
          kind: 'redemption',
          expectedVersion: body.expectedVersion,
          facts: { redemption: body.redemption },
          amountFen: claimedFen(body.redemption),
        }),
      ),
    ),
  ]
}

export const claimedFen = (redemption: RedemptionFacts): bigint =>
  redemption.lines.reduce((sum, line) => sum + BigInt(line.amountFen), 0n)
