import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { EpcisProblem } from './problem.ts'
import { type QueryParameters, readQuery } from './query.ts'
import { runQuery } from './query-run.ts'
import { sampleNames } from './sample-events.ts'
import { canonical, namespaces, sampleStore } from './sample-store.ts'

const { part, pallet, place, partner, order, steel } = sampleNames
const { store, stop } = await sampleStore()
afterAll(stop)

const find = (parameters: QueryParameters, perPage = 1_000) =>
  runQuery(store, readQuery(parameters, canonical, namespaces), { perPage }).events.map(({ event }) => event)
const steps = (parameters: QueryParameters) => find(parameters).map(({ bizStep }) => bizStep)
const refused = (parameters: QueryParameters) => {
  try {
    find(parameters)
  } catch (error) {
    if (error instanceof EpcisProblem) return `${error.status} ${error.exception} ${error.message}`
    throw error
  }
  return ''
}

describe('a query', () => {
  test('finds an EPC in the lists that its parameter means, in any spelling', () => {
    const urn = 'urn:epc:id:sgtin:9506000.013435.P4'
    expect(steps({ MATCH_anyEPC: [urn] })).toEqual(['commissioning', 'packing', 'unpacking'])
    expect(steps({ MATCH_epc: part(4) })).toEqual(['packing', 'unpacking'])
    expect(steps({ MATCH_outputEPC: urn })).toEqual(['commissioning'])
    expect(steps({ MATCH_inputEPC: urn })).toEqual([])
    expect(steps({ MATCH_parentID: `${pallet(1)}|${pallet(2)}` })).toEqual([
      'packing',
      'packing',
      'unpacking',
      'unpacking',
    ])
    expect(steps({ MATCH_inputEPCClass: [steel(3)] })).toEqual(['commissioning'])
    expect(steps({ MATCH_epcClass: [steel(3)] })).toEqual([])
    expect(steps({ MATCH_anyEPCClass: ['https://example.com/class'] })).toEqual([undefined])
  })

  test('finds all serial numbers by a pattern, and refuses a pattern that it does not know', () => {
    expect(find({ MATCH_outputEPC: 'urn:epc:idpat:sgtin:9506000.013435.*' })).toHaveLength(7)
    expect(refused({ MATCH_epc: 'urn:epc:idpat:sgtin:9506000.*.*' })).toMatch(
      /^400 QueryParameterException MATCH_epc: a pattern/,
    )
  })

  test.each<[QueryParameters, number]>([
    [{ eventType: ['ObjectEvent'] }, 15],
    [{ eventType: 'ObjectEvent|TransformationEvent' }, 22],
    [{ EQ_action: 'DELETE' }, 7],
    [{ EQ_bizStep: 'urn:epcglobal:cbv:bizstep:shipping' }, 7],
    [{ EQ_disposition: ['in_transit', 'active'] }, 14],
    [{ EQ_persistentDisposition_set: 'damaged' }, 1],
    [{ EQ_persistentDisposition_unset: 'damaged' }, 0],
    [{ EQ_bizLocation: place(101) }, 2],
    [{ WD_readPoint: place(1) }, 2],
    [{ EQ_readPoint: place(1) }, 0],
    [{ EQ_bizTransaction_po: order(3) }, 2],
    [{ EQ_bizTransaction_inv: order(3) }, 0],
    [{ EQ_source_owning_party: partner(3) }, 2],
    [{ EQ_destination_owning_party: partner(103) }, 2],
    [{ EQ_eventID: 'urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8' }, 1],
    [{ GE_quantity: 12.5 }, 7],
    [{ GT_quantity_KGM: '12.5' }, 0],
    [{ EQ_quantity_MTR: '3.0' }, 1],
    [{ EQ_quantity_KGM: 3 }, 0],
    [{ 'EQ_ex:truck': ['粤B10001', '粤B10002'] }, 2],
    [{ 'EQ_other:truck': '粤B10001' }, 0],
    [{ 'EQ_ex:weight': 12.5 }, 1],
    [{ 'LT_ex:weight': 12.5 }, 0],
    [{ 'EXISTS_ex:truck': null }, 7],
    [{ 'GE_ILMD_ex:hardness': 57 }, 2],
    [{ 'EQ_ILMD_ex:furnace': 'F3' }, 1],
    [{ 'LT_ILMD_ex:made': '2026-02-28T01:00:00+09:00' }, 0],
    [{ 'LE_ILMD_ex:made': '2026-02-28T01:00:00+09:00' }, 1],
    [{ 'EQ_INNER_ILMD_ex:deep': 'yes' }, 1],
    [{ 'EQ_ILMD_ex:deep': 'yes' }, 0],
    [{ 'GT_INNER_ILMD_ex:number': 6 }, 1],
    [{ 'EXISTS_INNER_ILMD_ex:number': '' }, 1],
    [{ 'EQ_readPoint_ex:side': 'left' }, 1],
    [{ 'EQ_bizLocation_ex:side': 'left' }, 0],
    [{ 'HASATTR_ex:tag': ['ex:colour'] }, 1],
    [{ 'EQATTR_ex:tag_ex:colour': 'red' }, 1],
    [{ 'EQ_ATTR_ex:tag_ex:colour': 'blue' }, 0],
    [{ EXISTS_errorDeclaration: null }, 1],
    [{ GE_errorDeclaration_Time: '2026-03-02T00:00:00Z' }, 1],
    [{ LT_errorDeclaration_Time: '2026-03-02T00:00:00Z' }, 0],
    [{ EQ_errorReason: 'urn:epcglobal:cbv:er:incorrect_data' }, 1],
    [{ EQ_correctiveEventID: 'urn:x:new' }, 1],
    [{ 'EXISTS_ERROR_DECLARATION_ex:by': '' }, 1],
    [{ 'EQ_INNER_ERROR_DECLARATION_ex:whom': 'me' }, 1],
    [{ EXISTS_sensorElementList: null }, 8],
    [{ EQ_type: 'gs1:Temperature' }, 8],
    [{ EQ_deviceID: 'https://example.com/device' }, 1],
    [{ GE_value_CEL: 18.4 }, 3],
    [{ GE_value_FAH: 18.4 }, 0],
    [{ LT_minValue_CEL: 0 }, 1],
    [{ GE_startTime: '2026-02-28T00:00:00Z' }, 1],
    [{ 'EQ_SENSORMETADATA_ex:meta': 1 }, 1],
    [{ 'EQ_SENSORREPORT_ex:report': 'r' }, 1],
    [{ 'EQ_SENSORELEMENT_ex:element': 'e' }, 1],
    [{ 'EQ_SENSORELEMENT_ex:report': 'r' }, 0],
    [{ GE_eventTime: '2026-03-01T08:00:00+08:00' }, 1],
    [{ GE_recordTime: '2026-02-01T00:06:30Z' }, 6],
    [{ LT_recordTime: '2026-02-01T00:02:00Z' }, 5],
  ])('with %j finds %i events', (parameters, n) => {
    expect(find(parameters)).toHaveLength(n)
  })

  test('with a parameter that it does not have, or a value that does not fit, is refused by name', () => {
    const refusals: [QueryParameters, string][] = [
      [{ EQ_colour: 'red' }, 'EQ_colour: the query language has no such parameter'],
      [{ constructor: 'x' }, 'constructor: the query language has no such parameter'],
      [{ 'EQ_none:field': 'x' }, 'EQ_none:field: a prefix'],
      [{ eventType: 'Event' }, 'eventType: of ObjectEvent'],
      [{ GE_eventTime: '2026' }, 'GE_eventTime: a time with its zone'],
      [{ GE_quantity: 'many' }, 'GE_quantity: a number or a time'],
      [{ MATCH_epc: [] }, 'MATCH_epc: at least one value'],
      [{ MATCH_epc: Array(1_001).fill('x') }, 'MATCH_epc: at most 1000 values'],
      [{ orderBy: 'bizStep' }, 'orderBy: eventTime, recordTime or an extension'],
      [{ orderDirection: 'ASC' }, 'orderDirection: an orderBy'],
      [{ eventCountLimit: 0 }, 'eventCountLimit: a whole number'],
      [{ eventCountLimit: 1, maxEventCount: 1 }, 'eventCountLimit: no maxEventCount'],
    ]
    for (const [parameters, sentence] of refusals)
      expect(refused(parameters)).toContain(`400 QueryParameterException ${sentence}`)
    expect(refused(Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`p${i}`, 'x'])))).toMatch(
      /^413 QueryTooComplex/,
    )
  })

  test('has its events in the order that is asked for', () => {
    const times = (parameters: QueryParameters) =>
      find({ eventType: 'ObjectEvent', ...parameters }).map(({ eventTime }) => eventTime)
    const ascending = times({ orderBy: 'eventTime', orderDirection: 'ASC' })
    expect(ascending).toEqual([...ascending].sort())
    expect(times({ orderBy: 'eventTime' })).toEqual([...ascending].reverse())
    const recorded = find({ orderBy: 'recordTime' }).map(({ recordTime }) => recordTime)
    expect(recorded).toEqual([...recorded].sort().reverse())
    expect(
      find({ orderBy: 'ex:truck', orderDirection: 'ASC' })
        .map((event) => (event as never)['ex:truck'])
        .slice(0, 8),
    ).toEqual([...Array.from({ length: 7 }, (_, i) => `粤B1000${i}`), undefined])
  })

  test('stops at eventCountLimit, and with more than maxEventCount is too large', () => {
    expect(find({ eventCountLimit: 3, orderBy: 'eventTime' })).toHaveLength(3)
    expect(find({ maxEventCount: 7, EQ_bizStep: 'shipping' })).toHaveLength(7)
    expect(refused({ maxEventCount: 6, EQ_bizStep: 'shipping' })).toMatch(
      /^413 QueryTooLargeException more than the 6 events/,
    )
  })

  test('of any names and values finds something or is refused, never more', () => {
    const names = fc.oneof(
      fc.constantFrom(
        'EQ_ex:truck',
        'MATCH_epc',
        'GE_eventTime',
        'EQ_value_CEL',
        'orderBy',
        'perPage',
        'EQ_booleanValue',
        'EQ_eventID',
      ),
      fc.string({ maxLength: 30 }),
    )
    const values = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.constant(null),
      fc.array(fc.string(), { maxLength: 3 }),
      fc.jsonValue() as never,
    )
    fc.assert(
      fc.property(fc.dictionary(names, values, { maxKeys: 4 }), (parameters) => {
        refused(parameters as QueryParameters)
      }),
      { numRuns: Number(process.env.KAPOK_FUZZ_RUNS ?? 300) },
    )
  })
})
