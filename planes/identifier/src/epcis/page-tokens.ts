import type { Clock } from '@kapok/kit/clock'
import type { Ids } from '@kapok/kit/ids'
import { epcisLimits } from './limits.ts'

/** What a nextPageToken stands for; forgotten after its time, and the oldest first when there are too many. */
export class PageTokens<T> {
  readonly #clock: Clock
  readonly #ids: Ids
  readonly #kept = new Map<string, { value: T; expires: number }>()

  constructor(clock: Clock, ids: Ids) {
    this.#clock = clock
    this.#ids = ids
  }

  give(value: T): { token: string; expires: number } {
    if (this.#kept.size >= epcisLimits.pageTokens) {
      const [oldest] = this.#kept.keys()
      if (oldest !== undefined) this.#kept.delete(oldest)
    }
    const token = this.#ids.secret()
    const expires = this.#clock.now() + epcisLimits.pageTokenMs
    this.#kept.set(token, { value, expires })
    return { token, expires }
  }

  take(token: string): T | undefined {
    const found = this.#kept.get(token)
    if (found === undefined) return undefined
    if (found.expires > this.#clock.now()) return found.value
    this.#kept.delete(token)
    return undefined
  }

  forget(token: string): boolean {
    return this.#kept.delete(token)
  }
}
