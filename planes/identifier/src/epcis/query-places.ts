import { instantOf } from './event.ts'
import type { EntryRange, EventStore } from './event-store.ts'
import type { IndexEntry } from './index-key.ts'
import { epcisLimits } from './limits.ts'
import { EpcisProblem } from './problem.ts'
import type { Lookup, Query } from './query.ts'

/** Where the next page of a query begins, and what it may not go beyond. */
export interface Cursor {
  /** Place of the last event that was given. */
  after?: { time: number; seq: number }
  /** Events given so far. */
  given: number
  /** What was recorded later is not of this result. */
  lastSeq: number
}

export interface Place {
  time: number
  seq: number
}
export interface Work {
  entries: number
  events: number
}

export const tooComplex = (): EpcisProblem =>
  new EpcisProblem(
    'QueryTooComplexException',
    'the search goes too far; narrow it by an EPC, a place, a business step or a time',
  )

/** Candidates in the order that is asked for; for recordTime the `time` of a place is 0 and its sequence number the order. */
export function places(store: EventStore, query: Query, cursor: Cursor, work: Work): Iterable<Place> {
  const range: EntryRange = {
    ...query.eventTime,
    descending: query.descending,
    ...(cursor.after === undefined ? {} : { after: cursor.after }),
  }
  const lookup = cheapest(store, query, work)
  const byRecord = query.orderBy === 'recordTime'
  const isRecorded = query.recordTime.from !== undefined || query.recordTime.to !== undefined
  if (lookup === undefined && byRecord) return bySeq(store, query, cursor)
  if (lookup === undefined && !isRecorded) return counted(store.entriesByTime(range), work)
  if (lookup === undefined) return inOrder(recorded(store, query, cursor, work), query, cursor)
  const whole = byRecord || lookup.prefixes.length > 0 || lookup.terms.length > mergedMax || lookup.kind === 'eventID'
  if (!whole)
    return merged(
      lookup.terms.map((term) => counted(store.entries(lookup.kind, term, range), work, lookup.roles)),
      query.descending,
    )
  return inOrder(gathered(store, lookup, work, query), query, cursor)
}

/** Sorts what was gathered, and leaves out what was given before. */
function inOrder(all: Place[], query: Query, { after }: Cursor): Place[] {
  const ascending =
    query.orderBy === 'recordTime'
      ? (a: Place, b: Place) => a.seq - b.seq
      : (a: Place, b: Place) => a.time - b.time || a.seq - b.seq
  const order = query.descending ? (a: Place, b: Place) => ascending(b, a) : ascending
  all.sort(order)
  return after === undefined ? all : all.filter((place) => order(place, after) > 0)
}

/** Events of a window of record times with their event times, of which no index knows both. */
function recorded(store: EventStore, query: Query, cursor: Cursor, work: Work): Place[] {
  const found: Place[] = []
  for (const { seq } of bySeq(store, { ...query, descending: false }, { given: 0, lastSeq: cursor.lastSeq })) {
    if (++work.events > epcisLimits.queryEvents) throw tooComplex()
    const event = store.read(seq)
    if (event !== undefined) found.push({ time: instantOf(event.event.eventTime) ?? 0, seq })
  }
  return found
}

/** More iterators than these are gathered and sorted instead. */
const mergedMax = 16

function gathered(store: EventStore, lookup: Lookup, work: Work, query: Query): Place[] {
  if (lookup.kind === 'eventID')
    return lookup.terms.flatMap((id) =>
      store.withId(id).map(({ seq, event }) => ({ seq, time: instantOf(event.eventTime) ?? 0 })),
    )
  const found: Place[] = []
  const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = query.eventTime
  const take = (entries: Iterable<IndexEntry>) => {
    for (const entry of counted(entries, work, lookup.roles))
      if (entry.time >= from && entry.time < to) found.push(entry)
  }
  for (const term of lookup.terms) take(store.entries(lookup.kind, term, query.eventTime))
  for (const prefix of lookup.prefixes) take(store.entriesBeginning(lookup.kind, prefix))
  return found
}

function* counted(entries: Iterable<IndexEntry>, work: Work, mask = 0): Iterable<Place> {
  for (const entry of entries) {
    if (++work.entries > epcisLimits.queryEntries) throw tooComplex()
    if (mask === 0 || (entry.roles & mask) !== 0) yield { time: entry.time, seq: entry.seq }
  }
}

function* bySeq(store: EventStore, query: Query, cursor: Cursor): Iterable<Place> {
  const { from, to } = query.recordTime
  let first = from === undefined ? 1 : store.seqSince(from)
  let last = Math.min(cursor.lastSeq, to === undefined ? cursor.lastSeq : store.seqSince(to) - 1)
  if (query.descending) {
    if (cursor.after !== undefined) last = Math.min(last, cursor.after.seq - 1)
    for (let seq = last; seq >= first; seq--) yield { time: 0, seq }
  } else {
    if (cursor.after !== undefined) first = Math.max(first, cursor.after.seq + 1)
    for (let seq = first; seq <= last; seq++) yield { time: 0, seq }
  }
}

/** The lookup with the fewest entries, counted up to some thousand. */
function cheapest(store: EventStore, query: Query, work: Work): Lookup | undefined {
  if (query.lookups.length <= 1) return query.lookups[0]
  let best: { lookup: Lookup; size: number } | undefined
  for (const lookup of query.lookups) {
    const size = sizeOf(store, lookup, query, best?.size ?? probedMax)
    work.entries += size
    if (best === undefined || size < best.size) best = { lookup, size }
  }
  return best?.lookup
}
const probedMax = 2_000

function sizeOf(store: EventStore, lookup: Lookup, query: Query, most: number): number {
  if (lookup.kind === 'eventID') return lookup.terms.length
  let n = 0
  const through = (entries: Iterable<unknown>) => {
    for (const _ of entries) if (++n >= most) return
  }
  for (const term of lookup.terms) if (n < most) through(store.entries(lookup.kind, term, query.eventTime))
  for (const prefix of lookup.prefixes) if (n < most) through(store.entriesBeginning(lookup.kind, prefix))
  return n
}

/** Merges what is ordered each for itself. */
function* merged(sources: readonly Iterable<Place>[], descending: boolean): Iterable<Place> {
  if (sources.length === 1) return yield* sources[0] as Iterable<Place>
  const heads = sources.map((source) => {
    const iterator = source[Symbol.iterator]()
    return { iterator, head: iterator.next() }
  })
  try {
    for (;;) {
      let best: (typeof heads)[number] | undefined
      for (const each of heads) {
        if (each.head.done === true) continue
        if (best === undefined || isBefore(each.head.value, best.head.value, descending)) best = each
      }
      if (best === undefined) return
      yield best.head.value
      best.head = best.iterator.next()
    }
  } finally {
    for (const { iterator } of heads) iterator.return?.()
  }
}

const isBefore = (a: Place, b: Place, descending: boolean): boolean => {
  const order = a.time - b.time || a.seq - b.seq
  return descending ? order > 0 : order < 0
}
