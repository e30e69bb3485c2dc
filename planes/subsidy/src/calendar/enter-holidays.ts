import { invalidRequest } from '@kapok/contracts/refusal'
import { putHolidays } from '@kapok/contracts/subsidy'
import type { Tx } from '@kapok/kit-store/db'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { inside } from '../inside.ts'
import type { Subsidy } from '../station.ts'
import { calendarOf } from './holiday-years.ts'

export function calendarRoutes(s: Subsidy): RouteHandler[] {
  return [
    handle(putHolidays, async ({ tx, params, body }) => {
      const stray = [...body.off, ...body.worked].find((day) => !day.startsWith(params.year))
      if (stray !== undefined)
        throw invalidRequest({ zh: `${stray} 不在 ${params.year} 年`, en: `${stray} is not in ${params.year}` })
      return inside(tx, async () => {
        await tx.run(
          `INSERT INTO subsidy.holiday_year VALUES ($1, $2, $3, $4)
           ON CONFLICT (year) DO UPDATE SET off = $2, worked = $3, entered_at = $4`,
          [Number(params.year), body.off, body.worked, new Date(s.kit.clock.now())],
        )
        return { recomputed: await recomputeProvisional(tx) }
      })
    }),
  ]
}

/**
 * Recomputes deadlines and notices that were counted in years whose holidays were not known. Runs inside the plane's
 * door: when a table is entered, and once a day since a new version may bring one.
 */
export async function recomputeProvisional(tx: Tx): Promise<number> {
  const calendar = await calendarOf(tx)
  let recomputed = 0
  const cases = await tx.rows<{ id: string; since: Date; due: Date; days: number }>(
    `SELECT id, since, due, due_days AS days FROM subsidy.case_head WHERE due_provisional AND due_days IS NOT NULL`,
  )
  for (const row of cases) {
    const { due, provisional } = calendar.after(row.since.getTime(), row.days)
    if (provisional && due === row.due.getTime()) continue
    await tx.run('UPDATE subsidy.case_head SET due = $2, due_provisional = $3 WHERE id = $1', [
      row.id,
      new Date(due),
      provisional,
    ])
    recomputed++
  }
  const notices = await tx.rows<{ id: string; opens: Date; closes: Date; days: number }>(
    `SELECT id, opens_at AS opens, closes_at AS closes, working_days AS days FROM subsidy.notice
     WHERE provisional AND state = 'open'`,
  )
  for (const row of notices) {
    const { due, provisional } = calendar.after(row.opens.getTime(), row.days)
    if (provisional && due === row.closes.getTime()) continue
    await tx.run('UPDATE subsidy.notice SET closes_at = $2, provisional = $3 WHERE id = $1', [
      row.id,
      new Date(due),
      provisional,
    ])
    recomputed++
  }
  return recomputed
}
