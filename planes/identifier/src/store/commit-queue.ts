import type { RootDatabase } from 'lmdb'
import { storeLimits } from './limits.ts'
import { StoreRefusal } from './refusal.ts'

interface Job {
  items: number
  run(): unknown
  resolve(result: never): void
  reject(error: unknown): void
}

/** What a job throws when it wrote nothing: it fails alone. Anything else undoes the whole commit. */
export class NothingWritten extends Error {
  constructor(cause: unknown) {
    super('nothing was written', { cause })
  }
}

/**
 * Changes that wait for the disk. While one commit is synced, those that come gather for the next, in their order; so many
 * share one fsync. A change settles when the commit that holds it is on the disk.
 */
export class CommitQueue {
  readonly #root: RootDatabase<Buffer, Buffer>
  readonly #hooks: { begin(): void; committed(): void; aborted(): void }
  #waiting: Job[] = []
  #items = 0
  #draining: Promise<void> | undefined

  constructor(root: RootDatabase<Buffer, Buffer>, hooks: { begin(): void; committed(): void; aborted(): void }) {
    this.#root = root
    this.#hooks = hooks
  }

  /** `run` reads and writes in the transaction; it is called once, later. Rejects with StoreRefusal when too many wait. */
  submit<R>(items: number, run: () => R): Promise<R> {
    if (this.#items + items > storeLimits.waitingItems)
      return Promise.reject(
        new StoreRefusal('busy', `${this.#items} changes wait for the disk, more are not taken: ask again`),
      )
    return new Promise<R>((resolve, reject) => {
      this.#waiting.push({ items, run, resolve: resolve as Job['resolve'], reject })
      this.#items += items
      this.#draining ??= this.#drain()
    })
  }

  async idle(): Promise<void> {
    while (this.#draining) await this.#draining
  }

  async #drain(): Promise<void> {
    // What comes in the same turn of the event loop comes into the same commit.
    await null
    while (this.#waiting.length > 0) await this.#commit(this.#next())
    // In the same turn as the look, so that none comes between.
    this.#draining = undefined
  }

  #next(): Job[] {
    let items = 0
    let jobs = 0
    for (const job of this.#waiting) {
      if (jobs > 0 && items + job.items > storeLimits.commitItems) break
      items += job.items
      jobs++
    }
    this.#items -= items
    return this.#waiting.splice(0, jobs)
  }

  async #commit(jobs: readonly Job[]): Promise<void> {
    const settle: (() => void)[] = []
    try {
      // A child, since only a child is undone when it throws.
      await this.#root.childTransaction(() => {
        this.#hooks.begin()
        for (const job of jobs) settle.push(settlementOf(job))
      })
    } catch (error) {
      this.#hooks.aborted()
      const refusal = asRefusal(error)
      for (const job of jobs) job.reject(refusal)
      return
    }
    this.#hooks.committed()
    for (const each of settle) each()
  }
}

function settlementOf(job: Job): () => void {
  try {
    const result = job.run() as never
    return () => job.resolve(result)
  } catch (error) {
    if (!(error instanceof NothingWritten)) throw error
    return () => job.reject(error.cause)
  }
}

function asRefusal(error: unknown): unknown {
  const { commitError, message } = error as Error & { commitError?: Promise<unknown> }
  if (commitError === undefined) return error
  // lmdb-js tells why in a promise of its own, which ends the process when nobody listens.
  commitError.catch(() => {})
  return new StoreRefusal('diskFull', `the disk did not take the change, nothing was written (${message})`)
}
