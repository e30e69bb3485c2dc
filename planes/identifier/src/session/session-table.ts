import { randomInt } from 'node:crypto'
import { sessionLimits } from './limits.ts'
import type { Session } from './session.ts'

/** Sessions by their id. Those in which something was said stay when many others are begun. */
export class SessionTable {
  readonly #used = new Map<number, Session>()
  readonly #unused = new Map<number, Session>()

  /** `begun` makes the session of an id; ids are even, those of challenges odd, and no client takes one for negative. */
  add(begun: (id: number) => Session): Session {
    let id = 0
    do id = randomInt(1, 2 ** 30) * 2
    while (this.#used.has(id) || this.#unused.has(id))
    const session = begun(id)
    this.#makeRoom(session)
    this.#unused.set(id, session)
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
    if (!this.#used.has(session.id) && !this.#unused.has(session.id)) return
    this.remove(session)
    session.usedMs = nowMs
    this.#used.set(session.id, session)
    if (this.#used.size > sessionLimits.used) removeOldest(this.#used)
  }

  remove({ id }: Session): void {
    this.#used.delete(id)
    this.#unused.delete(id)
  }

  get size(): number {
    return this.#used.size + this.#unused.size
  }

  #makeRoom({ from }: Session): void {
    if (this.#unused.size >= sessionLimits.unused) removeOldest(this.#unused)
    const ofAddress = [...this.#unused.values(), ...this.#used.values()].filter((each) => each.from === from)
    const [oldest] = ofAddress
    if (oldest && ofAddress.length >= sessionLimits.ofAddress) this.remove(oldest)
  }
}

function removeOldest(sessions: Map<number, Session>): void {
  const [oldest] = sessions.keys()
  if (oldest !== undefined) sessions.delete(oldest)
}
