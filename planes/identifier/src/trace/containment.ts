import type { EpcisEvent } from '../epcis/event.ts'
import { instantOf } from '../epcis/event.ts'
import type { StoredEvent } from '../epcis/event-store.ts'

/** A child in a parent from a time to another; `until` is undefined while nothing says that it has left. */
export interface Containment {
  kind: 'aggregation' | 'association'
  child: string
  parent: string
  since: number
  until: number | undefined
  eventIDs: string[]
}

export const timeOf = ({ eventTime }: EpcisEvent): number => instantOf(eventTime) ?? 0

const childrenOf = (event: EpcisEvent): string[] => [
  ...(event.childEPCs ?? []),
  ...(event.childQuantityList ?? []).map(({ epcClass }) => epcClass),
]

/**
 * Who lay in whom, from the events of a parent in the order of time: ADD and OBSERVE begin, DELETE ends, for all children
 * when it names none (EPCIS 2.0 §7.4.3, §7.4.6).
 */
export function containmentsIn(
  parent: string,
  events: readonly StoredEvent[],
  canonical: (id: string) => string,
  idOf: (event: StoredEvent) => string,
): Containment[] {
  const all: Containment[] = []
  const open = new Map<string, Containment>()
  for (const stored of events) {
    const { event } = stored
    if (event.type !== 'AggregationEvent' && event.type !== 'AssociationEvent') continue
    if (event.parentID === undefined || canonical(event.parentID) !== parent) continue
    const kind = event.type === 'AggregationEvent' ? 'aggregation' : 'association'
    const children = childrenOf(event).map(canonical)
    if (event.action === 'DELETE') {
      for (const child of children.length > 0 ? children : [...open.keys()]) {
        const lay = open.get(child)
        if (lay === undefined) continue
        lay.until = timeOf(event)
        lay.eventIDs.push(idOf(stored))
        open.delete(child)
      }
      continue
    }
    for (const child of children) {
      const lies = open.get(child)
      if (lies !== undefined) lies.eventIDs.push(idOf(stored))
      else {
        const begun = { kind, child, parent, since: timeOf(event), until: undefined, eventIDs: [idOf(stored)] } as const
        const containment: Containment = { ...begun, eventIDs: [...begun.eventIDs] }
        open.set(child, containment)
        all.push(containment)
      }
    }
  }
  return all
}
