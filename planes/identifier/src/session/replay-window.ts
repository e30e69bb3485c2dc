import { sessionLimits } from './limits.ts'

/** What came lately in one session, so that nothing comes twice. */
export class ReplayWindow {
  readonly #seen = new Set<number>()
  readonly #ordered: boolean
  #forgotten = -1

  /** `ordered`: numbers rise in the long run (counters), so that one below all that is remembered is old. */
  constructor({ ordered }: { ordered: boolean }) {
    this.#ordered = ordered
  }

  /** Whether a number is new; it is not any more then. */
  takes(number: number): boolean {
    if (this.#seen.has(number) || (this.#ordered && number <= this.#forgotten)) return false
    this.#seen.add(number)
    if (this.#seen.size > sessionLimits.replayWindow) {
      const [oldest = 0] = this.#ordered ? [Math.min(...this.#seen)] : this.#seen
      this.#seen.delete(oldest)
      this.#forgotten = Math.max(this.#forgotten, oldest)
    }
    return true
  }
}
