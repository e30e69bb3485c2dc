import type { Rate } from './limits.ts'

interface Spent {
  units: number
  atMs: number
}

/** Counts by key what each has spent of a rate: units come back with time. */
export class RateLimiter {
  readonly #rate: Rate
  readonly #known: number
  readonly #spent = new Map<string, Spent>()

  /** `known`: keys that are counted; the longest unused gives way. */
  constructor(rate: Rate, known: number) {
    this.#rate = rate
    this.#known = known
  }

  /** Whether `units` may be spent now, as ms to wait for them: 0 spends them. */
  take(key: string, nowMs: number, units = 1): number {
    const left = this.#left(key, nowMs)
    const over = left + units - this.#rate.burst
    if (over > 0) return Math.ceil((over / this.#rate.perS) * 1_000)
    this.#keep(key, left + units, nowMs)
    return 0
  }

  /** Ms until one unit may be spent; spends none. */
  waitMs(key: string, nowMs: number): number {
    const over = this.#left(key, nowMs) + 1 - this.#rate.burst
    return over > 0 ? Math.ceil((over / this.#rate.perS) * 1_000) : 0
  }

  #left(key: string, nowMs: number): number {
    const before = this.#spent.get(key)
    if (before === undefined) return 0
    return Math.max(0, before.units - (Math.max(0, nowMs - before.atMs) / 1_000) * this.#rate.perS)
  }

  #keep(key: string, units: number, nowMs: number): void {
    const before = this.#spent.get(key)
    if (before && this.#spent.size < this.#known) {
      before.units = units
      before.atMs = nowMs
      return
    }
    this.#spent.delete(key)
    this.#spent.set(key, { units, atMs: nowMs })
    if (this.#spent.size <= this.#known) return
    const [oldest] = this.#spent.keys()
    if (oldest !== undefined) this.#spent.delete(oldest)
  }
}
