import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { canonicalUri } from '../../planes/identifier/src/epcis/canonical-uri.ts'
import { documentOf, type EpcisDocument, eventOf } from '../../planes/identifier/src/epcis/document.ts'
import { preHash } from '../../planes/identifier/src/epcis/event-hash.ts'
import { sampleDocument } from '../../planes/identifier/src/epcis/sample-events.ts'
import { xmlDocumentOf } from '../../planes/identifier/src/epcis/xml.ts'
import { type PythonFolder, pythonWith } from '../support/python.ts'

// The reference generator as PyPI has it, 1.9.3, is older than the vectors published beside it. It writes extensions where CBV 2.1 has
// them, measurement types of gs1.org/voc, and certificationInfo; it puts the parent before EPCs, and transactions, sources and
// destinations behind all else. Events here have none of the last ones; the rest is compared letter by letter.
let generator: PythonFolder | string
const folder = mkdtempSync(join(tmpdir(), 'kapok-epcis-hash-'))
beforeAll(() => {
  generator = pythonWith('epcis-event-hash-generator==1.9.3')
})
afterAll(() => {
  if (typeof generator !== 'string') generator.remove()
  rmSync(folder, { recursive: true, force: true })
})

const at = { eventTime: '2026-01-05T16:00:00.5+08:00', eventTimeZoneOffset: '+08:00' }
const events = [
  {
    type: 'ObjectEvent',
    ...at,
    recordTime: '2026-01-05T08:00:01Z',
    epcList: [
      'urn:epc:id:sscc:9506000.0123456789',
      'urn:epc:id:sgtin:9506000.013435.a%2Fb',
      'urn:epc:id:grai:9506000.13435.7',
      'urn:epc:id:gdti:9506000.13435.0042',
      'urn:epc:id:giai:9506000.ABC',
      'urn:epc:id:itip:9506000.013435.01.02.7',
      'urn:epc:id:cpi:9506000.PART.12',
      'urn:epc:id:gsrnp:9506000.0123456789',
      'https://shop.example/01/09506000134352/10/L1/21/7?17=301231',
      'urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8',
    ],
    quantityList: [
      { epcClass: 'urn:epc:class:lgtin:9506000.013435.L1', quantity: 12.5, uom: 'KGM' },
      { epcClass: 'urn:epc:idpat:sgtin:9506000.013435.*', quantity: 100 },
    ],
    action: 'ADD',
    bizStep: 'commissioning',
    disposition: 'urn:epcglobal:cbv:disp:active',
    persistentDisposition: { set: ['conformant'], unset: ['damaged'] },
    readPoint: { id: 'urn:epc:id:sgln:9506000.13435.gate' },
    bizLocation: { id: 'urn:epc:id:sgln:9506000.13435.0' },
    ilmd: { 'ex:lot': '007', 'ex:marks': ['b', 'a'], 'ex:of': { 'ex:name': '数控机床', 'ex:n': '2.50' } },
    'ex:top': { 'ex:z': '1', 'ex:a': 'urn:epc:id:giai:9506000.M1' },
  },
  {
    type: 'ObjectEvent',
    ...at,
    action: 'OBSERVE',
    epcList: ['urn:epc:id:sgtin:9506000.013435.7'],
    sensorElementList: [
      {
        sensorMetadata: {
          time: '2026-01-05T07:59:00Z',
          deviceID: 'urn:epc:id:giai:9506000.D1',
          bizRules: 'https://id.gs1.org/253/9506000134352',
        },
        sensorReport: [
          { type: 'Temperature', minValue: -4.5, maxValue: 21, sDev: 0.1, uom: 'CEL' },
          { type: 'Count', value: 12, stringValue: 'twelve' },
        ],
      },
    ],
  },
  {
    type: 'TransformationEvent',
    ...at,
    transformationID: 'urn:epc:id:gdti:9506000.13435.T1',
    inputQuantityList: [{ epcClass: 'urn:epc:class:lgtin:9506000.013436.S1', quantity: 0.25, uom: 'TNE' }],
    outputEPCList: ['urn:epc:id:sgtin:9506000.013435.9', 'urn:epc:id:sgtin:9506000.013435.10'],
  },
  {
    type: 'AssociationEvent',
    ...at,
    parentID: 'urn:epc:id:giai:9506000.MACHINE',
    childEPCs: ['urn:epc:id:giai:9506000.Z', 'urn:epc:id:giai:9506000.A'],
    action: 'DELETE',
  },
]
const ours = (document: EpcisDocument) =>
  document.events.map((_, i) => {
    const of = eventOf(document, i)
    return Array.isArray(of) ? of : preHash(of, canonicalUri, 'CBV2.1')
  })
const theirs = async (context: { skip(why: string): never }, name: string, text: string): Promise<string[]> => {
  if (typeof generator === 'string') return context.skip(generator)
  const file = join(folder, name)
  writeFileSync(file, text)
  const [prehashes] = JSON.parse(await generator.run('epcis_hashes.py', [file]))
  return prehashes.map((each: string) => each.replaceAll('https://gs1.org/voc/', 'https://ref.gs1.org/voc/'))
}

test('events in JSON have the text that the reference generator hashes', async (context) => {
  const document = sampleDocument(structuredClone(events) as never)
  expect(await theirs(context, 'events.json', JSON.stringify(document))).toEqual(ours(documentOf(document)))
})

test('events in XML, of 2.0 and 1.2, have it as well', async (context) => {
  const xml = (version: string, list: string) =>
    `<?xml version="1.0" encoding="UTF-8"?><epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:${version[0]}"
     schemaVersion="${version}" creationDate="2026-01-05T08:00:00Z" xmlns:ex="https://ns.example.com/epcis/"><EPCISBody><EventList>${list}</EventList>
     </EPCISBody></epcis:EPCISDocument>`
  const times = `<eventTime>${at.eventTime}</eventTime><eventTimeZoneOffset>+08:00</eventTimeZoneOffset>`
  const epcs =
    '<epcList><epc>urn:epc:id:sgtin:9506000.013435.7</epc><epc>urn:epc:id:sgtin:9506000.013435.10</epc></epcList>'
  const quantity = `<quantityElement><epcClass>urn:epc:class:lgtin:9506000.013436.S1</epcClass><quantity>0.250</quantity><uom>TNE</uom></quantityElement>`
  const now = xml(
    '2.0',
    `<ObjectEvent>${times}${epcs}<action>OBSERVE</action><bizStep>shipping</bizStep><sensorElementList><sensorElement>
     <sensorMetadata time="2026-01-05T07:59:00Z"/><sensorReport type="gs1:Temperature" value="21.50" uom="CEL"/></sensorElement></sensorElementList>
     <ex:truck>粤B10001</ex:truck></ObjectEvent>`.replace(
      '<bizStep>shipping',
      '<bizStep>https://ref.gs1.org/cbv/BizStep-shipping',
    ),
  )
  const then = xml(
    '1.2',
    `<ObjectEvent>${times}${epcs}<action>ADD</action><bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep>
     <extension><quantityList>${quantity}</quantityList><ilmd><ex:lot>L1</ex:lot></ilmd></extension></ObjectEvent>`,
  )
  for (const text of [now, then]) {
    const expected = (await theirs(context, 'events.xml', text)).map((each) =>
      each.replace('type=gs1:', 'type=https://ref.gs1.org/voc/'),
    )
    expect(expected).toEqual(ours(xmlDocumentOf(Buffer.from(text))))
  }
})
