import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SettableClock } from '@kapok/kit/clock'
import type { CanonicalUri } from './canonical-uri.ts'
import { documentOf, eventOf } from './document.ts'
import { LmdbEventStore, type StoredEvent } from './event-store.ts'
import { sampleDocument, sampleLife, sampleNames } from './sample-events.ts'

// A store with the lives of seven batches, of which the later were recorded first, and one event that has everything.

const { part } = sampleNames
const forms: Readonly<Record<string, string>> = {
  'urn:epc:id:sgtin:9506000.013435.P4': part(4),
  'urn:epc:idpat:sgtin:9506000.013435.*': part(0).replace('/21/P0', ''),
}
export const canonical: CanonicalUri = (uri) => forms[uri]
export const namespaces = { ex: 'https://ns.example.com/epcis/', other: 'https://ns.example.com/other/' }
export const extra = {
  type: 'ObjectEvent',
  eventTime: '2026-03-01T00:00:00Z',
  eventTimeZoneOffset: '+08:00',
  action: 'ADD',
  epcList: ['https://example.com/extra'],
  eventID: 'urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8',
  persistentDisposition: { set: ['damaged'], unset: ['sellable_accessible'] },
  quantityList: [{ epcClass: 'https://example.com/class', quantity: 3, uom: 'MTR' }],
  transformationID: undefined,
  ilmd: {
    'ex:made': '2026-02-28T00:00:00+08:00',
    'ex:nested': { 'ex:deep': 'yes', 'ex:deeper': [{ 'ex:number': 7 }] },
  },
  errorDeclaration: {
    declarationTime: '2026-03-02T00:00:00Z',
    reason: 'incorrect_data',
    correctiveEventIDs: ['urn:x:new'],
    'ex:by': { 'ex:whom': 'me' },
  },
  readPoint: { id: 'https://example.com/gate', 'ex:side': 'left' },
  'ex:weight': '12.50',
  'ex:tag': { 'ex:colour': 'red', '#text': 'x' },
  sensorElementList: [
    {
      sensorMetadata: { startTime: '2026-02-28T00:00:00Z', deviceID: 'https://example.com/device', 'ex:meta': 1 },
      sensorReport: [{ type: 'Temperature', minValue: -4.5, maxValue: 3, uom: 'CEL', 'ex:report': 'r' }],
      'ex:element': 'e',
    },
  ],
}

export async function sampleStore() {
  const clock = new SettableClock()
  const folder = mkdtempSync(join(tmpdir(), 'kapok-epcis-query-'))
  const store = new LmdbEventStore({ folder, clock, canonical })
  const capture = async (events: object[]) => {
    const document = documentOf(sampleDocument(JSON.parse(JSON.stringify(events))))
    const checked = events.map((_, i) => {
      const of = eventOf(document, i)
      if (Array.isArray(of)) throw new Error(JSON.stringify(of))
      return of
    })
    await store.capture(checked, 'rollback')
  }
  for (const [i, batch] of [6, 5, 4, 3, 2, 1, 0].entries()) {
    clock.set(Date.UTC(2026, 1, 1, 0, i + 1), { running: false })
    await capture(sampleLife(batch))
  }
  await capture([extra])
  const all = Array.from({ length: store.lastSeq() }, (_, i) => store.read(i + 1) as StoredEvent)
  const stop = async () => {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return { store, all, capture, stop }
}
