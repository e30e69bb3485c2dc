/**
 * The one source of time. Every role takes time from a clock that it was given, SQL included (times are parameters,
 * never `now()`), so that a world can replay its past and a test can wait out a notice in no time.
 */
export interface Clock {
  /** Unix milliseconds, UTC. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }

/** A clock that its owner sets: it stands `offsetMs` away from the system clock, or still when frozen. */
export class SettableClock implements Clock {
  #offsetMs = 0
  #frozenAt: number | undefined

  now(): number {
    return this.#frozenAt ?? Date.now() + this.#offsetMs
  }

  /** Sets the time; `running: false` makes it stand still there until the next call. */
  set(atMs: number, { running }: { running: boolean }): void {
    this.#frozenAt = running ? undefined : atMs
    this.#offsetMs = atMs - Date.now()
  }
}

/** Civil time, Asia/Shanghai, is ahead of UTC by this. */
export const civilOffsetMs = 8 * 3_600_000
export const dayMs = 86_400_000

/** Civil day `YYYY-MM-DD` in Asia/Shanghai (UTC+8, no daylight saving since 1991) of an instant. */
export function civilDayOf(atMs: number): string {
  return new Date(atMs + civilOffsetMs).toISOString().slice(0, 10)
}

/** The instant at which a civil day begins in Asia/Shanghai. Throws on a malformed day. */
export function startOfCivilDay(day: string): number {
  const at = Date.parse(`${day}T00:00:00.000+08:00`)
  if (Number.isNaN(at)) throw new RangeError(`not a civil day: ${day}`)
  return at
}

/** The civil day `n` days after (before, when negative). */
export function addCivilDays(day: string, n: number): string {
  return civilDayOf(startOfCivilDay(day) + n * dayMs)
}
