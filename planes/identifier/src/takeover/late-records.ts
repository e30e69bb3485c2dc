import { canonicalHandle } from '../handle/handle.ts'
import type { ChangingRecords } from '../registration/changing-records.ts'
import { decodeContent, encodeContent, type StoredRecord, StoreRefusal } from '../store/store.ts'

/** A record as the other node had it at its end, that was not mirrored: its content, null when it was deleted. */
export interface LateRecord {
  handle: string
  content: Buffer | null
  by: string
}

/** `merged` and `same`: it stands here now. Else the sentence says why it does not; ours stands. */
export type LateResult = { kind: 'merged' | 'same' } | { kind: 'conflict'; message: string }

type Records = Pick<ChangingRecords, 'record' | 'change' | 'transactions'>

/**
 * Takes in what a node acknowledged and nobody had mirrored when it died. What was not changed here since becomes as it was
 * there; of what was, ours stands and the other is told to be in conflict.
 */
export class LateRecords {
  readonly #records: Records
  /** Handles, in canonical form, that were changed here since the takeover. */
  readonly #changed = new Set<string>()
  #seen: number

  /** `size`: transactions of the log at the takeover. */
  constructor(records: Records, size: number) {
    this.#records = records
    this.#seen = size
  }

  async take({ handle, content, by }: LateRecord): Promise<LateResult> {
    const name = canonicalHandle(handle)
    for (;;) {
      const seen = this.#records.record(name)
      if (sameContent(seen, content)) return { kind: 'same' }
      if (this.#hasChanged(name)) return { kind: 'conflict', message: 'it was changed by the site that stood in, too' }
      const written = await this.#records.change<'moved'>(handle, by, (current) =>
        sameContent(current, seen === undefined ? null : contentOf(seen))
          ? { next: content === null ? null : decodeContent(content).values }
          : { refused: 'moved' },
      )
      if (written.done) return { kind: 'merged' }
      if (written.refused instanceof StoreRefusal) return { kind: 'conflict', message: written.refused.message }
    }
  }

  #hasChanged(name: string): boolean {
    for (;;) {
      const page = this.#records.transactions(this.#seen, 1_000)
      for (const { handle } of page) this.#changed.add(canonicalHandle(handle))
      this.#seen = page.at(-1)?.seq ?? this.#seen
      if (page.length === 0) return this.#changed.has(name)
    }
  }
}

export const contentOf = ({ handle, values }: StoredRecord): Buffer => encodeContent(handle, values)

export function sameContent(record: StoredRecord | undefined, content: Buffer | null): boolean {
  if (record === undefined || content === null) return record === undefined && content === null
  return contentOf(record).equals(content)
}
