import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '@kapok/kit/clock'
import type { Database, RootDatabase } from 'lmdb'
import { CommitQueue } from '../store/commit-queue.ts'
import { assertNotTorn } from '../store/file-check.ts'
import { lockFolder } from '../store/folder-lock.ts'
import { binary, openDatabase } from '../store/open-database.ts'
import { StoreRefusal } from '../store/refusal.ts'
import type { CanonicalUri } from './canonical-uri.ts'
import { type EpcisEvent, type EventInContext, instantOf } from './event.ts'
import { eventHash, hashIdOf } from './event-hash.ts'
import { type EventTerm, type EventTermKind, identifierOf, termsOf } from './event-terms.ts'
import { behindTerm, entryOf, type IndexEntry, prefixRange, termKey, termOfKey, timeKey } from './index-key.ts'
import { KeptDocuments } from './kept-documents.ts'
import { epcisLimits } from './limits.ts'
import { EpcisProblem } from './problem.ts'
import { declarationOf, decodeEvent, encodeEvent } from './stored-event.ts'

export interface StoredEvent extends EventInContext {
  /** Order of recording, from 1. */
  seq: number
  /** Event hash, 32 bytes. */
  hash: Buffer
  /** Of the event as it is kept. */
  bytes: number
}

/** What became of one event: its id, or that it was there already. */
export type Captured = { eventID: string; seq: number } | { duplicate: string }

/** Part of an index: times from `from` (included) to `to` (excluded), after or before a place when one goes on from there. */
export interface EntryRange {
  from?: number
  to?: number
  after?: { time: number; seq: number }
  descending?: boolean
}

/** Where events are kept and found; one process writes. */
export interface EventStore {
  /** Writes and answers when all is on the disk. With `rollback` a duplicate leaves everything unwritten. */
  capture(events: readonly EventInContext[], onDuplicate: 'rollback' | 'proceed'): Promise<Captured[]>
  read(seq: number): StoredEvent | undefined
  /** Those with this event id or hash id: the event and its error declarations. */
  withId(eventID: string): StoredEvent[]
  /** The event with this hash and its error declarations. */
  withHash(hash: Buffer): StoredEvent[]
  entries(kind: EventTermKind, text: string, range: EntryRange): Iterable<IndexEntry>
  /** Of all terms that begin so, term by term. */
  entriesBeginning(kind: EventTermKind, prefix: string): Iterable<IndexEntry>
  entriesByTime(range: EntryRange): Iterable<IndexEntry>
  /** Distinct terms after one, in the order of their bytes. */
  terms(kind: EventTermKind, after: string | undefined, limit: number): string[]
  /** The first sequence number recorded at this time or later. */
  seqSince(recordTime: number): number
  lastSeq(): number
}

interface Prepared {
  of: EventInContext
  time: number
  hash: Buffer
  /** Hash and, of an error declaration, what tells it from the event that it declares wrong. */
  key: Buffer
  terms: EventTerm[]
}

/** Events in LMDB, in a folder of their own. */
export class LmdbEventStore implements EventStore {
  readonly #root: RootDatabase<Buffer, Buffer>
  readonly #events: Database<Buffer, number>
  readonly #hashes: Database<Buffer, Buffer>
  readonly #index: Database<Buffer, Buffer>
  readonly #recorded: Database<Buffer, Buffer>
  readonly #queue: CommitQueue
  readonly #unlock: () => void
  readonly #clock: Clock
  readonly #canonical: CanonicalUri

  /** Throws StoreFault when another process writes there, or the file is torn. */
  constructor(options: { folder: string; clock: Clock; canonical: CanonicalUri }) {
    const { folder } = options
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const file = join(folder, 'events.mdb')
    this.#unlock = lockFolder(folder)
    try {
      if (existsSync(file)) assertNotTorn(file)
      this.#root = openDatabase(file, { tables: 7 })
      this.#events = this.#root.openDB({ name: 'events', keyEncoding: 'uint32', encoding: 'binary' })
      this.#hashes = this.#root.openDB({ name: 'hashes', ...binary })
      this.#index = this.#root.openDB({ name: 'index', ...binary })
      this.#recorded = this.#root.openDB({ name: 'recorded', ...binary })
    } catch (error) {
      this.#unlock()
      throw error
    }
    this.#queue = new CommitQueue(this.#root, { begin: () => {}, committed: () => {}, aborted: () => {} })
    this.#clock = options.clock
    this.#canonical = options.canonical
  }

  async capture(events: readonly EventInContext[], onDuplicate: 'rollback' | 'proceed'): Promise<Captured[]> {
    const prepared: Prepared[] = []
    for (const of of events) {
      if (prepared.length % epcisLimits.eventsATurn === epcisLimits.eventsATurn - 1) await turn()
      prepared.push(this.#prepare(of))
    }
    try {
      return await this.#queue.submit(prepared.length, () => this.#write(prepared, onDuplicate))
    } catch (cause) {
      if (cause instanceof StoreRefusal)
        throw new EpcisProblem('ImplementationException', cause.message, { status: 503 })
      throw cause
    }
  }

  #prepare(of: EventInContext): Prepared {
    const hash = eventHash(of, this.#canonical)
    const { errorDeclaration } = of.event
    return {
      of,
      hash,
      time: instantOf(of.event.eventTime) ?? 0,
      key: errorDeclaration === undefined ? hash : Buffer.concat([hash, declarationOf(errorDeclaration)]),
      terms: termsOf(of, this.#canonical),
    }
  }

  /** Inside a transaction: looks first, then writes, so that nothing is half done. */
  #write(prepared: readonly Prepared[], onDuplicate: 'rollback' | 'proceed'): Captured[] {
    const seen = new Set<string>()
    const duplicates = prepared.map(({ key, hash, of }) => {
      const { eventID, errorDeclaration } = of.event
      const names = [key.toString('latin1'), ...(eventID === undefined || errorDeclaration ? [] : [eventID])]
      const known = names.some((name) => seen.has(name))
      for (const name of names) seen.add(name)
      return known || this.#hashes.get(key) !== undefined || this.#idIsTaken(of.event, hash)
    })
    const refused = onDuplicate === 'rollback' && duplicates.includes(true)
    const recordTime = Math.max(this.#clock.now(), this.#lastRecordTime())
    let seq = this.lastSeq()
    const first = seq + 1
    const captured = prepared.map((each, i): Captured => {
      const eventID = each.of.event.eventID ?? hashIdOf(each.hash)
      if (duplicates[i] === true) return { duplicate: eventID }
      if (refused) return { eventID, seq: 0 }
      this.#put(each, ++seq, recordTime)
      return { eventID, seq }
    })
    if (seq >= first) {
      const key = Buffer.alloc(12)
      key.writeUIntBE(recordTime, 0, 6)
      key.writeUIntBE(first, 6, 6)
      this.#recorded.putSync(key, Buffer.alloc(0))
    }
    return captured
  }

  /** An event id names one event; only an error declaration may repeat it. */
  #idIsTaken(event: EpcisEvent, hash: Buffer): boolean {
    if (event.eventID === undefined || event.errorDeclaration !== undefined) return false
    return this.withId(event.eventID).some(
      (other) => other.event.errorDeclaration === undefined || !other.hash.equals(hash),
    )
  }

  #put({ of, hash, key, time, terms }: Prepared, seq: number, recordTime: number): void {
    const event = { ...of.event, recordTime: new Date(recordTime).toISOString() }
    this.#events.putSync(seq, encodeEvent({ event, namespaces: of.namespaces, hash }))
    const seqBytes = Buffer.alloc(6)
    seqBytes.writeUIntBE(seq, 0, 6)
    this.#hashes.putSync(key, seqBytes)
    for (const { kind, text, roles } of terms) this.#index.putSync(termKey(kind, text, time, seq), Buffer.from([roles]))
    this.#index.putSync(timeKey(time, seq), Buffer.alloc(0))
  }

  read(seq: number): StoredEvent | undefined {
    const bytes = this.#events.get(seq)
    return bytes === undefined ? undefined : { seq, bytes: bytes.length, ...decodeEvent(bytes) }
  }

  withId(eventID: string): StoredEvent[] {
    const seqs = new Set<number>()
    for (const { seq } of this.entries('eventID', identifierOf(eventID, this.#canonical), {})) seqs.add(seq)
    const hex = /^ni:\/\/\/sha-256;([0-9a-f]{64})(?:\?ver=CBV2\.0)?$/.exec(eventID)?.[1]
    if (hex !== undefined) for (const seq of this.#seqsWithHash(Buffer.from(hex, 'hex'))) seqs.add(seq)
    return this.#readAll(seqs)
  }

  withHash(hash: Buffer): StoredEvent[] {
    return this.#readAll(this.#seqsWithHash(hash))
  }

  #seqsWithHash(start: Buffer): number[] {
    const end = Buffer.concat([start, Buffer.alloc(9, 0xff)])
    return [...this.#hashes.getRange({ start, end }).map(({ value }) => value.readUIntBE(0, 6))]
  }

  #readAll(seqs: Iterable<number>): StoredEvent[] {
    return [...seqs].sort((a, b) => a - b).flatMap((seq) => this.read(seq) ?? [])
  }

  entries(kind: EventTermKind, text: string, range: EntryRange): Iterable<IndexEntry> {
    return this.#entries((time, seq) => termKey(kind, text, time, seq), range)
  }

  entriesByTime(range: EntryRange): Iterable<IndexEntry> {
    return this.#entries(timeKey, range)
  }

  #entries(key: (time: number, seq: number) => Buffer, range: EntryRange): Iterable<IndexEntry> {
    const { from = -(2 ** 46), to = 2 ** 46, after, descending = false } = range
    const low = key(from, 0)
    const high = key(to, 0)
    const bounds = descending
      ? { start: after === undefined ? high : key(after.time, after.seq), end: low, reverse: true }
      : { start: after === undefined ? low : key(after.time, after.seq + 1), end: high }
    return this.#index
      .getRange(bounds)
      .map(({ key: found, value }) => entryOf(found, value[0] ?? 0))
      .filter(({ time, seq }) => inRange(time, seq, range))
  }

  entriesBeginning(kind: EventTermKind, prefix: string): Iterable<IndexEntry> {
    return this.#index.getRange(prefixRange(kind, prefix)).map(({ key, value }) => entryOf(key, value[0] ?? 0))
  }

  terms(kind: EventTermKind, after: string | undefined, limit: number): string[] {
    const found: string[] = []
    const { start, end } = prefixRange(kind, '')
    let from = after === undefined ? start : behindTerm(kind, after)
    while (found.length < limit) {
      const [key] = this.#index.getKeys({ start: from, end, limit: 1 })
      const term = key === undefined ? undefined : termOfKey(key)
      if (term === undefined) break
      found.push(term.text)
      from = behindTerm(kind, term.text)
    }
    return found
  }

  seqSince(recordTime: number): number {
    const start = Buffer.alloc(12)
    start.writeUIntBE(Math.min(Math.max(Math.ceil(recordTime), 0), 2 ** 48 - 1), 0, 6)
    const [key] = this.#recorded.getKeys({ start, limit: 1 })
    return key === undefined ? this.lastSeq() + 1 : key.readUIntBE(6, 6)
  }

  lastSeq(): number {
    const [seq] = this.#events.getKeys({ reverse: true, limit: 1 })
    return seq ?? 0
  }

  #lastRecordTime(): number {
    const [key] = this.#recorded.getKeys({ reverse: true, limit: 1 })
    return key === undefined ? 0 : key.readUIntBE(0, 6)
  }

  /** Documents beside the events, in the same folder; of `most` the ones with the smallest ids are forgotten. */
  documents(name: string, most: number): KeptDocuments {
    return new KeptDocuments(this.#root.openDB({ name, encoding: 'json' }), this.#queue, most)
  }

  async close(): Promise<void> {
    await this.#queue.idle()
    await this.#root.close()
    this.#unlock()
  }
}

/** Ends of a reversed range are not LMDB's own: a place behind `to` or at `after` is left out here. */
function inRange(time: number, seq: number, { from, to, after, descending = false }: EntryRange): boolean {
  if ((from !== undefined && time < from) || (to !== undefined && time >= to)) return false
  if (after === undefined || !descending) return true
  return time < after.time || (time === after.time && seq < after.seq)
}
