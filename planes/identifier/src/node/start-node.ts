import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import type { Clock } from '@kapok/kit/clock'
import { AccessLog } from '../access-log/access-log.ts'
import { canonicalUri, LmdbEventStore } from '../epcis/epcis.ts'
import type { Follower } from '../face/handle-rest/session.ts'
import { canonicalHandle, type jwsKinds, type Site, siteOf } from '../handle/handle.ts'
import { RecordStore, StoreFault } from '../store/store.ts'
import { Standing } from '../takeover/standing.ts'
import { NodeKeyError, recordsKeyIn, serverKeyIn } from '../trust/node-keys.ts'
import { administratorValues, customaryIndexes } from './administrator.ts'
import { rootPrefix } from './homes.ts'
import { IdentifierNode } from './node.ts'
import { siteValue } from './service.ts'
import { NodeSetupError } from './setup-error.ts'
import { keepCertificates, keepSigningKey, keysIn, trustedKey } from './signing-keys.ts'
import { startSimulation } from './simulation.ts'

export { jwsKinds as signingKinds } from '../handle/handle.ts'
export { Resolver } from '../recursion/resolver.ts'
export { IdentifierNode } from './node.ts'
export { NodeSetupError } from './setup-error.ts'
export { type Simulation, startSimulation } from './simulation.ts'

export const nodeRoles = ['root', 'top', 'secondary', 'enterprise', 'recursive'] as const
export type NodeRole = (typeof nodeRoles)[number]

export interface StartNodeOptions {
  role: NodeRole
  /** The prefixes that it answers for; of a root `0.NA`, of a recursive node none. */
  prefixes: readonly string[]
  /** Folder of its records and keys. */
  home: string
  host: string
  /** IP address that others are told. */
  address: string
  port: number
  httpPort: number
  /** `address:port` of root nodes. */
  roots: readonly string[]
  /** What kind of key signs its records; without one none are signed. */
  sign?: (typeof jwsKinds)[number] | undefined
  /** File with the key of the root that signs, as JWK: answers are verified from there. */
  trust?: string | undefined
  clock: Clock
  onFault(fault: unknown): void
}

export interface StartedNode {
  /** What the person who started it should know. */
  sentences: string[]
  stop(): Promise<void>
}

const segmentsOf: Partial<Record<NodeRole, number>> = { top: 1, secondary: 2, enterprise: 3 }

/** Starts one node in its folder. Throws NodeSetupError with a sentence. */
export async function startNode(options: StartNodeOptions): Promise<StartedNode> {
  const { role, home, host, address, port, httpPort, clock, onFault } = options
  const homes = homesOf(options)
  const roots = options.roots.map(rootSite)
  if (roots.length === 0 && role !== 'root')
    throw new NodeSetupError('Name the root, e.g. --root 10.0.0.1:2641; from there all other prefixes are found.')
  if (isIP(address) === 0)
    throw new NodeSetupError(`--address is “${address}”; write the IP address at which others reach this node.`)
  const trusted = options.trust === undefined ? undefined : trustedKey(options.trust)
  const records = openRecords(home, clock)
  const events = openEvents(home, clock)
  const accesses = openAccesses(home, clock)
  const stores = [events, accesses, records]
  const node = new IdentifierNode({
    records,
    events,
    accesses,
    host,
    address,
    port,
    httpPort,
    homes,
    roots,
    recursive: role === 'recursive',
    keys: keysIn(home, homes.length > 0 ? options.sign : undefined),
    trusted,
    standing: standingIn(home),
    administrator: () => administratorIn(home, homes),
    administrators: homes.map((prefix) => ({ handle: `0.NA/${prefix}`, index: customaryIndexes.publicKey })),
    clock,
    onFault,
  })
  try {
    const ports = await node.run()
    const sentences = [`Handle ${address}:${ports.port} (UDP, TCP), HTTP ${address}:${ports.httpPort}`]
    if (homes.length > 0) sentences.push(`The key of its log, for mirrors: ${records.log.verifierKey}`)
    for (const prefix of homes)
      sentences.push(
        ...(await firstStart(node, prefix, home, clock)),
        ...(await keepSigningKey(node, prefix, home, clock)),
      )
    const renewal = await keepCertificates(node, homes, clock, onFault)
    const stop = async () => {
      clearInterval(renewal)
      await node.stop()
      for (const store of stores) await store.close()
    }
    return { sentences, stop }
  } catch (error) {
    await node.stop()
    for (const store of stores) await store.close()
    throw inSentence(error)
  }
}

/** The whole tree in one process, see `startSimulation`; its records in folders below `home`. */
export async function startSimulatedTree(options: {
  home: string
  port: number
  httpPort: number
  secret: string | undefined
  clock: Clock
  onFault(fault: unknown): void
}): Promise<StartedNode> {
  const stores: { close(): Promise<void> }[] = []
  const close = async () => {
    for (const store of stores.splice(0)) await store.close()
  }
  const { secret, ...rest } = options
  try {
    // One process, one server; each node signs its records with a key of its own.
    const server = serverKeyIn(options.home)
    const tree = await startSimulation({
      ...rest,
      ...(secret !== undefined && { secret }),
      keys: (name) => ({ server, records: recordsKeyIn(join(options.home, name), 'ed25519') }),
      open: (name) => {
        const store = openRecords(join(options.home, name), options.clock)
        stores.push(store)
        return store
      },
      openEvents: (name) => {
        const store = openEvents(join(options.home, name), options.clock)
        stores.push(store)
        return store
      },
      openAccesses: (name) => {
        const store = openAccesses(join(options.home, name), options.clock)
        stores.push(store)
        return store
      },
    })
    const sentence = `Handle 127.0.0.1:${tree.ports.get('recursive')} (UDP, TCP), HTTP 127.0.0.1:${tree.httpPort}: ${tree.nodes.size} nodes`
    const stop = async () => {
      await tree.stop()
      await close()
    }
    return { sentences: [sentence], stop }
  } catch (error) {
    await close()
    throw inSentence(error)
  }
}

function homesOf({ role, prefixes }: StartNodeOptions): string[] {
  if (role === 'root') return [rootPrefix]
  if (role === 'recursive') {
    if (prefixes.length > 0) throw new NodeSetupError('A recursive node homes no prefix: leave --prefix out.')
    return []
  }
  const homes = prefixes.map(canonicalHandle)
  const segments = segmentsOf[role] ?? 0
  const wrong = homes.find((prefix) => !/^[^./\s]+(\.[^./\s]+)*$/.test(prefix) || prefix.split('.').length !== segments)
  if (homes.length === 0 || wrong !== undefined)
    throw new NodeSetupError(
      `The role ${role} homes prefixes of ${segments} part(s), e.g. --prefix ${['88', '608', '8889'].slice(0, segments).join('.')}${wrong === undefined ? '' : `; “${wrong}” is none`}.`,
    )
  return homes
}

/** The site of a root as somebody writes it. Throws NodeSetupError. */
export function rootSite(text: string): Site {
  const [, host = '', port = ''] = /^\[?([^\]]*?)\]?:(\d{1,5})$/.exec(text) ?? []
  if (isIP(host) === 0 || Number(port) < 1 || Number(port) > 65_535)
    throw new NodeSetupError(`--root is “${text}”; write IP address and port, e.g. 10.0.0.1:2641.`)
  const both = ['TCP', 'UDP'] as const
  const interfaces = both.map((transport) => ({ admin: false, query: true, transport, port: Number(port) }))
  return siteOf({ address: host, interfaces })
}

/** At the first start of a prefix: a key for its administrator, and the record by which the node knows it. */
async function firstStart(node: IdentifierNode, prefix: string, home: string, clock: Clock): Promise<string[]> {
  const handle = `0.NA/${prefix}`
  const nowSeconds = Math.floor(clock.now() / 1_000)
  const file = join(home, `admin-${prefix}.pem`)
  if (node.records.find(canonicalHandle(handle)) !== undefined) return []
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 3_072 })
  if (existsSync(file))
    throw new NodeSetupError(`${file} is there already, but the records do not know it: move it away.`)
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' })
  const values = [
    siteValue(1, 'HS_SITE', node.site(), nowSeconds),
    // What is below the prefix is served here, too.
    siteValue(2, 'HS_SITE.PREFIX', node.site(), nowSeconds),
    ...administratorValues(prefix, { publicKey }, nowSeconds),
  ]
  const written = await node.records.change<never>(handle, '', () => ({ next: values }))
  if (!written.done) throw written.refused
  return [
    `The key of ${prefix}’s administrator (300:${handle}) was made: ${file}. Keep a copy of it in a safe place.`,
    ...(prefix === rootPrefix
      ? []
      : [`Whoever keeps the prefix above registers the values of GET /api/handles/${handle} there.`]),
  ]
}

/** What the node in this folder knows of who takes changes for its prefixes. */
export function standingIn(home: string): Standing {
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const file = join(home, 'standing.json')
  try {
    return new Standing(file)
  } catch (cause) {
    throw new NodeSetupError(`${file} cannot be read: put it back from a backup of the folder.`, { cause })
  }
}

/** The key that was made at the first start, while it is still here. */
function administratorIn(home: string, prefixes: readonly string[]): Follower | undefined {
  const [prefix] = prefixes
  const file = join(home, `admin-${prefix}.pem`)
  if (prefix === undefined || !existsSync(file)) return undefined
  const user = { handle: `0.NA/${prefix}`, index: customaryIndexes.publicKey }
  return { user, key: createPrivateKey(readFileSync(file)) }
}

/** `mirrorOf`: key of the log that is followed; without it the records are the node's own. */
export function openRecords(home: string, clock: Clock, mirrorOf?: string): RecordStore {
  mkdirSync(home, { recursive: true, mode: 0o700 })
  try {
    return RecordStore.open(join(home, 'records'), { clock, ...(mirrorOf && { mirrorOf }) })
  } catch (error) {
    throw inSentence(error)
  }
}

function openEvents(home: string, clock: Clock): LmdbEventStore {
  try {
    return new LmdbEventStore({ folder: join(home, 'events'), clock, canonical: canonicalUri })
  } catch (error) {
    throw inSentence(error)
  }
}

function openAccesses(home: string, clock: Clock): AccessLog {
  try {
    return new AccessLog({ folder: join(home, 'accesses'), clock })
  } catch (error) {
    throw inSentence(error)
  }
}

/** A fault at the start as a sentence, where it is one that somebody can act on. */
export function inSentence(error: unknown): unknown {
  if (error instanceof StoreFault || error instanceof NodeKeyError)
    return new NodeSetupError(error.message, { cause: error })
  const { code, port } = error as NodeJS.ErrnoException & { port?: number }
  if (code === 'EADDRINUSE')
    return new NodeSetupError(
      `Port ${port} is taken by another program. Stop it, or set KAPOK_HANDLE_PORT or KAPOK_RESOLVER_HTTP_PORT.`,
      { cause: error },
    )
  return error
}
