import type { Json } from '@kapok/kit/canonical-json'
import type { Namespaces } from './context.ts'

/** The event types of EPCIS 2.0 (§7.4). */
export const eventTypes = [
  'ObjectEvent',
  'AggregationEvent',
  'AssociationEvent',
  'TransactionEvent',
  'TransformationEvent',
] as const
export type EventType = (typeof eventTypes)[number]

export interface QuantityElement {
  epcClass: string
  quantity?: number
  uom?: string
}
export interface BizTransaction {
  type?: string
  bizTransaction: string
}
export interface Place {
  id: string
  [extension: string]: Json
}
export interface ErrorDeclaration {
  declarationTime: string
  reason?: string
  correctiveEventIDs?: string[]
  [extension: string]: Json | undefined
}
export type SensorReport = Record<string, Json>
export interface SensorElement {
  sensorMetadata?: Record<string, Json>
  sensorReport: SensorReport[]
  [extension: string]: Json | undefined
}

/**
 * An event as the JSON of EPCIS 2.0 writes it, checked (event-shape.ts); standard values of CBV are bare words. Other
 * members are extensions with a prefix.
 */
export interface EpcisEvent {
  type: EventType
  eventTime: string
  eventTimeZoneOffset: string
  recordTime?: string
  eventID?: string
  errorDeclaration?: ErrorDeclaration
  certificationInfo?: string | string[]
  action?: 'ADD' | 'OBSERVE' | 'DELETE'
  epcList?: string[]
  quantityList?: QuantityElement[]
  parentID?: string
  childEPCs?: string[]
  childQuantityList?: QuantityElement[]
  inputEPCList?: string[]
  inputQuantityList?: QuantityElement[]
  outputEPCList?: string[]
  outputQuantityList?: QuantityElement[]
  transformationID?: string
  bizStep?: string
  disposition?: string
  persistentDisposition?: { set?: string[]; unset?: string[] }
  readPoint?: Place
  bizLocation?: Place
  bizTransactionList?: BizTransaction[]
  sourceList?: { type: string; source: string }[]
  destinationList?: { type: string; destination: string }[]
  sensorElementList?: SensorElement[]
  ilmd?: Record<string, Json>
}

/** An event and what the prefixes in it mean. */
export interface EventInContext {
  event: EpcisEvent
  namespaces: Namespaces
}

/** A member by name, also an extension. */
export const memberOf = (event: EpcisEvent, name: string): Json | undefined =>
  Object.hasOwn(event, name) ? (event as unknown as Record<string, Json>)[name] : undefined

const timeForm = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/

/**
 * Unix milliseconds of an xsd:dateTimeStamp, whose time zone is required; the fourth digit behind the point rounds
 * (CBV 2.0 §8.9). Undefined for what is none.
 */
export function instantOf(text: string): number | undefined {
  const parts = timeForm.exec(text)
  if (parts === null) return undefined
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = parts
  const at = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
  // Date.UTC takes years below 100 for 1900 and on.
  if (Number(year) < 100 || Number(month) < 1 || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59)
    return undefined
  // 30 February would be 2 March.
  if (new Date(at).getUTCDate() !== Number(day) || new Date(at).getUTCMonth() !== Number(month) - 1) return undefined
  const ms = Number(fraction.slice(0, 3).padEnd(3, '0')) + (Number(fraction[3] ?? 0) >= 5 ? 1 : 0)
  if (zone === 'Z') return at + ms
  const zoneMinutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))
  if (zoneMinutes > 14 * 60 || Number(zone.slice(4, 6)) > 59) return undefined
  return at + ms - (zone.startsWith('-') ? -1 : 1) * zoneMinutes * 60_000
}
