import type { Json } from '@kapok/kit/canonical-json'
import { checkDigit } from '../name/name.ts'
import { epcisContext } from './context.ts'

// The life of parts, for tests, the bench and demonstrations: a batch of steel becomes parts, parts are packed into pallets, pallets
// are shipped, received and opened, each at a time and a place.

type Members = Record<string, Json>

const gln = (n: number) => {
  const digits = `950600${String(n).padStart(6, '0')}`
  return digits + checkDigit(digits)
}
const partner = (n: number) => `https://id.gs1.org/417/${gln(n)}`
const place = (n: number) => `https://id.gs1.org/414/${gln(10_000 + n)}`

export const sampleNames = {
  partner,
  place,
  steel: (batch: number) => `https://id.gs1.org/01/09506000134369/10/S${batch}`,
  part: (n: number) => `https://id.gs1.org/01/09506000134352/21/P${n}`,
  pallet: (n: number) => {
    const digits = `0950600${String(n).padStart(10, '0')}`
    return `https://id.gs1.org/00/${digits}${checkDigit(digits)}`
  },
  order: (n: number) => `urn:epcglobal:cbv:bt:9506000134000:${n}`,
}
const { steel, part, pallet, order } = sampleNames

/** Parts of one batch, and in one pallet. */
const perBatch = 4

/** Five events of a batch: made, packed, shipped, received, unpacked. Deterministic; every number gives other events. */
export function sampleLife(batch: number, beginsAt = Date.UTC(2026, 0, 5, 8)): Members[] {
  const parts = Array.from({ length: perBatch }, (_, i) => part(batch * perBatch + i))
  const at = (hours: number) => ({
    eventTime: new Date(beginsAt + batch * 60_000 + hours * 3_600_000).toISOString(),
    eventTimeZoneOffset: '+08:00',
  })
  const maker = batch % 7
  const customer = 100 + (batch % 13)
  const shipment = {
    bizTransactionList: [{ type: 'po', bizTransaction: order(batch) }],
    sourceList: [{ type: 'owning_party', source: partner(maker) }],
    destinationList: [{ type: 'owning_party', destination: partner(customer) }],
  }
  return [
    {
      type: 'TransformationEvent',
      ...at(0),
      inputQuantityList: [{ epcClass: steel(batch), quantity: 12.5, uom: 'KGM' }],
      outputEPCList: parts,
      bizStep: 'commissioning',
      disposition: 'active',
      bizLocation: { id: place(maker) },
      readPoint: { id: `${place(maker)}/254/line${batch % 3}` },
      ilmd: { 'ex:furnace': `F${batch % 5}`, 'ex:hardness': 52 + (batch % 8) },
    },
    {
      type: 'AggregationEvent',
      ...at(2),
      parentID: pallet(batch),
      childEPCs: parts,
      action: 'ADD',
      bizStep: 'packing',
      disposition: 'in_progress',
      bizLocation: { id: place(maker) },
    },
    {
      type: 'ObjectEvent',
      ...at(5),
      epcList: [pallet(batch)],
      action: 'OBSERVE',
      bizStep: 'shipping',
      disposition: 'in_transit',
      readPoint: { id: `${place(maker)}/254/gate` },
      'ex:truck': `粤B${10_000 + (batch % 90_000)}`,
      ...shipment,
    },
    {
      type: 'ObjectEvent',
      ...at(30),
      epcList: [pallet(batch)],
      action: 'OBSERVE',
      bizStep: 'receiving',
      disposition: 'in_progress',
      bizLocation: { id: place(customer) },
      sensorElementList: [
        {
          sensorReport: [
            {
              type: 'Temperature',
              value: 18 + (batch % 90) / 10,
              uom: 'CEL',
              deviceID: 'urn:epc:id:giai:9506000.1347',
            },
          ],
        },
      ],
      ...shipment,
    },
    {
      type: 'AggregationEvent',
      ...at(31),
      parentID: pallet(batch),
      childEPCs: parts,
      action: 'DELETE',
      bizStep: 'unpacking',
      bizLocation: { id: place(customer) },
    },
  ]
}

/** An EPCISDocument with these events. */
export function sampleDocument(eventList: readonly Json[]): Members {
  return {
    '@context': [epcisContext, { ex: 'https://ns.example.com/epcis/' }],
    type: 'EPCISDocument',
    schemaVersion: '2.0',
    creationDate: '2026-01-05T08:00:00.000+08:00',
    epcisBody: { eventList: [...eventList] },
  }
}
