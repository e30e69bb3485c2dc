import { civilDayOf, dayMs, startOfCivilDay } from '@kapok/kit/clock'
import { noise } from './noise.ts'

/** What a machine is doing: `off` sends nothing. ISO 22400-2 words: idle is a planned or unplanned stop, fault a breakdown. */
export type Activity = 'off' | 'idle' | 'run' | 'fault'

export interface ShiftPlan {
  /** Hours of the civil day, e.g. 8 to 20; 0 to 24 is three shifts, without a pause between. */
  fromHour: number
  toHour: number
  /** Whether it also works on Saturdays, and on Sundays. */
  saturdays: boolean
  sundays?: boolean
}

const roundTheClock = ({ fromHour, toHour }: ShiftPlan) => toHour - fromHour === 24

const lunch = { fromMinute: 12 * 60, toMinute: 13 * 60 }

/** Weekday of a civil day, 0 = Sunday. */
export function weekdayOf(day: string): number {
  return new Date(startOfCivilDay(day) + dayMs / 2).getUTCDay()
}

/** Activity of a machine in a minute; every breakdown lasts some minutes and begins at random. */
export function activityAt(plan: ShiftPlan, seed: number, atMs: number): Activity {
  const day = civilDayOf(atMs)
  const weekday = weekdayOf(day)
  if ((weekday === 0 && plan.sundays !== true) || (weekday === 6 && !plan.saturdays)) return 'off'
  const minute = Math.floor((atMs - startOfCivilDay(day)) / 60_000)
  const dayNumber = Math.floor((atMs + 8 * 3_600_000) / dayMs)
  // People come some minutes early or late.
  const from = plan.fromHour * 60 + Math.round(noise(seed, dayNumber) * 10 - 5)
  const to = plan.toHour * 60 + Math.round(noise(seed + 9, dayNumber) * 10 - 5)
  if (!roundTheClock(plan) && (minute < from || minute >= to)) return 'off'
  if (minute >= lunch.fromMinute && minute < lunch.toMinute) return 'idle'
  for (let begun = minute; begun > minute - 25; begun--) {
    const n = dayNumber * 1440 + begun
    if (noise(seed + 17, n) < 1 / 600 && minute - begun < 5 + noise(seed + 18, n) * 20) return 'fault'
  }
  return noise(seed + 23, dayNumber * 1440 + minute) < 0.04 ? 'idle' : 'run'
}

/** A counter that rises by `perRunMinute` in every minute that the machine runs; days gone by are counted once. */
export function makeCounter(perRunMinute: number, plan: ShiftPlan, seed: number, sinceMs: number) {
  const totals: number[] = []
  let cache: { day: number; minutes: number[] } = { day: -1, minutes: [] }
  const firstDay = startOfCivilDay(civilDayOf(sinceMs))
  const runMinutes = (fromMs: number, toMs: number) => {
    let n = 0
    for (let at = fromMs; at < toMs; at += 60_000) if (activityAt(plan, seed, at) === 'run') n++
    return n
  }
  /** Count of cycles (or hours, or energy) until `atMs`; never falls. */
  return (atMs: number): number => {
    const index = Math.max(0, Math.floor((atMs - firstDay) / dayMs))
    while (totals.length <= index) {
      const day = totals.length
      const before =
        day === 0 ? 0 : (totals[day - 1] ?? 0) + runMinutes(firstDay + (day - 1) * dayMs, firstDay + day * dayMs)
      totals.push(before)
    }
    const today = firstDay + index * dayMs
    const cached = cacheOf(today)
    const minute = Math.floor((atMs - today) / 60_000)
    while (cached.length <= minute) {
      const m = cached.length
      cached.push((cached[m - 1] ?? 0) + (activityAt(plan, seed, today + m * 60_000) === 'run' ? 1 : 0))
    }
    return ((totals[index] ?? 0) + (cached[minute] ?? 0)) * perRunMinute
  }

  function cacheOf(today: number): number[] {
    if (cache.day !== today) cache = { day: today, minutes: [] }
    return cache.minutes
  }
}
