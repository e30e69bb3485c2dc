import { unknownThing } from '@kapok/contracts/refusal'
import { createBatch, exportBatch, fileReceipt, getBatch, listBatches, listPayables } from '@kapok/contracts/subsidy'
import { formatYuan } from '@kapok/kit/money'
import { must } from '@kapok/kit/must'
import { sqlState, type Tx } from '@kapok/kit-store/db'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { inside } from '../inside.ts'
import { listPage } from '../list.ts'
import type { RedemptionFacts } from '../redemption/redemption.routes.ts'
import { refuseSubsidy } from '../refusals.ts'
import type { Subsidy } from '../station.ts'
import { type BankAccount, enterReceipt, makeBatch } from './batch.ts'
import { csv } from './csv.ts'

interface BatchRow {
  id: string
  batchNo: string
  programmeId: string
  createdAt: Date
  createdBy: string
  lines: bigint
  totalFen: bigint
  paidFen: bigint
  waiting: bigint
  failed: bigint
}
interface LineRow {
  line: number
  caseId: string
  caseNo: string
  voucherNo: string
  enterpriseName: string
  amountFen: bigint
  bankAccount: BankAccount
  state: 'waiting' | 'paid' | 'failed'
  receiptId: string | null
  answeredAt: Date | null
  failure: string | null
}
interface PayableRow {
  caseId: string
  caseNo: string
  voucherNo: string
  programmeId: string
  enterpriseName: string
  regionName: string
  approvedFen: bigint
  payableSince: Date
  facts: { redemption: RedemptionFacts }
}

const batchList = {
  columns: `b.id, b.batch_no AS "batchNo", b.programme_id AS "programmeId", b.created_at AS "createdAt",
    b.created_by AS "createdBy", l.lines, l.total AS "totalFen", l.paid AS "paidFen", l.waiting, l.failed`,
  from: `subsidy.batch b CROSS JOIN LATERAL (SELECT count(*) AS lines, sum(amount_fen)::bigint AS total,
      coalesce(sum(amount_fen) FILTER (WHERE state = 'paid'), 0)::bigint AS paid,
      count(*) FILTER (WHERE state = 'waiting') AS waiting, count(*) FILTER (WHERE state = 'failed') AS failed
    FROM subsidy.batch_line WHERE batch_id = b.id) l`,
  search: ['b.batch_no', 'b.created_by', 'b.programme_id'],
  sorts: { createdAt: 'b.created_at', batchNo: 'b.batch_no', totalFen: 'l.total', waiting: 'l.waiting' },
  order: 'b.created_at DESC, b.id',
}

export function batchRoutes(s: Subsidy): RouteHandler[] {
  return [
    handle(listPayables, ({ tx, query }) =>
      inside(tx, async () => {
        const page = await listPage<PayableRow>(
          tx,
          {
            columns: `h.id AS "caseId", h.case_no AS "caseNo", h.voucher_no AS "voucherNo",
              h.programme_id AS "programmeId", h.filer_name AS "enterpriseName",
              coalesce(r.name, h.region) AS "regionName", n.approved_fen AS "approvedFen", h.since AS "payableSince", h.facts`,
            from: `subsidy.case_head h LEFT JOIN subsidy.region r ON r.code = h.region
              JOIN subsidy.notice n ON n.case_id = h.id AND n.state = 'closed'`,
            where: [`h.kind = 'redemption'`, `h.state = 'payable'`],
            search: ['h.case_no', 'h.filer_name', 'h.voucher_no'],
            sorts: { payableSince: 'h.since', approvedFen: 'n.approved_fen', enterpriseName: 'h.filer_name' },
            order: 'h.since, h.id',
          },
          query,
        )
        return {
          total: page.total,
          rows: page.rows.map(({ facts, ...row }) => ({
            ...row,
            approvedFen: row.approvedFen.toString(),
            payableSince: row.payableSince.getTime(),
            bankAccount: facts.redemption.bankAccount,
          })),
        }
      }),
    ),
    handle(listBatches, ({ tx, query }) =>
      inside(tx, async () => {
        const page = await listPage<BatchRow>(tx, batchList, query)
        return { total: page.total, rows: page.rows.map(batchView) }
      }),
    ),
    handle(createBatch, ({ tx, body, actor }) =>
      inside(tx, async () => batchView(await batchById(tx, await makeBatch(s, tx, actor, body)))),
    ),
    handle(getBatch, ({ tx, params }) =>
      inside(tx, async () => ({
        ...batchView(await batchById(tx, params.batchId)),
        rows: (await linesOf(tx, params.batchId)).map(lineView),
      })),
    ),
    handle(exportBatch, ({ tx, params }) =>
      inside(tx, async () => {
        const batch = await batchById(tx, params.batchId)
        const rows = await linesOf(tx, params.batchId)
        const text = csv(
          ['序号', '办件编号', '服务券', '户名', '开户行', '账号', '金额（元）'],
          rows.map((row) => [
            String(row.line),
            row.caseNo,
            row.voucherNo,
            row.bankAccount.holder,
            row.bankAccount.bank,
            row.bankAccount.number,
            formatYuan(row.amountFen).replaceAll(',', ''),
          ]),
        )
        return {
          bytes: new TextEncoder().encode(text),
          mediaType: 'text/csv; charset=utf-8',
          fileName: `${batch.batchNo}.csv`,
        }
      }),
    ),
    handle(fileReceipt, ({ tx, params, body, actor }) =>
      inside(tx, async () => {
        await enterReceipt(s, tx, actor, params.batchId, body).catch((error: unknown) => {
          // The receipt's id is unique: of two that come at once for different lines one is refused.
          if (sqlState(error) === '23505') throw refuseSubsidy('receipt.conflict', {}, { cause: error as Error })
          throw error
        })
        const line = (await linesOf(tx, params.batchId)).find((each) => each.line === body.line)
        return lineView(must(line, 'the line that was answered'))
      }),
    ),
  ]
}

async function batchById(tx: Tx, id: string): Promise<BatchRow> {
  const row = await tx.row<BatchRow>(`SELECT ${batchList.columns} FROM ${batchList.from} WHERE b.id = $1`, [id])
  if (row === undefined) throw unknownThing('batch')
  return row
}

async function linesOf(tx: Tx, batchId: string): Promise<LineRow[]> {
  return tx.rows<LineRow>(
    `SELECT l.line, l.case_id AS "caseId", h.case_no AS "caseNo", l.voucher_no AS "voucherNo",
      h.filer_name AS "enterpriseName", l.amount_fen AS "amountFen", l.bank_account AS "bankAccount", l.state,
      l.receipt_id AS "receiptId", l.answered_at AS "answeredAt", l.failure
     FROM subsidy.batch_line l JOIN subsidy.case_head h ON h.id = l.case_id WHERE l.batch_id = $1 ORDER BY l.line`,
    [batchId],
  )
}

const batchView = (row: BatchRow) => ({
  ...row,
  createdAt: row.createdAt.getTime(),
  lines: Number(row.lines),
  totalFen: row.totalFen.toString(),
  paidFen: row.paidFen.toString(),
  waiting: Number(row.waiting),
  failed: Number(row.failed),
  state: row.waiting > 0n ? ('open' as const) : ('closed' as const),
})

const lineView = (row: LineRow) => ({
  ...row,
  amountFen: row.amountFen.toString(),
  answeredAt: row.answeredAt?.getTime() ?? null,
})
