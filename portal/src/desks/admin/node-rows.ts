import { answeringCodes, type RegistryNode } from '@kapok/contracts/registry-nodes'

type Details = NonNullable<RegistryNode['details']>
export type MirrorOf = Details['mirrors'][number]

/** A line of the tree: a node, or a mirror as its primary tells of it. */
export interface NodeRow {
  key: string
  depth: number
  node: RegistryNode
  mirror?: MirrorOf
  /** Lines directly below. */
  below: number
  open: boolean
}

interface TreeOptions {
  search: string
  /** What a person opened (true) or closed, by URL. */
  chosen: ReadonlyMap<string, boolean>
}

/** Above this, secondary nodes are closed where all is well below them. */
const openAtOnce = 12

/** How a node is called: its prefixes, or where it has none its address. */
export const nameOf = ({ prefixes, url }: RegistryNode) => prefixes.join(', ') || url

/** Questions that the node answered; undefined when it does not tell. */
export const resolutionsOf = ({ details }: RegistryNode): number | undefined =>
  details?.resolutions.reduce((sum, { code, count }) => sum + (answeringCodes.includes(code) ? count : 0), 0)

/** The lines of the tree from the root down, siblings in the order of their prefixes; a search shows what fits and the way to it. */
export function nodeRows(nodes: readonly RegistryNode[], { search, chosen }: TreeOptions): NodeRow[] {
  const below = new Map<string | null, RegistryNode[]>()
  for (const node of [...nodes].sort(byPlace)) below.set(node.parent, [...(below.get(node.parent) ?? []), node])
  const wanted = search.trim().toLowerCase()
  const fits = (node: RegistryNode) =>
    [nameOf(node), node.url, node.organisation ?? ''].some((text) => text.toLowerCase().includes(wanted))
  const rows: NodeRow[] = []

  /** Whether anything was shown. */
  function show(node: RegistryNode, depth: number): boolean {
    const children = below.get(node.url) ?? []
    const mirrors = node.details?.mirrors ?? []
    const all = children.length + mirrors.length
    const open = wanted !== '' || (chosen.get(node.url) ?? opensItself(node, children))
    const at = rows.push({ key: node.url, depth, node, below: all, open })
    let shown = wanted === '' || fits(node)
    if (shown && open)
      for (const mirror of mirrors)
        rows.push({ key: `${node.url} ${mirror.user}`, depth: depth + 1, node, mirror, below: 0, open: false })
    if (open) for (const child of children) shown = show(child, depth + 1) || shown
    if (!shown) rows.length = at - 1
    return shown
  }

  function opensItself(node: RegistryNode, children: readonly RegistryNode[]): boolean {
    return node.level !== 'secondary' || nodes.length <= openAtOnce || children.some(({ state }) => state !== 'answers')
  }

  for (const node of below.get(null) ?? []) show(node, 0)
  return rows
}

const levels: readonly RegistryNode['level'][] = ['root', 'top', 'secondary', 'enterprise', 'recursive', 'unknown']
function byPlace(one: RegistryNode, other: RegistryNode): number {
  return (
    levels.indexOf(one.level) - levels.indexOf(other.level) ||
    nameOf(one).localeCompare(nameOf(other), 'en', { numeric: true })
  )
}
