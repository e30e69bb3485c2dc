import type { AccessLog } from '../access-log/access-log.ts'
import type { LmdbEventStore } from '../epcis/epcis.ts'
import type { FindByName } from '../face/gs1/gs1-face.ts'
import { handleIn } from '../face/handle-in-path.ts'
import { type Face, type HttpRequest, jsonReply } from '../face/http.ts'
import { FaceServer } from '../face/http-server.ts'
import {
  canonicalHandle,
  type HandleValue,
  type JwsPrivateKey,
  jwkOf,
  jwsKeyOfJwk,
  type Site,
} from '../handle/handle.ts'
import type { ChangingRecords } from '../registration/changing-records.ts'
import type { NodeKeys } from '../trust/node-keys.ts'
import { administratorValues, signingKeyValue } from './administrator.ts'
import { trustRoot } from './homes.ts'
import { IdentifierNode } from './node.ts'
import { siteValue } from './service.ts'

/** Codes of a made-up tree: top 88, three secondaries, twenty enterprises. Nobody was given these numbers. */
const secondaries = ['88.901', '88.902', '88.903'] as const
const enterprisesOf = [7, 7, 6] as const

export interface SimulationOptions {
  open(name: string): ChangingRecords
  /** Where an enterprise keeps events; without it none does. */
  openEvents?(name: string): LmdbEventStore
  /** Where a node keeps who read what is not public; without it none does. */
  openAccesses?(name: string): AccessLog
  clock: { now(): number }
  /** Port of the recursive node; 0 takes a free one. */
  port?: number
  /** Port of the one door over HTTP for the whole tree; without it there is none. */
  httpPort?: number
  /** What a node signs with, by its name; without it none signs. */
  keys?(name: string): NodeKeys
  /** Secret key of each prefix's administrator (`301:0.NA/<prefix>`); without it nobody changes anything from outside. */
  secret?: string
  onFault?(fault: unknown): void
}

export interface Simulation {
  /** By name: `root`, `top`, `recursive`, and each secondary and enterprise by its prefix. */
  nodes: ReadonlyMap<string, IdentifierNode>
  /** Ports by the same names. */
  ports: ReadonlyMap<string, number>
  httpPort: number | undefined
  stop(): Promise<void>
}

/**
 * Root, national top, three secondaries, twenty enterprises and a recursive node in one process, each with its own records and
 * port on loopback, delegated from the root down. Whatever was started is ended again when a step fails.
 */
export async function startSimulation(options: SimulationOptions): Promise<Simulation> {
  const nodes = new Map<string, IdentifierNode>()
  const ports = new Map<string, number>()
  const door = new FaceServer({
    faces: [treeFace(nodes)],
    onFault: options.onFault ?? (() => {}),
    clock: options.clock,
  })
  const stop = async () => void (await Promise.all([door.stop(), ...[...nodes.values()].map((node) => node.stop())]))
  try {
    await startTree(options, nodes, ports)
    const httpPort = options.httpPort === undefined ? undefined : await door.run('127.0.0.1', options.httpPort)
    return { nodes, ports, httpPort, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startTree(
  { open, openEvents, openAccesses, clock, port: recursivePort = 0, secret, keys: keysOf }: SimulationOptions,
  nodes: Map<string, IdentifierNode>,
  ports: Map<string, number>,
): Promise<void> {
  const host = '127.0.0.1'
  // The recursive node starts last: the root is there.
  const trusted = () => {
    const key = nodes.get('root')?.keys.records
    return key && jwsKeyOfJwk(jwkOf(key))
  }
  const start = async (name: string, prefix: string | undefined, roots: readonly Site[], port = 0) => {
    const records = open(name)
    const homes = prefix === undefined ? [] : [prefix]
    // Who looks for another name asks the recursive node, which knows those of the whole tree.
    const findByName: FindByName = (name) => {
      for (const each of nodes.values()) {
        const record = each.recordNamed(name)
        if (record !== undefined) return record
      }
      return undefined
    }
    const isRecursive = prefix === undefined
    const keys = keysOf?.(name)
    const node = new IdentifierNode({
      host,
      address: host,
      clock,
      records,
      port,
      homes,
      roots,
      recursive: isRecursive,
      ...(keys && { keys }),
      trusted: trusted(),
      ...(isRecursive && { findByName }),
      ...(openAccesses && prefix !== undefined && { accesses: openAccesses(name) }),
      ...(openEvents && prefix?.split('.').length === 3 && { events: openEvents(name) }),
    })
    nodes.set(name, node)
    ports.set(name, (await node.run()).port)
    if (prefix === '0.NA' && keys?.records)
      await write(node, trustRoot, [signingKeyValue(keys.records, Math.floor(clock.now() / 1_000))])
    if (prefix !== undefined && secret !== undefined)
      await write(node, `0.NA/${prefix}`, administratorValues(prefix, { secret }, Math.floor(clock.now() / 1_000)))
    return node
  }
  const root = await start('root', '0.NA', [])
  const roots = [root.site()]
  const top = await start('top', '88', roots)
  const below = (parent: IdentifierNode, prefix: string, node: IdentifierNode) =>
    delegate(parent, prefix, node.site(), clock, node.keys.records)
  await below(root, '88', top)
  for (const [i, secondary] of secondaries.entries()) {
    const node = await start(secondary, secondary, roots)
    await below(top, secondary, node)
    for (let number = 1; number <= (enterprisesOf[i] ?? 0); number++) {
      const enterprise = `${secondary}.${1_000 + number}`
      await below(node, enterprise, await start(enterprise, enterprise, roots))
    }
  }
  await start('recursive', undefined, roots, recursivePort)
}

/**
 * Writes into the parent's records where a prefix, and what is below it, is served, and the key that signs there, which the
 * parent certifies; other values of that record stay.
 */
export async function delegate(
  parent: IdentifierNode,
  prefix: string,
  site: Site,
  clock: { now(): number },
  key?: JwsPrivateKey,
): Promise<void> {
  const nowSeconds = Math.floor(clock.now() / 1_000)
  const sites = [siteValue(1, 'HS_SITE', site, nowSeconds), siteValue(2, 'HS_SITE.PREFIX', site, nowSeconds)]
  await write(parent, `0.NA/${prefix}`, key ? [...sites, signingKeyValue(key, nowSeconds)] : sites)
}

async function write(node: IdentifierNode, handle: string, values: readonly HandleValue[]): Promise<void> {
  const indexes = new Set(values.map(({ index }) => index))
  const written = await node.records.change<never>(handle, '', (current) => ({
    next: [...values, ...(current?.values.filter(({ index }) => !indexes.has(index)) ?? [])],
  }))
  if (!written.done) throw written.refused
}

/**
 * One door for the tree: `/<prefix>/…` is that node's own (also `/root/…`, `/top/…`, `/recursive/…`), `GET /nodes` lists them;
 * elsewhere who comes with a proof speaks to the node that keeps the handle, all others to the recursive one.
 */
function treeFace(nodes: ReadonlyMap<string, IdentifierNode>): Face {
  const face: Face = (request) => {
    const own = ofOneNode(request, nodes)
    if (own) return answerOf(own.node, own.request)
    if (request.url.pathname === '/nodes' && request.method === 'GET')
      return jsonReply(200, { nodes: [...nodes.keys()] })
    const node = keeperOf(request, nodes) ?? nodes.get('recursive')
    return node && answerOf(node, request)
  }
  const upgrade: Face['upgrade'] = (request) => {
    const own = ofOneNode(request, nodes)
    for (const each of own?.node.faces ?? []) {
      const taken = own && each.upgrade?.(own.request)
      if (taken) return taken
    }
    return undefined
  }
  return Object.assign(face, { upgrade })
}

/** `/<prefix>/…` as the node of the prefix sees it. */
function ofOneNode(request: HttpRequest, nodes: ReadonlyMap<string, IdentifierNode>) {
  const [, first = '', ...rest] = request.url.pathname.split('/')
  const node = nodes.get(first)
  if (node === undefined) return undefined
  const url = new URL(`/${rest.join('/')}${request.url.search}`, request.url)
  return { node, request: { ...request, url, target: request.target.slice(first.length + 1) } }
}

function answerOf(node: IdentifierNode, request: HttpRequest): ReturnType<Face> {
  for (const face of node.faces) {
    const reply = face(request)
    if (reply !== undefined) return reply
  }
  return undefined
}

function keeperOf({ url, method, headers }: HttpRequest, nodes: ReadonlyMap<string, IdentifierNode>) {
  if (headers.authorization === undefined && (method === 'GET' || method === 'HEAD')) return undefined
  const prefix = url.searchParams.get('prefix')
  const handle = prefix === null ? handleIn(url.pathname.replace(/^\/api\/handles\//, '')) : `${prefix}/`
  if (handle === undefined) return undefined
  const name = canonicalHandle(handle)
  return [...nodes.values()].find(({ homes }) => homes.answersFor(name))
}
