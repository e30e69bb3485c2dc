import type { CanonicalUri } from '../epcis/canonical-uri.ts'
import type { EventStore, StoredEvent } from '../epcis/event-store.ts'
import { identifierOf } from '../epcis/event-terms.ts'
import { epcisLimits } from '../epcis/limits.ts'
import { everyone, type MayRead } from '../epcis/query-run.ts'

/** What one look at an identifier gave: the events that the asker may read, in the order of their times, and how many not. */
export interface SeenEvents {
  events: readonly StoredEvent[]
  hidden: number
  /** There are more than were read. */
  cut: boolean
}

/** Where a trace finds events: one node's store, or several owners' nodes each of which applies its own rights. */
export interface TraceSource {
  /** Events in which the EPC, class or transformation stands. */
  eventsOf(id: string): Promise<SeenEvents> | SeenEvents
  /** Events of a transformation id, which joins inputs and outputs of several events. */
  ofTransformation(id: string): Promise<SeenEvents> | SeenEvents
  /** One spelling for all of an identifier. */
  canonical(id: string): string
}

/** The events of one store, as far as `mayRead` lets them be seen. */
export function storeSource(store: EventStore, canonical: CanonicalUri, mayRead: MayRead = everyone): TraceSource {
  const read = (entries: Iterable<{ seq: number }>): SeenEvents => {
    const events: StoredEvent[] = []
    let hidden = 0
    for (const { seq } of entries) {
      if (events.length + hidden >= epcisLimits.traceEvents) return { events, hidden, cut: true }
      const event = store.read(seq)
      // What was declared to be an error did not happen.
      if (event === undefined || isDeclaredWrong(store, event)) continue
      if (mayRead(event)) events.push(event)
      else hidden++
    }
    return { events, hidden, cut: false }
  }
  const form = (id: string) => identifierOf(id, canonical)
  return {
    canonical: form,
    eventsOf: (id) => {
      const [asEpc, asClass] = [store.entries('epc', form(id), {}), store.entries('epcClass', form(id), {})]
      return read([...asEpc, ...asClass].sort((a, b) => a.time - b.time || a.seq - b.seq))
    },
    ofTransformation: (id) => read(store.entries('transformationID', form(id), {})),
  }
}

function isDeclaredWrong(store: EventStore, { event, hash }: StoredEvent): boolean {
  if (event.errorDeclaration !== undefined) return true
  return store.withHash(hash).some((other) => other.event.errorDeclaration !== undefined)
}
