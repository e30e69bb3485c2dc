import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Database, RootDatabase } from 'lmdb'
import { canonicalHandle, partsOf } from '../handle/handle.ts'
import { CommitQueue } from '../store/commit-queue.ts'
import { assertNotTorn } from '../store/file-check.ts'
import { lockFolder } from '../store/folder-lock.ts'
import { numberKey, numberOfKey, sha256 } from '../store/keys.ts'
import { binary, openDatabase } from '../store/open-database.ts'
import { accessLimits } from './limits.ts'

/** Somebody read, or wanted to read, what is not public. */
export interface Access {
  /** `index:handle`. */
  user: string
  /** Canonical handle of the record; of events `0.NA/<prefix>`. */
  handle: string
  /** Values of the record that were told, or were refused. */
  indexes: readonly number[]
  /** Of events: what was asked. */
  asked?: string
  wasRefused: boolean
}

export interface KeptAccess extends Access {
  /** From 1, in the order of time. */
  seq: number
  /** Milliseconds since 1970. */
  at: number
}

/** Who looked: accesses in LMDB, in a folder of their own, on the disk when `note` resolves. One process writes. */
export class AccessLog {
  readonly #root: RootDatabase<Buffer, Buffer>
  /** seq → access. */
  readonly #accesses: Database<Buffer, Buffer>
  /** SHA-256 of a handle or a prefix ‖ seq → nothing. */
  readonly #index: Database<Buffer, Buffer>
  readonly #queue: CommitQueue
  readonly #unlock: () => void
  readonly #clock: { now(): number }
  readonly #kept: number
  #next: number

  /** Throws StoreFault when another process writes there, or the file is torn. */
  constructor({
    folder,
    clock,
    kept = accessLimits.kept,
  }: { folder: string; clock: { now(): number }; kept?: number }) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    this.#unlock = lockFolder(folder)
    const file = join(folder, 'accesses.mdb')
    try {
      if (existsSync(file)) assertNotTorn(file)
      this.#root = openDatabase(file, { tables: 2 })
      this.#accesses = this.#root.openDB({ name: 'accesses', ...binary })
      this.#index = this.#root.openDB({ name: 'index', ...binary })
    } catch (error) {
      this.#unlock()
      throw error
    }
    this.#clock = clock
    this.#kept = kept
    this.#next = this.#newest() + 1
    const again = () => {
      this.#next = this.#newest() + 1
    }
    this.#queue = new CommitQueue(this.#root, { begin: () => {}, committed: () => {}, aborted: again })
  }

  /** Resolves when the access is on the disk; rejects with StoreRefusal when too many wait for it. */
  note({ user, handle, indexes, asked, wasRefused }: Access): Promise<void> {
    const access = {
      at: this.#clock.now(),
      user,
      handle: canonicalHandle(handle),
      indexes: indexes.slice(0, accessLimits.indexes),
      ...(asked !== undefined && { asked: asked.slice(0, accessLimits.askedCharacters) }),
      wasRefused,
    }
    return this.#queue.submit(1, () => {
      const seq = this.#next++
      this.#accesses.putSync(numberKey(seq), Buffer.from(JSON.stringify(access)))
      for (const owner of ownersOf(access.handle))
        this.#index.putSync(Buffer.concat([owner, numberKey(seq)]), Buffer.alloc(0))
      if (seq > this.#kept) this.#forget(seq - this.#kept)
    })
  }

  /** Accesses to one record, or to all of one prefix, newest first; `before`: those with a lower number. */
  list(
    of: { handle: string } | { prefix: string },
    { before, limit }: { before?: number | undefined; limit: number },
  ): KeptAccess[] {
    const owner = 'handle' in of ? handleKey(canonicalHandle(of.handle)) : prefixKey(canonicalHandle(`${of.prefix}/`))
    const start = Buffer.concat([owner, before === undefined ? Buffer.alloc(6, 0xff) : numberKey(before)])
    const found: KeptAccess[] = []
    for (const key of this.#index.getKeys({ start, reverse: true })) {
      if (found.length >= Math.min(limit, accessLimits.page) || !key.subarray(0, 32).equals(owner)) break
      const seq = numberOfKey(key.subarray(32))
      if (seq === before) continue
      const bytes = this.#accesses.get(numberKey(seq))
      if (bytes) found.push({ seq, ...(JSON.parse(bytes.toString('utf8')) as Omit<KeptAccess, 'seq'>) })
    }
    return found
  }

  async close(): Promise<void> {
    await this.#queue.idle()
    await this.#root.close()
    this.#unlock()
  }

  #newest(): number {
    const [last] = this.#accesses.getKeys({ reverse: true, limit: 1 })
    return last === undefined ? 0 : numberOfKey(last)
  }

  #forget(seq: number): void {
    const key = numberKey(seq)
    const bytes = this.#accesses.get(key)
    if (bytes === undefined) return
    const { handle } = JSON.parse(bytes.toString('utf8')) as Access
    for (const owner of ownersOf(handle)) this.#index.removeSync(Buffer.concat([owner, key]))
    this.#accesses.removeSync(key)
  }
}

/** By its handle and by its prefix; of a record that describes a prefix, by that. */
function ownersOf(handle: string): Buffer[] {
  const { prefix, suffix } = partsOf(handle)
  return [handleKey(handle), prefixKey(`${prefix === '0.NA' ? suffix : prefix}/`)]
}

const handleKey = (handle: string): Buffer => sha256(Buffer.from(`handle ${handle}`))
const prefixKey = (prefix: string): Buffer => sha256(Buffer.from(`prefix ${prefix}`))
