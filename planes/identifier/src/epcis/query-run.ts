import type { Json } from '@kapok/kit/canonical-json'
import { expandMember } from './context.ts'
import { instantOf } from './event.ts'
import type { EntryRange, EventStore, StoredEvent } from './event-store.ts'
import type { IndexEntry } from './index-key.ts'
import { epcisLimits } from './limits.ts'
import { EpcisProblem } from './problem.ts'
import type { Lookup, Query } from './query.ts'
import { fieldsOf } from './query-fields.ts'
import { magnitudeOf } from './query-values.ts'

/** Where the next page of a query begins, and what it may not go beyond. */
export interface Cursor {
  /** Place of the last event that was given. */
  after?: { time: number; seq: number }
  /** Events given so far. */
  given: number
  /** What was recorded later is not of this result. */
  lastSeq: number
}

export interface Page {
  events: readonly StoredEvent[]
  next?: Cursor
}

/** Who asks may not see everything: events for which it is false are as if they were not there. */
export type MayRead = (of: StoredEvent) => boolean
export const everyone: MayRead = () => true

interface Place {
  time: number
  seq: number
}
interface Work {
  entries: number
  events: number
}

/**
 * A page of the result. Throws EpcisProblem: QueryTooLargeException when there are more than maxEventCount,
 * QueryTooComplexException when the search walks further than the limits.
 */
export function runQuery(
  store: EventStore,
  query: Query,
  options: { perPage: number; cursor?: Cursor | undefined; mayRead?: MayRead | undefined },
): Page {
  const { perPage, mayRead = everyone } = options
  const cursor = options.cursor ?? { given: 0, lastSeq: store.lastSeq() }
  const work: Work = { entries: 0, events: 0 }
  const left = (query.eventCountLimit ?? Number.POSITIVE_INFINITY) - cursor.given
  if (query.maxEventCount !== undefined && cursor.given === 0)
    count(store, query, query.maxEventCount, cursor, mayRead, work)
  const most = Math.min(perPage, left)
  const found: { event: StoredEvent; place: Place }[] = []
  for (const each of results(store, query, cursor, mayRead, work)) {
    found.push(each)
    if (found.length > most) break
  }
  const page = found.slice(0, most)
  const last = page.at(-1)
  const more = found.length > most && left > most
  return {
    events: page.map(({ event }) => event),
    ...(more && last !== undefined
      ? { next: { after: last.place, given: cursor.given + page.length, lastSeq: cursor.lastSeq } }
      : {}),
  }
}

function count(store: EventStore, query: Query, most: number, cursor: Cursor, mayRead: MayRead, work: Work): void {
  let n = 0
  for (const _ of results(store, query, cursor, mayRead, work))
    if (++n > most)
      throw new EpcisProblem('QueryTooLargeException', `more than the ${most} events of maxEventCount match`)
  work.entries = 0
  work.events = 0
}

function* results(store: EventStore, query: Query, cursor: Cursor, mayRead: MayRead, work: Work) {
  if (typeof query.orderBy === 'object') return yield* sortedBy(store, query, query.orderBy, cursor, mayRead, work)
  const seen = new Set<number>()
  for (const place of places(store, query, cursor, work)) {
    if (place.seq > cursor.lastSeq || seen.has(place.seq)) continue
    seen.add(place.seq)
    const event = matching(store, query, place.seq, mayRead, work)
    if (event !== undefined) yield { event, place }
  }
}

function matching(store: EventStore, query: Query, seq: number, mayRead: MayRead, work: Work): StoredEvent | undefined {
  if (++work.events > epcisLimits.queryEvents) throw tooComplex()
  const event = store.read(seq)
  return event !== undefined && query.tests.every((test) => test(event)) && mayRead(event) ? event : undefined
}

const tooComplex = (): EpcisProblem =>
  new EpcisProblem(
    'QueryTooComplexException',
    'the search goes too far; narrow it by an EPC, a place, a business step or a time',
  )

/** Candidates in the order that is asked for; for recordTime the `time` of a place is 0 and its sequence number the order. */
function places(store: EventStore, query: Query, cursor: Cursor, work: Work): Iterable<Place> {
  const range: EntryRange = {
    ...query.eventTime,
    descending: query.descending,
    ...(cursor.after === undefined ? {} : { after: cursor.after }),
  }
  const lookup = cheapest(store, query, work)
  const byRecord = query.orderBy === 'recordTime'
  if (lookup === undefined) return byRecord ? bySeq(store, query, cursor) : counted(store.entriesByTime(range), work)
  const whole = byRecord || lookup.prefixes.length > 0 || lookup.terms.length > mergedMax || lookup.kind === 'eventID'
  if (!whole)
    return merged(
      lookup.terms.map((term) => counted(store.entries(lookup.kind, term, range), work, lookup.roles)),
      query.descending,
    )
  const all = all_(store, lookup, work, query)
  const order = byRecord
    ? (a: Place, b: Place) => a.seq - b.seq
    : (a: Place, b: Place) => a.time - b.time || a.seq - b.seq
  all.sort(query.descending ? (a, b) => order(b, a) : order)
  const { after } = cursor
  const behind =
    after === undefined
      ? all
      : all.filter((place) => (query.descending ? order(place, after) < 0 : order(place, after) > 0))
  return behind
}
/** More iterators than these are gathered and sorted instead. */
const mergedMax = 16

function all_(store: EventStore, lookup: Lookup, work: Work, query: Query): Place[] {
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

/** By an extension: all that match are read and sorted; a page is found by its number, which the cursor counts. */
function* sortedBy(
  store: EventStore,
  query: Query,
  by: {
    name: string
    namespaces: Query['orderBy'] extends infer T ? (T extends { namespaces: infer N } ? N : never) : never
  },
  cursor: Cursor,
  mayRead: MayRead,
  work: Work,
) {
  const wanted = expandMember(by.name, by.namespaces)
  if (wanted === undefined)
    throw new EpcisProblem('QueryParameterException', 'orderBy: a prefix that @context defines expected')
  const all: { event: StoredEvent; place: Place; key: Json | undefined }[] = []
  const unordered = { ...query, orderBy: 'eventTime' as const, descending: false }
  for (const { event, place } of results(store, unordered, { given: 0, lastSeq: cursor.lastSeq }, mayRead, work)) {
    if (all.length >= epcisLimits.querySorted) throw tooComplex()
    all.push({
      event,
      place,
      key: fieldsOf(event.event as unknown as Record<string, Json>, wanted, event.namespaces)[0],
    })
  }
  all.sort((a, b) => compareKeys(a.key, b.key, query.descending) || a.place.seq - b.place.seq)
  yield* all.slice(cursor.given)
}

/** Numbers and times by size, else texts; events without the field come last. */
function compareKeys(a: Json | undefined, b: Json | undefined, descending: boolean): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1
  const [x, y] = [magnitudeOf(a), magnitudeOf(b)]
  const order =
    x !== undefined && y !== undefined && x.kind === y.kind
      ? x.at - y.at
      : String(a) < String(b)
        ? -1
        : String(a) > String(b)
          ? 1
          : 0
  return descending ? -order : order
}
