import type { HandleValue } from '../handle/handle.ts'
import type { ChangingRecords } from '../registration/changing-records.ts'
import { IdentifierNode } from './node.ts'
import { type Site, siteValue } from './service.ts'

/** Codes of a made-up tree: top 88, three secondaries, twenty enterprises. Nobody was given these numbers. */
const secondaries = ['88.901', '88.902', '88.903'] as const
const enterprisesOf = [7, 7, 6] as const

export interface Simulation {
  /** By name: `root`, `top`, `recursive`, and each secondary and enterprise by its prefix. */
  nodes: ReadonlyMap<string, IdentifierNode>
  /** Ports by the same names. */
  ports: ReadonlyMap<string, number>
  stop(): Promise<void>
}

/**
 * Root, national top, three secondaries, twenty enterprises and a recursive node in one process, each with its own records and
 * port on loopback, delegated from the root down.
 */
export async function startSimulation({
  open,
  clock,
  recursivePort = 0,
}: {
  open(name: string): ChangingRecords
  clock: { now(): number }
  recursivePort?: number
}): Promise<Simulation> {
  const nodes = new Map<string, IdentifierNode>()
  const ports = new Map<string, number>()
  const start = async (name: string, homes: readonly string[], roots: readonly Site[], port = 0) => {
    const host = '127.0.0.1'
    const options = { host, address: host, port, homes, roots, mirror: false, administrators: [], siteSerial: 1, clock }
    const node = new IdentifierNode({ ...options, records: open(name), recursive: name === 'recursive' })
    ports.set(name, (await node.run()).port)
    nodes.set(name, node)
    return node
  }
  const root = await start('root', ['0.NA'], [])
  const roots = [root.site()]
  const top = await start('top', ['88'], roots)
  await delegate(root, '88', top.site(), clock)
  for (const [i, secondary] of secondaries.entries()) {
    const node = await start(secondary, [secondary], roots)
    await delegate(top, secondary, node.site(), clock)
    for (let number = 1; number <= (enterprisesOf[i] ?? 0); number++) {
      const enterprise = `${secondary}.${1_000 + number}`
      await delegate(node, enterprise, (await start(enterprise, [enterprise], roots)).site(), clock)
    }
  }
  await start('recursive', [], roots, recursivePort)
  const stop = async () => void (await Promise.all([...nodes.values()].map((node) => node.stop())))
  return { nodes, ports, stop }
}

/** Writes into the parent's records where a prefix, and what is below it, is served; other values of that record stay. */
export async function delegate(
  parent: IdentifierNode,
  prefix: string,
  site: Site,
  clock: { now(): number },
): Promise<void> {
  const nowSeconds = Math.floor(clock.now() / 1_000)
  const sites = [siteValue(1, 'HS_SITE', site, nowSeconds), siteValue(2, 'HS_SITE.PREFIX', site, nowSeconds)]
  const kept = (current: readonly HandleValue[] = []) => current.filter(({ index }) => index > 2)
  await parent.records.change(`0.NA/${prefix}`, '', (current) => ({ next: [...sites, ...kept(current?.values)] }))
}
