import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type * as Opcua from 'node-opcua-client'
import type { NodesetName } from 'node-opcua-nodesets'
import type { OPCUAServer } from 'node-opcua-server'
import { quality, type TagType, type TagValue } from '../../driver.ts'
import { noFaults, type Simulate, type Simulator, type SimulatorFaults } from '../../simulator.ts'
import { formatOpcUaAddress, type OpcUaAddress, parseOpcUaAddress } from './address.ts'
import { builtIn } from './built-in.ts'
import { sampleOf, variantValueOf } from './codec.ts'
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
}

const dataTypes: Record<TagType, number> = {
  bool: builtIn.Boolean,
  int8: builtIn.SByte,
  uint8: builtIn.Byte,
  int16: builtIn.Int16,
  uint16: builtIn.UInt16,
  int32: builtIn.Int32,
  uint32: builtIn.UInt32,
  int64: builtIn.Int64,
  uint64: builtIn.UInt64,
  float32: builtIn.Float,
  float64: builtIn.Double,
  text: builtIn.String,
}

/** An OPC UA server with security, whose variables come into being when they are set. */
export const simulate: Simulate = (options) => startOpcUaSimulator(options)

export async function startOpcUaSimulator(options: OpcUaSimulatorOptions = {}): Promise<OpcUaSimulator> {
  const library = await import('node-opcua-client')
  const folder = await mkdtemp(join(tmpdir(), 'kapok-opcua-'))
  const faults = noFaults()
  const wire = await startWire(faults, options)
  const server = await startServer(library, folder, wire, options)
  const nodes = new Nodes(library, server, options.namespaces ?? [])
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
      automaticallyAcceptUnknownCertificate: true,
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

export type Space = NonNullable<OPCUAServer['engine']['addressSpace']>
type Variable = ReturnType<ReturnType<Space['getOwnNamespace']>['addVariable']>

/** The variables of the simulated machine. */
class Nodes {
  readonly #library: typeof Opcua
  readonly #space: Space
  readonly #types = new Map<string, TagType>()
  readonly #machine

  constructor(library: typeof Opcua, server: OPCUAServer, namespaces: readonly string[]) {
    this.#library = library
    this.#space = server.engine.addressSpace!
    for (const uri of namespaces) this.#space.registerNamespace(uri)
    this.#machine = this.#space
      .getOwnNamespace()
      .addObject({ browseName: 'Machine', organizedBy: this.#space.rootFolder.objects })
  }

  #namespaceOf({ namespace }: OpcUaAddress) {
    if (typeof namespace === 'string') return this.#space.registerNamespace(namespace)
    for (let n = this.#space.getNamespaceArray().length; n <= namespace; n++)
      this.#space.registerNamespace(`urn:kapok:simulator:${n}`)
    return this.#space.getNamespace(namespace)
  }

  #find(address: OpcUaAddress) {
    const { index } = this.#namespaceOf(address)
    const id = formatOpcUaAddress({ ...address, namespace: index, element: undefined })
    return { id, variable: this.#space.findNode(id) as Variable | null }
  }

  set(address: OpcUaAddress, type: TagType, value: TagValue): void {
    const dataType = dataTypes[type]
    const converted = variantValueOf(value, dataType)
    if ('misfit' in converted) throw new Error(converted.misfit)
    const { id, variable } = this.#find(address)
    const isArray = address.element !== undefined
    const found = variable ?? this.#add(address, id, dataType, isArray)
    this.#types.set(formatOpcUaAddress(address), type)
    const { VariantArrayType } = this.#library
    if (address.element === undefined) {
      found.setValueFromSource({ dataType, arrayType: VariantArrayType.Scalar, value: converted.value })
      return
    }
    const old = Array.from((found.readValue().value?.value as ArrayLike<unknown> | null) ?? [])
    const neutral = 'value' in converted ? (type === 'text' ? '' : type === 'bool' ? false : 0) : 0
    while (old.length <= address.element) old.push(type === 'int64' || type === 'uint64' ? [0, 0] : neutral)
    old[address.element] = converted.value
    found.setValueFromSource({ dataType, arrayType: VariantArrayType.Array, value: old })
  }

  #add(address: OpcUaAddress, id: string, dataType: number, isArray: boolean) {
    return this.#namespaceOf(address).addVariable({
      nodeId: id.replace(/^ns=\d+;/, ''),
      browseName: address.identifier,
      componentOf: this.#machine,
      dataType: this.#library.DataType[dataType]!,
      valueRank: isArray ? 1 : -1,
      minimumSamplingInterval: 0,
    })
  }

  get(address: OpcUaAddress, type: TagType): TagValue {
    const { id, variable } = this.#find(address)
    if (variable === null) throw new Error(`nothing stands at ${id}`)
    const sample = sampleOf(variable.readValue(), type, address)
    if (sample.value === undefined || sample.quality === quality.bad) throw new Error(sample.reason)
    return sample.value
  }

  setUnit(address: OpcUaAddress, unit: string): void {
    const { variable } = this.#find(address)
    this.#namespaceOf(address).addVariable({
      propertyOf: variable!,
      browseName: { name: 'EngineeringUnits', namespaceIndex: 0 },
      typeDefinition: 'PropertyType',
      dataType: 'EUInformation',
      value: {
        dataType: 'ExtensionObject',
        value: this.#space.constructExtensionObject(this.#library.coerceNodeId('ns=0;i=887'), {
          displayName: { text: unit },
        }),
      },
    })
  }

  /** Takes a node away, with what brings it back. */
  remove(address: OpcUaAddress): () => void {
    const { variable } = this.#find(address)
    if (variable === null) return () => {}
    const key = formatOpcUaAddress(address)
    const type = this.#types.get(key) ?? 'float64'
    const value = this.get(address, type)
    this.#space.deleteNode(variable.nodeId)
    return () => this.set(address, type, value)
  }
}

/** The set of addresses that a machine no longer has: what is in it is not in the address space. */
class MissingNodes extends Set<string> {
  readonly #nodes: Nodes
  readonly #restore = new Map<string, () => void>()

  constructor(nodes: Nodes) {
    super()
    this.#nodes = nodes
  }

  override add(address: string): this {
    if (!this.has(address)) this.#restore.set(address, this.#nodes.remove(parseOpcUaAddress(address)))
    return super.add(address)
  }

  override delete(address: string): boolean {
    this.#restore.get(address)?.()
    this.#restore.delete(address)
    return super.delete(address)
  }

  override clear(): void {
    for (const address of [...this]) this.delete(address)
  }
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
