import type { TraceGraph } from '@kapok/contracts/registry-trace'

type Node = TraceGraph['nodes'][number]

/** Nodes by their steps from the start, in the direction of the goods: of a trace backward the start stands last. */
export function layersOf(nodes: readonly Node[], direction: 'backward' | 'forward'): Node[][] {
  const byDepth = Map.groupBy(nodes, ({ depth }) => depth)
  const full = [...byDepth].sort(([one], [other]) => one - other).map(([, layer]) => layer)
  return direction === 'forward' ? full : full.reverse()
}
