import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { syncPath } from '../store/sync-path.ts'

/** A record that was changed here and by the taker: the taker's stands, ours is kept in the log under this number. */
export interface Conflict {
  handle: string
  seq: number
  message: string
}

interface State {
  /** Serial of our site, from 1 on: whoever has the highest takes the changes. */
  serial: number
  /** Somebody follows our log, who may take over while we are away. */
  followed: boolean
  /** We stand in for the node that we mirrored, since its log had `size` transactions, signed by `verifier`. */
  taken?: { atMs: number; size: number; verifier: string } | undefined
  /** We stood in and gave the prefix back. */
  handedBack?: boolean
  /** Another site stands in for us; `size` transactions are in our log since before. */
  replaced?: { serial: number; size: number } | undefined
  /** What the taker said to the records that it did not have, so that a second attempt does not ask again. */
  late?: { merged: number; conflicts: Conflict[] } | undefined
}

const first: State = { serial: 1, followed: false }

/** Whether this node is the one that takes changes, as it knows it; on the disk before it counts. */
export class Standing {
  readonly #file: string | undefined
  #state: State
  /** Who is followed asks first, at each start. */
  #isUnsure: boolean

  /** Without a file it is forgotten at the end. Throws SyntaxError for a file that cannot be read. */
  constructor(file?: string) {
    this.#file = file
    this.#state = file !== undefined && existsSync(file) ? stateIn(readFileSync(file, 'utf8')) : first
    this.#isUnsure = this.#state.followed
  }

  get state(): Readonly<State> {
    return this.#state
  }

  update(change: Partial<State>): void {
    const next = { ...this.#state, ...change }
    if (this.#file !== undefined) {
      const draft = `${this.#file}.draft`
      writeFileSync(draft, JSON.stringify(next), { mode: 0o600, flush: true })
      renameSync(draft, this.#file)
      syncPath(dirname(this.#file))
    }
    this.#state = next
  }

  /** The parent answered: nobody else is primary. */
  confirm(): void {
    this.#isUnsure = false
  }

  /** Why no change is taken here; undefined when it is. */
  refusal(): string | undefined {
    const { replaced, handedBack } = this.#state
    if (replaced)
      return `another site (serial ${replaced.serial}) stands in for this node since it was away: send changes there, until it hands back`
    if (handedBack) return 'this node stood in for another and handed back: send changes to the primary site'
    if (this.#isUnsure) return 'this node asks its parent first whether another site stands in for it: try again'
    return undefined
  }
}

function stateIn(text: string): State {
  const state = JSON.parse(text) as Partial<State>
  if (!Number.isInteger(state.serial) || typeof state.followed !== 'boolean')
    throw new SyntaxError('no standing of a node')
  return { ...first, ...state }
}
