import { type Static, type TSchema, Type } from 'typebox'
import { Value } from 'typebox/value'
import { NodeTrouble } from '../node/node-client.ts'

const cut = Type.Object({ depth: Type.Boolean(), size: Type.Boolean() })
/** `/trace` of a node. */
export const nodeTrace = Type.Object({
  nodes: Type.Array(
    Type.Object({
      id: Type.String(),
      kind: Type.Enum(['thing', 'transaction'] as const),
      depth: Type.Integer(),
      hidden: Type.Integer(),
      touched: Type.Boolean(),
    }),
  ),
  edges: Type.Array(
    Type.Object({
      from: Type.String(),
      to: Type.String(),
      kind: Type.Enum(['transformation', 'aggregation', 'association', 'transaction'] as const),
      since: Type.Number(),
      until: Type.Optional(Type.Number()),
    }),
  ),
  cut,
})

/** `/recall` of a node. */
export const nodeRecall = Type.Object({
  touched: Type.Array(
    Type.Object({
      id: Type.String(),
      last: Type.Optional(Type.Object({ time: Type.Number(), place: Type.Optional(Type.String()) })),
    }),
  ),
  byParty: Type.Array(Type.Object({ party: Type.String(), ids: Type.Array(Type.String()) })),
  trace: Type.Object({ cut }),
})

/** `/api/accesses` of a node. */
export const nodeAccesses = Type.Object({
  accesses: Type.Array(
    Type.Object({
      seq: Type.Integer(),
      at: Type.String(),
      user: Type.String(),
      handle: Type.String(),
      indexes: Type.Array(Type.Integer()),
      asked: Type.Optional(Type.String()),
      wasRefused: Type.Boolean(),
    }),
  ),
})

/** What a node said, where it has this shape. Throws NodeTrouble. */
export function shaped<S extends TSchema>(schema: S, reply: unknown): Static<S> {
  if (!Value.Check(schema, reply)) throw new NodeTrouble('silent', 'an answer of another shape came')
  return reply
}
