import { startOfCivilDay } from '@kapok/kit/clock'
import {
  administratorOf,
  customers,
  type IdentifierDoor,
  type Part,
  partsOf,
  partyOf,
  prefixOf,
} from './identifiers.ts'
import { type PlantWords, plants } from './province.ts'

const hourMs = 3_600_000
const place = 'https://id.gs1.org/414/9521234500001'
/** All parts of a month are made of one lot. */
const material = (day: string): string => `https://id.gs1.org/01/09521234543237/10/S${day.slice(0, 7).replace('-', '')}`

/**
 * What happened to the parts of the last days, as EPCIS 2.0 events: each batch is made of the month's lot, packed into a pallet, and
 * shipped in the evening, to one customer after another.
 */
export function eventsOf(plant: PlantWords, today: string): object[] {
  const batches = Map.groupBy(partsOf(plant, today), ({ batch }) => batch)
  return [...batches.values()].flatMap((parts) => {
    const [first] = parts
    return first ? eventsOfBatch(plant, first, parts) : []
  })
}

function eventsOfBatch(plant: PlantWords, { day, batch }: Part, parts: readonly Part[]): object[] {
  const begins = startOfCivilDay(day)
  const at = (ms: number) => ({ eventTime: new Date(ms).toISOString(), eventTimeZoneOffset: '+08:00' })
  const made = Math.max(...parts.map(({ producedAt }) => producedAt))
  const pallet = palletOf(plants.indexOf(plant), batch)
  const customer = customers[Math.floor(begins / (24 * hourMs)) % customers.length] ?? customers[0]
  return [
    {
      type: 'TransformationEvent',
      ...at(made),
      inputQuantityList: [{ epcClass: material(day), quantity: 0.4 * parts.length, uom: 'KGM' }],
      outputEPCList: parts.map(({ digitalLink }) => digitalLink),
      bizStep: 'commissioning',
      disposition: 'active',
      bizLocation: { id: place },
    },
    {
      type: 'AggregationEvent',
      ...at(begins + 17 * hourMs),
      parentID: pallet,
      childEPCs: parts.map(({ digitalLink }) => digitalLink),
      action: 'ADD',
      bizStep: 'packing',
      disposition: 'in_progress',
      bizLocation: { id: place },
    },
    {
      type: 'ObjectEvent',
      ...at(begins + 18 * hourMs),
      epcList: [pallet],
      action: 'OBSERVE',
      bizStep: 'shipping',
      disposition: 'in_transit',
      readPoint: { id: place },
      destinationList: [{ type: 'owning_party', destination: partyOf(customer) }],
    },
  ]
}

/** An SSCC of the range 952: plant, day and machine, with its check digit (GS1 General Specifications §7.9.1). */
function palletOf(plant: number, batch: string): string {
  const [day = '', machine = ''] = batch.split('-')
  const digits = `0952123${plant}${day.slice(2)}${machine.padStart(3, '0')}`
  const sum = Array.from(digits).reduceRight(
    (total, digit, i) => total + Number(digit) * ((digits.length - i) % 2 ? 3 : 1),
    0,
  )
  return `https://id.gs1.org/00/${digits}${(10 - (sum % 10)) % 10}`
}

/** Tells each plant's node what happened; what it knows already counts once. Throws with what the node said. */
export async function captureEvents(door: IdentifierDoor, today: string): Promise<void> {
  for (const plant of plants) {
    const events = eventsOf(plant, today)
    if (events.length === 0) continue
    const reply = await fetch(`${door.url}/${prefixOf(plant)}/epcis/capture`, {
      method: 'POST',
      headers: {
        authorization: administratorOf(plant, door),
        'content-type': 'application/json',
        'GS1-Capture-Error-Behaviour': 'proceed',
      },
      body: JSON.stringify({
        '@context': ['https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld'],
        type: 'EPCISDocument',
        schemaVersion: '2.0',
        creationDate: new Date(startOfCivilDay(today)).toISOString(),
        epcisBody: { eventList: events },
      }),
    })
    if (reply.status !== 202)
      throw new Error(`${prefixOf(plant)}: the identifier node says ${reply.status} ${await reply.text()}`)
  }
}
