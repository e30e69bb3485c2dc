import { statSync } from 'node:fs'
import type { Clock } from '@kapok/kit/clock'
import { canonicalHandle } from '../handle/handle.ts'
import type { HandleValue } from '../handle/value.ts'
import { backupStore } from './backup.ts'
import { type BatchItem, type BatchKind, type BatchResult, prepareBatch, resultsBefore, writeBatch } from './batch.ts'
import { CommitQueue, NothingWritten } from './commit-queue.ts'
import { refuseFullDisk } from './file-check.ts'
import { lockFolder } from './folder-lock.ts'
import { contentsAt, digestOfRecords } from './handover.ts'
import { recordKey } from './keys.ts'
import { storeLimits } from './limits.ts'
import { loadLogKey, logKeyOf } from './log-key.ts'
import { type Feed, openCheckpoint, replayFeed } from './mirror.ts'
import { handlesFrom, type ReferencePage, referencesFrom, transactionsFrom } from './pages.ts'
import {
  assertSealed,
  contentOf,
  decodeContent,
  handleBytes,
  publicBlockOf,
  type StoredRecord,
} from './record-bytes.ts'
import { StoreRefusal } from './refusal.ts'
import { keepCheckpoint, RegistrationLog } from './registration-log.ts'
import { bytesAt, countOf, dataFile, makeFolder, openTables, type Tables } from './tables.ts'
import { signerBytes, type Transaction } from './transaction.ts'
import { type Verdict, verifyStore } from './verify-store.ts'
import { lastSeq, RecordWriter } from './write-record.ts'

export interface RecordStoreOptions {
  clock: Clock
  /** Types whose text is another name of the record, unique in the store. */
  aliasTypes?: readonly string[]
  /** Any number of processes may read beside the one that writes. */
  readOnly?: boolean
  /** Verifier key of the log that this store follows: it changes by `apply` alone. */
  mirrorOf?: string
  /** Makes a key for the log of a store that was a mirror, to write to it from now on. */
  takesOver?: boolean
  /** With less on the disk nothing is written. */
  diskFreeBytes?: number
}

/** What a change makes of a record: values, null for none, or a refusal. */
export type Decision<R> = { next: readonly HandleValue[] | null } | { refused: R }

/**
 * `seq` of the transaction, undefined when there was nothing to delete. A StoreRefusal says what the store itself did not
 * take. When it is not done, nothing was written.
 */
export type Outcome<R> = { done: true; seq: number | undefined } | { done: false; refused: R | StoreRefusal }

export const aliasTypes = ['GS1_DL', 'EPC', 'OID', 'DID', 'ECODE'] as const

/** The records of one node in one folder: one process writes, any number read. */
export class RecordStore {
  readonly #folder: string
  #mirrorOf: string | undefined
  readonly #tables: Tables
  readonly #unlock: () => void
  readonly #writer: RecordWriter
  readonly #queue: CommitQueue
  #log: RegistrationLog
  #refusesChanges: string | undefined
  #fence: string | undefined

  /** Throws StoreFault, with a sentence, when another process writes there, or when the file is torn. */
  static open(folder: string, options: RecordStoreOptions): RecordStore {
    const readOnly = options.readOnly ?? false
    if (!readOnly) makeFolder(folder)
    const unlock = readOnly ? () => {} : lockFolder(folder)
    try {
      return new RecordStore(folder, options, unlock)
    } catch (error) {
      unlock()
      throw error
    }
  }

  private constructor(folder: string, options: RecordStoreOptions, unlock: () => void) {
    this.#folder = folder
    this.#mirrorOf = options.mirrorOf
    this.#unlock = unlock
    this.#refusesChanges = options.readOnly
      ? 'this store is open for reading only'
      : options.mirrorOf && 'this store is a mirror: changes are made where it mirrors from'
    this.#tables = openTables(folder, { readOnly: options.readOnly ?? false })
    this.#writer = new RecordWriter(this.#tables, new Set(options.aliasTypes ?? aliasTypes), options.clock)
    const isNew = countOf(this.#tables.checkpoints) === 0
    this.#log = new RegistrationLog(this.#tables, logKeyOf(folder, { ...options, isNew }))
    let commits = 0
    this.#queue = new CommitQueue(this.#tables.root, {
      begin: () => {
        this.#writer.begin()
        refuseFullDisk(folder, options.diskFreeBytes ?? storeLimits.diskFreeBytes)
      },
      committed: () => {
        this.#writer.committed()
        // A reader that was killed would hold its pages until the next start.
        if (++commits % storeLimits.commitsPerReaderCheck === 0) this.#tables.root.readerCheck()
      },
      aborted: () => this.#writer.aborted(),
    })
  }

  /** The Merkle log of all changes. */
  get log(): RegistrationLog {
    return this.#log
  }

  /** Values of a record by its handle in canonical form (`canonicalHandle`). Throws StoreFault when it is damaged. */
  find(handle: string): readonly HandleValue[] | undefined {
    return this.record(handle)?.values
  }

  /** As `find`, with the handle as registered. */
  record(handle: string): StoredRecord | undefined {
    const sealed = handle === '' ? undefined : this.#writer.find(recordKey(Buffer.from(handle, 'utf8')))
    return sealed && decodeContent(contentOf(sealed))
  }

  /**
   * All public values of a record as an answer carries them, number and values, from the UTF-8 of its handle in canonical
   * form; undefined when there is no record. Throws StoreFault when it is damaged.
   */
  publicBlock(canonicalKey: Buffer): Buffer | undefined {
    if (canonicalKey.length === 0) return undefined
    const key = recordKey(canonicalKey)
    const sealed = bytesAt(this.#tables.records, key)
    if (sealed === undefined) return undefined
    assertSealed(key, sealed)
    return publicBlockOf(sealed)
  }

  /**
   * Reads, decides and writes in one transaction, and resolves when it is on the disk. Changes happen in the order in which
   * they were asked for. `by`: who signed it, `index:handle`, or ''. What `decide` throws comes back as a rejection.
   */
  async change<R>(
    handle: string,
    by: string,
    decide: (current: StoredRecord | undefined) => Decision<R>,
  ): Promise<Outcome<R>> {
    if (this.#fence !== undefined) return { done: false, refused: new StoreRefusal('readOnly', this.#fence) }
    return this.changeFenced(handle, by, decide)
  }

  /** As `change`, behind a fence too: what a node does that hands back. */
  async changeFenced<R>(
    handle: string,
    by: string,
    decide: (current: StoredRecord | undefined) => Decision<R>,
  ): Promise<Outcome<R>> {
    try {
      this.#refuseReaders()
      const signer = signerBytes(by)
      handleBytes(handle)
      const key = recordKey(Buffer.from(canonicalHandle(handle), 'utf8'))
      return await this.#queue.submit(1, (): Outcome<R> => {
        const before = alone(() => this.#writer.find(key))
        const decision = alone(() => decide(before && decodeContent(contentOf(before))))
        if ('refused' in decision) return { done: false, refused: decision.refused }
        if (decision.next === null && !before) return { done: true, seq: undefined }
        return this.#writer.tryWrite({ key, handle, before, values: decision.next, by: signer })
      })
    } catch (error) {
      if (error instanceof StoreRefusal) return { done: false, refused: error }
      throw error
    }
  }

  /**
   * Writes up to `storeLimits.batchItems` records in one transaction, each with its own result, and resolves when they are on
   * the disk. The same batch again (signer, id, items) gives the same results and writes nothing. Rejects with StoreRefusal
   * when the id came with other items, or when nothing could be written.
   */
  async batch(
    id: string,
    by: string,
    items: readonly BatchItem[],
    kind: BatchKind = 'create',
  ): Promise<readonly BatchResult[]> {
    if (this.#fence !== undefined) throw new StoreRefusal('readOnly', this.#fence)
    this.#refuseReaders()
    const batch = prepareBatch(id, signerBytes(by), items, kind)
    return this.#queue.submit(items.length, () => {
      const known = alone(() => resultsBefore(this.#tables, batch))
      return known ?? writeBatch(this.#tables, this.#writer, batch)
    })
  }

  /** Handles with this prefix as registered, in the order of their canonical form, after one of them. */
  handlesUnder(prefix: string, page: { after?: string; limit: number }): readonly string[] {
    return handlesFrom(this.#tables, prefix, page)
  }

  /** Values of records here that point to a handle, whether or not it has a record. */
  referencesTo(handle: string, page: ReferencePage): readonly { handle: string; index: number }[] {
    return referencesFrom(this.#tables, handle, page)
  }

  /** The record that has this other name. */
  recordByAlias(alias: string): StoredRecord | undefined {
    return this.#writer.ownerOf(alias)
  }

  /** Transactions with a sequence number above `after`, oldest first; fewer than `limit` when they are long. */
  transactions(after: number, limit: number): readonly Transaction[] {
    return transactionsFrom(this.#tables, after, limit)
  }

  /** Signs the log as it is and keeps the note; the newest when nothing came since. Undefined without transactions. */
  async checkpoint(): Promise<{ size: number; note: string } | undefined> {
    this.#refuseReaders()
    const newest = this.log.newest()
    const next = this.log.sign()
    if (next === undefined || next.size === newest?.size) return newest
    await this.#queue.submit(1, () => keepCheckpoint(this.#tables, next))
    return next
  }

  /**
   * Takes what a mirror pulled, on the disk when it resolves. Rejects with StoreRefusal, with the sequence number, for a
   * transaction that is not the one that was there, does not follow, or was not signed; then nothing of it is written.
   */
  async apply(feed: Feed): Promise<{ applied: number; size: number }> {
    if (this.#mirrorOf === undefined) throw new StoreRefusal('readOnly', 'only a mirror follows another log')
    if (feed.transactions.length > storeLimits.transactions)
      throw new StoreRefusal('invalidBatch', `a mirror takes ${storeLimits.transactions} transactions at a time`)
    const checkpoint = openCheckpoint(feed.checkpoint, this.#mirrorOf)
    return this.#queue.submit(feed.transactions.length, () => {
      const done = replayFeed(this.#tables, this.#writer, feed, checkpoint)
      keepCheckpoint(this.#tables, { size: done.size, note: feed.checkpoint })
      return done
    })
  }

  /**
   * A mirror's store becomes one that is written to: the same history goes on, signed by a key of its own from now on. Nothing
   * may follow with `apply` any more; a second time does nothing.
   */
  takeOver(): void {
    if (this.#mirrorOf === undefined) return
    const key = loadLogKey(this.#folder, true, this.#mirrorOf)
    this.#log = new RegistrationLog(this.#tables, key)
    this.#mirrorOf = undefined
    this.#refusesChanges = undefined
  }

  /** From now on no change is taken, with this reason, until the fence is lifted (undefined). Resolves when those on the way are through. */
  async fence(reason: string | undefined): Promise<void> {
    this.#fence = reason
    await this.#queue.idle()
  }

  /** The contents of records when the log had `size` transactions; undefined where there was none. Reads the log backward. */
  contentsAt(size: number, handles: readonly string[]): Promise<ReadonlyMap<string, Buffer | undefined>> {
    return contentsAt(this.#tables, size, handles)
  }

  /** SHA-256 over all records in their order, whatever transactions made them; not exact while records change. */
  digest(): Promise<{ records: number; digest: string }> {
    return digestOfRecords(this.#tables)
  }

  /** Walks over everything: a record that was changed silently is named. */
  verify(): Promise<Verdict> {
    return verifyStore(this.#tables, this.log.verifierKeys)
  }

  /** A copy as of now into a new folder while all goes on, the log's key included: keep it as safe as the store. */
  backup(folder: string): Promise<void> {
    return backupStore(this.#tables, this.#folder, folder)
  }

  stats(): { records: number; transactions: number; bytes: number } {
    return {
      records: countOf(this.#tables.records),
      transactions: lastSeq(this.#tables),
      bytes: statSync(dataFile(this.#folder)).size,
    }
  }

  /** Takes no more changes, waits for those that were taken, and gives the folder back. */
  async close(): Promise<void> {
    this.#refusesChanges = 'this store is closed'
    await this.#queue.idle()
    await this.#tables.root.close()
    this.#unlock()
  }

  #refuseReaders(): void {
    if (this.#refusesChanges !== undefined) throw new StoreRefusal('readOnly', this.#refusesChanges)
  }
}

/** For what only reads: when it throws, nothing of its job was written. */
function alone<R>(run: () => R): R {
  try {
    return run()
  } catch (error) {
    throw new NothingWritten(error)
  }
}
