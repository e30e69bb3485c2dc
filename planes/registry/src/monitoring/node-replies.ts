import { nodeRoles } from '@kapok/contracts/registry-nodes'
import { type Static, Type } from 'typebox'

const count = Type.Integer({ minimum: 0 })
const byCode = Type.Record(Type.String({ pattern: '^\\d{1,4}$' }), count)

/** `/health` of a node: what everybody is told, and what its administrators are. */
export const openHealth = Type.Object({
  role: Type.Enum(nodeRoles),
  prefixes: Type.Array(Type.String({ maxLength: 300 }), { maxItems: 1_000 }),
  serial: count,
  takesChanges: Type.Boolean(),
})
export const innerHealth = Type.Object({
  refuses: Type.Union([Type.Null(), Type.String()]),
  records: count,
  transactions: count,
  resolutionsByCode: byCode,
  followers: Type.Array(Type.Object({ user: Type.String(), behind: count, silentMs: Type.Number({ minimum: 0 }) })),
  resting: Type.Array(Type.String()),
  cachedAnswers: count,
  uptimeMs: Type.Number({ minimum: 0 }),
})
export type OpenHealth = Static<typeof openHealth>
export type InnerHealth = Static<typeof innerHealth>

/** `/nodes` of a door before several nodes. */
export const doorNodes = Type.Object({
  nodes: Type.Array(Type.String({ pattern: '^[0-9A-Za-z][0-9A-Za-z.-]*$', maxLength: 100 }), { maxItems: 1_000 }),
})
