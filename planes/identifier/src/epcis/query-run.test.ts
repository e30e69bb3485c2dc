import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { instantOf } from './event.ts'
import type { StoredEvent } from './event-store.ts'
import { type QueryParameters, readQuery } from './query.ts'
import type { Cursor } from './query-places.ts'
import { runQuery } from './query-run.ts'
import { sampleNames } from './sample-events.ts'
import { canonical, extra, namespaces, sampleStore } from './sample-store.ts'

const { part, pallet, place } = sampleNames
const { store, all, capture, stop } = await sampleStore()
afterAll(stop)

describe('a page', () => {
  test('and all that follow give the same by the indexes as a look at every event', () => {
    const conditions = fc
      .subarray(
        [
          ['MATCH_anyEPC', [part(4), pallet(2), pallet(5)]],
          ['MATCH_epc', [...Array(30).keys()].map(part)],
          ['EQ_bizStep', ['packing', 'unpacking']],
          ['WD_readPoint', [place(1), place(2)]],
          ['EQ_bizLocation', [place(1), place(102), place(3)]],
          ['EQ_disposition', ['in_progress']],
          ['eventType', ['AggregationEvent']],
          ['GE_eventTime', '2026-01-05T12:00:00Z'],
          ['LT_eventTime', '2026-01-06T14:04:00Z'],
          ['GE_recordTime', '2026-02-01T00:02:30Z'],
          ['LT_recordTime', '2026-02-01T00:05:30Z'],
        ] as [string, never][],
        { maxLength: 4 },
      )
      .map((entries) => Object.fromEntries(entries))
    const order = fc.constantFrom<QueryParameters>(
      {},
      { orderBy: 'eventTime', orderDirection: 'DESC' },
      { orderBy: 'recordTime', orderDirection: 'ASC' },
      { orderBy: 'recordTime', orderDirection: 'DESC', eventCountLimit: 5 },
      { orderBy: 'ex:truck', orderDirection: 'ASC' },
    )
    fc.assert(
      fc.property(conditions, order, fc.integer({ min: 1, max: 7 }), (given, ordered, perPage) => {
        const query = readQuery({ ...given, ...ordered }, canonical, namespaces)
        const wanted = all.filter((event) => query.tests.every((holds) => holds(event)))
        const found: StoredEvent[] = []
        let cursor: Cursor | undefined
        do {
          const page = runQuery(store, query, { perPage, cursor })
          expect(page.events.length).toBeLessThanOrEqual(perPage)
          found.push(...page.events)
          cursor = page.next
        } while (cursor !== undefined)
        const keyOf = ({ event, seq }: StoredEvent) =>
          query.orderBy === 'recordTime' ? seq : (instantOf(event.eventTime) ?? 0) * 1_000 + seq
        if (typeof query.orderBy === 'string')
          wanted.sort((a, b) => (query.descending ? keyOf(b) - keyOf(a) : keyOf(a) - keyOf(b)))
        const seqs = (events: StoredEvent[]) => events.map(({ seq }) => seq)
        const expected = seqs(wanted).slice(0, query.eventCountLimit)
        if (typeof query.orderBy === 'string') expect(seqs(found)).toEqual(expected)
        else expect(seqs(found).sort((a, b) => a - b)).toEqual(expected.sort((a, b) => a - b))
      }),
      { numRuns: Number(process.env.KAPOK_FUZZ_RUNS ?? 200) },
    )
  })

  test('that has grown too long ends before it has so many events', async () => {
    const long = {
      ...extra,
      eventID: undefined,
      errorDeclaration: undefined,
      bizStep: 'storing',
      'ex:long': 'x'.repeat(900_000),
    }
    await capture(Array.from({ length: 20 }, (_, i) => ({ ...long, epcList: [`https://example.com/long/${i}`] })))
    const query = readQuery({ EQ_bizStep: 'storing' }, canonical, namespaces)
    const first = runQuery(store, query, { perPage: 1_000 })
    const second = runQuery(store, query, { perPage: 1_000, cursor: first.next })
    const third = runQuery(store, query, { perPage: 1_000, cursor: second.next })
    expect([first, second, third].map(({ events }) => events.length)).toEqual([9, 9, 2])
    expect(third.next).toBeUndefined()
  })
})
