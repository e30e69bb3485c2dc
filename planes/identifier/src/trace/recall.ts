import type { EpcisEvent } from '../epcis/event.ts'
import type { StoredEvent } from '../epcis/event-store.ts'
import { timeOf } from './containment.ts'
import type { TraceSource } from './trace-source.ts'
import { eventIdOf, type Trace, type TraceEdge, type TraceNode, type TraceOptions, trace } from './walk.ts'

/** Where a thing was last seen or sent, by an event of its own or of what it lay in. */
export interface Whereabouts {
  time: number
  eventID: string
  bizStep?: string
  /** Business location or, when it was sent, the place of destination. */
  place?: string
  /** Who it was last sent to, or who has it: an owning party before a possessing one. */
  party?: string
}

export interface Touched {
  id: string
  depth: number
  /** The things from the start to this one. */
  path: readonly string[]
  last?: Whereabouts
}

export interface Recall {
  touched: readonly Touched[]
  /** For each party that has or got touched things: which. Things of which no party is known stand under ''. */
  byParty: readonly { party: string; ids: readonly string[] }[]
  trace: Trace
}

/**
 * What a recall of batches, parts or pallets touches, and where that went. Carriers in which a touched thing only lay are in
 * the trace, not in the list.
 */
export async function recall(
  source: TraceSource,
  start: readonly string[],
  options: Omit<TraceOptions, 'direction'> = {},
): Promise<Recall> {
  const found = await trace(source, start, { ...options, direction: 'forward' })
  const nodes = new Map(found.nodes.map((node) => [node.id, node]))
  const carriers = carriersIn(found)
  const touched: Touched[] = []
  for (const { id, depth, touched: isTouched } of found.nodes) {
    if (!isTouched) continue
    const last = await lastOf(id, carriers.get(id) ?? [], source)
    touched.push({ id, depth, path: pathTo(id, nodes), ...(last === undefined ? {} : { last }) })
  }
  const parties = new Map<string, string[]>()
  for (const { id, last } of touched) {
    const party = last?.party ?? ''
    parties.set(party, [...(parties.get(party) ?? []), id])
  }
  return { touched, byParty: [...parties].map(([party, ids]) => ({ party, ids })), trace: found }
}

/** In what each thing lay, and when. */
function carriersIn({ edges }: Trace): Map<string, TraceEdge[]> {
  const carriers = new Map<string, TraceEdge[]>()
  for (const edge of edges)
    if (edge.kind === 'aggregation' || edge.kind === 'association')
      carriers.set(edge.from, [...(carriers.get(edge.from) ?? []), edge])
  return carriers
}

async function lastOf(
  id: string,
  carried: readonly TraceEdge[],
  source: TraceSource,
): Promise<Whereabouts | undefined> {
  const events = [...(await source.eventsOf(id)).events]
  for (const { to: parent, since, until = Number.POSITIVE_INFINITY } of carried)
    for (const stored of (await source.eventsOf(parent)).events) {
      const time = timeOf(stored.event)
      if (time >= since && time <= until) events.push(stored)
    }
  events.sort((a, b) => timeOf(a.event) - timeOf(b.event))
  let last: Whereabouts | undefined
  for (const stored of events) {
    const where = whereaboutsOf(stored)
    // A later event that names no party does not take the party away.
    if (where !== undefined) last = { ...(last?.party === undefined ? {} : { party: last.party }), ...where }
  }
  return last
}

function whereaboutsOf(stored: StoredEvent): Whereabouts | undefined {
  const { event } = stored
  const destinations = event.destinationList ?? []
  const of = (type: string) => destinations.find((each) => each.type === type)?.destination
  const party = of('owning_party') ?? of('possessing_party')
  const place = of('location') ?? placeOf(event)
  if (party === undefined && place === undefined) return undefined
  return {
    time: timeOf(event),
    eventID: eventIdOf(stored),
    ...(event.bizStep === undefined ? {} : { bizStep: event.bizStep }),
    ...(place === undefined ? {} : { place }),
    ...(party === undefined ? {} : { party }),
  }
}

const placeOf = (event: EpcisEvent): string | undefined => event.bizLocation?.id ?? event.readPoint?.id

/** The way on which the walk came. */
function pathTo(id: string, nodes: ReadonlyMap<string, TraceNode>): string[] {
  const path: string[] = []
  const seen = new Set<string>()
  for (let at: string | undefined = id; at !== undefined && !seen.has(at); at = nodes.get(at)?.via) {
    seen.add(at)
    path.unshift(at)
  }
  return path
}
