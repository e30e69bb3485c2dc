import { civilDayOf, startOfCivilDay } from '@kapok/kit/clock'
import { expect, test } from 'vitest'
import { WorkingCalendar } from './working-days.ts'

const at = (day: string) => startOfCivilDay(day) + 10 * 3_600_000

test('five working days over the Spring Festival of 2026 end on 26 February, with its worked Saturday counted', () => {
  const { due, provisional } = new WorkingCalendar().after(at('2026-02-12'), 5)
  expect(civilDayOf(due)).toBe('2026-02-26')
  expect(civilDayOf(due + 1)).toBe('2026-02-27')
  expect(provisional).toBe(false)
})

test('a deadline in a year whose holidays are not known counts weekends only and says that it is provisional', () => {
  const { due, provisional } = new WorkingCalendar().after(at('2031-09-30'), 3)
  expect(civilDayOf(due)).toBe('2031-10-03')
  expect(provisional).toBe(true)
})

test('entering the table of a year moves the deadline and makes it firm', () => {
  const off = new Set(['2031-10-01', '2031-10-02', '2031-10-03', '2031-10-06', '2031-10-07'])
  const calendar = new WorkingCalendar(new Map([[2031, { off, worked: new Set(['2031-10-11']) }]]))
  const { due, provisional } = calendar.after(at('2031-09-30'), 3)
  expect(civilDayOf(due)).toBe('2031-10-10')
  expect(provisional).toBe(false)
  expect(calendar.isWorkingDay('2031-10-11')).toBe(true)
})

test('a period that ends in the next, unknown year is provisional although it begins in a known one', () => {
  expect(new WorkingCalendar().after(at('2026-12-28'), 8).provisional).toBe(true)
})
