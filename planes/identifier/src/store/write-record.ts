import type { Clock } from '@kapok/kit/clock'
import { canonicalHandle, HandleFormatError } from '../handle/handle.ts'
import type { HandleValue } from '../handle/value.ts'
import { numberKey, numberOfKey, recordKey, sha256 } from './keys.ts'
import { aliasKey, type Links, linksOf, referenceKey, targetKey } from './links.ts'
import {
  assertSealed,
  contentOf,
  decodeContent,
  encodeContent,
  handleBytes,
  handleOf,
  type StoredRecord,
  sealRecord,
} from './record-bytes.ts'
import { StoreFault, StoreRefusal } from './refusal.ts'
import { bytesAt, type Tables } from './tables.ts'
import { encodeTransaction, nameContent, type Transaction, type TransactionKind } from './transaction.ts'
import { appendLeaf, leafHash, type Peaks, readPeaks } from './tree.ts'

/** How far the log goes. */
export interface LogState {
  size: number
  peaks: Peaks
}

interface Change {
  key: Buffer
  handle: string
  /** The sealed record, checked. */
  before: Buffer | undefined
  values: readonly HandleValue[] | null
  by: Buffer
  encoded?: Buffer
}

const noLinks: Links = { aliases: [], targets: [] }

/** Writes records and all that follows from them, within a transaction of the commit queue. */
export class RecordWriter {
  readonly #tables: Tables
  readonly #aliasTypes: ReadonlySet<string>
  readonly #clock: Clock
  #committed: LogState
  #draft: LogState

  constructor(tables: Tables, aliasTypes: ReadonlySet<string>, clock: Clock) {
    this.#tables = tables
    this.#aliasTypes = aliasTypes
    this.#clock = clock
    this.#committed = this.#draft = readState(tables)
  }

  /** What is on the disk. */
  get state(): LogState {
    return this.#committed
  }

  /** What is on the disk and in this transaction. */
  get draft(): LogState {
    return this.#draft
  }

  begin(): void {
    this.#draft = this.#committed
    if (bytesAt(this.#tables.log, numberKey(this.#draft.size + 1)) !== undefined)
      throw new StoreFault('another process wrote to this store: nothing was written, start again')
  }

  committed(): void {
    this.#committed = this.#draft
  }

  aborted(): void {
    this.#draft = this.#committed
  }

  /** The sealed record under a key, checked. */
  find(key: Buffer): Buffer | undefined {
    const sealed = bytesAt(this.#tables.records, key)
    if (sealed) assertSealed(key, sealed)
    return sealed
  }

  tryFind(key: Buffer): Buffer | undefined | StoreRefusal {
    try {
      return this.find(key)
    } catch (error) {
      if (error instanceof StoreFault) return new StoreRefusal('damaged', error.message)
      throw error
    }
  }

  /**
   * Makes a record of values, or deletes it (null), and writes the transaction; returns its sequence number. The name stays
   * as it was registered. Throws StoreRefusal or StoreFault, and then has written nothing. `encoded`: the content, when it was made before.
   */
  write(change: Change): number {
    const { key, values, by } = change
    const previous = change.before && contentOf(change.before)
    const handle = previous ? handleOf(previous) : change.handle
    const content = contentAfter(handle, change)
    const kind: TransactionKind = values === null ? 'delete' : previous ? 'replace' : 'create'
    const before = previous && sha256(previous)
    const seq = this.#draft.size + 1
    this.#put({ key, previous, values, content, mayTake: false }, () =>
      encodeTransaction({ seq, at: this.#clock.now(), kind, before, by, content }),
    )
    return seq
  }

  /**
   * Writes a transaction of another store as it is. Throws StoreRefusal with its number, and then has written nothing, when it
   * is not the one that follows: its number, what was there before, and what comes after.
   */
  replay(transaction: Transaction): void {
    const { seq, handle, after, bytes } = transaction
    const refuse = (message: string) => new StoreRefusal('notTheLog', message, seq)
    if (seq !== this.#draft.size + 1) throw refuse(`transaction ${this.#draft.size + 1} must come next, not ${seq}`)
    const key = recordKey(handleBytes(canonicalHandle(handle)))
    const sealed = this.find(key)
    const previous = sealed && contentOf(sealed)
    const before = previous && sha256(previous)
    if (before === undefined ? transaction.before !== undefined : !transaction.before?.equals(before))
      throw refuse(
        `transaction ${seq} changes a record of ${handle} that is not the one which the transactions before it made`,
      )
    const record = after && writtenRecord(after, refuse)
    const content = after ?? nameContent(handleBytes(handle))
    // A name that two records have here was none where they come from: its later record has it.
    this.#put({ key, previous, values: record?.values ?? null, content, mayTake: true }, () => bytes)
  }

  #put(
    change: {
      key: Buffer
      previous: Buffer | undefined
      values: readonly HandleValue[] | null
      content: Buffer
      mayTake: boolean
    },
    transaction: () => Buffer,
  ): void {
    const { key, previous, values, content } = change
    const links = values ? linksOf(values, this.#aliasTypes) : noLinks
    const linksBefore = previous ? linksOf(decodeContent(previous).values, this.#aliasTypes) : noLinks
    if (!change.mayTake) this.#refuseTaken(key, links, linksBefore)

    const { size, peaks } = this.#draft
    const { records, deleted, log, tree } = this.#tables
    if (values) {
      records.put(key, sealRecord(key, size + 1, content))
      if (!previous && bytesAt(deleted, key)) deleted.remove(key)
    } else {
      records.remove(key)
      deleted.put(key, numberKey(size + 1))
    }
    this.#relink(key, links, linksBefore)
    const bytes = transaction()
    log.put(numberKey(size + 1), bytes)
    const after = appendLeaf(peaks, size, leafHash(bytes), (node, hash) => tree.put(node, hash))
    this.#draft = { size: size + 1, peaks: after }
  }

  /** As `write`; what was refused before anything was written, a damaged record included, comes back. */
  tryWrite(change: Change): { done: true; seq: number } | { done: false; refused: StoreRefusal } {
    try {
      return { done: true, seq: this.write(change) }
    } catch (error) {
      if (error instanceof StoreRefusal) return { done: false, refused: error }
      if (error instanceof StoreFault) return { done: false, refused: new StoreRefusal('damaged', error.message) }
      throw error
    }
  }

  /** The record that has an alias; an entry of a type that is no alias any more does not count. */
  ownerOf(alias: string): ({ key: Buffer } & StoredRecord) | undefined {
    const key = bytesAt(this.#tables.aliases, aliasKey(alias))
    const sealed = key && this.find(key)
    if (key === undefined || sealed === undefined) return undefined
    const { handle, values } = decodeContent(contentOf(sealed))
    const name = Buffer.from(alias, 'utf8')
    const has = values.some(({ type, data }) => this.#aliasTypes.has(type.toUpperCase()) && name.equals(data))
    return has ? { key, handle, values } : undefined
  }

  #refuseTaken(key: Buffer, links: Links, before: Links): void {
    for (const alias of links.aliases) {
      if (before.aliases.includes(alias)) continue
      const owner = this.ownerOf(alias)
      if (owner && !owner.key.equals(key))
        throw new StoreRefusal('aliasTaken', `“${alias}” is another name of ${owner.handle} already`)
    }
  }

  #relink(key: Buffer, links: Links, before: Links): void {
    const { aliases, references } = this.#tables
    for (const alias of before.aliases) if (!links.aliases.includes(alias)) aliases.remove(aliasKey(alias))
    for (const alias of links.aliases) if (!before.aliases.includes(alias)) aliases.put(aliasKey(alias), key)
    if (links.targets.length === 0 && before.targets.length === 0) return
    const name = (link: { handle: string; index: number }) => `${link.index} ${link.handle}`
    const [now, then] = [new Set(links.targets.map(name)), new Set(before.targets.map(name))]
    for (const link of before.targets)
      if (!now.has(name(link))) references.remove(referenceKey(targetKey(link.handle), key, link.index))
    for (const link of links.targets)
      if (!then.has(name(link))) references.put(referenceKey(targetKey(link.handle), key, link.index), present)
  }
}

const present = Buffer.of(1)

function contentAfter(handle: string, change: Change): Buffer {
  if (change.values === null) return nameContent(handleBytes(handle))
  return change.encoded && handle === change.handle ? change.encoded : encodeContent(handle, change.values)
}

/** A record that another store wrote, as this one would write it. */
function writtenRecord(content: Buffer, refuse: (message: string) => StoreRefusal): StoredRecord {
  try {
    const record = decodeContent(content)
    if (encodeContent(record.handle, record.values).equals(content)) return record
  } catch (error) {
    if (error instanceof HandleFormatError || error instanceof StoreRefusal)
      throw refuse(`a record that cannot be kept: ${error.message}`)
    throw error
  }
  throw refuse('a record that no store writes so')
}

export function readState(tables: Tables): LogState {
  const size = lastSeq(tables)
  return { size, peaks: readPeaks(tables, size) }
}

export function lastSeq(tables: Tables): number {
  const [last] = tables.log.getKeys({ reverse: true, limit: 1 })
  return last === undefined ? 0 : numberOfKey(last)
}
