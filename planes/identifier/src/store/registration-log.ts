import { consistencyRanges, inclusionRanges } from '@kapok/kit/merkle'
import { checkpointText, ed25519Line } from '@kapok/kit/signed-note'
import { numberKey, numberOfKey } from './keys.ts'
import { type LogKey, verifierKeyOf } from './log-key.ts'
import { bytesAt, type Tables } from './tables.ts'
import { hashOfRange, readPeaks, rootOfPeaks } from './tree.ts'
import { lastSeq } from './write-record.ts'

export interface Checkpoint {
  size: number
  root: Buffer
  /** C2SP signed note. */
  note: string
}

/**
 * The Merkle log over the transactions (RFC 6962): the leaf of transaction `seq` has the index `seq - 1`. All of it is read
 * from the disk when asked for: some hundred small reads a proof.
 */
export class RegistrationLog {
  readonly #tables: Tables
  readonly #key: LogKey | undefined
  /** What people and mirrors pin: `origin+hash+key`. */
  readonly verifierKey: string

  /** With a key the log is this store's own; a mirror has the verifier key alone, and signs nothing. */
  constructor(tables: Tables, key: LogKey | string) {
    this.#tables = tables
    this.#key = typeof key === 'string' ? undefined : key
    this.verifierKey = typeof key === 'string' ? key : verifierKeyOf(key)
  }

  /** Those by which a checkpoint of this log may be signed: its own, and that of the log which it goes on with. */
  get verifierKeys(): readonly string[] {
    return this.#key?.follows === undefined ? [this.verifierKey] : [this.verifierKey, this.#key.follows]
  }

  get size(): number {
    return lastSeq(this.#tables)
  }

  /** Root of the first `size` transactions; undefined when there are not so many. */
  root(size = this.size): Buffer | undefined {
    return this.#has(size) ? rootOfPeaks(readPeaks(this.#tables, size)) : undefined
  }

  /** Audit path of a transaction in the tree of the first `size`, nearest sibling first; undefined when it is not in it. */
  inclusion(seq: number, size: number): { leafHash: Buffer; path: Buffer[] } | undefined {
    if (!this.#has(size) || !Number.isInteger(seq) || seq < 1 || seq > size) return undefined
    const path = inclusionRanges(seq - 1, size).map(([from, to]) => hashOfRange(this.#tables, from, to))
    return { leafHash: hashOfRange(this.#tables, seq - 1, seq), path }
  }

  /** Proof that the tree of the first `from` transactions is the beginning of that of the first `to`. */
  consistency(from: number, to: number): Buffer[] | undefined {
    if (!this.#has(to) || !Number.isInteger(from) || from < 1 || from > to) return undefined
    return consistencyRanges(from, to).map(([start, end]) => hashOfRange(this.#tables, start, end))
  }

  /** A signed note of the first `size` transactions; nothing is kept. A page for a mirror ends with one of its own size. */
  sign(size = this.size): Checkpoint | undefined {
    const root = this.root(size)
    const key = this.#key
    if (root === undefined || size === 0 || key === undefined) return undefined
    const text = checkpointText(key.origin, size, root)
    return { size, root, note: `${text}\n${ed25519Line(text, key.origin, key)}` }
  }

  /** The newest checkpoint that is kept. */
  newest(): { size: number; note: string } | undefined {
    const [last] = this.#tables.checkpoints.getKeys({ reverse: true, limit: 1 })
    const note = last && bytesAt(this.#tables.checkpoints, last)
    return last && note && { size: numberOfKey(last), note: note.toString('utf8') }
  }

  #has(size: number): boolean {
    return Number.isInteger(size) && size >= 0 && size <= this.size
  }
}

/** Within a transaction of the commit queue. */
export function keepCheckpoint(tables: Tables, { size, note }: { size: number; note: string }): void {
  tables.checkpoints.put(numberKey(size), Buffer.from(note, 'utf8'))
}
