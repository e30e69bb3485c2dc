import { expect, test } from 'vitest'
import { canonicalUri } from './canonical-uri.ts'
import { documentOf, eventOf, singleEventOf } from './document.ts'
import { eventHash, eventHashId } from './event-hash.ts'
import type { StoredEvent } from './event-store.ts'
import { queryDocument } from './query-document.ts'

const stored = (context: unknown, more: object): StoredEvent => {
  const of = singleEventOf({
    '@context': ['https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld', context],
    type: 'ObjectEvent',
    eventTime: '2026-01-05T08:00:00Z',
    eventTimeZoneOffset: '+08:00',
    action: 'OBSERVE',
    epcList: ['urn:epc:id:sgtin:9506000.013435.7'],
    ...more,
  })
  return { ...of, seq: 1, bytes: 0, hash: eventHash(of, canonicalUri) }
}
const now = Date.UTC(2026, 1, 1)

test('events that use one prefix for two namespaces stay what they are', () => {
  const events = [
    stored({ ex: 'https://one.example/' }, { 'ex:a': { 'ex:b': 1 } }),
    stored(
      { ex: 'https://two.example/' },
      { 'ex:a': [{ 'ex:b': 2 }], sensorElementList: [{ sensorReport: [{ type: 'ex:Wear', value: 2 }] }] },
    ),
    stored({ other: 'https://two.example/', ex: 'https://one.example/' }, { 'other:a': 3 }),
  ]
  const document = queryDocument(events, { now })
  expect(document['@context']).toEqual([
    'https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld',
    { ex: 'https://one.example/', other: 'https://two.example/' },
  ])
  const read = documentOf(JSON.parse(JSON.stringify(document)))
  const ids = read.events.map((_, i) => {
    const of = eventOf(read, i)
    return Array.isArray(of) ? of : eventHashId(of, canonicalUri)
  })
  expect(ids).toEqual(events.map((event) => eventHashId(event, canonicalUri)))
  expect(read.events).toMatchObject(ids.map((eventID) => ({ eventID })))
})

test('EPC URNs are Digital Links when that is asked for, and else what they were', () => {
  const event = stored(
    {},
    {
      readPoint: { id: 'urn:epc:id:sgln:9506000.13435.gate' },
      eventID: 'urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8',
    },
  )
  const listOf = (links: boolean) =>
    queryDocument([event], { now, asDigitalLinks: links ? canonicalUri : undefined }).epcisBody
  expect(listOf(true)).toMatchObject({
    queryResults: {
      resultsBody: {
        eventList: [
          {
            epcList: ['https://id.gs1.org/01/09506000134352/21/7'],
            readPoint: { id: 'https://id.gs1.org/414/9506000134352/254/gate' },
            eventID: 'urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8',
          },
        ],
      },
    },
  })
  expect(JSON.stringify(listOf(false))).toContain('urn:epc:id:sgtin:9506000.013435.7')
})
