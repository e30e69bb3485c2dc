import type { Json } from '@kapok/kit/canonical-json'
import type { Database } from 'lmdb'
import type { CommitQueue } from '../store/commit-queue.ts'

/** LMDB's keys end somewhere; no id of ours is so long. */
const idBytesMax = 1_024

/** Small documents by id, such as capture jobs and named queries; durable when `put` is answered. */
export class KeptDocuments {
  readonly #documents: Database<Json, string>
  readonly #queue: CommitQueue
  readonly #most: number

  /** Beyond `most` the ones with the smallest ids are forgotten. */
  constructor(documents: Database<Json, string>, queue: CommitQueue, most: number) {
    this.#documents = documents
    this.#queue = queue
    this.#most = most
  }

  get(id: string): Json | undefined {
    if (Buffer.byteLength(id) > idBytesMax) return undefined
    return this.#documents.get(id)
  }

  async put(id: string, document: Json): Promise<void> {
    await this.#queue.submit(1, () => {
      this.#documents.putSync(id, document)
      const surplus = this.count() - this.#most
      if (surplus > 0)
        for (const key of [...this.#documents.getKeys({ limit: surplus })]) this.#documents.removeSync(key)
    })
  }

  async remove(id: string): Promise<boolean> {
    return this.#queue.submit(1, () => this.#documents.removeSync(id))
  }

  count(): number {
    return (this.#documents.getStats() as { entryCount: number }).entryCount
  }

  /** In the order of ids, after one; `descending` from the newest, before one. */
  list(options: { after?: string | undefined; limit: number; descending?: boolean }): { id: string; document: Json }[] {
    const { after, limit, descending = false } = options
    const range = this.#documents.getRange({
      ...(after === undefined ? {} : { start: after }),
      reverse: descending,
      limit: limit + 1,
    })
    return [...range]
      .filter(({ key }) => key !== after)
      .slice(0, limit)
      .map(({ key, value }) => ({ id: key, document: value }))
  }
}
