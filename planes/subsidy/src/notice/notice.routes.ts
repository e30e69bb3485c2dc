import { unknownThing } from '@kapok/contracts/refusal'
import { answerObjection, createObjection, listNotices, listObjections } from '@kapok/contracts/subsidy'
import { must } from '@kapok/kit/must'
import type { Tx } from '@kapok/kit-store/db'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { officesAt } from '../cases/desks.ts'
import { recordEvent } from '../cases/record-event.ts'
import { sendToInbox } from '../inbox/inbox.ts'
import { inside } from '../inside.ts'
import { listPage } from '../list.ts'
import { refuseSubsidy } from '../refusals.ts'
import type { Subsidy } from '../station.ts'

interface NoticeRow {
  id: string
  caseId: string
  caseNo: string
  programmeId: string
  enterpriseName: string
  supplierName: string
  regionName: string
  approvedFen: bigint
  opensAt: Date
  closesAt: Date
  provisional: boolean
  state: 'open' | 'stopped' | 'closed' | 'upheld'
  openObjections: bigint
}
interface ObjectionRow {
  id: string
  noticeId: string
  caseId: string
  caseNo: string
  enterpriseName: string
  objector: string
  contact: string
  reason: string
  receivedAt: Date
  state: 'open' | 'upheld' | 'dismissed'
  answer: string | null
  answeredAt: Date | null
}

const shownState = `CASE WHEN n.state = 'open' AND EXISTS (SELECT FROM subsidy.objection o
  WHERE o.notice_id = n.id AND o.state = 'open') THEN 'stopped' ELSE n.state END`
const objectionColumns = `o.id, o.notice_id AS "noticeId", h.id AS "caseId", h.case_no AS "caseNo",
  h.filer_name AS "enterpriseName", o.objector, o.contact, o.reason, o.received_at AS "receivedAt", o.state, o.answer,
  o.answered_at AS "answeredAt"`
const objectionFrom = `subsidy.objection o JOIN subsidy.notice n ON n.id = o.notice_id
  JOIN subsidy.case_head h ON h.id = n.case_id`

export function noticeRoutes(s: Subsidy): RouteHandler[] {
  return [
    handle(listNotices, ({ tx, query }) =>
      inside(tx, async () => {
        const page = await listPage<NoticeRow>(tx, noticeList(query.state), query)
        return {
          total: page.total,
          rows: page.rows.map((row) => ({
            ...row,
            approvedFen: row.approvedFen.toString(),
            opensAt: row.opensAt.getTime(),
            closesAt: row.closesAt.getTime(),
            openObjections: Number(row.openObjections),
          })),
        }
      }),
    ),
    handle(createObjection, ({ tx, params, body }) =>
      inside(tx, async () => {
        const now = s.kit.clock.now()
        const notice = await tx.row<{ caseId: string; state: string; closes: Date }>(
          `SELECT case_id AS "caseId", state, closes_at AS closes FROM subsidy.notice WHERE id = $1 FOR UPDATE`,
          [params.noticeId],
        )
        if (notice === undefined) throw unknownThing('notice')
        if (notice.state !== 'open' || now > notice.closes.getTime()) throw refuseSubsidy('notice.closed')
        const id = s.kit.ids.uuid()
        await tx.run(`INSERT INTO subsidy.objection VALUES ($1, $2, $3, $4, $5, $6, 'open')`, [
          id,
          params.noticeId,
          body.objector,
          body.contact,
          body.reason,
          new Date(now),
        ])
        const head = await s.cases.see(tx, notice.caseId)
        const text = {
          zh: `公示 ${head.caseNo} 收到异议，支付暂停，请答复。`,
          en: `There is an objection to notice ${head.caseNo}; payment stops until you answer.`,
        }
        const province = await officesAt('province', head, s.ports.organisations)
        const message = { at: now, caseId: head.id, caseNo: head.caseNo, text }
        await sendToInbox(
          s,
          tx,
          message,
          province.map((each) => each.id),
        )
        return { id, receivedAt: now }
      }),
    ),
    handle(listObjections, ({ tx, query, actor }) =>
      inside(tx, async () => {
        const values: unknown[] = [actor.region]
        const where = [`h.region LIKE $1 || '%'`]
        if (query.state !== undefined) where.push(`o.state = $${values.push(query.state)}`)
        const page = await listPage<ObjectionRow>(
          tx,
          {
            columns: objectionColumns,
            from: objectionFrom,
            where,
            values,
            search: ['h.case_no', 'h.filer_name', 'o.objector', 'o.reason'],
            sorts: { receivedAt: 'o.received_at', state: 'o.state' },
            order: `(o.state <> 'open'), o.received_at, o.id`,
          },
          query,
        )
        return { total: page.total, rows: page.rows.map(objectionView) }
      }),
    ),
    handle(answerObjection, ({ tx, params, body, actor }) =>
      inside(tx, async () => {
        const now = s.kit.clock.now()
        const found = await objectionById(tx, params.objectionId, actor.region)
        const head = await s.cases.lock(tx, found.caseId)
        await tx.row('SELECT 1 FROM subsidy.notice WHERE id = $1 FOR UPDATE', [found.noticeId])
        const state = body.upheld ? 'upheld' : 'dismissed'
        const changed = await tx.run(
          `UPDATE subsidy.objection SET state = $2, answer = $3, answered_at = $4, answered_by = $5
           WHERE id = $1 AND state = 'open'`,
          [found.id, state, body.answer, new Date(now), actor.userId],
        )
        if (changed !== 1) throw refuseSubsidy('objection.answered')
        if (body.upheld && head.state === 'noticed') {
          await tx.run(`UPDATE subsidy.notice SET state = 'upheld' WHERE id = $1`, [found.noticeId])
          const before = await s.cases.standing(tx, head)
          await recordEvent(s, tx, head, before, actor, {
            verb: 'uphold',
            at: now,
            toStep: before.steps.length - 1,
            reason: body.answer,
            data: { objectionId: found.id },
          })
        }
        return objectionView(await objectionById(tx, found.id, actor.region))
      }),
    ),
  ]
}

const noticeList = (state: string | undefined) => ({
  columns: `n.id, h.id AS "caseId", h.case_no AS "caseNo", h.programme_id AS "programmeId",
    h.filer_name AS "enterpriseName", coalesce(h.supplier_name, '') AS "supplierName",
    coalesce(r.name, h.region) AS "regionName", n.approved_fen AS "approvedFen", n.opens_at AS "opensAt",
    n.closes_at AS "closesAt", n.provisional, ${shownState} AS state,
    (SELECT count(*) FROM subsidy.objection o WHERE o.notice_id = n.id AND o.state = 'open') AS "openObjections"`,
  from: `subsidy.notice n JOIN subsidy.case_head h ON h.id = n.case_id LEFT JOIN subsidy.region r ON r.code = h.region`,
  where: state === undefined ? [] : [`${shownState} = $1`],
  values: state === undefined ? [] : [state],
  search: ['h.case_no', 'h.filer_name', 'h.supplier_name', 'r.name'],
  sorts: {
    opensAt: 'n.opens_at',
    closesAt: 'n.closes_at',
    approvedFen: 'n.approved_fen',
    enterpriseName: 'h.filer_name',
  },
  order: 'n.opens_at DESC, n.id',
})

async function objectionById(tx: Tx, id: string, region: string): Promise<ObjectionRow> {
  const row = await tx.row<ObjectionRow>(
    `SELECT ${objectionColumns} FROM ${objectionFrom} WHERE o.id = $1 AND h.region LIKE $2 || '%'`,
    [id, region],
  )
  if (row === undefined) throw unknownThing('objection')
  return must(row, 'an objection')
}

const objectionView = (row: ObjectionRow) => ({
  ...row,
  receivedAt: row.receivedAt.getTime(),
  answeredAt: row.answeredAt?.getTime() ?? null,
})
