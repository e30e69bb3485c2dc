import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SettableClock } from '@kapok/kit/clock'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { documentOf, eventOf } from './document.ts'
import type { EventInContext } from './event.ts'
import { LmdbEventStore } from './event-store.ts'
import { sampleDocument, sampleLife, sampleNames } from './sample-events.ts'

const clock = new SettableClock()
let folder: string
let store: LmdbEventStore
const openStore = () => new LmdbEventStore({ folder, clock, canonical: () => undefined })

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kapok-epcis-'))
  clock.set(Date.UTC(2026, 1, 1), { running: false })
  store = openStore()
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const inContext = (events: object[]): EventInContext[] => {
  const document = documentOf(sampleDocument(structuredClone(events) as never))
  return events.map((_, i) => {
    const of = eventOf(document, i)
    if (Array.isArray(of)) throw new Error(JSON.stringify(of))
    return of
  })
}
const lives = (...batches: number[]) => inContext(batches.flatMap((batch) => sampleLife(batch)))
const { part, pallet, place, steel } = sampleNames
const seqs = (entries: Iterable<{ seq: number }>) => [...entries].map(({ seq }) => seq)

describe('the store of events', () => {
  test('finds events by each of their terms, in the order of their times, with the roles of EPCs', async () => {
    await store.capture(lives(2, 1), 'rollback')
    expect([...store.entries('epc', part(4), {})].map(({ seq, roles }) => [seq, roles])).toEqual([
      [6, 16],
      [7, 4],
      [10, 4],
    ])
    expect([...store.entries('epc', pallet(1), {})].map(({ roles }) => roles)).toEqual([2, 1, 1, 2])
    expect(seqs(store.entries('epcClass', steel(2), {}))).toEqual([1])
    // Batch 1 was recorded later and happened earlier.
    expect(seqs(store.entries('bizStep', 'shipping', {}))).toEqual([8, 3])
    expect(seqs(store.entries('bizStep', 'shipping', { descending: true }))).toEqual([3, 8])
    expect(seqs(store.entries('bizLocation', place(102), {}))).toEqual([4, 5])
    expect(seqs(store.entriesBeginning('readPoint', `${place(1)}/254/`))).toEqual([8, 6])
    expect(seqs(store.entries('epc', part(4).slice(0, -1), {}))).toEqual([])
  })

  test('gives a part of an index by time, and goes on from a place in both directions', async () => {
    await store.capture(lives(0, 1, 2, 3), 'rollback')
    const all = [...store.entriesByTime({})]
    expect(all).toHaveLength(20)
    const [from, to] = [all[5]?.time ?? 0, all[9]?.time ?? 0]
    expect([...store.entriesByTime({ from, to })]).toEqual(all.slice(5, 9))
    const after = all[7] as (typeof all)[0]
    expect([...store.entriesByTime({ after })]).toEqual(all.slice(8))
    expect([...store.entriesByTime({ after, descending: true })]).toEqual(all.slice(0, 7).reverse())
    expect([...store.entriesByTime({ from, to, after, descending: true })]).toEqual(all.slice(5, 7).reverse())
  })

  test('has an event once: a second one is a duplicate and with rollback takes the others with it', async () => {
    const [first] = await store.capture(lives(1).slice(0, 1), 'rollback')
    const id = (first as { eventID: string }).eventID
    expect(id).toMatch(/^ni:/)
    expect(await store.capture(lives(1), 'rollback')).toContainEqual({ duplicate: id })
    expect(store.lastSeq()).toBe(1)
    expect(await store.capture(lives(1), 'proceed')).toContainEqual({ duplicate: id })
    expect(store.lastSeq()).toBe(5)
    const twice = lives(7).slice(0, 1)
    expect(await store.capture([...twice, ...lives(7).slice(0, 1)], 'proceed')).toEqual([
      expect.objectContaining({ seq: 6 }),
      { duplicate: expect.stringMatching(/^ni:/) },
    ])
  })

  test('takes an error declaration beside its event, once, and gives both by the id', async () => {
    const [made] = sampleLife(1)
    const declared = { ...made, errorDeclaration: { declarationTime: '2026-02-02T00:00:00Z', reason: 'did_not_occur' } }
    const [first] = await store.capture(inContext([made as object]), 'rollback')
    expect(await store.capture(inContext([declared]), 'rollback')).toMatchObject([{ seq: 2 }])
    expect(await store.capture(inContext([declared]), 'rollback')).toEqual([{ duplicate: expect.anything() }])
    const { eventID } = first as { eventID: string }
    expect(store.withId(eventID).map(({ seq, event }) => [seq, event.errorDeclaration?.reason])).toEqual([
      [1, undefined],
      [2, 'did_not_occur'],
    ])
  })

  test('lets an eventID name one event', async () => {
    const [made, packed] = sampleLife(1)
    const eventID = 'urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8'
    const both = inContext([
      { ...made, eventID },
      { ...packed, eventID },
    ])
    expect(await store.capture(both, 'proceed')).toEqual([{ eventID, seq: 1 }, { duplicate: eventID }])
    expect(await store.capture(both.slice(1), 'proceed')).toEqual([{ duplicate: eventID }])
    expect(store.withId(eventID)).toHaveLength(1)
  })

  test('records at the time of the clock, never before what is recorded already', async () => {
    const recorded = (seq: number) => store.read(seq)?.event.recordTime
    await store.capture(lives(1), 'rollback')
    clock.set(Date.UTC(2026, 1, 2), { running: false })
    await store.capture(lives(2), 'rollback')
    clock.set(Date.UTC(2026, 0, 1), { running: false })
    await store.capture(lives(3), 'rollback')
    expect([1, 6, 11].map(recorded)).toEqual([
      '2026-02-01T00:00:00.000Z',
      '2026-02-02T00:00:00.000Z',
      '2026-02-02T00:00:00.000Z',
    ])
    expect(store.seqSince(Date.UTC(2026, 1, 1))).toBe(1)
    expect(store.seqSince(Date.UTC(2026, 1, 1) + 1)).toBe(6)
    expect(store.seqSince(Date.UTC(2026, 1, 2) + 1)).toBe(16)
  })

  test('lists the terms of an index, each once, in parts', async () => {
    await store.capture(lives(1, 2), 'rollback')
    expect(store.terms('bizStep', undefined, 10)).toEqual([
      'commissioning',
      'packing',
      'receiving',
      'shipping',
      'unpacking',
    ])
    expect(store.terms('bizStep', 'packing', 2)).toEqual(['receiving', 'shipping'])
    expect(store.terms('epc', undefined, 100)).toHaveLength(10)
  })

  test('finds a term that is longer than the keys of LMDB', async () => {
    const long = (end: string) => `https://example.com/${'x'.repeat(1_900)}${end}`
    const [, , shipped] = sampleLife(1)
    await store.capture(
      inContext([
        { ...shipped, epcList: [long('a')] },
        { ...shipped, epcList: [long('b')] },
      ]),
      'rollback',
    )
    expect(seqs(store.entries('epc', long('b'), {}))).toEqual([2])
  })

  test('has everything again when it is opened again', async () => {
    await store.capture(lives(1, 2), 'rollback')
    const before = store.read(7)
    await store.close()
    store = openStore()
    expect(store.read(7)).toEqual(before)
    expect(store.lastSeq()).toBe(10)
    expect(seqs(store.entries('epc', pallet(2), {}))).toEqual([7, 8, 9, 10])
  })
})
