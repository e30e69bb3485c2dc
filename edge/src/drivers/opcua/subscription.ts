import { isDeepStrictEqual } from 'node:util'
import type * as Opcua from 'node-opcua-client'
import { DeviceError, type DriverTag, quality, type Sample, type SubscribeOptions } from '../../driver.ts'
import type { OpcUaAddress } from './address.ts'
import { keptMs, type OpcUaClient } from './client.ts'
import { type ReceivedValue, sampleOf, type ValuePart } from './codec.ts'
import type { ResolvedAddress } from './resolver.ts'
import type { OpcUaSettings } from './settings.ts'

type Tag = DriverTag<OpcUaAddress>

/** Tags of one node: it is monitored once, however many elements of it are wanted. */
interface Node {
  nodeId: Opcua.NodeId
  tags: { tag: Tag; part: ValuePart }[]
  last?: ReceivedValue
  /** The subscription of before is gone with what was queued in it, and no value has said so yet. */
  isAnew?: boolean
}

type RawSession = OpcUaClient['session'] & Opcua.ClientSessionRawSubscriptionService

interface Notification {
  monitoredItems?: { clientHandle: number; value: ReceivedValue }[]
}

/** Messages that wait for an earlier one while a break is repaired. */
const heldMax = 10_000
const keepAliveMs = 2_000
const notificationsPerPublishMax = 10_000

/**
 * One subscription and its monitored items. The library is used for publishing, acknowledging, transfer and republishing
 * (OPC 10000-4 §6.7); items are ours, because their nodes may have another namespace index after a restart of the server.
 */
export class MachineSubscription {
  readonly #tags: readonly Tag[]
  readonly #options: SubscribeOptions<OpcUaAddress>
  readonly #settings: OpcUaSettings
  #byHandle = new Map<number, Node>()
  #handle = 0
  /** Every message up to this one was delivered. */
  #lastSequence = 0
  readonly #held = new Map<number, readonly Notification[]>()
  #isRepairing = false
  #hasStructures = false
  /** Whether there was a subscription before this one. */
  #isAnew = false
  #promote: (values: readonly ReceivedValue[]) => Promise<void> = async () => {}
  /** Messages that were taken, to the last of them. */
  #handed = Promise.resolve()
  #subscription: Opcua.ClientSubscription | undefined

  constructor(tags: readonly Tag[], options: SubscribeOptions<OpcUaAddress>, settings: OpcUaSettings) {
    this.#tags = tags
    this.#options = options
    this.#settings = settings
  }

  /** The connection broke, or is whole again. */
  tell(error: DeviceError | undefined): void {
    this.#isRepairing = error !== undefined
    if (error === undefined) this.#release()
    this.#options.state(error)
  }

  /**
   * Subscribes on this session; resolves when each tag is subscribed or was delivered as bad. `broken` is called when the
   * server has dropped the subscription and it could not be made anew.
   */
  async start(client: OpcUaClient, broken: (error: DeviceError) => void): Promise<void> {
    const intervalMs = this.#settings.publishingIntervalMs ?? this.#options.periodMs
    const keepAliveCount = Math.max(1, Math.ceil(keepAliveMs / intervalMs))
    const subscription = await client.call(
      client.session.createSubscription2({
        requestedPublishingInterval: intervalMs,
        requestedMaxKeepAliveCount: keepAliveCount,
        requestedLifetimeCount: Math.max(3 * keepAliveCount, Math.ceil(keptMs / intervalMs)),
        maxNotificationsPerPublish: notificationsPerPublishMax,
        publishingEnabled: true,
        priority: 0,
      }),
    )
    this.#subscription = subscription
    this.#promote = (values) =>
      client.library.promoteOpaqueStructure(client.session, values as unknown as Opcua.DataValue[])
    this.#begin(subscription)
    subscription.on('raw_notification', (message: Opcua.NotificationMessage) => this.#take(subscription, message))
    subscription.on('status_changed', (status: Opcua.StatusCode) => {
      if (this.#subscription === subscription && status.isNotGood() && status.name !== 'GoodSubscriptionTransferred')
        broken(new DeviceError(`the server ended the subscription: ${status.name}`))
    })
    subscription.on('subscriptionId_changed', () => {
      this.#begin(subscription)
      this.#isAnew = true
      client
        .readNamespaces()
        .then(() => this.#createItems(client, subscription))
        .catch((error: DeviceError) => broken(error))
    })
    try {
      await this.#createItems(client, subscription)
    } catch (error) {
      this.forget()
      void subscription.terminate().catch(() => {})
      throw error
    }
  }

  /** Takes no more values of a session that is gone. */
  forget(): void {
    this.#subscription = undefined
    this.#byHandle.clear()
    this.#held.clear()
  }

  #begin(subscription: Opcua.ClientSubscription): void {
    this.#byHandle.clear()
    this.#held.clear()
    this.#lastSequence = 0
    expectAfter(subscription, 0)
  }

  async #createItems(client: OpcUaClient, subscription: Opcua.ClientSubscription): Promise<void> {
    const nodes = this.#nodesOf(await client.resolve(this.#tags))
    this.#hasStructures = this.#tags.some(({ address }) => address.members.length > 0)
    for (let i = 0; i < nodes.length; i += client.limits.itemsPerCall)
      await this.#createBatch(client, subscription, nodes.slice(i, i + client.limits.itemsPerCall))
  }

  #nodesOf(resolved: readonly (ResolvedAddress | string)[]): Node[] {
    const nodes = new Map<string, Node>()
    this.#tags.forEach((tag, i) => {
      const at = resolved[i]
      if (at === undefined || typeof at === 'string') {
        this.#options.deliver(tag, bad(at ?? 'not resolved'))
        return
      }
      const key = at.nodeId.toString()
      const node = nodes.get(key) ?? { nodeId: at.nodeId, tags: [], isAnew: this.#isAnew }
      nodes.set(key, node)
      node.tags.push({ tag, part: at })
    })
    return [...nodes.values()]
  }

  async #createBatch(
    client: OpcUaClient,
    subscription: Opcua.ClientSubscription,
    nodes: readonly Node[],
  ): Promise<void> {
    const { AttributeIds, MonitoringMode, TimestampsToReturn } = client.library
    const first = this.#handle + 1
    for (const node of nodes) this.#byHandle.set(++this.#handle, node)
    const { results } = await client.call(
      (client.session as RawSession).createMonitoredItems({
        subscriptionId: subscription.subscriptionId,
        timestampsToReturn: TimestampsToReturn.Both,
        itemsToCreate: nodes.map(({ nodeId }, i) => ({
          itemToMonitor: { nodeId, attributeId: AttributeIds.Value },
          monitoringMode: MonitoringMode.Reporting,
          requestedParameters: {
            clientHandle: first + i,
            samplingInterval: this.#settings.samplingIntervalMs ?? this.#options.periodMs,
            queueSize: this.#settings.queueSize,
            discardOldest: true,
          },
        })),
      }),
    )
    nodes.forEach((node, i) => {
      const status = results?.[i]?.statusCode
      if (status?.isGood() === true) return
      this.#byHandle.delete(first + i)
      const reason = status === undefined ? 'the server did not subscribe it' : `${status.name}: ${status.description}`
      for (const { tag } of node.tags) this.#options.deliver(tag, bad(reason))
    })
  }

  #take(subscription: Opcua.ClientSubscription, message: Opcua.NotificationMessage): void {
    if (this.#subscription !== subscription) return
    const data = (message.notificationData ?? []) as Notification[]
    const ahead = message.sequenceNumber - this.#lastSequence
    // A keep-alive carries the number of the message that comes next (OPC 10000-4 §7.26), which was not received.
    if (data.length > 0 && ahead > 0) {
      // While a break is repaired, fresh messages come between those that the server repeats.
      if (ahead > 1 && this.#isRepairing && this.#held.size < heldMax) this.#held.set(message.sequenceNumber, data)
      else this.#accept(message.sequenceNumber, data)
    }
    expectAfter(subscription, this.#lastSequence)
  }

  #accept(first: number, data: readonly Notification[]): void {
    let isGap = this.#lastSequence > 0 && first > this.#lastSequence + 1
    let next: readonly Notification[] | undefined = data
    for (let sequence = first; next !== undefined; sequence++) {
      this.#held.delete(sequence)
      this.#lastSequence = sequence
      this.#hand(next, isGap)
      isGap = false
      next = this.#held.get(sequence + 1)
    }
  }

  /** The server has repeated what it could: what is held goes on, over what is missing. */
  #release(): void {
    for (const sequence of [...this.#held.keys()].sort((a, b) => a - b)) {
      const data = this.#held.get(sequence)
      if (data !== undefined) this.#accept(sequence, data)
    }
    if (this.#subscription !== undefined) expectAfter(this.#subscription, this.#lastSequence)
  }

  #hand(message: readonly Notification[], isGap: boolean): void {
    const deliver = () => {
      for (const { monitoredItems } of message)
        for (const { clientHandle, value } of monitoredItems ?? []) this.#deliver(clientHandle, value, isGap)
    }
    if (!this.#hasStructures) {
      deliver()
      return
    }
    // What a structure is made of is asked of the server when it first comes; later messages wait behind it.
    const values = message.flatMap(({ monitoredItems }) => (monitoredItems ?? []).map(({ value }) => value))
    this.#handed = this.#handed
      .then(() => this.#promote(values))
      .catch(() => {})
      .then(deliver)
  }

  #deliver(clientHandle: number, value: ReceivedValue, isGap: boolean): void {
    const node = this.#byHandle.get(clientHandle)
    // Some servers send the newest values once more when a session comes back.
    if (node === undefined || isSame(node.last, value)) return
    node.last = value
    for (const { tag, part } of node.tags) {
      const sample = sampleOf(value, tag.type, part)
      if (isGap) sample.reason ??= 'the server could not repeat what it sent while the connection was broken'
      if (node.isAnew === true)
        sample.reason ??= 'the server gave the subscription up: what it queued before is missing'
      this.#options.deliver(tag, sample)
    }
    node.isAnew = false
  }
}

/** Tells the library which message it has last, as it asks for the next one after a break. */
function expectAfter(subscription: Opcua.ClientSubscription, sequence: number): void {
  ;(subscription as Opcua.ClientSubscription & { lastSequenceNumber: number }).lastSequenceNumber = sequence
}

/** The same value of the same instant; an instant may have several values. */
function isSame(last: ReceivedValue | undefined, now: ReceivedValue): boolean {
  if (last === undefined || last.sourceTimestamp === undefined || last.sourceTimestamp === null) return false
  if (last.sourceTimestamp.getTime() !== now.sourceTimestamp?.getTime()) return false
  return last.statusCode.value === now.statusCode.value && isDeepStrictEqual(last.value?.value, now.value?.value)
}

const bad = (reason: string): Sample => ({ value: undefined, quality: quality.bad, reason })
