import type { CanonicalUri } from './canonical-uri.ts'
import type { Namespaces } from './context.ts'
import { eventTypes, instantOf } from './event.ts'
import { hashIdOf } from './event-hash.ts'
import { anyRole, type EventTermKind, identifierOf, roles } from './event-terms.ts'
import { epcisLimits } from './limits.ts'
import { EpcisProblem } from './problem.ts'
import { attributeTest, type EventTest, extensionTest, quantityTest, sensorTest } from './query-fields.ts'
import { countOf, type QueryValue, textsOf, timeOf, wrongParameter } from './query-values.ts'
import { shortTerm, type TermKind } from './vocabulary.ts'

/** One way to find the events of a query in an index: any of the terms, or any term that begins with one of the prefixes. */
export interface Lookup {
  kind: EventTermKind
  terms: readonly string[]
  prefixes: readonly string[]
  /** Of `roles`: where the EPC or class must stand. */
  roles: number
}

export interface Query {
  /** All of these hold for an event of the result. */
  tests: readonly EventTest[]
  /** Each alone finds all events of the result (and more). */
  lookups: readonly Lookup[]
  eventTime: { from?: number; to?: number }
  recordTime: { from?: number; to?: number }
  orderBy: 'eventTime' | 'recordTime' | { name: string; namespaces: Namespaces }
  descending: boolean
  eventCountLimit?: number
  maxEventCount?: number
}

interface Reading {
  canonical: CanonicalUri
  namespaces: Namespaces
  tests: EventTest[]
  lookups: Lookup[]
  eventTime: { from?: number; to?: number }
  recordTime: { from?: number; to?: number }
}

export type QueryParameters = Readonly<Record<string, QueryValue>>

const control = ['orderBy', 'orderDirection', 'eventCountLimit', 'maxEventCount', '@context']

/**
 * Reads the parameters of the query language (EPCIS 2.0 §8.2.7.1, REST names). `namespaces` are those of `@context` or
 * GS1-Extensions. Throws EpcisProblem: QueryParameterException with the parameter and what belongs there.
 */
export function readQuery(parameters: QueryParameters, canonical: CanonicalUri, namespaces: Namespaces): Query {
  const names = Object.keys(parameters)
  if (names.length > epcisLimits.queryParameters)
    throw new EpcisProblem('QueryTooComplexException', `a query has at most ${epcisLimits.queryParameters} parameters`)
  const into: Reading = { canonical, namespaces, tests: [], lookups: [], eventTime: {}, recordTime: {} }
  for (const name of names) if (!control.includes(name)) readParameter(name, parameters[name] ?? null, into)
  const { tests, lookups, eventTime, recordTime } = into
  return { tests, lookups, eventTime, recordTime, ...orderOf(parameters, namespaces) }
}

function orderOf(parameters: QueryParameters, namespaces: Namespaces) {
  const { orderBy, orderDirection, eventCountLimit, maxEventCount } = parameters
  if (orderDirection !== undefined && orderDirection !== 'ASC' && orderDirection !== 'DESC')
    throw wrongParameter('orderDirection', 'ASC or DESC')
  if (orderDirection !== undefined && orderBy === undefined)
    throw wrongParameter('orderDirection', 'an orderBy beside it')
  if (eventCountLimit !== undefined && maxEventCount !== undefined)
    throw wrongParameter('eventCountLimit', 'no maxEventCount beside it')
  if (orderBy !== undefined && (typeof orderBy !== 'string' || orderBy === ''))
    throw wrongParameter('orderBy', 'a name')
  if (typeof orderBy === 'string' && !['eventTime', 'recordTime'].includes(orderBy) && !orderBy.includes(':'))
    throw wrongParameter('orderBy', 'eventTime, recordTime or an extension with its prefix')
  const most = Number.MAX_SAFE_INTEGER
  return {
    orderBy:
      orderBy === undefined || orderBy === 'eventTime' || orderBy === 'recordTime'
        ? ((orderBy ?? 'eventTime') as 'eventTime' | 'recordTime')
        : { name: String(orderBy), namespaces },
    // The standard's default with orderBy; without it the order is ours: oldest first.
    descending: orderBy !== undefined && orderDirection !== 'ASC',
    ...(eventCountLimit === undefined ? {} : { eventCountLimit: countOf('eventCountLimit', eventCountLimit, most) }),
    ...(maxEventCount === undefined ? {} : { maxEventCount: countOf('maxEventCount', maxEventCount, most) }),
  }
}

function readParameter(name: string, value: QueryValue, into: Reading): void {
  const known = Object.hasOwn(fixed, name) ? fixed[name] : undefined
  if (known !== undefined) {
    known(name, value, into)
    return
  }
  const test =
    typedTest(name, value, into) ??
    attributeTest(name, value, into.namespaces) ??
    extensionTest(name, value, into.namespaces) ??
    quantityTest(name, value) ??
    sensorTest(name, value, (member, text) => normalText(member, text, into.canonical))
  if (test === undefined)
    throw new EpcisProblem('QueryParameterException', `${name.slice(0, 100)}: the query language has no such parameter`)
  into.tests.push(test)
}

type Read = (name: string, value: QueryValue, into: Reading) => void

/** A member that equals one of the texts, found by an index when one has it. */
const equals =
  (
    of: (event: Parameters<EventTest>[0]['event']) => readonly (string | undefined)[],
    kind?: EventTermKind,
    words?: TermKind,
  ): Read =>
  (name, value, into) => {
    const normal = (text: string) => (words === undefined ? identifierOf(text, into.canonical) : shortTerm(words, text))
    const wanted = new Set(textsOf(name, value).map(normal))
    into.tests.push(({ event }) => of(event).some((found) => found !== undefined && wanted.has(normal(found))))
    if (kind !== undefined) into.lookups.push({ kind, terms: [...wanted], prefixes: [], roles: 0 })
  }

/** `WD_readPoint`: the place itself or, since a GLN with extension lies in the GLN, a place within it. */
const within =
  (of: (event: Parameters<EventTest>[0]['event']) => string | undefined, kind: EventTermKind): Read =>
  (name, value, into) => {
    const wanted = textsOf(name, value).map((text) => identifierOf(text, into.canonical))
    into.tests.push(({ event }) => {
      const own = of(event)
      const place = own === undefined ? undefined : identifierOf(own, into.canonical)
      return place !== undefined && wanted.some((each) => place === each || place.startsWith(`${each}/254/`))
    })
    into.lookups.push({ kind, terms: wanted, prefixes: wanted.map((each) => `${each}/254/`), roles: 0 })
  }

const matches =
  (kind: 'epc' | 'epcClass', mask: number): Read =>
  (name, value, into) => {
    const terms: string[] = []
    const prefixes: string[] = []
    for (const text of textsOf(name, value)) {
      const form = identifierOf(text, into.canonical)
      if (!text.startsWith('urn:epc:idpat:')) terms.push(form)
      else if (form === text || !text.endsWith('.*'))
        throw wrongParameter(name, 'a pattern of which only the last part is *')
      // In a list of classes the pattern itself is a class; among EPCs it stands for all serial numbers.
      else if (kind === 'epcClass') terms.push(form)
      else prefixes.push(form.includes('/01/') ? `${form}/21/` : form)
    }
    const wanted = new Set(terms)
    into.lookups.push({ kind, terms, prefixes, roles: mask })
    into.tests.push(({ event }) =>
      identifiersIn(event, kind, mask).some((found) => {
        const form = identifierOf(found, into.canonical)
        return wanted.has(form) || prefixes.some((prefix) => form.startsWith(prefix))
      }),
    )
  }

function identifiersIn(event: Parameters<EventTest>[0]['event'], kind: 'epc' | 'epcClass', mask: number): string[] {
  const lists: [number, readonly string[] | undefined][] =
    kind === 'epc'
      ? [
          [roles.epc, event.epcList],
          [roles.parent, event.parentID === undefined ? undefined : [event.parentID]],
          [roles.child, event.childEPCs],
          [roles.input, event.inputEPCList],
          [roles.output, event.outputEPCList],
        ]
      : [
          [roles.epc, event.quantityList?.map(({ epcClass }) => epcClass)],
          [roles.child, event.childQuantityList?.map(({ epcClass }) => epcClass)],
          [roles.input, event.inputQuantityList?.map(({ epcClass }) => epcClass)],
          [roles.output, event.outputQuantityList?.map(({ epcClass }) => epcClass)],
        ]
  return lists.flatMap(([role, list]) => ((role & mask) === 0 ? [] : (list ?? [])))
}

const timeFrom =
  (which: 'eventTime' | 'recordTime', side: 'from' | 'to'): Read =>
  (name, value, into) => {
    const at = timeOf(name, value)
    into[which][side] = at
    into.tests.push(({ event }) => {
      const own = instantOf(event[which] ?? '')
      return own !== undefined && (side === 'from' ? own >= at : own < at)
    })
  }

const declared =
  (side: 'from' | 'to'): Read =>
  (name, value, into) => {
    const at = timeOf(name, value)
    into.tests.push(({ event }) => {
      const own = instantOf(event.errorDeclaration?.declarationTime ?? '')
      return own !== undefined && (side === 'from' ? own >= at : own < at)
    })
  }

const exists =
  (holds: EventTest): Read =>
  (_name, _value, into) => {
    into.tests.push(holds)
  }

const oneOf =
  (values: readonly string[], of: (event: Parameters<EventTest>[0]['event']) => string | undefined): Read =>
  (name, value, into) => {
    const wanted = textsOf(name, value)
    const strange = wanted.find((each) => !values.includes(each))
    if (strange !== undefined) throw wrongParameter(name, `of ${values.join(', ')}`)
    into.tests.push(({ event }) => wanted.includes(of(event) ?? ''))
  }

const fixed: Readonly<Record<string, Read>> = {
  eventType: oneOf(eventTypes, (event) => event.type),
  GE_eventTime: timeFrom('eventTime', 'from'),
  LT_eventTime: timeFrom('eventTime', 'to'),
  GE_recordTime: timeFrom('recordTime', 'from'),
  LT_recordTime: timeFrom('recordTime', 'to'),
  EQ_action: oneOf(['ADD', 'OBSERVE', 'DELETE'], (event) => event.action),
  EQ_bizStep: equals((event) => [event.bizStep], 'bizStep', 'bizStep'),
  EQ_disposition: equals((event) => [event.disposition], 'disposition', 'disposition'),
  EQ_persistentDisposition_set: equals((event) => event.persistentDisposition?.set ?? [], undefined, 'disposition'),
  EQ_persistentDisposition_unset: equals((event) => event.persistentDisposition?.unset ?? [], undefined, 'disposition'),
  EQ_readPoint: equals((event) => [event.readPoint?.id], 'readPoint'),
  WD_readPoint: within((event) => event.readPoint?.id, 'readPoint'),
  EQ_bizLocation: equals((event) => [event.bizLocation?.id], 'bizLocation'),
  WD_bizLocation: within((event) => event.bizLocation?.id, 'bizLocation'),
  EQ_transformationID: equals((event) => [event.transformationID], 'transformationID'),
  // An event is named by its eventID and by its hash id.
  EQ_eventID: (name, value, into) => {
    const wanted = textsOf(name, value)
    into.lookups.push({ kind: 'eventID', terms: wanted, prefixes: [], roles: 0 })
    into.tests.push(({ event, hash }) => wanted.includes(event.eventID ?? '') || wanted.includes(hashIdOf(hash)))
  },
  MATCH_epc: matches('epc', roles.epc | roles.child),
  MATCH_parentID: matches('epc', roles.parent),
  MATCH_inputEPC: matches('epc', roles.input),
  MATCH_outputEPC: matches('epc', roles.output),
  MATCH_anyEPC: matches('epc', anyRole),
  MATCH_epcClass: matches('epcClass', roles.epc | roles.child),
  MATCH_inputEPCClass: matches('epcClass', roles.input),
  MATCH_outputEPCClass: matches('epcClass', roles.output),
  MATCH_anyEPCClass: matches('epcClass', anyRole),
  EXISTS_errorDeclaration: exists(({ event }) => event.errorDeclaration !== undefined),
  GE_errorDeclaration_Time: declared('from'),
  LT_errorDeclaration_Time: declared('to'),
  GE_errorDeclarationTime: declared('from'),
  LT_errorDeclarationTime: declared('to'),
  EQ_errorReason: equals((event) => [event.errorDeclaration?.reason], undefined, 'errorReason'),
  EQ_correctiveEventID: equals((event) => event.errorDeclaration?.correctiveEventIDs ?? []),
  EXISTS_sensorElementList: exists(({ event }) => (event.sensorElementList?.length ?? 0) > 0),
  EXISTS_ilmd: exists(({ event }) => event.ilmd !== undefined),
}

/** `EQ_bizTransaction_po`, `EQ_source_owning_party`, `EQ_destination_location`. */
function typedTest(name: string, value: QueryValue, into: Reading): EventTest | undefined {
  const [, family, given = ''] = /^EQ_(bizTransaction|source|destination)(?:_(.+))?$/.exec(name) ?? []
  if (family === undefined) return undefined
  const kind: TermKind = family === 'bizTransaction' ? 'bizTransactionType' : 'sourceDestinationType'
  const type = shortTerm(kind, given)
  const wanted = textsOf(name, value).map((text) => identifierOf(text, into.canonical))
  if (family === 'bizTransaction') into.lookups.push({ kind: 'bizTransaction', terms: wanted, prefixes: [], roles: 0 })
  return ({ event }) => {
    const list =
      family === 'bizTransaction'
        ? event.bizTransactionList
        : family === 'source'
          ? event.sourceList
          : event.destinationList
    return (list ?? []).some((each) => {
      const id = (each as unknown as Record<string, string>)[family] ?? ''
      return (each.type ?? '') === type && wanted.includes(identifierOf(id, into.canonical))
    })
  }
}

function normalText(member: string, text: string, canonical: CanonicalUri): string {
  if (member === 'type') return shortTerm('measurementType', text)
  if (member === 'exception') return shortTerm('alert', text)
  if (member === 'component') return shortTerm('component', text)
  return identifierOf(text, canonical)
}
