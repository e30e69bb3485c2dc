import type { Json } from '@kapok/kit/canonical-json'
import { expandMember } from './context.ts'
import type { EventStore, StoredEvent } from './event-store.ts'
import { epcisLimits } from './limits.ts'
import { EpcisProblem } from './problem.ts'
import type { Query } from './query.ts'
import { fieldsOf } from './query-fields.ts'
import { type Cursor, type Place, places, tooComplex, type Work } from './query-places.ts'
import { magnitudeOf } from './query-values.ts'

export interface Page {
  events: readonly StoredEvent[]
  next?: Cursor
}

/** Who asks may not see everything: events for which it is false are as if they were not there. */
export type MayRead = (of: StoredEvent) => boolean
export const everyone: MayRead = () => true

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
  const found: { event: StoredEvent; place: Place }[] = []
  let bytes = 0
  let most = Math.min(perPage, left)
  for (const each of results(store, query, cursor, mayRead, work)) {
    found.push(each)
    bytes += each.event.bytes
    if (bytes > epcisLimits.pageBytes && found.length > 1) most = Math.min(most, found.length - 1)
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
