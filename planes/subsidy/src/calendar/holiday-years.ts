import type { Tx } from '@kapok/kit-store/db'
import { type HolidayYear, WorkingCalendar } from './working-days.ts'

/** The calendar with every year that was entered; the plane's scope reads it. */
export async function calendarOf(tx: Tx): Promise<WorkingCalendar> {
  const rows = await tx.rows<{ year: number; off: string[]; worked: string[] }>(
    'SELECT year, off, worked FROM subsidy.holiday_year',
  )
  return new WorkingCalendar(
    new Map(
      rows.map((row): [number, HolidayYear] => [row.year, { off: new Set(row.off), worked: new Set(row.worked) }]),
    ),
  )
}
