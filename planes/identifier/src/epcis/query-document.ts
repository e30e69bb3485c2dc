import type { Json } from '@kapok/kit/canonical-json'
import type { CanonicalUri } from './canonical-uri.ts'
import { epcisContext, type Namespaces, ownNamespaces } from './context.ts'
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
 * An EPCISQueryDocument (EPCIS 2.0 §9.2) with these events. Each gets its hash id as eventID when it has none. A prefix that
 * two events use for different namespaces is given another name in one of them.
 */
export function queryDocument(events: readonly StoredEvent[], options: DocumentOptions): Record<string, Json> {
  const prefixes: Record<string, string> = {}
  const eventList = events.map(({ event, namespaces, hash }) => {
    const renamed = joinNamespaces(prefixes, namespaces)
    const whole = { ...event, eventID: event.eventID ?? hashIdOf(hash) } as unknown as Json
    const named = renamed.size === 0 ? whole : renameMembers(whole, renamed)
    return options.asDigitalLinks === undefined ? named : withLinks(named, options.asDigitalLinks)
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

/** Adds namespaces to those of the document; gives the prefixes that have to be renamed in the event. */
function joinNamespaces(into: Record<string, string>, own: Namespaces): Map<string, string> {
  const renamed = new Map<string, string>()
  for (const [prefix, namespace] of Object.entries(own)) {
    let name = prefix
    for (let n = 2; (into[name] !== undefined && into[name] !== namespace) || Object.hasOwn(ownNamespaces, name); n++)
      name = `${prefix}${n}`
    into[name] = namespace
    if (name !== prefix) renamed.set(prefix, name)
  }
  return renamed
}

function renameMembers(value: Json, renamed: ReadonlyMap<string, string>): Json {
  if (Array.isArray(value)) return value.map((item) => renameMembers(item, renamed))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inside]) => {
      const colon = name.indexOf(':')
      const prefix = colon > 0 ? renamed.get(name.slice(0, colon)) : undefined
      return [prefix === undefined ? name : prefix + name.slice(colon), renameMembers(inside, renamed)]
    }),
  )
}

function withLinks(value: Json, canonical: CanonicalUri): Json {
  if (typeof value === 'string') return value.startsWith('urn:epc:') ? (canonical(value) ?? value) : value
  if (Array.isArray(value)) return value.map((item) => withLinks(item, canonical))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inside]) => [name, withLinks(inside, canonical)]))
}
