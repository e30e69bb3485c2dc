import { expandMember, isUri, type Namespaces } from './context.ts'
import { type EpcisEvent, type EventType, eventTypes, instantOf } from './event.ts'
import { epcisLimits } from './limits.ts'
import type { Misfit } from './problem.ts'
import { isWord, shortTerm, type TermKind } from './vocabulary.ts'

// Members of the event types, EPCIS 2.0 §7.3 and §7.4, as a table of checks. A check may replace a value by its normal
// form (a standard value by its bare word): the document was parsed for us and belongs to nobody else.

interface Place {
  misfits: Misfit[]
  namespaces: Namespaces
}
/** Returns the value to keep; what is wrong goes into `at.misfits`. */
type Check = (value: unknown, path: string, at: Place) => unknown
interface Member {
  check: Check
  required?: boolean
}
type Members = Readonly<Record<string, Member>>

function wrong(at: Place, path: string, expected: string): void {
  if (at.misfits.length < epcisLimits.problemsTold) at.misfits.push({ path, expected })
}

const text =
  (holds: (value: string) => boolean, expected: string): Check =>
  (value, path, at) => {
    if (typeof value !== 'string' || !holds(value)) wrong(at, path, expected)
    return value
  }

const uri = text(isUri, 'a URI')
const time = text(
  (value) => instantOf(value) !== undefined,
  'a time with its zone, such as 2026-11-28T09:30:00.000+08:00,',
)
const zoneOffset = text((value) => /^[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00)$/.test(value), 'an offset such as +08:00')
const someText = text(
  (value) => value.length <= epcisLimits.uriCharacters && value.isWellFormed(),
  `at most ${epcisLimits.uriCharacters} characters`,
)
const uom = text((value) => /^[A-Z0-9]{2,3}$/.test(value), 'a unit of UN/ECE Recommendation 20, such as KGM,')
const hex = text((value) => /^(?:[0-9A-Fa-f]{2})+$/.test(value), 'pairs of hexadecimal digits')
const action = text((value) => value === 'ADD' || value === 'OBSERVE' || value === 'DELETE', 'ADD, OBSERVE or DELETE')

const decimal: Check = (value, path, at) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) wrong(at, path, 'a number')
  return value
}
const boolean: Check = (value, path, at) => {
  if (typeof value !== 'boolean') wrong(at, path, 'true or false')
  return value
}

/** A standard value in any form, kept as its bare word, or a URI or CURIE of somebody else's vocabulary. */
const term =
  (kind: TermKind): Check =>
  (value, path, at) => {
    if (typeof value !== 'string') {
      wrong(at, path, 'a value of CBV or a URI')
      return value
    }
    const short = shortTerm(kind, value)
    if (!isWord(kind, short) && !isUri(short)) wrong(at, path, 'a standard value of CBV 2.0 or a URI')
    return short
  }

const list =
  (item: Check, atLeast = 0): Check =>
  (value, path, at) => {
    if (!Array.isArray(value)) {
      wrong(at, path, 'a list')
      return value
    }
    if (value.length < atLeast) wrong(at, path, `a list of at least ${atLeast}`)
    if (value.length > epcisLimits.listItems) wrong(at, path, `a list of at most ${epcisLimits.listItems}`)
    else for (let i = 0; i < value.length; i++) value[i] = item(value[i], `${path}[${i}]`, at)
    return value
  }

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const object =
  (members: Members): Check =>
  (value, path, at) => {
    if (isObject(value)) checkMembers(value, members, path, at)
    else wrong(at, path, 'an object')
    return value
  }

function checkMembers(value: Record<string, unknown>, members: Members, path: string, at: Place): void {
  for (const name of Object.keys(value)) {
    const member = Object.hasOwn(members, name) ? members[name] : undefined
    if (member !== undefined) value[name] = member.check(value[name], `${path}.${name}`, at)
    else checkExtension(name, value[name], path, at, false, 1)
  }
  for (const name in members)
    if (members[name]?.required === true && !Object.hasOwn(value, name)) wrong(at, `${path}.${name}`, 'a value')
}

/** Names of extensions have a prefix that `@context` defines; further inside also names of their own. */
function checkExtension(name: string, value: unknown, path: string, at: Place, inside: boolean, depth: number): void {
  const here = `${path}.${name}`
  const isName = expandMember(name, at.namespaces) !== undefined || (inside && !name.includes(':'))
  if (!name.isWellFormed()) wrong(at, path, 'names of whole characters')
  else if (!isName) wrong(at, here, 'no such member, or an extension whose prefix @context defines,')
  else checkInside(value, here, at, depth)
}

function checkInside(value: unknown, path: string, at: Place, depth: number): void {
  if (depth > epcisLimits.documentDepth) wrong(at, path, `at most ${epcisLimits.documentDepth} levels`)
  else if (Array.isArray(value)) {
    if (value.length > epcisLimits.listItems) wrong(at, path, `a list of at most ${epcisLimits.listItems}`)
    else for (const [i, item] of value.entries()) checkInside(item, `${path}[${i}]`, at, depth + 1)
  } else if (typeof value === 'string') {
    if (!value.isWellFormed()) wrong(at, path, 'whole characters')
  } else if (isObject(value))
    for (const name of Object.keys(value)) checkExtension(name, value[name], path, at, true, depth + 1)
}

const extensions: Check = object({})
const place = object({ id: { check: uri, required: true } })
const quantities = list(
  object({ epcClass: { check: uri, required: true }, quantity: { check: decimal }, uom: { check: uom } }),
)
const dispositions = list(term('disposition'), 1)
const sourceType = { check: term('sourceDestinationType'), required: true }

const sensorMetadata = object({
  time: { check: time },
  startTime: { check: time },
  endTime: { check: time },
  deviceID: { check: uri },
  deviceMetadata: { check: uri },
  rawData: { check: uri },
  dataProcessingMethod: { check: uri },
  bizRules: { check: uri },
})
const sensorReport = object({
  type: { check: term('measurementType') },
  exception: { check: term('alert') },
  deviceID: { check: uri },
  deviceMetadata: { check: uri },
  rawData: { check: uri },
  dataProcessingMethod: { check: uri },
  time: { check: time },
  microorganism: { check: uri },
  chemicalSubstance: { check: uri },
  value: { check: decimal },
  component: { check: term('component') },
  stringValue: { check: someText },
  booleanValue: { check: boolean },
  hexBinaryValue: { check: hex },
  uriValue: { check: uri },
  minValue: { check: decimal },
  maxValue: { check: decimal },
  meanValue: { check: decimal },
  sDev: { check: decimal },
  percRank: { check: decimal },
  percValue: { check: decimal },
  uom: { check: uom },
  coordinateReferenceSystem: { check: uri },
})
const report: Check = (value, path, at) => {
  sensorReport(value, path, at)
  if (isObject(value) && value.type === undefined && value.exception === undefined)
    wrong(at, path, 'a type or an exception')
  return value
}

const common: Members = {
  type: { check: (value) => value, required: true },
  eventTime: { check: time, required: true },
  eventTimeZoneOffset: { check: zoneOffset, required: true },
  recordTime: { check: time },
  eventID: { check: uri },
  certificationInfo: { check: (value, path, at) => (Array.isArray(value) ? list(uri) : uri)(value, path, at) },
  errorDeclaration: {
    check: object({
      declarationTime: { check: time, required: true },
      reason: { check: term('errorReason') },
      correctiveEventIDs: { check: list(uri) },
    }),
  },
  bizStep: { check: term('bizStep') },
  disposition: { check: term('disposition') },
  persistentDisposition: { check: object({ set: { check: dispositions }, unset: { check: dispositions } }) },
  readPoint: { check: place },
  bizLocation: { check: place },
  bizTransactionList: {
    check: list(
      object({ type: { check: term('bizTransactionType') }, bizTransaction: { check: uri, required: true } }),
    ),
  },
  sourceList: { check: list(object({ type: sourceType, source: { check: uri, required: true } })) },
  destinationList: { check: list(object({ type: sourceType, destination: { check: uri, required: true } })) },
  sensorElementList: {
    check: list(
      object({ sensorMetadata: { check: sensorMetadata }, sensorReport: { check: list(report, 1), required: true } }),
    ),
  },
}
const uris = { check: list(uri) }
const acted = { action: { check: action, required: true } }
const ofParent = { parentID: { check: uri }, childEPCs: uris, childQuantityList: { check: quantities } }

const membersOf: Readonly<Record<EventType, Members>> = {
  ObjectEvent: { ...common, ...acted, epcList: uris, quantityList: { check: quantities }, ilmd: { check: extensions } },
  AggregationEvent: { ...common, ...acted, ...ofParent },
  AssociationEvent: { ...common, ...acted, ...ofParent },
  TransactionEvent: {
    ...common,
    ...acted,
    parentID: { check: uri },
    epcList: uris,
    quantityList: { check: quantities },
  },
  TransformationEvent: {
    ...common,
    inputEPCList: uris,
    inputQuantityList: { check: quantities },
    outputEPCList: uris,
    outputQuantityList: { check: quantities },
    transformationID: { check: uri },
    ilmd: { check: extensions },
  },
}

const some = (items: readonly unknown[] | undefined): boolean => items !== undefined && items.length > 0

/** What EPCIS 2.0 §7.4 asks of members together. Called only for events whose members fit each alone. */
function checkTogether(event: EpcisEvent, path: string, at: Place): void {
  switch (event.type) {
    case 'ObjectEvent': {
      const sensed = some(event.sensorElementList) && (event.readPoint !== undefined || event.bizLocation !== undefined)
      if (!some(event.epcList) && !some(event.quantityList) && !sensed)
        wrong(at, path, 'an epcList or a quantityList, or a sensorElementList with readPoint or bizLocation,')
      if (event.ilmd !== undefined && event.action !== 'ADD') wrong(at, `${path}.ilmd`, 'action ADD beside it')
      return
    }
    case 'AggregationEvent':
    case 'AssociationEvent': {
      const withoutParent = event.type === 'AggregationEvent' && event.action === 'OBSERVE'
      if (event.parentID === undefined && !withoutParent) wrong(at, `${path}.parentID`, 'a URI')
      if (!some(event.childEPCs) && !some(event.childQuantityList) && event.action !== 'DELETE')
        wrong(at, path, 'childEPCs or a childQuantityList')
      return
    }
    case 'TransactionEvent':
      if (!some(event.bizTransactionList)) wrong(at, `${path}.bizTransactionList`, 'a list of at least 1')
      if (
        !some(event.epcList) &&
        !some(event.quantityList) &&
        event.parentID === undefined &&
        event.action !== 'DELETE'
      )
        wrong(at, path, 'an epcList, a quantityList or a parentID')
      return
    case 'TransformationEvent': {
      const linked = event.transformationID !== undefined
      const hasInput = some(event.inputEPCList) || some(event.inputQuantityList)
      const hasOutput = some(event.outputEPCList) || some(event.outputQuantityList)
      if (!hasInput && !(linked && hasOutput)) wrong(at, path, 'an inputEPCList or an inputQuantityList')
      if (!hasOutput && !(linked && hasInput)) wrong(at, path, 'an outputEPCList or an outputQuantityList')
    }
  }
}

/**
 * Checks an event that was parsed from JSON and brings standard values to their bare words, in place. The event, or the
 * places that are wrong, at most `problemsTold`.
 */
export function checkEvent(value: unknown, path: string, namespaces: Namespaces): EpcisEvent | Misfit[] {
  const at: Place = { misfits: [], namespaces }
  if (!isObject(value)) return [{ path, expected: 'an object' }]
  const type = eventTypes.find((each) => each === value.type)
  if (type === undefined) return [{ path: `${path}.type`, expected: `one of ${eventTypes.join(', ')}` }]
  // A blank node is a name within its document only.
  if (typeof value.eventID === 'string' && value.eventID.startsWith('_:')) delete value.eventID
  checkMembers(value, membersOf[type], path, at)
  const event = value as unknown as EpcisEvent
  if (at.misfits.length === 0) checkTogether(event, path, at)
  return at.misfits.length > 0 ? at.misfits : event
}
