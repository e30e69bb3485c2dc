import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { documentOf, eventOf, jsonOf, singleEventOf } from './document.ts'
import { epcisLimits } from './limits.ts'
import { EpcisProblem } from './problem.ts'
import { sampleDocument, sampleLife } from './sample-events.ts'

type Members = Record<string, unknown>
const life = () => structuredClone(sampleLife(1)) as Members[]
const bytes = (json: unknown) => Buffer.from(JSON.stringify(json))
const misfitsOf = (event: Members) => {
  const found = eventOf(documentOf(sampleDocument([event as never])), 0)
  return Array.isArray(found) ? found : []
}
const refusal = (act: () => unknown): EpcisProblem => {
  try {
    act()
  } catch (error) {
    if (error instanceof EpcisProblem) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe('an event', () => {
  test('of each of the five types is taken', () => {
    const events = life()
    const association = { ...events[1], type: 'AssociationEvent' }
    const transaction = {
      type: 'TransactionEvent',
      eventTime: '2026-01-05T08:00:00Z',
      eventTimeZoneOffset: '+08:00',
      action: 'ADD',
      bizTransactionList: [{ bizTransaction: 'https://example.com/po/1' }],
      epcList: ['https://id.gs1.org/00/000000000000000001'],
    }
    for (const event of [...events, association, transaction]) expect(misfitsOf(event)).toEqual([])
  })

  test('has standard values as bare words, whatever form they came in', () => {
    const of = singleEventOf({
      ...(life()[2] as Members),
      '@context': ['https://ref.gs1.org/standards/epcis/epcis-context.jsonld', { ex: 'https://ns.example.com/epcis/' }],
      bizStep: 'urn:epcglobal:cbv:bizstep:shipping',
      disposition: 'https://ref.gs1.org/cbv/Disp-in_transit',
      persistentDisposition: { set: ['cbv:Disp-damaged'], unset: ['https://example.com/disposition/mine'] },
      sensorElementList: [
        { sensorReport: [{ type: 'gs1:Temperature', exception: 'https://gs1.org/voc/ALARM_CONDITION' }] },
      ],
    })
    expect(of.event).toMatchObject({
      bizStep: 'shipping',
      disposition: 'in_transit',
      persistentDisposition: { set: ['damaged'], unset: ['https://example.com/disposition/mine'] },
      sensorElementList: [{ sensorReport: [{ type: 'Temperature', exception: 'ALARM_CONDITION' }] }],
    })
    expect(of.namespaces).toEqual({ ex: 'https://ns.example.com/epcis/' })
  })

  test('that is wrong is refused with the place and what belongs there', () => {
    const [made, packed, shipped, received] = life() as [Members, Members, Members, Members]
    const at = (event: Members, change: Members) =>
      misfitsOf({ ...event, ...change }).map(({ path, expected }) => `${path}: ${expected}`)
    const list = 'epcisBody.eventList[0]'
    expect(at(shipped, { type: 'Event' })).toEqual([expect.stringContaining(`${list}.type: one of ObjectEvent`)])
    expect(at(shipped, { eventTime: '2026-02-30T08:00:00Z' })).toEqual([
      expect.stringContaining(`${list}.eventTime: a time`),
    ])
    expect(at(shipped, { eventTime: '2026-01-05T08:00:00' })).toEqual([
      expect.stringContaining(`${list}.eventTime: a time`),
    ])
    expect(at(shipped, { eventTimeZoneOffset: '+15:00' })).toEqual([
      `${list}.eventTimeZoneOffset: an offset such as +08:00`,
    ])
    expect(at(shipped, { action: 'add' })).toEqual([`${list}.action: ADD, OBSERVE or DELETE`])
    expect(at(shipped, { epcList: ['x', 5] })).toEqual([`${list}.epcList[0]: a URI`, `${list}.epcList[1]: a URI`])
    expect(at(shipped, { epcList: [] })).toEqual([expect.stringContaining(`${list}: an epcList or a quantityList`)])
    expect(at(shipped, { bizStep: 'shiping' })).toEqual([`${list}.bizStep: a standard value of CBV 2.0 or a URI`])
    expect(at(shipped, { readPoint: {} })).toEqual([`${list}.readPoint.id: a value`])
    expect(at(shipped, { ilmd: {} })).toEqual([`${list}.ilmd: action ADD beside it`])
    expect(at(shipped, { colour: 'red' })).toEqual([expect.stringContaining(`${list}.colour: no such member`)])
    expect(at(shipped, { 'other:colour': 'red' })).toEqual([
      expect.stringContaining(`${list}.other:colour: no such member`),
    ])
    expect(at(shipped, { sourceList: [{ source: 'https://example.com/1' }] })).toEqual([
      `${list}.sourceList[0].type: a value`,
    ])
    expect(at(shipped, { errorDeclaration: {} })).toEqual([`${list}.errorDeclaration.declarationTime: a value`])
    expect(at(received, { sensorElementList: [{ sensorReport: [{ value: '18' }] }] })).toEqual([
      `${list}.sensorElementList[0].sensorReport[0].value: a number`,
      `${list}.sensorElementList[0].sensorReport[0]: a type or an exception`,
    ])
    expect(at(packed, { parentID: undefined })).toEqual([`${list}.parentID: a URI`])
    expect(at(packed, { childEPCs: [] })).toEqual([`${list}: childEPCs or a childQuantityList`])
    expect(at(made, { outputEPCList: [] })).toEqual([`${list}: an outputEPCList or an outputQuantityList`])
    expect(at(made, { inputQuantityList: [{ epcClass: 'https://example.com/c', uom: 'kg' }] })).toEqual([
      expect.stringContaining(`${list}.inputQuantityList[0].uom: a unit`),
    ])
    expect(at(made, { ilmd: { 'ex:name': '\ud800' } })).toEqual([`${list}.ilmd.ex:name: whole characters`])
  })

  test('that lies deeper than the limit is refused', () => {
    let inside: unknown = 'x'
    for (let n = 0; n < epcisLimits.documentDepth + 1; n++) inside = { 'ex:in': inside }
    expect(misfitsOf({ ...life()[2], 'ex:deep': inside })).toEqual([
      { path: expect.stringMatching(/ex:in$/), expected: `at most ${epcisLimits.documentDepth} levels` },
    ])
  })

  test('may be refused for many places, of which so many are told as the limit says', () => {
    expect(misfitsOf({ ...life()[2], epcList: Array.from({ length: 1_000 }, () => 'x') })).toHaveLength(
      epcisLimits.problemsTold,
    )
  })
})

describe('a document', () => {
  test('without the GS1 context is refused, and one that gives a protected prefix another meaning', () => {
    for (const context of [
      undefined,
      [],
      'https://example.com/epcis-context.jsonld',
      { ex: 'https://ns.example.com/' },
    ]) {
      const problem = refusal(() => documentOf({ ...sampleDocument([]), '@context': context as never }))
      expect([problem.status, problem.message]).toEqual([
        400,
        expect.stringContaining('@context: the GS1 EPCIS context'),
      ])
    }
    const problem = refusal(() =>
      documentOf({
        ...sampleDocument([]),
        '@context': ['https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld', { cbv: 'https://example.com/' }],
      }),
    )
    expect(problem.message).toContain('@context[1].cbv: the namespace that the GS1 context gives the prefix')
  })

  test('of other type or version, or without its list, is refused', () => {
    const fields = (change: object) =>
      refusal(() => documentOf({ ...sampleDocument([]), ...change })).misfits.map(({ path }) => path)
    expect(fields({ type: 'Document' })).toEqual(['type'])
    expect(fields({ schemaVersion: '1.2' })).toEqual(['schemaVersion'])
    expect(fields({ creationDate: 'today' })).toEqual(['creationDate'])
    expect(fields({ epcisBody: {} })).toEqual(['epcisBody.eventList'])
    expect(fields({ type: 'EPCISQueryDocument' })).toEqual(['epcisBody.queryResults.resultsBody.eventList'])
  })

  test('with 5,001 events is refused by 413, with 5,000 taken', () => {
    const many = (n: number) => documentOf(sampleDocument(Array.from({ length: n }, () => null)))
    expect(many(5_000).events).toHaveLength(5_000)
    expect(refusal(() => many(5_001))).toMatchObject({ status: 413, exception: 'CaptureLimitExceededException' })
  })

  test('may be long, its events only so long as the limit says', () => {
    const [, , shipped] = life() as [Members, Members, Members]
    const long = { ...shipped, 'ex:long': 'x'.repeat(epcisLimits.eventBytes) }
    const json = sampleDocument([shipped, long] as never)
    const document = documentOf(json, JSON.stringify(json).length)
    expect(eventOf(document, 0)).toHaveProperty('event')
    expect(eventOf(document, 1)).toEqual([
      { path: 'epcisBody.eventList[1]', expected: expect.stringContaining('bytes') },
    ])
  })

  test('that is no JSON, no UTF-8 or too long is refused', () => {
    expect(refusal(() => jsonOf(Buffer.from('{')))).toMatchObject({ status: 400 })
    expect(refusal(() => jsonOf(Buffer.from([0x22, 0xff, 0x22])))).toMatchObject({ status: 400 })
    expect(refusal(() => jsonOf(Buffer.alloc(epcisLimits.captureBytes + 1)))).toMatchObject({ status: 413 })
  })

  test('may give its events prefixes of their own', () => {
    const event = { ...life()[4], '@context': [{ mine: 'https://mine.example/' }], 'mine:field': 1, 'ex:field': 2 }
    const of = eventOf(documentOf(sampleDocument([event as never])), 0)
    expect(of).toMatchObject({ namespaces: { ex: 'https://ns.example.com/epcis/', mine: 'https://mine.example/' } })
  })

  test('of any content is taken or refused, never more', () => {
    const good = bytes(sampleDocument(sampleLife(3) as never))
    const take = (body: Uint8Array) => {
      try {
        const document = documentOf(jsonOf(body))
        for (let i = 0; i < document.events.length; i++) eventOf(document, i)
      } catch (error) {
        if (!(error instanceof EpcisProblem)) throw error
      }
    }
    const damaged = fc
      .array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 32, max: 126 })), { minLength: 1, maxLength: 6 })
      .map((changes) => {
        const body = Buffer.from(good)
        for (const [at, byte] of changes) body[at] = byte
        return body
      })
    const strange = fc
      .record({ key: fc.constantFrom(...Object.keys(Object.assign({}, ...sampleLife(3)))), value: fc.jsonValue() })
      .map(({ key, value }) =>
        bytes(sampleDocument(sampleLife(3).map((event) => ({ ...event, [key]: value as never })))),
      )
    const numRuns = Number(process.env.KAPOK_FUZZ_RUNS ?? 300)
    fc.assert(fc.property(fc.oneof(damaged, strange), take), { numRuns })
  })
})
