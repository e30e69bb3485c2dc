import type { EpcisEvent } from '../epcis/event.ts'
import { hashIdOf } from '../epcis/event-hash.ts'
import type { StoredEvent } from '../epcis/event-store.ts'
import { epcisLimits } from '../epcis/limits.ts'
import { type Containment, containmentsIn, timeOf } from './containment.ts'
import type { SeenEvents, TraceSource } from './trace-source.ts'

export type Direction = 'forward' | 'backward'

export interface TraceOptions {
  direction: Direction
  /** Steps from the start, at most `epcisLimits.traceDepth`. */
  depth?: number
  /** Only events from this time on and before that one, Unix ms. */
  from?: number
  to?: number
}

export interface TraceNode {
  id: string
  kind: 'thing' | 'transaction'
  /** Steps from the start. */
  depth: number
  /** Events of it that the asker may not read. */
  hidden: number
  /** The node from which the walk came; none at a start. */
  via?: string
  /** Not only a carrier in which a touched thing lay, and no transaction. */
  touched: boolean
}

/** Always in the direction of the goods: from input to output, from child to parent, from a thing to its transaction. */
export interface TraceEdge {
  from: string
  to: string
  kind: 'transformation' | 'aggregation' | 'association' | 'transaction'
  /** Unix ms; a containment lasts `until`, when that is known. */
  since: number
  until?: number
  eventIDs: readonly string[]
}

/** Nodes and edges to draw. What is not shown is said: `cut`, and `hidden` at its node. */
export interface Trace {
  nodes: TraceNode[]
  edges: TraceEdge[]
  cut: { depth: boolean; size: boolean }
}

/** A thing that the walk has reached, and between which times what happens to it is of interest. */
interface Visit {
  id: string
  depth: number
  since: number
  until: number
  /** Its contents are touched as well. A pallet in which a touched part lies does not touch its other parts. */
  whole: boolean
}
interface Step extends Omit<Visit, 'depth'> {
  edge: TraceEdge
  kind?: TraceNode['kind']
  /** Drawn and not followed. */
  ends?: boolean
}

export const eventIdOf = ({ event, hash }: StoredEvent): string => event.eventID ?? hashIdOf(hash)

/**
 * What became of things and where they went (forward), or what they were made of and came in (backward), through
 * transformations, aggregations, associations and transactions. A step forward never goes back in time, so reused
 * carriers join nothing that did not lie together, and loops end.
 */
export async function trace(source: TraceSource, start: readonly string[], options: TraceOptions): Promise<Trace> {
  return new Walk(source, options).from(start)
}

class Walk {
  readonly #source: TraceSource
  readonly #options: TraceOptions
  readonly #depth: number
  readonly #seen = new Map<string, SeenEvents>()
  readonly #nodes = new Map<string, TraceNode>()
  readonly #edges = new Map<string, TraceEdge>()
  readonly #reached = new Map<string, { since: number; until: number }[]>()
  readonly #cut = { depth: false, size: false }
  #read = 0
  #visits = 0

  constructor(source: TraceSource, options: TraceOptions) {
    this.#source = source
    this.#options = options
    this.#depth = Math.min(Math.max(options.depth ?? epcisLimits.traceDepthDefault, 0), epcisLimits.traceDepth)
  }

  async from(start: readonly string[]): Promise<Trace> {
    let visits: Visit[] = start.map((id) => ({
      id: this.#source.canonical(id),
      depth: 0,
      since: -ever,
      until: ever,
      whole: true,
    }))
    for (const { id } of visits) this.#nodes.set(id, { id, kind: 'thing', depth: 0, hidden: 0, touched: true })
    while (visits.length > 0 && !this.#cut.size) {
      const next: Visit[] = []
      for (const visit of visits)
        if (this.#isNews(visit)) for (const step of await this.#steps(visit)) this.#take(step, visit, next)
      visits = next
    }
    return { nodes: [...this.#nodes.values()], edges: [...this.#edges.values()], cut: this.#cut }
  }

  #take(step: Step, { id, depth }: Visit, next: Visit[]): void {
    const isNew = !this.#nodes.has(step.id)
    if (depth >= this.#depth && isNew) {
      this.#cut.depth = true
      return
    }
    if ((isNew && this.#nodes.size >= epcisLimits.traceNodes) || this.#edges.size >= epcisLimits.traceEdges) {
      this.#cut.size = true
      return
    }
    this.#node(step, id, depth + 1)
    const { from, to, kind, since } = step.edge
    this.#edges.set(`${kind} ${from} ${to} ${since}`, step.edge)
    if (step.ends !== true) next.push({ ...step, depth: depth + 1 })
  }

  #node({ id, kind = 'thing', whole, edge }: Step, via: string, depth: number): void {
    // What a touched thing was mounted in is touched; what it was packed in is not.
    const touched = kind === 'thing' && (whole || edge.kind === 'association')
    const known = this.#nodes.get(id)
    if (known === undefined) this.#nodes.set(id, { id, kind, depth, hidden: 0, via, touched })
    else if (touched && !known.touched) Object.assign(known, { touched, via })
  }

  /** A thing is followed again only when more of its time is of interest than before. */
  #isNews({ id, since, until, whole }: Visit): boolean {
    for (const mode of whole ? ['whole'] : ['whole', 'around'])
      for (const before of this.#reached.get(`${mode} ${id}`) ?? [])
        if (before.since <= since && before.until >= until) return false
    if (++this.#visits > epcisLimits.traceVisits) this.#cut.size = true
    const key = `${whole ? 'whole' : 'around'} ${id}`
    this.#reached.set(key, [...(this.#reached.get(key) ?? []), { since, until }])
    return true
  }

  async #events(id: string): Promise<readonly StoredEvent[]> {
    const known = this.#seen.get(id)
    if (known !== undefined) return known.events
    const seen = await this.#source.eventsOf(id)
    this.#seen.set(id, seen)
    this.#read += seen.events.length
    if (seen.cut || this.#read > epcisLimits.traceReads) this.#cut.size = true
    const node = this.#nodes.get(id)
    if (node !== undefined) node.hidden = seen.hidden
    const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = this.#options
    const inWindow = seen.events.filter(({ event }) => timeOf(event) >= from && timeOf(event) < to)
    this.#seen.set(id, { ...seen, events: inWindow })
    return inWindow
  }

  async #steps(visit: Visit): Promise<Step[]> {
    const events = await this.#events(visit.id)
    const inTime = events.filter(({ event }) => timeOf(event) >= visit.since && timeOf(event) <= visit.until)
    const steps: Step[] = []
    for (const stored of inTime) {
      steps.push(...transactionsOf(visit, stored))
      if (stored.event.type === 'TransformationEvent') steps.push(...(await this.#transformed(visit, stored)))
    }
    for (const lay of await this.#containments(visit.id, events)) {
      const step = this.#contained(visit, lay)
      if (step !== undefined) steps.push(step)
    }
    return steps
  }

  async #transformed(visit: Visit, stored: StoredEvent): Promise<Step[]> {
    const forward = this.#options.direction === 'forward'
    const { event } = stored
    const [mine, others] = forward ? [inputsOf, outputsOf] : [outputsOf, inputsOf]
    if (!mine(event).some((id) => this.#source.canonical(id) === visit.id)) return []
    const parts = [stored]
    if (event.transformationID !== undefined) {
      const joined = await this.#source.ofTransformation(event.transformationID)
      parts.push(...joined.events.filter((other) => other.seq !== stored.seq))
    }
    return parts.flatMap((part) =>
      others(part.event).map((other): Step => {
        const id = this.#source.canonical(other)
        const time = timeOf(part.event)
        const [from, to] = forward ? [visit.id, id] : [id, visit.id]
        const eventIDs = [...new Set([eventIdOf(stored), eventIdOf(part)])]
        const window = forward ? { since: time, until: ever } : { since: -ever, until: time }
        return { id, ...window, whole: true, edge: { from, to, kind: 'transformation', since: time, eventIDs } }
      }),
    )
  }

  /** Where the thing lay, and what lay in it. A containment is known whole only from the events of the parent. */
  async #containments(id: string, events: readonly StoredEvent[]): Promise<Containment[]> {
    const { canonical } = this.#source
    const parents = new Set([id])
    for (const { event } of events)
      if ((event.type === 'AggregationEvent' || event.type === 'AssociationEvent') && event.parentID !== undefined)
        parents.add(canonical(event.parentID))
    const all: Containment[] = []
    for (const parent of parents) {
      const lying = containmentsIn(parent, await this.#events(parent), canonical, eventIdOf)
      all.push(...lying.filter((each) => each.child === id || each.parent === id))
    }
    return all
  }

  #contained(visit: Visit, { kind, child, parent, since, until = ever, eventIDs }: Containment): Step | undefined {
    if (since > visit.until || until < visit.since) return undefined
    const edge: TraceEdge = { from: child, to: parent, kind, since, ...(until === ever ? {} : { until }), eventIDs }
    const [begins, ends] = [Math.max(since, visit.since), Math.min(until, visit.until)]
    // What happens to a carrier touches what lies in it, while it lies there.
    if (child === visit.id)
      return {
        id: parent,
        since: begins,
        until: ends,
        whole: false,
        edge,
        ends: this.#options.direction === 'backward',
      }
    if (!visit.whole) return undefined
    if (this.#options.direction === 'forward') return { id: child, since: begins, until: ever, whole: true, edge }
    // Who asks what a thing was made of at a time does not mean what had left it before.
    if (visit.until !== ever && until <= visit.until) return undefined
    return { id: child, since: -ever, until: ends, whole: true, edge }
  }
}

/** Beyond all times. */
const ever = Number.POSITIVE_INFINITY

const classesOf = (list: EpcisEvent['quantityList']): string[] => (list ?? []).map(({ epcClass }) => epcClass)
const inputsOf = (event: EpcisEvent): string[] => [...(event.inputEPCList ?? []), ...classesOf(event.inputQuantityList)]
const outputsOf = (event: EpcisEvent): string[] => [
  ...(event.outputEPCList ?? []),
  ...classesOf(event.outputQuantityList),
]

function transactionsOf({ id }: Visit, stored: StoredEvent): Step[] {
  const since = timeOf(stored.event)
  return (stored.event.bizTransactionList ?? []).map(
    ({ bizTransaction }): Step => ({
      id: bizTransaction,
      kind: 'transaction',
      since,
      until: since,
      whole: false,
      ends: true,
      edge: { from: id, to: bizTransaction, kind: 'transaction', since, eventIDs: [eventIdOf(stored)] },
    }),
  )
}
