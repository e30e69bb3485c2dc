import { randomInt } from 'node:crypto'
import { sessionLimits } from './limits.ts'
import type { Session } from './session.ts'

/** Sessions by their id. Those in which something was said stay when many others are begun. */
export class SessionTable {
  readonly #used = new Map<number, Session>()
  readonly #unused = new Map<number, Session>()
  /** In the order in which they were begun. */
  readonly #ofAddress = new Map<string, Set<Session>>()

  /** `begun` makes the session of an id; ids are even, those of challenges odd, and no client takes one for negative. */
  add(begun: (id: number) => Session): Session {
    let id = 0
    do id = randomInt(1, 2 ** 30) * 2
    while (this.#used.has(id) || this.#unused.has(id))
    const session = begun(id)
    this.#unused.set(id, session)
    if (this.#unused.size > sessionLimits.unused) this.#removeOldest(this.#unused)
    if (session.from !== undefined) this.#count(session, session.from)
    return session
  }

  /** A session that goes on. */
  find(id: number, nowMs: number): Session | undefined {
    const session = this.#used.get(id) ?? this.#unused.get(id)
    if (session === undefined) return undefined
    const { usedMs, bornMs, idleMs, bytes } = session
    const isOver = nowMs - usedMs > idleMs || nowMs - bornMs > sessionLimits.lifeMs || bytes > sessionLimits.bytes
    if (!isOver) return session
    this.remove(session)
    return undefined
  }

  /** Something was said in it by whoever has its key. */
  uses(session: Session, nowMs: number): void {
    const { id } = session
    if (!this.#used.delete(id) && !this.#unused.delete(id)) return
    session.usedMs = nowMs
    this.#used.set(id, session)
    if (this.#used.size > sessionLimits.used) this.#removeOldest(this.#used)
  }

  remove(session: Session): void {
    const { id, from } = session
    this.#used.delete(id)
    this.#unused.delete(id)
    if (from === undefined) return
    const ofAddress = this.#ofAddress.get(from)
    ofAddress?.delete(session)
    if (ofAddress?.size === 0) this.#ofAddress.delete(from)
  }

  #count(session: Session, from: string): void {
    const ofAddress = this.#ofAddress.get(from) ?? new Set()
    this.#ofAddress.set(from, ofAddress.add(session))
    const [oldest] = ofAddress
    if (oldest && ofAddress.size > sessionLimits.ofAddress) this.remove(oldest)
  }

  #removeOldest(sessions: Map<number, Session>): void {
    const [oldest] = sessions.values()
    if (oldest) this.remove(oldest)
  }
}
