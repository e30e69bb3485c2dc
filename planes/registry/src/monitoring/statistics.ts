import { answeringCodes, type IdentifierStatistics, type RegistryNode } from '@kapok/contracts/registry-nodes'

/** What a record counts at: a mirror has copies, and who is stood in for may be behind. */
const keepers: ReadonlySet<string | null> = new Set(['primary', 'taker'])

/** Sums over the nodes that answered; undefined when none of them told figures. */
export function statisticsOf(nodes: readonly RegistryNode[], asOf: number): IdentifierStatistics | undefined {
  const answering = nodes.filter(({ state }) => state === 'answers')
  const told = answering.filter(({ details }) => details !== null)
  if (told.length === 0) return undefined
  const records = new Map<string, number>()
  let resolutions = 0
  for (const { role, prefixes, details } of told) {
    // A node that is known by two addresses keeps its records once.
    const name = prefixes.join(' ')
    if (keepers.has(role) && prefixes.length > 0)
      records.set(name, Math.max(records.get(name) ?? 0, details?.records ?? 0))
    for (const { code, count } of details?.resolutions ?? []) if (answeringCodes.includes(code)) resolutions += count
  }
  return {
    asOf,
    identifiers: [...records.values()].reduce((sum, each) => sum + each, 0),
    resolutions,
    nodes: answering.length,
    nodesKnown: nodes.length,
    nodesThatTold: told.length,
  }
}
