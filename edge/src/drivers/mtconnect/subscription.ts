import { setTimeout as sleep } from 'node:timers/promises'
import { DeviceError, type DriverTag, quality, type SubscribeOptions } from '../../driver.ts'
import { findDataItem, type MtconnectAddress } from './address.ts'
import { type MtconnectClient, OutOfRange } from './client.ts'
import { ConditionState, type StreamsDocument, sampleOf } from './codec.ts'

type Tag = DriverTag<MtconnectAddress>

const retryMs = { first: 1_000, most: 30_000 }
/** Between a gap and the next request, so that an agent that is confused is not asked without a pause. */
const gapPauseMs = 100

/** Follows an agent by sequence number; a break loses nothing that its buffer still holds. */
export class AgentSubscription {
  readonly #client: MtconnectClient
  readonly #tags: readonly Tag[]
  readonly #options: SubscribeOptions<MtconnectAddress>
  readonly #streaming: boolean
  readonly #count: number
  readonly #ending = new AbortController()
  #byId = new Map<string, { tags: Tag[]; condition: ConditionState | undefined }>()
  /** The next observation of this life of the agent; undefined: from its current values on. */
  #position: { instanceId: string; next: number } | undefined
  /** What the first values after a gap say. */
  #gap: string | undefined
  #isBroken = false
  #running: Promise<void> | undefined

  constructor(
    client: MtconnectClient,
    tags: readonly Tag[],
    options: SubscribeOptions<MtconnectAddress>,
    { streaming, count }: { streaming: boolean; count: number },
  ) {
    this.#client = client
    this.#tags = tags
    this.#options = options
    this.#streaming = streaming
    this.#count = count
  }

  /** Delivers what the agent has now, and then follows it. Rejects with DeviceError when it gives nothing. */
  async start(): Promise<void> {
    await this.#beginAnew()
    this.#running = this.#follow()
  }

  async end(): Promise<void> {
    this.#ending.abort()
    await this.#running
  }

  async #follow(): Promise<void> {
    let delayMs = retryMs.first
    while (!this.#client.isClosed) {
      try {
        if (this.#position === undefined) await this.#beginAnew()
        if (this.#streaming) await this.#stream()
        else await this.#poll()
        delayMs = retryMs.first
        await this.#pause(gapPauseMs)
      } catch (error) {
        if (this.#client.isClosed) return
        if (error instanceof OutOfRange && this.#position !== undefined) {
          this.#lose('the agent no longer had what came before this value')
          await this.#pause(gapPauseMs)
          continue
        }
        this.#isBroken = true
        this.#options.state(error instanceof DeviceError ? error : new DeviceError(String(error), { cause: error }))
        await this.#pause(delayMs)
        delayMs = Math.min(retryMs.most, delayMs * 2)
      }
    }
  }

  #lose(gap: string): void {
    this.#position = undefined
    this.#gap = gap
  }

  async #beginAnew(): Promise<void> {
    const { items, instanceId } = await this.#client.probe()
    const document = await this.#client.current()
    if (document.instanceId !== instanceId) throw new DeviceError('the agent was restarted between two answers')
    this.#byId.clear()
    for (const tag of this.#tags) {
      const found = findDataItem(tag.address, items)
      if (typeof found === 'string') {
        this.#options.deliver(tag, { value: undefined, quality: quality.bad, reason: found })
        continue
      }
      const isCondition = items.some(({ id, category }) => id === found.id && category === 'CONDITION')
      const entry = this.#byId.get(found.id) ?? { tags: [], condition: isCondition ? new ConditionState() : undefined }
      this.#byId.set(found.id, entry)
      entry.tags.push(tag)
    }
    this.#take(document, 0)
    this.#position = { instanceId, next: document.nextSequence }
    this.#gap = undefined
  }

  async #stream(): Promise<void> {
    const from = this.#position!.next
    let isOne = true
    for await (const document of this.#client.stream(from, this.#options.periodMs)) {
      if (!this.#goOn(document)) return
      isOne = false
    }
    if (this.#position?.next === from && isOne) throw new DeviceError('the agent ended the stream')
    // An agent that cannot stream is asked again after a period, as when polling.
    await this.#pause(this.#options.periodMs)
  }

  async #poll(): Promise<void> {
    while (!this.#client.isClosed) {
      const document = await this.#client.sample(this.#position!.next)
      if (!this.#goOn(document)) return
      if (document.observations.length < this.#count) await this.#pause(this.#options.periodMs)
    }
  }

  /** False when the agent began a new life. */
  #goOn(document: StreamsDocument): boolean {
    const position = this.#position!
    if (document.instanceId !== position.instanceId) {
      this.#lose('the agent was restarted: what came before this value may be lost')
      return false
    }
    this.#take(document, position.next)
    position.next = Math.max(position.next, document.nextSequence)
    return true
  }

  #take(document: StreamsDocument, from: number): void {
    if (this.#client.isClosed) return
    if (this.#isBroken) this.#options.state(undefined)
    this.#isBroken = false
    for (const observation of document.observations) {
      const entry = this.#byId.get(observation.id)
      if (entry === undefined || observation.sequence < from) continue
      entry.condition?.take(observation)
      for (const tag of entry.tags) {
        const sample = sampleOf(observation, tag.type, tag.address.element, entry.condition?.text)
        if (this.#gap !== undefined) sample.reason ??= this.#gap
        this.#options.deliver(tag, sample)
      }
    }
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#ending.signal }).catch(() => {})
  }
}
