import type * as Opcua from 'node-opcua-client'
import type { DriverTag } from '../../driver.ts'
import { formatOpcUaAddress, type OpcUaAddress, type Part, type Reading } from './address.ts'
import type { OpcUaClient } from './client.ts'
import { EnumerationWords } from './enumeration.ts'
import { Instances } from './instances.ts'

type Tag = DriverTag<OpcUaAddress>

/** A node on this server, what is picked of its value, and the words of its enumeration where a text is wanted. */
export interface ResolvedAddress extends Part {
  nodeId: Opcua.NodeId
  words?: ReadonlyMap<number, string>
}

/** Finds the nodes of addresses on one server, and keeps what it found. */
export class Resolver {
  readonly instances: Instances
  readonly #client: OpcUaClient
  readonly #words: EnumerationWords
  readonly #resolved = new Map<string, ResolvedAddress | string>()
  readonly #wordsOfNodes = new Map<string, ReadonlyMap<number, string> | undefined>()

  constructor(client: OpcUaClient) {
    this.#client = client
    this.instances = new Instances(client)
    this.#words = new EnumerationWords(client)
  }

  async resolve(tags: readonly Tag[]): Promise<(ResolvedAddress | string)[]> {
    const { nodesPerRead } = this.#client.limits
    const open = new Map<string, OpcUaAddress>()
    const keys = tags.map(({ address }) => formatOpcUaAddress(address))
    for (const [i, key] of keys.entries()) if (!this.#resolved.has(key)) open.set(key, tags[i]!.address)
    const unsure: [string, OpcUaAddress][] = []
    for (const [key, address] of open)
      if (address.path !== undefined) await this.#follow(key, address)
      else if (address.otherReadings.length > 0) unsure.push([key, address])
      else this.#keep(key, this.#nodeIdOf(address, address.identifier), address)
    const each = Math.max(1, Math.floor(nodesPerRead / 2))
    for (let i = 0; i < unsure.length; i += each) await this.#decide(unsure.slice(i, i + each))
    const found = keys.map((key) => this.#resolved.get(key) ?? 'not resolved')
    await this.#learnWords(found.filter((at, i) => typeof at !== 'string' && isWord(tags[i]!)) as ResolvedAddress[])
    return found.map((at, i) => {
      if (typeof at === 'string' || !isWord(tags[i]!)) return at
      return { ...at, words: this.#wordsOfNodes.get(at.nodeId.toString()) }
    })
  }

  #keep(key: string, nodeId: Opcua.NodeId | string, { element, members }: Part): void {
    this.#resolved.set(key, typeof nodeId === 'string' ? nodeId : { nodeId, element, members })
  }

  async #follow(key: string, address: OpcUaAddress): Promise<void> {
    const { namespace, path } = address
    const index = this.#indexOf(namespace)
    if (typeof index === 'string') return this.#keep(key, index, address)
    const found = await this.instances.follow(index, path!)
    this.#keep(key, typeof found === 'string' ? found : found.nodeId, address)
  }

  /** Of several readings of an address that one counts first whose node the server has. */
  async #decide(unsure: readonly [string, OpcUaAddress][]): Promise<void> {
    const asked: { key: string; reading: Reading; nodeId: Opcua.NodeId }[] = []
    for (const [key, address] of unsure) {
      this.#keep(key, this.#nodeIdOf(address, address.identifier), address)
      for (const reading of address.otherReadings) {
        const nodeId = this.#nodeIdOf(address, reading.identifier)
        if (typeof nodeId !== 'string') asked.push({ key, reading, nodeId })
      }
    }
    if (asked.length === 0) return
    const { library, session } = this.#client
    const classes = await this.#client.call(
      session.read(asked.map(({ nodeId }) => ({ nodeId, attributeId: library.AttributeIds.NodeClass }))),
    )
    // The first reading comes last, so that it wins.
    for (const [i, { key, reading, nodeId }] of [...asked.entries()].reverse())
      if (classes[i]?.statusCode.isGood() === true) this.#keep(key, nodeId, reading)
  }

  async #learnWords(nodes: readonly ResolvedAddress[]): Promise<void> {
    const open = new Map(nodes.map(({ nodeId }) => [nodeId.toString(), nodeId]))
    for (const key of open.keys()) if (this.#wordsOfNodes.has(key)) open.delete(key)
    const found = await this.#words.ofVariables([...open.values()])
    for (const [i, key] of [...open.keys()].entries()) this.#wordsOfNodes.set(key, found[i])
  }

  #indexOf(namespace: number | string): number | string {
    const index = typeof namespace === 'number' ? namespace : this.#client.namespaces.indexOf(namespace)
    return index < 0 ? `the server has no namespace ${namespace}` : index
  }

  #nodeIdOf({ namespace, kind }: OpcUaAddress, identifier: string): Opcua.NodeId | string {
    const index = this.#indexOf(namespace)
    if (typeof index === 'string') return index
    const { NodeId } = this.#client.library
    const { NUMERIC, STRING, GUID, BYTESTRING } = NodeId.NodeIdType
    switch (kind) {
      case 'i':
        return new NodeId(NUMERIC, Number(identifier), index)
      case 's':
        return new NodeId(STRING, identifier, index)
      case 'g':
        return new NodeId(GUID, identifier, index)
      case 'b':
        return new NodeId(BYTESTRING, Buffer.from(identifier, 'base64'), index)
      case 't':
        return 'not resolved'
    }
  }
}

/** A text of a node that may be an enumeration; a member of a structure brings its words along. */
const isWord = ({ type, address }: Tag) => type === 'text' && address.members.length === 0
