import { type Static, Type } from 'typebox'
import { route } from './route.ts'
import { instant, nullable } from './words.ts'

const people = ['plant.manager', 'plant.engineer'] as const

/** Steps that a trace goes at most. */
export const traceDepthMax = 20

const named = {
  /** GS1 Digital Link, EPC or handle, as events name it. */
  id: Type.String(),
  /** What the own list of identifiers knows of it. */
  name: nullable(Type.String()),
  handle: nullable(Type.String()),
}
const ask = { id: Type.String({ minLength: 3, maxLength: 2_048 }) }

const traceNode = Type.Object({
  ...named,
  kind: Type.Enum(['thing', 'transaction'] as const),
  /** Steps from the start. */
  depth: Type.Integer(),
  /** Events of it that may not be read. */
  hidden: Type.Integer(),
  /** Not only a carrier in which it lay. */
  touched: Type.Boolean(),
})
const traceEdge = Type.Object({
  from: Type.String(),
  to: Type.String(),
  kind: Type.Enum(['transformation', 'aggregation', 'association', 'transaction'] as const),
  since: instant,
  until: nullable(instant),
})
const cut = Type.Object({ depth: Type.Boolean(), size: Type.Boolean() })
const traceReply = Type.Object({
  start: Type.String(),
  nodes: Type.Array(traceNode),
  edges: Type.Array(traceEdge),
  cut,
})
export type TraceGraph = Static<typeof traceReply>
export const traceIdentifier = route({
  id: 'registry.trace.get',
  method: 'GET',
  path: '/registry/trace',
  summary:
    'What a thing was made of (backward), or what was made of it and where it went (forward), by the events of the own node.',
  who: people,
  query: Type.Object({
    ...ask,
    direction: Type.Enum(['forward', 'backward'] as const),
    depth: Type.Optional(Type.Integer({ minimum: 1, maximum: traceDepthMax })),
  }),
  reply: traceReply,
})

const recallReply = Type.Object({
  start: Type.String(),
  parties: Type.Array(
    Type.Object({
      /** Who had it last, as events name them; '' where nothing says. */
      party: Type.String(),
      name: nullable(Type.String()),
      things: Type.Array(Type.Object({ ...named, seenAt: nullable(instant), place: nullable(Type.String()) })),
    }),
  ),
  cut,
})
export type RecallList = Static<typeof recallReply>
export const recallIdentifier = route({
  id: 'registry.recall.get',
  method: 'GET',
  path: '/registry/recall',
  summary: 'All things that a recall of one touches, by whoever had them last.',
  who: people,
  query: Type.Object(ask),
  reply: recallReply,
})

export const listAccesses = route({
  id: 'registry.access.list',
  method: 'GET',
  path: '/registry/accesses',
  summary: 'Who read, or wanted to read, what is not public under the own prefix; newest first.',
  who: people,
  query: Type.Object({
    /** Those before this number. */
    before: Type.Optional(Type.Integer({ minimum: 1 })),
    size: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 })),
  }),
  reply: Type.Object({
    accesses: Type.Array(
      Type.Object({
        seq: Type.Integer(),
        at: instant,
        /** `index:handle`. */
        user: Type.String(),
        isPlatform: Type.Boolean(),
        handle: Type.String(),
        indexes: Type.Array(Type.Integer()),
        asked: nullable(Type.String()),
        wasRefused: Type.Boolean(),
      }),
    ),
  }),
})
