import { listAudit, verifyAudit } from '@kapok/contracts/access'
import type { AuditEvent } from '@kapok/contracts/ports'
import { listRows } from '@kapok/kit-store/list'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { genesis, nextHash } from './audit.ts'

interface EventRow {
  index: bigint
  event: string
  hash: Buffer
  organisation_name: string | null
}

export function auditRoutes(): RouteHandler[] {
  return [
    handle(listAudit, async (call) => {
      const { rows, total } = await listRows<EventRow>(call.tx, {
        select: `SELECT a.*, o.name AS organisation_name FROM access.audit_event a
          LEFT JOIN access.organisation o ON o.id::text = a.event::jsonb ->> 'orgId'`,
        search: ['event'],
        sorts: { at: 'index', index: 'index' },
        otherwise: 'index DESC',
        query: call.query,
      })
      return {
        total,
        rows: rows.map((row) => {
          const event = JSON.parse(row.event) as AuditEvent
          return {
            index: Number(row.index),
            at: event.at,
            actorName: event.actorName,
            organisationName: row.organisation_name ?? '',
            route: event.route,
            subject: event.subject,
            outcome: event.outcome,
            hash: row.hash.toString('hex'),
          }
        }),
      }
    }),
    handle(verifyAudit, async (call) => {
      const pageRows = 10_000
      let previous: Uint8Array = genesis
      let events = 0
      for (;;) {
        const rows = await call.tx.rows<EventRow>(
          'SELECT index, event, hash FROM access.audit_event WHERE index >= $1 ORDER BY index LIMIT $2',
          [events, pageRows],
        )
        for (const { index, event, hash } of rows) {
          if (Number(index) !== events || !nextHash(previous, event).equals(hash))
            return { events, brokenAt: events, head: Buffer.from(previous).toString('hex') }
          previous = hash
          events++
        }
        if (rows.length < pageRows) return { events, brokenAt: null, head: Buffer.from(previous).toString('hex') }
      }
    }),
  ]
}
