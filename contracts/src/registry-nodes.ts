import { type Static, Type } from 'typebox'
import { route } from './route.ts'
import { instant, nullable } from './words.ts'

/** waiting: not asked yet; silent: no answer; strange: something answered, but not as a node does. */
export const nodeStates = ['answers', 'silent', 'strange', 'waiting'] as const
/** As a node says it of itself: `taker` stands in for another, `replaced` is stood in for. */
export const nodeRoles = ['primary', 'mirror', 'taker', 'replaced', 'recursive'] as const
export const nodeLevels = ['root', 'top', 'secondary', 'enterprise', 'recursive', 'unknown'] as const

/** Response codes by which a question was answered: found, not registered, values not found. Others refer it on or refuse it. */
export const answeringCodes: readonly number[] = [1, 100, 200]

const count = Type.Integer({ minimum: 0 })

/** What a node tells to its administrators alone. Counts of answers are since its start. */
const nodeDetails = Type.Object({
  /** Why it takes no changes, in the node's words. */
  refuses: nullable(Type.String()),
  records: count,
  /** Changes of records in all, as its log counts them. */
  registrations: count,
  /** Answers to questions for a handle over the Handle protocol, by response code. */
  resolutions: Type.Array(Type.Object({ code: count, count })),
  mirrors: Type.Array(
    Type.Object({
      /** By which user it follows, `index:handle`. */
      user: Type.String(),
      /** Changes that it does not have yet. */
      behind: count,
      silentMs: count,
    }),
  ),
  /** Servers of others that it leaves alone for a while, since they did not answer; the first of them. */
  resting: Type.Array(Type.String()),
  restingInAll: count,
  cachedAnswers: count,
  uptimeMs: count,
})
const registryNode = Type.Object({
  url: Type.String(),
  prefixes: Type.Array(Type.String()),
  level: Type.Enum(nodeLevels),
  /** URL of the node above, as far as the platform knows one; of a mirror, that of its primary. */
  parent: nullable(Type.String()),
  /** Whose prefix was assigned with this node. */
  organisation: nullable(Type.String()),
  state: Type.Enum(nodeStates),
  answeredAt: nullable(instant),
  /** When it was first found not to answer, after it did or since the platform's start. */
  failsSince: nullable(instant),
  role: nullable(Type.Enum(nodeRoles)),
  serial: nullable(count),
  takesChanges: nullable(Type.Boolean()),
  /** As they were last told; null when the node does not tell them to the platform. */
  details: nullable(nodeDetails),
})
export type RegistryNode = Static<typeof registryNode>

export const listRegistryNodes = route({
  id: 'registry.node.list',
  method: 'GET',
  path: '/registry/nodes',
  summary:
    'How the identifier nodes stand that the platform knows: the one of KAPOK_RESOLVER_URL (all of a tree), and those of assigned prefixes.',
  who: ['platform.administrator'],
  reply: Type.Object({
    /** Whether KAPOK_RESOLVER_URL is set. */
    resolves: Type.Boolean(),
    /** When all of them had last been asked; null: not yet. */
    asOf: nullable(instant),
    nodes: Type.Array(registryNode),
    /** Nodes beyond the number that is asked. */
    notAsked: count,
  }),
})

const statistics = Type.Object({
  asOf: instant,
  /** Records at the nodes that keep them; copies at mirrors are not counted. */
  identifiers: count,
  /** Questions for a handle that were answered: found, values not found, or not registered. */
  resolutions: count,
  /** Nodes that answered. */
  nodes: count,
  nodesKnown: count,
  /** Nodes that told the two figures. */
  nodesThatTold: count,
})
export type IdentifierStatistics = Static<typeof statistics>
export const getIdentifierStatistics = route({
  id: 'registry.node.statistics',
  method: 'GET',
  path: '/identifiers/statistics',
  summary: 'Sums of what the identifier nodes tell the platform; null when none told anything.',
  who: ['public'],
  reply: Type.Object({ statistics: nullable(statistics) }),
})
