import { addCivilDays, civilDayOf, startOfCivilDay } from '@kapok/kit/clock'
import chineseDays from 'chinese-days'

/** A year's table by the State Council: days off, and weekend days that are worked. */
export interface HolidayYear {
  off: ReadonlySet<string>
  worked: ReadonlySet<string>
}

/** An end of a period in working days. */
export interface WorkingDeadline {
  /** Last millisecond of the last working day. */
  due: number
  /** A day was counted in a year whose holidays are not known: weekends only. */
  provisional: boolean
}

/**
 * Working days of the mainland. Years that are neither in the built-in table nor entered count weekends only and say
 * so, since the library takes every weekday of an unknown year for a working day without a word.
 */
export class WorkingCalendar {
  readonly #entered: ReadonlyMap<number, HolidayYear>

  constructor(entered: ReadonlyMap<number, HolidayYear> = new Map()) {
    this.#entered = entered
  }

  knows(year: number): boolean {
    return this.#entered.has(year) || builtIn(year)
  }

  isWorkingDay(day: string): boolean {
    const year = Number(day.slice(0, 4))
    const entered = this.#entered.get(year)
    const weekday = new Date(`${day}T00:00:00Z`).getUTCDay()
    const weekend = weekday === 0 || weekday === 6
    if (entered !== undefined) return entered.worked.has(day) || (!weekend && !entered.off.has(day))
    if (builtIn(year)) return chineseDays.isWorkday(day)
    return !weekend
  }

  /** The end of the n-th working day after the civil day of `from` (that day itself does not count). */
  after(from: number, n: number): WorkingDeadline {
    let day = civilDayOf(from)
    let provisional = false
    // A run of days off is far shorter than 60; the bound only ends a loop that a wrong table would make endless.
    for (let left = n, looked = 0; left > 0 && looked < 60 + n * 10; looked++) {
      day = addCivilDays(day, 1)
      if (!this.knows(Number(day.slice(0, 4)))) provisional = true
      if (this.isWorkingDay(day)) left--
    }
    return { due: startOfCivilDay(addCivilDays(day, 1)) - 1, provisional }
  }
}

/** The library lists National Day by name in every year that it knows, and by weekday in the others. */
function builtIn(year: number): boolean {
  return chineseDays.getDayDetail(`${year}-10-01`).name.startsWith('National Day')
}
