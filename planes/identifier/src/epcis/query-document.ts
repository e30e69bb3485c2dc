import type { Json } from '@kapok/kit/canonical-json'
import type { CanonicalUri } from './canonical-uri.ts'
import { epcisContext, type Namespaces } from './context.ts'
import { hashIdOf } from './event-hash.ts'
import type { StoredEvent } from './event-store.ts'

export interface DocumentOptions {
  now: number
  queryName?: string
  subscriptionID?: string
  /** Set when EPC URNs are to be written as GS1 Digital Link URIs. */
  asDigitalLinks?: CanonicalUri | undefined
}

/**
 * An EPCISQueryDocument (EPCIS 2.0 §9.2) with these events. Each gets its hash id as eventID when it has none. An event
 * whose prefix means another namespace than in those before it says so in an `@context` of its own: CURIEs among its values, and
 * so its hash, stay as they were.
 */
export function queryDocument(events: readonly StoredEvent[], options: DocumentOptions): Record<string, Json> {
  const prefixes: Record<string, string> = {}
  const eventList = events.map(({ event, namespaces, hash }) => {
    const other = joinNamespaces(prefixes, namespaces)
    const whole = {
      ...(Object.keys(other).length === 0 ? {} : { '@context': [other] }),
      ...event,
      eventID: event.eventID ?? hashIdOf(hash),
    } as unknown as Json
    return options.asDigitalLinks === undefined ? whole : withLinks(whole, options.asDigitalLinks)
  })
  const { now, queryName, subscriptionID } = options
  return {
    '@context': Object.keys(prefixes).length === 0 ? [epcisContext] : [epcisContext, prefixes],
    type: 'EPCISQueryDocument',
    schemaVersion: '2.0',
    creationDate: new Date(now).toISOString(),
    epcisBody: {
      queryResults: {
        ...(queryName === undefined ? {} : { queryName }),
        ...(subscriptionID === undefined ? {} : { subscriptionID }),
        resultsBody: { eventList },
      },
    },
  }
}

/** Adds namespaces to those of the document; gives those whose prefixes mean others there. */
function joinNamespaces(into: Record<string, string>, own: Namespaces): Record<string, string> {
  const other: Record<string, string> = {}
  for (const [prefix, namespace] of Object.entries(own)) {
    if (!Object.hasOwn(into, prefix)) into[prefix] = namespace
    else if (into[prefix] !== namespace) other[prefix] = namespace
  }
  return other
}

function withLinks(value: Json, canonical: CanonicalUri): Json {
  if (typeof value === 'string') return value.startsWith('urn:epc:') ? (canonical(value) ?? value) : value
  if (Array.isArray(value)) return value.map((item) => withLinks(item, canonical))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inside]) => [name, withLinks(inside, canonical)]))
}
