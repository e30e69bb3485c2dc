import { createHash, X509Certificate } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type * as Opcua from 'node-opcua-client'
import type { NodesetName } from 'node-opcua-nodesets'
import type { OPCUAServer } from 'node-opcua-server'
import type { TagType, TagValue } from '../../driver.ts'
import { noFaults, type Simulate, type Simulator, type SimulatorFaults } from '../../simulator.ts'
import { parseOpcUaAddress } from './address.ts'
import { companionsOf } from './simulator-instances.ts'
import { MissingNodes, Nodes, type Space } from './simulator-nodes.ts'
import { startWire, type Wire } from './simulator-wire.ts'

export interface OpcUaSimulatorOptions {
  port?: number
  host?: string
  /** Namespaces in the order in which the server numbers them, from 2. */
  namespaces?: readonly string[]
  /** Name and password of those who may sign in; anonymous always may. */
  users?: Readonly<Record<string, string>>
  limits?: { maxNodesPerRead?: number; maxMonitoredItemsPerCall?: number; maxNodesPerBrowse?: number }
  /** Companion specifications whose types it has, with those that they build on. */
  companions?: readonly NodesetName[]
  /** What will be set: a machine of each type that an address begins with (`t=…`) is there from the start. */
  addresses?: readonly string[]
  /** Whether it refuses clients whose certificate it does not know. */
  isWary?: boolean
  /** Makes what else is on the server, before it starts. */
  build?(space: Space): void
}

export interface OpcUaSimulator extends Simulator {
  /** SHA-256 thumbprint of its certificate. */
  thumbprint: string
  /** Gives a variable an EngineeringUnits property. */
  setUnit(address: string, unit: string): void
  /** Sets a node whose name itself ends in a bracket. */
  setBracketed(address: string, type: TagType, value: TagValue): void
  /** Cuts every connection without a word; sessions and subscriptions live on. */
  cut(): void
  /** As `cut`, and the sessions are forgotten too; their subscriptions live on without one. */
  cutAndForget(): void
  /** Trusts the clients that it refused. */
  trustRefused(): Promise<void>
}

/** An OPC UA server with security, whose variables come into being when they are set. */
export const simulate: Simulate = (options) => startOpcUaSimulator(options)

export async function startOpcUaSimulator(options: OpcUaSimulatorOptions = {}): Promise<OpcUaSimulator> {
  const library = await import('node-opcua-client')
  const folder = await mkdtemp(join(tmpdir(), 'kapok-opcua-'))
  const faults = noFaults()
  const wire = await startWire(faults, options)
  const { addresses = [] } = options
  const companions = [...(options.companions ?? []), ...(await companionsOf(addresses))]
  const server = await startServer(library, folder, wire, { ...options, companions })
  const nodes = new Nodes(library, server, options)
  faults.missing = new MissingNodes(nodes)
  refuseOnDemand(server, faults, library)
  return {
    settings: { endpoint: wire.url },
    thumbprint: createHash('sha256').update(server.getCertificate()).digest('hex'),
    set: (address, type, value) => nodes.set(parseOpcUaAddress(address), type, value),
    get: (address, type) => nodes.get(parseOpcUaAddress(address), type),
    setBracketed(address, type, value) {
      const { namespace, kind, otherReadings } = parseOpcUaAddress(address)
      nodes.set({ namespace, kind, ...otherReadings[0]!, otherReadings: [] }, type, value)
    },
    setUnit: (address, unit) => nodes.setUnit(parseOpcUaAddress(address), unit),
    faults,
    cut: () => wire.cut(),
    cutAndForget() {
      wire.cut()
      const { engine } = server as unknown as {
        engine: {
          _sessions: Record<string, { authenticationToken: unknown }>
          closeSession(token: unknown, deleteSubscriptions: boolean, reason: string): void
        }
      }
      for (const { authenticationToken } of Object.values(engine._sessions))
        engine.closeSession(authenticationToken, false, 'Forcing')
    },
    async trustRefused() {
      const rejected = join(folder, 'rejected')
      for (const file of await readdir(rejected))
        await server.serverCertificateManager.trustCertificate(
          new X509Certificate(await readFile(join(rejected, file))).raw,
        )
    },
    async stop() {
      await wire.stop()
      await server.shutdown(0)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function startServer(
  library: typeof Opcua,
  folder: string,
  wire: Wire,
  options: OpcUaSimulatorOptions,
): Promise<OPCUAServer> {
  const { OPCUAServer } = await import('node-opcua-server')
  const { OPCUACertificateManager } = await import('node-opcua-certificate-manager')
  for (const set of [library.setWarningLogger, library.setErrorLogger, library.setDebugLogger]) set(() => {})
  const { SecurityPolicy, MessageSecurityMode } = library
  const certificates = () =>
    new OPCUACertificateManager({
      rootFolder: folder,
      // It plays a machine: whoever asks may read it.
      automaticallyAcceptUnknownCertificate: options.isWary !== true,
      disableFileWatchers: true,
    })
  const server = new OPCUAServer({
    port: wire.innerPort,
    host: '127.0.0.1',
    hostname: '127.0.0.1',
    advertisedEndpoints: wire.url,
    serverCertificateManager: certificates(),
    userCertificateManager: certificates(),
    serverInfo: { applicationUri: 'urn:kapok:simulator' },
    securityPolicies: [
      SecurityPolicy.None,
      SecurityPolicy.Basic256Sha256,
      SecurityPolicy.Aes128_Sha256_RsaOaep,
      SecurityPolicy.Aes256_Sha256_RsaPss,
    ],
    securityModes: [MessageSecurityMode.None, MessageSecurityMode.Sign, MessageSecurityMode.SignAndEncrypt],
    nodeset_filename: await nodeSetFiles(['standard', ...(options.companions ?? [])]),
    userManager: { isValidUser: (name: string, password: string) => options.users?.[name] === password },
    maxConnectionsPerEndpoint: 100,
    serverCapabilities: {
      maxSessions: 100,
      // Whoever asks for a sampling interval of 0 is told of every change.
      minSupportedSampleRate: 0,
      maxMonitoredItems: 1_000_000,
      maxMonitoredItemsPerSubscription: 1_000_000,
      operationLimits: { maxNodesPerRead: 1000, maxMonitoredItemsPerCall: 1000, ...options.limits },
    },
  })
  await server.initialize()
  options.build?.(server.engine.addressSpace!)
  await server.start()
  return server
}

/** Files of node-sets, each behind those that it builds on. */
async function nodeSetFiles(names: readonly NodesetName[]): Promise<string[]> {
  const { nodesetCatalog, nodesets } = await import('node-opcua-nodesets')
  const files = new Set<string>()
  const add = (name: NodesetName) => {
    for (const each of nodesetCatalog.find((meta) => meta.name === name)?.dependencies ?? []) add(each)
    files.add(nodesets[name])
  }
  for (const name of names) add(name)
  return [...files]
}

/** Services of the session's work answer with a ServiceFault while `refusesAll` is on. */
function refuseOnDemand(
  server: OPCUAServer,
  faults: SimulatorFaults,
  { StatusCodes, ServiceFault }: typeof Opcua,
): void {
  type Handler = (message: { requestId: number; request: Opcua.ReadRequest }, channel: Channel) => void
  interface Channel {
    send_response(type: 'MSG', response: unknown, message: unknown, done: () => void): void
  }
  const handlers = server as unknown as Record<string, Handler>
  for (const name of ['_on_ReadRequest', '_on_WriteRequest', '_on_CreateMonitoredItemsRequest', '_on_BrowseRequest']) {
    const original = handlers[name]!.bind(server)
    handlers[name] = (message, channel) => {
      if (!faults.refusesAll) return original(message, channel)
      const { requestHandle } = message.request.requestHeader
      const responseHeader = { requestHandle, serviceResult: StatusCodes.BadUserAccessDenied, timestamp: new Date() }
      channel.send_response('MSG', new ServiceFault({ responseHeader }), message, () => {})
    }
  }
}
