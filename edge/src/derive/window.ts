import type { TagValue } from '../driver.ts'

/** avg is weighted by time; sum is of the values as they were read; rate is per second; duration is how long it was true, s. */
export const measures = ['avg', 'min', 'max', 'sum', 'rate', 'duration'] as const
export type Measure = (typeof measures)[number]

export const secondsMax = 86_400
/** A window is kept in so many parts, whatever its length and the pace of its values; its older edge is as exact as one. */
const parts = 120
/** A device whose clock went back by more than this begins anew. */
const backMs = 60_000

interface Part {
  /** Number of the part on the axis of time. */
  k: number
  /** Time with a value, ms, the integral of the value over it, and how long it was not zero. */
  ms: number
  integral: number
  trueMs: number
  min: number
  max: number
  /** Of the values that were read in it. */
  sum: number
  count: number
  firstAt: number
  first: number
  /** Some of it had no usable value. */
  hole: boolean
}

/** What has to survive a restart. */
export interface WindowState {
  lastAt: number
  last: number | null
  parts: (number | boolean)[][]
}

/**
 * The values of a series over the last seconds. A value holds until the next one; a bad one holds nothing, and makes a
 * hole. Times are Unix ms. Its memory is bounded.
 */
export class ValueWindow {
  readonly #widthMs: number
  #parts: Part[] = []
  #lastAt: number | undefined
  #last: number | undefined

  constructor(seconds: number) {
    this.#widthMs = Math.max(1, (seconds * 1_000) / parts)
  }

  /** Takes the next value; undefined for one that cannot be used. */
  add(at: number, value: TagValue | undefined): void {
    if (this.#lastAt !== undefined && at < this.#lastAt - backMs) {
      this.#parts = []
      this.#lastAt = undefined
      this.#last = undefined
    }
    const time = Math.max(at, this.#lastAt ?? at)
    this.#holdUntil(time)
    const number = typeof value === 'string' || value === undefined ? undefined : Number(value)
    this.#last = number
    this.#lastAt = time
    const part = this.#partAt(time)
    if (number === undefined) {
      part.hole = true
      return
    }
    this.#touch(part, time, number)
    part.sum += number
    part.count++
  }

  /** No value is known from the last one on: the gateway was away. */
  interrupt(): void {
    if (this.#lastAt !== undefined) this.add(this.#lastAt, undefined)
  }

  /** The clock was set by so much. */
  shift(ms: number): void {
    if (this.#lastAt !== undefined) this.#lastAt += ms
    for (const part of this.#parts) {
      part.k += Math.round(ms / this.#widthMs)
      part.firstAt += ms
    }
  }

  /** The measure up to `now`, and whether the window has no hole. Undefined when there was no usable value in it. */
  measure(measure: Measure, now: number): { value: number; isWhole: boolean } | undefined {
    if (this.#lastAt !== undefined && now > this.#lastAt) {
      this.#holdUntil(now)
      this.#lastAt = now
    }
    this.#forget(now)
    const used = this.#parts.filter(({ ms, count }) => ms > 0 || count > 0)
    if (used.length === 0) return undefined
    return { value: this.#of(measure, used), isWhole: !this.#parts.some(({ hole }) => hole) }
  }

  #of(measure: Measure, used: readonly Part[]): number {
    const total = (of: (part: Part) => number) => used.reduce((sum, part) => sum + of(part), 0)
    switch (measure) {
      case 'min':
        return used.reduce((least, { min }) => Math.min(least, min), Number.POSITIVE_INFINITY)
      case 'max':
        return used.reduce((most, { max }) => Math.max(most, max), Number.NEGATIVE_INFINITY)
      case 'sum':
        return total(({ sum }) => sum)
      case 'duration':
        return total(({ trueMs }) => trueMs) / 1_000
      case 'avg': {
        const ms = total((part) => part.ms)
        return ms > 0 ? total(({ integral }) => integral) / ms : total(({ sum }) => sum) / total(({ count }) => count)
      }
      case 'rate': {
        const [first] = used
        if (first === undefined || this.#last === undefined || this.#lastAt === undefined) return 0
        const ms = this.#lastAt - first.firstAt
        return ms <= 0 ? 0 : ((this.#last - first.first) / ms) * 1_000
      }
    }
  }

  /** Spreads the last value over the parts up to `at`. */
  #holdUntil(at: number): void {
    if (this.#lastAt === undefined) return
    let from = Math.max(this.#lastAt, at - this.#widthMs * parts)
    while (from < at) {
      const part = this.#partAt(from)
      const to = Math.max(from + 1e-3, Math.min(at, (part.k + 1) * this.#widthMs))
      if (this.#last === undefined) part.hole = true
      else {
        this.#touch(part, from, this.#last)
        part.ms += to - from
        part.integral += this.#last * (to - from)
        part.trueMs += this.#last === 0 ? 0 : to - from
      }
      from = to
    }
    this.#forget(at)
  }

  #touch(part: Part, at: number, value: number): void {
    if (part.count === 0 && part.ms === 0) {
      part.firstAt = at
      part.first = value
    }
    part.min = Math.min(part.min, value)
    part.max = Math.max(part.max, value)
  }

  #partAt(at: number): Part {
    const k = Math.floor(at / this.#widthMs)
    const newest = this.#parts.at(-1)
    if (newest !== undefined && newest.k >= k) return newest
    const part = {
      ...{ k, ms: 0, integral: 0, trueMs: 0, sum: 0, count: 0, firstAt: at, first: 0, hole: false },
      ...{ min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY },
    }
    this.#parts.push(part)
    return part
  }

  #forget(now: number): void {
    const oldest = Math.floor(now / this.#widthMs) - parts
    const kept = this.#parts.findIndex(({ k }) => k >= oldest)
    if (kept !== 0) this.#parts = kept < 0 ? [] : this.#parts.slice(kept)
  }

  state(): WindowState | undefined {
    if (this.#lastAt === undefined) return undefined
    return {
      lastAt: this.#lastAt,
      last: this.#last ?? null,
      // A part without a value has no least and no most, for which JSON has no number.
      parts: this.#parts.map(({ min, max, ...p }) => [
        ...[p.k, p.ms, p.integral, p.trueMs, Number.isFinite(min) ? min : 0, Number.isFinite(max) ? max : 0],
        ...[p.sum, p.count, p.firstAt, p.first, p.hole],
      ]),
    }
  }

  /** Goes on from a state, with a hole from its last value until the next one. */
  restore({ lastAt, last, parts: rows }: WindowState): void {
    this.#parts = rows.map(([k, ms, integral, trueMs, min, max, sum, count, firstAt, first, hole]) => {
      const part = { ms: Number(ms), count: Number(count) }
      const isUsed = part.ms > 0 || part.count > 0
      return {
        ...part,
        ...{ k: Number(k), integral: Number(integral), trueMs: Number(trueMs), sum: Number(sum) },
        min: isUsed ? Number(min) : Number.POSITIVE_INFINITY,
        max: isUsed ? Number(max) : Number.NEGATIVE_INFINITY,
        ...{ firstAt: Number(firstAt), first: Number(first), hole: hole === true },
      }
    })
    this.#lastAt = lastAt
    this.#last = last ?? undefined
    this.interrupt()
  }
}
