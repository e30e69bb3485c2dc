import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CanonicalUri } from './canonical-uri.ts'
import { singleEventOf } from './document.ts'
import { eventHashId, preHash } from './event-hash.ts'
import { sampleLife } from './sample-events.ts'

type Members = Record<string, unknown>
const context = [
  'https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld',
  { ex: 'https://ns.example.com/epcis/', also: 'https://ns.example.com/epcis/', b: 'https://ns.example.com/b/' },
]
const of = (event: Members) => singleEventOf({ ...structuredClone(event), '@context': context })
const forms: Readonly<Record<string, string>> = {
  'urn:epc:id:sgtin:9506000.013435.7': 'https://id.gs1.org/01/09506000134352/21/7',
  'https://example.com/some/01/09506000134352/21/7?17=301231': 'https://id.gs1.org/01/09506000134352/21/7',
}
const canonical: CanonicalUri = (uri) => forms[uri]
const hash = (event: Members) => eventHashId(of(event), canonical)

const observed = {
  type: 'ObjectEvent',
  eventTime: '2026-01-05T16:00:00+08:00',
  eventTimeZoneOffset: '+08:00',
  epcList: ['urn:epc:id:sgtin:9506000.013435.7', 'https://id.gs1.org/01/09506000134352/21/10'],
  action: 'OBSERVE',
  bizStep: 'shipping',
  disposition: 'urn:epcglobal:cbv:disp:in_transit',
  readPoint: { id: 'https://id.gs1.org/414/9506000134376', 'ex:door': '7' },
  bizTransactionList: [
    { type: 'po', bizTransaction: 'https://example.com/po/2' },
    { bizTransaction: 'https://example.com/po/1' },
  ],
  quantityList: [{ epcClass: 'https://id.gs1.org/01/09506000134369', quantity: 12.5, uom: 'KGM' }],
}

describe('the text that is hashed', () => {
  test('has the members in the standard’s order, lists sorted, values in their canonical form', () => {
    expect(preHash(of(observed), canonical)).toBe(
      [
        'eventType=ObjectEvent',
        'eventTime=2026-01-05T08:00:00.000Z',
        'eventTimeZoneOffset=+08:00',
        'epcList',
        'epc=https://id.gs1.org/01/09506000134352/21/10',
        'epc=https://id.gs1.org/01/09506000134352/21/7',
        'quantityList',
        'quantityElementepcClass=https://id.gs1.org/01/09506000134369quantity=12.5uom=KGM',
        'action=OBSERVE',
        'bizStep=https://ref.gs1.org/cbv/BizStep-shipping',
        'disposition=https://ref.gs1.org/cbv/Disp-in_transit',
        'readPointid=https://id.gs1.org/414/9506000134376',
        'bizTransactionList',
        'bizTransaction=https://example.com/po/1',
        'type=https://ref.gs1.org/cbv/BTT-pobizTransaction=https://example.com/po/2',
        'readPoint{https://ns.example.com/epcis/}door=7',
      ].join(''),
    )
  })

  test('has extensions of standard members apart in CBV 2.0, in their place in 2.1', () => {
    const sensed = {
      ...observed,
      action: 'ADD',
      ilmd: { 'ex:lot': '007', 'b:grade': { 'b:name': 'A', 'b:marks': ['2.50', 'x'] } },
      sensorElementList: [
        {
          sensorMetadata: { time: '2026-01-05T07:59:00.1236Z', 'ex:by': 'me' },
          sensorReport: [
            { type: 'Temperature', value: 21.0, uom: 'CEL', 'ex:raw': true },
            { type: 'gs1:Speed', component: 'x', maxValue: 0.00005 },
          ],
          'ex:seal': 'whole',
        },
      ],
      'ex:top': 1,
    }
    const metadata = 'sensorMetadatatime=2026-01-05T07:59:00.124Z'
    const speed = 'sensorReporttype=https://ref.gs1.org/voc/Speedcomponent=https://ref.gs1.org/cbv/Comp-xmaxValue=5e-05'
    const temperature = 'sensorReporttype=https://ref.gs1.org/voc/Temperaturevalue=21uom=CEL'
    const [by, raw, seal] = ['by=me', 'raw=true', 'seal=whole'].map((text) => `{https://ns.example.com/epcis/}${text}`)
    const b = '{https://ns.example.com/b/}'
    const end = [
      `ilmd${b}grade${b}marks=2.5${b}marks=x${b}name=A{https://ns.example.com/epcis/}lot=7`,
      'readPoint{https://ns.example.com/epcis/}door=7',
      `sensorElementsensorMetadata${by}sensorReport${raw}${seal}`,
      '{https://ns.example.com/epcis/}top=1',
    ]
    expect(preHash(of(sensed), canonical)).toContain(
      `po/2sensorElement${metadata}${speed}${temperature}${end.join('')}`,
    )
    expect(preHash(of(sensed), canonical, 'CBV2.1')).toContain(
      `po/2sensorElementListsensorElement${metadata}${by}${speed}${temperature}${raw}${seal}${end[0]}${end[3]}`,
    )
  })

  test('has the EPCs before the parent in a transaction, as the published vectors have', () => {
    const transaction = { ...observed, type: 'TransactionEvent', parentID: 'https://id.gs1.org/00/095060001343520008' }
    expect(preHash(of(transaction), canonical)).toMatch(
      /21\/7parentID=https:\/\/id\.gs1\.org\/00\/095060001343520008quantityList/,
    )
  })
})

describe('the hash id', () => {
  test('is one for every way to write the same event', () => {
    const [, , shipped] = sampleLife(2) as [Members, Members, Members]
    const id = hash({ ...shipped, epcList: ['urn:epc:id:sgtin:9506000.013435.7'], 'ex:n': '1' })
    expect(id).toMatch(/^ni:\/\/\/sha-256;[0-9a-f]{64}\?ver=CBV2\.0$/)
    const same: Members = {
      ...Object.fromEntries(Object.entries(shipped).reverse()),
      epcList: ['https://example.com/some/01/09506000134352/21/7?17=301231'],
      eventTime: '2026-01-05T21:02:00.0000+08:00',
      bizStep: 'https://ref.gs1.org/cbv/BizStep-shipping',
      'also:n': 1.0,
      'also:truck': ' 粤B10002 ',
      'ex:truck': undefined,
      recordTime: '2026-02-01T00:00:00Z',
      eventID: 'urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8',
      errorDeclaration: { declarationTime: '2026-02-01T00:00:00Z' },
      'rdfs:comment': 'a word beside',
    }
    expect(hash(JSON.parse(JSON.stringify(same)))).toBe(id)
  })

  test('is another as soon as a value changes', () => {
    const [, , shipped] = sampleLife(2) as [Members, Members, Members]
    const changes: Members[] = [
      { eventTime: '2026-01-05T13:02:00.001Z' },
      { eventTimeZoneOffset: '+07:00' },
      { action: 'DELETE' },
      { disposition: 'unknown' },
      { 'ex:truck': '粤B10003' },
      { destinationList: [{ type: 'location', destination: 'https://id.gs1.org/417/9506000134352' }] },
    ]
    const ids = [shipped, ...changes.map((change) => ({ ...shipped, ...change }))].map(hash)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('does not depend on the order of lists', () => {
    const uris = fc.uniqueArray(fc.webUrl(), { minLength: 2, maxLength: 8 })
    fc.assert(
      fc.property(uris, (epcList) => {
        expect(hash({ ...observed, epcList })).toBe(hash({ ...observed, epcList: [...epcList].reverse() }))
      }),
      { numRuns: 100 },
    )
  })
})
