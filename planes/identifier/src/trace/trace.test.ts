import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SettableClock } from '@kapok/kit/clock'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { documentOf, eventOf } from '../epcis/document.ts'
import { LmdbEventStore } from '../epcis/event-store.ts'
import type { MayRead } from '../epcis/query-run.ts'
import { sampleDocument } from '../epcis/sample-events.ts'
import { recall } from './recall.ts'
import { storeSource } from './trace-source.ts'
import { type Trace, type TraceOptions, trace } from './walk.ts'

let folder: string
let store: LmdbEventStore
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kapok-trace-'))
  store = new LmdbEventStore({ folder, clock: new SettableClock(), canonical: () => undefined })
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

type Members = Record<string, unknown>
const id = (name: string) => `https://x.example/${name}`
const ids = (names: string) =>
  names
    .split(' ')
    .filter((name) => name !== '')
    .map(id)
const name = (uri: string) => uri.replace('https://x.example/', '')
const at = (hour: number) => ({
  eventTime: new Date(Date.UTC(2026, 0, 1, hour)).toISOString(),
  eventTimeZoneOffset: '+08:00',
})
const made = (hour: number, inputs: string, outputs: string, more: Members = {}) => ({
  type: 'TransformationEvent',
  ...at(hour),
  ...(inputs === '' ? {} : { inputEPCList: ids(inputs) }),
  ...(outputs === '' ? {} : { outputEPCList: ids(outputs) }),
  ...more,
})
const packed = (hour: number, action: string, parent: string, children: string, more: Members = {}) => ({
  type: 'AggregationEvent',
  ...at(hour),
  action,
  parentID: id(parent),
  ...(children === '' ? {} : { childEPCs: ids(children) }),
  ...more,
})
const mounted = (hour: number, action: string, parent: string, children: string) => ({
  ...packed(hour, action, parent, children),
  type: 'AssociationEvent',
})
const sent = (hour: number, things: string, party: string, more: Members = {}) => ({
  type: 'ObjectEvent',
  ...at(hour),
  action: 'OBSERVE',
  epcList: ids(things),
  bizStep: 'shipping',
  destinationList: [{ type: 'owning_party', destination: id(party) }],
  ...more,
})

async function happened(...events: Members[]) {
  const document = documentOf(sampleDocument(events as never))
  const checked = events.map((_, i) => {
    const of = eventOf(document, i)
    if (Array.isArray(of)) throw new Error(JSON.stringify(of))
    return of
  })
  await store.capture(checked, 'rollback')
}
const source = (mayRead?: MayRead) => storeSource(store, () => undefined, mayRead)
const walk = (
  start: string,
  direction: TraceOptions['direction'],
  options: Partial<TraceOptions> = {},
  mayRead?: MayRead,
) => trace(source(mayRead), ids(start), { direction, ...options })
const things = ({ nodes }: Trace) => nodes.map((node) => name(node.id)).sort()
const links = ({ edges }: Trace) => edges.map(({ from, to, kind }) => `${name(from)} ${kind} ${name(to)}`).sort()

describe('a trace', () => {
  test('forward goes from material to parts, into their carriers, and to what they were mounted in', async () => {
    await happened(
      made(1, 'steel', 'a b'),
      packed(2, 'ADD', 'pallet', 'a other'),
      sent(3, 'pallet', 'customer', { bizTransactionList: [{ type: 'po', bizTransaction: id('order') }] }),
      packed(4, 'DELETE', 'pallet', 'a other'),
      mounted(5, 'ADD', 'machine', 'a bolt'),
      made(6, 'b', 'c'),
    )
    const found = await walk('steel', 'forward')
    expect(things(found)).toEqual(['a', 'b', 'c', 'machine', 'order', 'pallet', 'steel'])
    expect(links(found)).toEqual([
      'a aggregation pallet',
      'a association machine',
      'b transformation c',
      'pallet transaction order',
      'steel transformation a',
      'steel transformation b',
    ])
    expect(found.edges.find(({ kind }) => kind === 'aggregation')).toMatchObject({
      since: Date.UTC(2026, 0, 1, 2),
      until: Date.UTC(2026, 0, 1, 4),
      eventIDs: [expect.stringMatching(/^ni:/), expect.stringMatching(/^ni:/)],
    })
    expect(found.cut).toEqual({ depth: false, size: false })
  })

  test('backward finds what a thing was made of, also out of a carrier and by a transformation in several events', async () => {
    await happened(
      made(1, 'ore', 'steel'),
      packed(2, 'ADD', 'drum', 'steel early'),
      packed(3, 'DELETE', 'drum', 'early'),
      packed(8, 'ADD', 'drum', 'late'),
      made(4, 'drum', '', { transformationID: id('melt') }),
      made(5, '', 'part', { transformationID: id('melt') }),
    )
    const found = await walk('part', 'backward')
    expect(links(found)).toEqual(['drum transformation part', 'ore transformation steel', 'steel aggregation drum'])
    expect(things(found)).not.toContain('early')
  })

  test('does not join things that lay in the same carrier at different times, nor those beside a touched one', async () => {
    await happened(
      packed(1, 'ADD', 'crate', 'first'),
      packed(2, 'DELETE', 'crate', ''),
      packed(3, 'ADD', 'crate', 'second beside'),
      packed(4, 'ADD', 'truck', 'crate'),
    )
    expect(things(await walk('first', 'forward'))).toEqual(['crate', 'first'])
    expect(things(await walk('second', 'forward'))).toEqual(['crate', 'second', 'truck'])
    expect(things(await walk('truck', 'forward'))).toEqual(['beside', 'crate', 'second', 'truck'])
  })

  test('ends in loops, and goes forward in time only', async () => {
    await happened(made(1, 'a', 'b'), made(2, 'b', 'a'), made(3, 'a', 'b'), made(0, 'b', 'before'))
    const found = await walk('a', 'forward')
    expect(things(found)).toEqual(['a', 'b'])
    expect(found.edges).toHaveLength(3)
    expect(things(await walk('before', 'backward'))).toEqual(['b', 'before'])
  })

  test('goes once by things at which many ways meet', async () => {
    const layer = (n: number) => `${n}a ${n}b ${n}c`
    await happened(...Array.from({ length: 18 }, (_, n) => made(1, layer(n), layer(n + 1))))
    const found = await walk('0a', 'forward', { depth: 20 })
    expect([found.nodes.length, found.edges.length, found.cut]).toEqual([55, 156, { depth: false, size: false }])
  })

  test('says when it was cut by depth or by a window of time', async () => {
    await happened(...Array.from({ length: 23 }, (_, i) => made(i, `t${i}`, `t${i + 1}`)))
    const some = await walk('t0', 'forward', { depth: 3 })
    expect([things(some), some.cut.depth]).toEqual([['t0', 't1', 't2', 't3'], true])
    const most = await walk('t0', 'forward', { depth: 1_000 })
    expect([most.nodes.length, most.cut.depth]).toEqual([21, true])
    expect((await walk('t10', 'forward', { depth: 20 })).cut.depth).toBe(false)
    const window = { from: Date.UTC(2026, 0, 1, 1), to: Date.UTC(2026, 0, 1, 2) }
    expect(things(await walk('t1', 'forward', window))).toEqual(['t1', 't2'])
  })

  test('says when it was cut by its size', async () => {
    const many = Array.from({ length: 10_000 }, (_, i) => `m${i}`).join(' ')
    await happened(made(1, 'a', many), made(2, 'm0', 'last'))
    const found = await walk('a', 'forward')
    expect([found.nodes.length, found.cut]).toEqual([10_000, { depth: false, size: true }])
  })

  test('shows of each owner’s events what the asker may read, and says how many not', async () => {
    await happened(
      made(1, 'steel', 'a', { 'ex:owner': 'open' }),
      made(2, 'a', 'b', { 'ex:owner': 'closed' }),
      made(3, 'a', 'c', { 'ex:owner': 'open' }),
    )
    const mayRead: MayRead = ({ event }) => (event as never)['ex:owner'] === 'open'
    const found = await walk('steel', 'forward', {}, mayRead)
    expect(things(found)).toEqual(['a', 'c', 'steel'])
    expect(found.nodes.map(({ id: node, hidden }) => `${name(node)} ${hidden}`)).toEqual(['steel 0', 'a 1', 'c 0'])
  })

  test('leaves out an event that was declared to be an error', async () => {
    const wrong = made(1, 'steel', 'a')
    await happened(wrong, made(1, 'steel', 'b'))
    await happened({ ...wrong, errorDeclaration: { declarationTime: '2026-01-02T00:00:00Z', reason: 'did_not_occur' } })
    expect(things(await walk('steel', 'forward'))).toEqual(['b', 'steel'])
  })

  test('goes by classes and their quantities as by single things', async () => {
    const lot = (uri: string) => ({ epcClass: id(uri), quantity: 5, uom: 'KGM' })
    await happened(made(1, '', '', { inputQuantityList: [lot('lot1')], outputQuantityList: [lot('lot2')] }))
    expect(links(await walk('lot2', 'backward'))).toEqual(['lot1 transformation lot2'])
  })
})

describe('a recall', () => {
  test('lists what is touched and who has it last, not the carriers and what lay beside', async () => {
    await happened(
      made(1, 'batch', 'a b c'),
      packed(2, 'ADD', 'p1', 'a beside'),
      packed(2, 'ADD', 'p2', 'b'),
      sent(3, 'p1', 'one'),
      sent(3, 'p2', 'two'),
      packed(4, 'DELETE', 'p1', 'a beside', { bizLocation: { id: id('store') } }),
      sent(5, 'p1', 'elsewhere'),
      sent(6, 'a', 'shop'),
      sent(7, 'a', 'three', { bizStep: 'retail_selling' }),
    )
    const { touched, byParty } = await recall(source(), ids('batch'))
    expect(touched.map((each) => `${name(each.id)} ${name(each.last?.party ?? '-')}`)).toEqual([
      'batch -',
      'a three',
      'b two',
      'c -',
    ])
    expect(touched[1]).toMatchObject({
      path: ids('batch a'),
      last: { bizStep: 'retail_selling', time: Date.UTC(2026, 0, 1, 7) },
    })
    expect(byParty.map(({ party, ids: of }) => `${name(party)}: ${of.map(name)}`)).toEqual([
      ': batch,c',
      'three: a',
      'two: b',
    ])
  })

  test('keeps the party of a shipment when a later event names only a place', async () => {
    await happened(sent(1, 'a', 'one'), { ...sent(2, 'a', ''), destinationList: [], bizLocation: { id: id('store') } })
    const { touched } = await recall(source(), ids('a'))
    expect(touched[0]?.last).toMatchObject({ party: id('one'), place: id('store'), time: Date.UTC(2026, 0, 1, 2) })
  })

  test('touches what a touched part was mounted in and what was made of that', async () => {
    await happened(mounted(1, 'ADD', 'engine', 'part bolt'), made(2, 'engine', 'car'), sent(3, 'car', 'owner'))
    const { touched } = await recall(source(), ids('part'))
    expect(touched.map((each) => name(each.id))).toEqual(['part', 'engine', 'car'])
  })
})
