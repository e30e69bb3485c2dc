import { AddressError, endOfAddress } from '../../address.ts'
import {
  type BrowsedTag,
  type DeviceConnection,
  DeviceError,
  type Driver,
  type DriverTag,
  type FoundMachine,
  quality,
  RefusedRequest,
  type Request,
  type Sample,
  type SubscribeOptions,
  type TagType,
  type TagValue,
} from '../../driver.ts'
import { formatOpcUaAddress, type OpcUaAddress, parseOpcUaAddress } from './address.ts'
import { BuiltInTypes, browseServer } from './browse.ts'
import { OpcUaClient } from './client.ts'
import { sampleOf, variantValueOf } from './codec.ts'
import { machinesOf } from './machines.ts'
import { checkSettings, type OpcUaSettings } from './settings.ts'
import { MachineSubscription } from './subscription.ts'

type Tag = DriverTag<OpcUaAddress>
type OpcUaRequest = Request<OpcUaAddress>

/** A server may take fewer; it says so after the connect, and the request is split again. */
const tagsPerRequestMax = 1000
const retryMs = { first: 1_000, most: 30_000 }

/** OPC UA client (OPC 10000): polls, subscribes, browses and writes variables. The library is loaded on first use. */
export const driver: Driver<OpcUaSettings, OpcUaAddress, OpcUaRequest> = {
  protocol: 'opcua',
  settings: checkSettings,
  parseAddress: (address: string, _type: TagType) => {
    if (address.length > 5000) throw new AddressError(`${address.slice(0, 40)}…`, 5001, endOfAddress)
    return parseOpcUaAddress(address)
  },
  plan(tags) {
    const requests: OpcUaRequest[] = []
    for (let i = 0; i < tags.length; i += tagsPerRequestMax)
      requests.push({ tags: tags.slice(i, i + tagsPerRequestMax) })
    return requests
  },
  open: (settings) => new OpcUaConnection(settings),
}

class OpcUaConnection implements DeviceConnection<OpcUaAddress, OpcUaRequest> {
  readonly #settings: OpcUaSettings
  readonly #subscriptions: MachineSubscription[] = []
  #client: Promise<OpcUaClient> | undefined
  #types: BuiltInTypes | undefined
  #retry: NodeJS.Timeout | undefined
  #retryDelayMs = retryMs.first
  #closed = false

  constructor(settings: OpcUaSettings) {
    this.#settings = settings
  }

  async read({ tags }: OpcUaRequest): Promise<Sample[]> {
    const client = await this.#whole()
    const resolved = await client.resolve(tags)
    const nodeIds = new Map(
      resolved.flatMap((at) => (typeof at === 'string' ? [] : [[at.nodeId.toString(), at.nodeId] as const])),
    )
    const keys = [...nodeIds.keys()]
    const values = new Map<string, Parameters<typeof sampleOf>[0]>()
    const { AttributeIds } = client.library
    for (let i = 0; i < keys.length; i += client.limits.nodesPerRead) {
      const batch = keys.slice(i, i + client.limits.nodesPerRead)
      const read = await client.call(
        client.session.read(batch.map((key) => ({ nodeId: nodeIds.get(key)!, attributeId: AttributeIds.Value }))),
      )
      if (read.length !== batch.length) throw new DeviceError(`${read.length} values came for ${batch.length} nodes`)
      for (const [n, key] of batch.entries()) values.set(key, read[n]!)
    }
    return tags.map(({ type }, i) => {
      const at = resolved[i]!
      if (typeof at === 'string') return { value: undefined, quality: quality.bad, reason: at }
      return sampleOf(values.get(at.nodeId.toString())!, type, at)
    })
  }

  async write(tag: Tag, value: TagValue): Promise<void> {
    const client = await this.#whole()
    const name = formatOpcUaAddress(tag.address)
    const [at] = await client.resolve([tag])
    if (at === undefined || typeof at === 'string') throw new RefusedRequest(`${name}: ${at}`)
    if (at.members.length > 0) throw new RefusedRequest(`${name}: a member of a structure is read, not written`)
    const { AttributeIds, VariantArrayType } = client.library
    this.#types ??= new BuiltInTypes()
    const dataType = await this.#types.ofVariable(client, at.nodeId)
    if (dataType === undefined) throw new RefusedRequest(`${name}: the server has no such variable`)
    const converted = variantValueOf(value, dataType)
    if ('misfit' in converted) throw new RefusedRequest(`${name}: ${converted.misfit}`)
    const isElement = at.element !== undefined
    const status = await client.call(
      client.session.write({
        nodeId: at.nodeId,
        attributeId: AttributeIds.Value,
        indexRange: isElement ? (String(at.element) as never) : undefined,
        value: {
          value: {
            dataType,
            arrayType: isElement ? VariantArrayType.Array : VariantArrayType.Scalar,
            value: isElement ? [converted.value] : converted.value,
          },
        },
      }),
    )
    if (status.isNotGood()) throw new RefusedRequest(`${name}: ${status.name} (${status.description})`)
  }

  async subscribe(tags: readonly Tag[], options: SubscribeOptions<OpcUaAddress>): Promise<void> {
    const client = await this.#whole()
    const subscription = new MachineSubscription(tags, options, this.#settings)
    await subscription.start(client, (error) => this.#startAgain(error))
    this.#subscriptions.push(subscription)
  }

  async *browse(): AsyncIterable<BrowsedTag> {
    const client = await this.#whole()
    this.#types ??= new BuiltInTypes()
    yield* browseServer(client, this.#types)
  }

  async machines(addresses: readonly string[]): Promise<FoundMachine[]> {
    return machinesOf(await this.#whole(), addresses)
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#retry)
    for (const subscription of this.#subscriptions) subscription.forget()
    const client = await this.#client?.catch(() => undefined)
    await client?.close()
  }

  async #whole(): Promise<OpcUaClient> {
    const client = await this.#connected()
    if (!client.isWhole) throw new DeviceError('the connection broke, and is not yet whole again')
    return client
  }

  #connected(): Promise<OpcUaClient> {
    if (this.#closed) return Promise.reject(new DeviceError('the connection was closed'))
    if (this.#client !== undefined) return this.#client
    const tell = (error: DeviceError | undefined) => {
      if (!this.#closed) for (const subscription of this.#subscriptions) subscription.tell(error)
    }
    const client = OpcUaClient.connect(this.#settings, {
      interrupted: tell,
      restored: () => tell(undefined),
      lost: (error) => {
        if (this.#client !== client) return
        this.#client = undefined
        this.#types = undefined
        this.#startAgain(error)
      },
    })
    this.#client = client
    client.catch(() => {
      if (this.#client === client) this.#client = undefined
    })
    return client
  }

  /** Subscribes everything on a new session, after a pause that grows while that fails. */
  #startAgain(error: DeviceError): void {
    if (this.#closed || this.#subscriptions.length === 0 || this.#retry !== undefined) return
    for (const subscription of this.#subscriptions) {
      subscription.forget()
      subscription.tell(error)
    }
    this.#retry = setTimeout(() => void this.#tryAgain(), this.#retryDelayMs)
    this.#retryDelayMs = Math.min(retryMs.most, this.#retryDelayMs * 2)
  }

  async #tryAgain(): Promise<void> {
    const before = await this.#client?.catch(() => undefined)
    this.#client = undefined
    await before?.close()
    try {
      const client = await this.#connected()
      for (const subscription of this.#subscriptions) {
        await subscription.start(client, (error) => this.#startAgain(error))
        subscription.tell(undefined)
      }
      this.#retry = undefined
      this.#retryDelayMs = retryMs.first
    } catch (error) {
      this.#retry = undefined
      this.#startAgain(error instanceof DeviceError ? error : new DeviceError(String(error), { cause: error }))
    }
  }
}
