import { hash } from 'node:crypto'
import type { Json } from '@kapok/kit/canonical-json'
import type { CanonicalUri } from './canonical-uri.ts'
import { expandMember, type Namespaces } from './context.ts'
import {
  type EpcisEvent,
  type EventInContext,
  instantOf,
  memberOf,
  type QuantityElement,
  type SensorElement,
} from './event.ts'
import { bytewise, canonicalValue } from './hash-value.ts'
import { type TermKind, termUri } from './vocabulary.ts'

/** Which edition's rules: 2.1 names the list of sensor elements and leaves extensions where they stand. */
export type HashEdition = 'CBV2.0' | 'CBV2.1'

interface Hashing {
  namespaces: Namespaces
  canonical: CanonicalUri
  edition: HashEdition
}

/**
 * The event hash id of CBV 2.0 §8.9: `ni:///sha-256;<hex>?ver=CBV2.0`. It is the same for the JSON and the XML of an event
 * and for any spelling of its keys, and does not depend on recordTime, eventID and errorDeclaration.
 */
export function eventHashId(of: EventInContext, canonical: CanonicalUri, edition: HashEdition = 'CBV2.0'): string {
  return hashIdOf(eventHash(of, canonical, edition), edition)
}

/** The 32 bytes in it. */
export function eventHash(of: EventInContext, canonical: CanonicalUri, edition: HashEdition = 'CBV2.0'): Buffer {
  return hash('sha256', preHash(of, canonical, edition), 'buffer')
}

export const hashIdOf = (bytes: Uint8Array, edition: HashEdition = 'CBV2.0'): string =>
  `ni:///sha-256;${Buffer.from(bytes).toString('hex')}?ver=${edition}`

/**
 * The text that is hashed. The order of members and the forms of values are those of the published vectors of the
 * reference generator; where they differ from its own description (the type of a business transaction stands before it,
 * measurement types are of ref.gs1.org/voc) the vectors win.
 */
export function preHash(
  { event, namespaces }: EventInContext,
  canonical: CanonicalUri,
  edition: HashEdition = 'CBV2.0',
): string {
  const by: Hashing = { namespaces, canonical, edition }
  const later: string[] = []
  const ordered = [
    `eventType=${event.type}`,
    instant('eventTime', event.eventTime),
    plain('eventTimeZoneOffset', event.eventTimeZoneOffset, by),
    list('epcList', 'epc', event.epcList, by),
    plain('parentID', event.parentID, by),
    list('inputEPCList', 'epc', event.inputEPCList, by),
    list('childEPCs', 'epc', event.childEPCs, by),
    quantities('quantityList', event.quantityList, by),
    quantities('childQuantityList', event.childQuantityList, by),
    quantities('inputQuantityList', event.inputQuantityList, by),
    list('outputEPCList', 'epc', event.outputEPCList, by),
    quantities('outputQuantityList', event.outputQuantityList, by),
    plain('action', event.action, by),
    plain('transformationID', event.transformationID, by),
    term('bizStep', 'bizStep', event.bizStep, by),
    term('disposition', 'disposition', event.disposition, by),
    persistentDisposition(event, by),
    place('readPoint', event.readPoint, later, by),
    place('bizLocation', event.bizLocation, later, by),
    typedList(event, 'bizTransactionList', 'bizTransaction', 'bizTransactionType', by),
    typedList(event, 'sourceList', 'source', 'sourceDestinationType', by),
    typedList(event, 'destinationList', 'destination', 'sourceDestinationType', by),
    sensorElements(event, later, by),
  ]
  const ilmd = event.ilmd === undefined ? '' : `ilmd${inside(event.ilmd, by)}`
  const extensions = extensionsOf(event as unknown as Record<string, Json>, by).sort(bytewise)
  return [...ordered, ilmd, ...later, ...extensions].join('')
}

const named = (name: string, value: string): string => (value === '' ? '' : `${name}=${value}`)

const instant = (name: string, value: Json | undefined): string => {
  const at = typeof value === 'string' ? instantOf(value) : undefined
  return at === undefined ? '' : `${name}=${new Date(at).toISOString()}`
}

const plain = (name: string, value: Json | undefined, by: Hashing): string =>
  value === undefined || value === null || typeof value === 'object'
    ? ''
    : named(name, canonicalValue(value, by.canonical))

const term = (name: string, kind: TermKind, value: Json | undefined, by: Hashing): string => {
  if (typeof value !== 'string') return ''
  const uri = termUri(kind, value)
  return uri === value ? plain(name, value, by) : `${name}=${uri}`
}

const listed = (name: string, items: readonly string[]): string => {
  const sorted = items.filter((item) => item !== '').sort(bytewise)
  return sorted.length === 0 ? '' : name + sorted.join('')
}

const list = (name: string, item: string, values: readonly string[] | undefined, by: Hashing): string =>
  values === undefined
    ? ''
    : listed(
        name,
        values.map((value) => plain(item, value, by)),
      )

const quantities = (name: string, values: readonly QuantityElement[] | undefined, by: Hashing): string =>
  values === undefined
    ? ''
    : listed(
        name,
        values.map(
          (each) =>
            `quantityElement${plain('epcClass', each.epcClass, by)}${plain('quantity', each.quantity, by)}${plain('uom', each.uom, by)}`,
        ),
      )

function persistentDisposition({ persistentDisposition: given }: EpcisEvent, by: Hashing): string {
  const of = (name: string, values: readonly string[] | undefined) =>
    listed(
      '',
      (values ?? []).map((value) => term(name, 'disposition', value, by)),
    )
  const text = of('set', given?.set) + of('unset', given?.unset)
  return text === '' ? '' : `persistentDisposition${text}`
}

function place(name: string, given: Record<string, Json> | undefined, later: string[], by: Hashing): string {
  if (given === undefined) return ''
  const text = plain('id', given.id, by)
  const more = extensionsOf(given, by).sort(bytewise).join('')
  if (by.edition === 'CBV2.1') return text + more === '' ? '' : name + text + more
  if (more !== '') later.push(name + more)
  return text === '' ? '' : name + text
}

function typedList(event: EpcisEvent, name: string, member: string, kind: TermKind, by: Hashing): string {
  const items = memberOf(event, name) as Record<string, Json>[] | undefined
  return items === undefined
    ? ''
    : listed(
        name,
        items.map((item) => term('type', kind, item.type, by) + plain(member, item[member], by)),
      )
}

const metadataMembers = 'time startTime endTime deviceID deviceMetadata rawData dataProcessingMethod bizRules'.split(
  ' ',
)
const reportMembers =
  `type exception deviceID deviceMetadata rawData dataProcessingMethod time microorganism chemicalSubstance value component
  stringValue booleanValue hexBinaryValue uriValue minValue maxValue meanValue sDev percRank percValue uom
  coordinateReferenceSystem`.split(/\s+/)
const termMembers: Readonly<Record<string, TermKind>> = {
  type: 'measurementType',
  exception: 'alert',
  component: 'component',
}

const measured = (members: readonly string[], given: Record<string, Json>, by: Hashing): string =>
  members
    .map((name) => {
      const kind = termMembers[name]
      if (kind !== undefined) return term(name, kind, given[name], by)
      return name.toLowerCase().endsWith('time') ? instant(name, given[name]) : plain(name, given[name], by)
    })
    .join('')

function sensorElements({ sensorElementList }: EpcisEvent, later: string[], by: Hashing): string {
  if (sensorElementList === undefined) return ''
  const parts = sensorElementList.map((element) => sensorElement(element, by))
  if (by.edition === 'CBV2.1')
    return listed(
      'sensorElementList',
      parts.map(({ text, more }) => text + more),
    )
  later.push(
    listed(
      '',
      parts.map(({ apart }) => apart),
    ),
  )
  return listed(
    '',
    parts.map(({ text }) => text),
  )
}

/** A sensor element with extensions where they stand (`text` and `more`) or, in the older edition, apart. */
function sensorElement(element: SensorElement, by: Hashing): { text: string; more: string; apart: string } {
  const inline = by.edition === 'CBV2.1'
  const part = (name: string, members: readonly string[], given: Record<string, Json>) => {
    const more = extensionsOf(given, by).sort(bytewise).join('')
    const text = measured(members, given, by) + (inline ? more : '')
    return { text: text === '' ? '' : name + text, apart: more === '' ? '' : name + more }
  }
  const { sensorMetadata } = element
  const metadata = sensorMetadata === undefined ? [] : [part('sensorMetadata', metadataMembers, sensorMetadata)]
  const reports = element.sensorReport.map((given) => part('sensorReport', reportMembers, given))
  const own = extensionsOf(element as unknown as Record<string, Json>, by)
    .sort(bytewise)
    .join('')
  const text =
    listed(
      '',
      metadata.map((each) => each.text),
    ) +
    listed(
      '',
      reports.map((each) => each.text),
    )
  const apart =
    [...metadata, ...reports]
      .map((each) => each.apart)
      .filter((each) => each !== '')
      .sort(bytewise)
      .join('') + own
  return {
    text: text === '' && !(inline && own !== '') ? '' : `sensorElement${text}`,
    more: inline ? own : '',
    apart: apart === '' ? '' : `sensorElement${apart}`,
  }
}

/** Extensions of an object as texts `{namespace}name=value`; standard members have no prefix. */
function extensionsOf(given: Record<string, Json>, by: Hashing): string[] {
  const texts: string[] = []
  for (const [name, value] of Object.entries(given))
    if (name.includes(':') && name !== 'rdfs:comment') texts.push(...memberTexts(name, value, by))
  return texts
}

function memberTexts(name: string, value: Json, by: Hashing): string[] {
  const expanded = expandMember(name, by.namespaces)
  const key = expanded === undefined ? name : `{${expanded.namespace}}${expanded.local}`
  return [value].flat().map((item) => {
    if (item === null) return key
    if (typeof item === 'object') return key + inside(item, by)
    const text = canonicalValue(item, by.canonical)
    return text === '' ? key : `${key}=${text}`
  })
}

function inside(value: Json, by: Hashing): string {
  if (value === null || typeof value !== 'object') return value === null ? '' : canonicalValue(value, by.canonical)
  if (Array.isArray(value))
    return value
      .map((item) => inside(item, by))
      .sort(bytewise)
      .join('')
  const texts: string[] = []
  for (const [name, item] of Object.entries(value))
    if (name !== 'rdfs:comment') texts.push(...memberTexts(name, item, by))
  return texts.sort(bytewise).join('')
}
