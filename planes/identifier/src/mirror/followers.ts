import { mirrorLimits } from './limits.ts'

/** Who follows this node's log, and how far each is. */
export class Followers {
  readonly #seen = new Map<string, { after: number; atMs: number }>()

  /** `after`: the last transaction that it has. */
  saw(user: string, after: number, atMs: number): void {
    this.#seen.delete(user)
    this.#seen.set(user, { after, atMs })
    const [oldest] = this.#seen.keys()
    if (this.#seen.size > mirrorLimits.followersKnown && oldest !== undefined) this.#seen.delete(oldest)
  }

  /** Each with the transactions that it does not have, and how long it was not seen, in ms. */
  list(size: number, nowMs: number): { user: string; behind: number; silentMs: number }[] {
    return [...this.#seen].map(([user, { after, atMs }]) => ({
      user,
      behind: Math.max(0, size - after),
      silentMs: Math.max(0, nowMs - atMs),
    }))
  }
}
