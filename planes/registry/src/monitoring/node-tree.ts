import type { RegistryNode } from '@kapok/contracts/registry-nodes'

type Placed = Pick<RegistryNode, 'url' | 'prefixes' | 'role'>

const root = '0.NA'
const levels = ['root', 'top', 'secondary', 'enterprise'] as const

/** 0 for the root, 1 for a top, and so on. */
const depthOf = (prefix: string) => (prefix.toUpperCase() === root ? 0 : prefix.split('.').length)

/** The prefix nearest to the root names a node's place. */
const placeOf = ({ prefixes }: Placed): string | undefined =>
  prefixes.reduce<string | undefined>(
    (best, each) => (best === undefined || depthOf(each) < depthOf(best) ? each : best),
    undefined,
  )

export function levelOf(node: Placed): RegistryNode['level'] {
  const place = placeOf(node)
  if (place === undefined) return node.role === 'recursive' ? 'recursive' : 'unknown'
  return levels[Math.min(depthOf(place), levels.length - 1)] ?? 'unknown'
}

/** Prefixes above one, the nearest first, down from the root: `88.608.1` is below `88.608`, `88` and `0.NA`. */
function above(prefix: string): string[] {
  if (depthOf(prefix) === 0) return []
  const parts = prefix.split('.')
  return [...parts.slice(1).map((_, i) => parts.slice(0, parts.length - 1 - i).join('.')), root]
}

/**
 * URL of each node's parent, by its URL: the nearest node above that is known; for a mirror its primary. Going up always ends:
 * a parent's place is nearer to the root, or it is the primary of the same place.
 */
export function parentsOf(nodes: readonly Placed[]): Map<string, string> {
  const keepers = new Map<string, Placed>()
  for (const node of nodes)
    for (const prefix of node.prefixes) {
      const name = prefix.toUpperCase()
      const known = keepers.get(name)
      if (known === undefined || (known.role === 'mirror' && node.role !== 'mirror')) keepers.set(name, node)
    }
  const parents = new Map<string, string>()
  for (const node of nodes) {
    const place = placeOf(node)
    if (place === undefined) continue
    const primary = node.role === 'mirror' ? keepers.get(place.toUpperCase()) : undefined
    const parent =
      primary !== undefined && primary !== node && primary.role !== 'mirror' && placeOf(primary) === place
        ? primary
        : above(place)
            .map((prefix) => keepers.get(prefix.toUpperCase()))
            .find((each) => each !== undefined && depthOf(placeOf(each) ?? '') < depthOf(place))
    if (parent !== undefined) parents.set(node.url, parent.url)
  }
  return parents
}
