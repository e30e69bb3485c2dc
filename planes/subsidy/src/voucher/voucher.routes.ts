import { unknownThing } from '@kapok/contracts/refusal'
import { getVoucher, listVouchers } from '@kapok/contracts/subsidy'
import type { Tx } from '@kapok/kit-store/db'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { inside } from '../inside.ts'
import { voucherParts } from '../ledger/chart.ts'
import { balances } from '../ledger/ledger.ts'
import { listPage } from '../list.ts'
import { pinnedProgramme } from '../programme/programme.store.ts'
import { openWindow } from '../programme/programme.ts'
import type { Subsidy } from '../station.ts'
import { chartOf, type Voucher, voucherByNo, voucherColumns } from './voucher.store.ts'

export function voucherRoutes(s: Subsidy): RouteHandler[] {
  return [
    handle(listVouchers, async ({ tx, query }) => {
      const page = await listPage<Voucher>(
        tx,
        {
          columns: voucherColumns,
          from: 'subsidy.voucher v',
          where: query.state === undefined ? [] : ['v.state = $1'],
          values: query.state === undefined ? [] : [query.state],
          search: ['v.no', 'v.filer_name', 'v.supplier_name'],
          sorts: {
            issuedAt: 'v.issued_at',
            faceFen: 'v.face_fen',
            enterpriseName: 'v.filer_name',
            validTo: 'v.valid_to',
            state: 'v.state',
            no: 'v.no',
          },
          order: 'v.issued_at DESC, v.no',
        },
        query,
      )
      return inside(tx, async () => {
        const rows = []
        for (const voucher of page.rows) rows.push(await voucherView(s, tx, voucher))
        return { rows, total: page.total }
      })
    }),
    handle(getVoucher, async ({ tx, params }) => {
      const voucher = await voucherByNo(tx, params.voucherNo)
      if (voucher === undefined) throw unknownThing('voucher')
      return inside(tx, async () => ({
        ...(await voucherView(s, tx, voucher)),
        lines: voucher.contract.lines,
        machines: voucher.contract.machines,
        postings: await postingsOf(tx, voucher.no),
      }))
    }),
  ]
}

async function voucherView(s: Subsidy, tx: Tx, voucher: Voucher) {
  const c = chartOf(voucher)
  const names = voucherParts.map((part) => c.voucher(voucher.no, part))
  const held = await balances(tx, names)
  const [issued, locked, payable, paid] = names.map((name) => held.get(name) ?? 0n) as [bigint, bigint, bigint, bigint]
  const redemption = await tx.row<{ id: string }>(
    `SELECT id FROM subsidy.case_head WHERE kind = 'redemption' AND voucher_no = $1 AND state NOT IN ('rejected', 'withdrawn')`,
    [voucher.no],
  )
  const programme = await pinnedProgramme(tx, voucher.ruleSha256)
  const now = s.kit.clock.now()
  return {
    no: voucher.no,
    programmeId: voucher.programmeId,
    enterpriseName: voucher.filerName,
    supplierName: voucher.supplierName,
    supplierUscc: voucher.supplierUscc,
    region: voucher.region,
    faceFen: voucher.faceFen.toString(),
    issuedFen: issued.toString(),
    lockedFen: locked.toString(),
    payableFen: payable.toString(),
    paidFen: paid.toString(),
    returnedFen: (voucher.faceFen - issued - locked - payable - paid).toString(),
    state: voucher.state,
    issuedAt: voucher.issuedAt.getTime(),
    validTo: voucher.validTo.getTime(),
    applicationId: voucher.applicationId,
    redemptionId: redemption?.id ?? null,
    redeemable:
      voucher.state === 'issued' &&
      redemption === undefined &&
      now <= voucher.validTo.getTime() &&
      openWindow(programme, 'redeem', now) !== undefined,
  }
}

/** Money moves of a voucher in their order; the LIMIT ledger is the platform's own book-keeping. */
async function postingsOf(tx: Tx, no: string) {
  const rows = await tx.rows<{ at: Date; cause: string; from: string; to: string; fen: bigint }>(
    `SELECT p.at, p.cause, f.name AS "from", t.name AS "to", m.fen
     FROM subsidy.posting p CROSS JOIN LATERAL unnest(p.sources, p.targets, p.amounts) WITH ORDINALITY
       AS m (source, target, fen, line)
     JOIN subsidy.account f ON f.id = m.source JOIN subsidy.account t ON t.id = m.target
     WHERE p.reference = $1 AND f.name LIKE 'm/%' ORDER BY p.at, p.key, m.line LIMIT 500`,
    [no],
  )
  const short = (name: string) => name.split('/')[2] ?? name
  return rows.map((row) => ({
    ...row,
    at: row.at.getTime(),
    from: short(row.from),
    to: short(row.to),
    fen: row.fen.toString(),
  }))
}
