import { listInbox, markInboxRead } from '@kapok/contracts/case'
import type { Tx } from '@kapok/kit-store/db'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { listPage } from '../list.ts'
import type { Subsidy } from '../station.ts'

export interface Message {
  at: number
  caseId: string | null
  caseNo: string | null
  text: { zh: string; en: string }
}

/** Puts one message into the inbox of each organisation; runs inside the plane's door. */
export async function sendToInbox(s: Subsidy, tx: Tx, message: Message, orgIds: readonly string[]): Promise<void> {
  for (const orgId of orgIds)
    await tx.run(`INSERT INTO subsidy.inbox VALUES ($1, $2, $3, $4, $5, $6, $7)`, [
      s.kit.ids.uuid(),
      orgId,
      new Date(message.at),
      message.caseId,
      message.caseNo,
      message.text.zh,
      message.text.en,
    ])
  if (orgIds.length > 0) s.kit.bus.emit('inbox.changed', { orgIds: [...orgIds] })
}

interface InboxRow {
  id: string
  at: Date
  caseId: string | null
  caseNo: string | null
  zh: string
  en: string
  readAt: Date | null
}

export function inboxRoutes(s: Subsidy): RouteHandler[] {
  return [
    handle(listInbox, async ({ tx, query, orgId }) => {
      const { rows, total } = await listPage<InboxRow>(
        tx,
        {
          columns: `id, at, case_id AS "caseId", case_no AS "caseNo", zh, en, read_at AS "readAt"`,
          from: 'subsidy.inbox',
          where: ['org_id = $1', ...(query.unread ? ['read_at IS NULL'] : [])],
          values: [orgId],
          search: ['zh', 'en', 'case_no'],
          sorts: { at: 'at' },
          order: 'at DESC, id',
        },
        query,
      )
      const unread = await tx.row<{ n: bigint }>(
        'SELECT count(*) AS n FROM subsidy.inbox WHERE org_id = $1 AND read_at IS NULL',
        [orgId],
      )
      return {
        total,
        unread: Number(unread?.n ?? 0n),
        rows: rows.map(({ zh, en, at, readAt, ...row }) => ({
          ...row,
          at: at.getTime(),
          readAt: readAt?.getTime() ?? null,
          text: { zh, en },
        })),
      }
    }),
    handle(markInboxRead, async ({ tx, body, orgId }) => {
      await tx.run(
        `UPDATE subsidy.inbox SET read_at = $1 WHERE org_id = $2 AND read_at IS NULL AND ($3::uuid[] IS NULL OR id = ANY ($3))`,
        [new Date(s.kit.clock.now()), orgId, body.ids ?? null],
      )
      return {}
    }),
  ]
}
