import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { eventOf, singleEventOf } from './document.ts'
import { eventHashId } from './event-hash.ts'
import { epcisLimits } from './limits.ts'
import { EpcisProblem } from './problem.ts'
import { xmlDocumentOf } from './xml.ts'

const document = (events: string, version: '1.2' | '2.0', declarations = '') =>
  Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>
    <epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:${version[0]}" schemaVersion="${version}"
      creationDate="2026-01-05T08:00:00Z" xmlns:ex="https://ns.example.com/epcis/" ${declarations}>
      <EPCISBody><EventList>${events}</EventList></EPCISBody>
    </epcis:EPCISDocument>`,
  )
const times = '<eventTime>2026-01-05T16:00:00.000+08:00</eventTime><recordTime>2026-01-05T16:00:01Z</recordTime>'
const offset = '<eventTimeZoneOffset>+08:00</eventTimeZoneOffset>'
const first = (xml: Uint8Array) => {
  const of = eventOf(xmlDocumentOf(xml), 0)
  if (Array.isArray(of)) throw new Error(JSON.stringify(of))
  return of
}
const refused = (xml: Uint8Array | string) => {
  try {
    const found = xmlDocumentOf(Buffer.from(xml))
    for (let i = 0; i < found.events.length; i++) eventOf(found, i)
  } catch (error) {
    if (error instanceof EpcisProblem) return `${error.status} ${error.message}`
    throw error
  }
  return ''
}

const shipped = {
  type: 'ObjectEvent',
  eventTime: '2026-01-05T08:00:00Z',
  eventTimeZoneOffset: '+08:00',
  epcList: ['urn:epc:id:sgtin:9506000.013435.7'],
  action: 'ADD',
  bizStep: 'shipping',
  disposition: 'in_transit',
  readPoint: { id: 'urn:epc:id:sgln:9506000.13437.0', 'ex:door': '7' },
  bizTransactionList: [{ type: 'po', bizTransaction: 'https://example.com/po/1' }],
  quantityList: [{ epcClass: 'urn:epc:class:lgtin:9506000.013436.S1', quantity: 12.5, uom: 'KGM' }],
  sourceList: [{ type: 'owning_party', source: 'urn:epc:id:pgln:9506000.13437' }],
  ilmd: { 'ex:furnace': 'F1', 'ex:marks': ['a', 'b'] },
  'ex:truck': '粤B10001',
}
const common = `<action>ADD</action><bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep>
  <disposition>urn:epcglobal:cbv:disp:in_transit</disposition>
  <readPoint><id>urn:epc:id:sgln:9506000.13437.0</id><ex:door>7</ex:door></readPoint>
  <bizTransactionList><bizTransaction type="urn:epcglobal:cbv:btt:po">https://example.com/po/1</bizTransaction></bizTransactionList>`
const later = `<quantityList><quantityElement><epcClass>urn:epc:class:lgtin:9506000.013436.S1</epcClass>
    <quantity>12.50</quantity><uom>KGM</uom></quantityElement></quantityList>
  <sourceList><source type="urn:epcglobal:cbv:sdt:owning_party">urn:epc:id:pgln:9506000.13437</source></sourceList>
  <ilmd><ex:marks>b</ex:marks><ex:furnace>F1</ex:furnace><ex:marks>a</ex:marks></ilmd>`
const epcs = '<epcList><epc>urn:epc:id:sgtin:9506000.013435.7</epc></epcList>'
const truck = '<ex:truck>粤B10001</ex:truck>'

describe('a document in XML', () => {
  test('of 1.2, of 2.0 and the same in JSON are one event', () => {
    const json = singleEventOf({
      ...shipped,
      '@context': [
        'https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld',
        { ex: 'https://ns.example.com/epcis/' },
      ],
    })
    const old = first(
      document(
        `<ObjectEvent>${times}${offset}<baseExtension><eventID>urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8</eventID></baseExtension>
         ${epcs}${common}<extension>${later}</extension>${truck}</ObjectEvent>`,
        '1.2',
      ),
    )
    const now = first(document(`<ObjectEvent>${times}${offset}${epcs}${common}${later}${truck}</ObjectEvent>`, '2.0'))
    const id = eventHashId(json, () => undefined)
    expect([old, now].map((of) => eventHashId(of, () => undefined))).toEqual([id, id])
    expect(now).toMatchObject({
      event: { bizStep: 'shipping', quantityList: [{ quantity: 12.5 }] },
      namespaces: { ex: 'https://ns.example.com/epcis/' },
    })
    expect(old.event.eventID).toBe('urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8')
  })

  test('has transformations, aggregations with error declaration, and sensors as attributes', () => {
    const found = xmlDocumentOf(
      document(
        `<extension><TransformationEvent>${times}${offset}<inputEPCList><epc>https://example.com/a</epc></inputEPCList>
           <outputQuantityList><quantityElement><epcClass>https://example.com/c</epcClass></quantityElement></outputQuantityList>
           <transformationID>https://example.com/t</transformationID></TransformationEvent></extension>
         <AggregationEvent>${times}${offset}<baseExtension><errorDeclaration><declarationTime>2026-01-06T00:00:00Z</declarationTime>
           <reason>urn:epcglobal:cbv:er:did_not_occur</reason><correctiveEventIDs><correctiveEventID>urn:x:1</correctiveEventID></correctiveEventIDs>
           </errorDeclaration></baseExtension><parentID/><childEPCs><epc>https://example.com/a</epc></childEPCs><action>OBSERVE</action></AggregationEvent>
         <ObjectEvent>${times}${offset}<epcList/><action>OBSERVE</action><readPoint><id>https://example.com/r</id></readPoint>
           <sensorElementList><sensorElement><sensorMetadata time="2026-01-05T08:00:00Z" deviceID="https://example.com/d" ex:by="me"/>
           <sensorReport type="gs1:Temperature" value="21.50" uom="CEL"/><sensorReport type="https://gs1.org/voc/Count" booleanValue="true"/>
           <ex:seal>whole</ex:seal></sensorElement></sensorElementList>
           <persistentDisposition><set>damaged</set></persistentDisposition></ObjectEvent>`,
        '2.0',
      ),
    )
    const events = found.events.map((_, i) => eventOf(found, i))
    expect(events).toMatchObject([
      {
        event: {
          type: 'TransformationEvent',
          transformationID: 'https://example.com/t',
          inputEPCList: ['https://example.com/a'],
        },
      },
      {
        event: {
          type: 'AggregationEvent',
          errorDeclaration: { reason: 'did_not_occur', correctiveEventIDs: ['urn:x:1'] },
        },
      },
      {
        event: {
          persistentDisposition: { set: ['damaged'] },
          sensorElementList: [
            {
              sensorMetadata: { deviceID: 'https://example.com/d', 'ex:by': 'me' },
              sensorReport: [
                { type: 'Temperature', value: 21.5 },
                { type: 'Count', booleanValue: true },
              ],
              'ex:seal': 'whole',
            },
          ],
        },
      },
    ])
  })

  test('keeps two namespaces apart that one prefix named', () => {
    const { event, namespaces } = first(
      document(
        `<ObjectEvent>${times}${offset}${epcs}<action>OBSERVE</action><a:x xmlns:a="https://one.example/">1</a:x>
         <a:x xmlns:a="https://two.example/">2</a:x></ObjectEvent>`,
        '2.0',
      ),
    )
    expect(event).toMatchObject({ 'a:x': '1', 'a2:x': '2' })
    expect(namespaces).toEqual({ a: 'https://one.example/', a2: 'https://two.example/' })
  })

  test('that is none is refused', () => {
    const good = `<ObjectEvent>${times}${offset}${epcs}<action>OBSERVE</action></ObjectEvent>`
    expect(refused('')).toMatch(/^400 not well-formed XML/)
    expect(refused('<a><b></a>')).toMatch(/^400 not well-formed XML, line 1/)
    expect(refused('<EPCISDocument/>')).toMatch(/^400 document: EPCISDocument/)
    expect(refused('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')).toMatch(/^400 the XML declares a document type/)
    expect(refused(String(document(good, '2.0')).replace('UTF-8', 'UTF-16'))).toMatch(/^400 XML in UTF-8 expected/)
    expect(refused(String(document(good, '2.0')).replace('schemaVersion="2.0"', 'schemaVersion="3.0"'))).toMatch(
      /^400 schemaVersion/,
    )
    expect(refused(document('<p:x/>', '2.0'))).toMatch(/^400 the prefix p has no namespace/)
    expect(refused(document('<a>'.repeat(60) + '</a>'.repeat(60), '2.0'))).toMatch(/^400 not readable as XML/)
    expect(refused(document('<ObjectEvent/>'.repeat(5_001), '2.0'))).toMatch(/^413 a document has at most 5000 events/)
    expect(refused(Buffer.alloc(epcisLimits.captureBytes + 1, 0x20))).toMatch(/^413/)
    expect(refused(document(`<ObjectEvent>${times}${times}</ObjectEvent>`, '2.0'))).toMatch(
      /^400 EventList…eventTime: one such element/,
    )
  })

  test('of any content is taken or refused, never more', () => {
    const good = document(`<ObjectEvent>${times}${offset}${epcs}${common}${later}${truck}</ObjectEvent>`, '2.0')
    const pieces = fc.constantFrom(
      '<',
      '>',
      '/',
      '&',
      '"',
      '=',
      'xmlns:q=""',
      '<![CDATA[',
      '<!--',
      '<ex:a>',
      '</EventList>',
      '&#x0;',
      ':',
    )
    const changes = fc.array(fc.tuple(fc.nat(good.length - 1), pieces), { minLength: 1, maxLength: 4 })
    const numRuns = Number(process.env.KAPOK_FUZZ_RUNS ?? 300)
    fc.assert(
      fc.property(changes, (list) => {
        const body = Buffer.from(good)
        for (const [at, piece] of list) body.write(piece, at)
        refused(body)
      }),
      { numRuns },
    )
  })
})
