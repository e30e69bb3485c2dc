import { type Check, fail, integer, isTrueOrFalse, optional, otherwise, shape, text } from '../../check.ts'
import {
  type BrowsedTag,
  type DeviceConnection,
  type Driver,
  type DriverTag,
  quality,
  type Request,
  type Sample,
  type SubscribeOptions,
  type TagType,
} from '../../driver.ts'
import { type DataItem, findDataItem, type MtconnectAddress, parseMtconnectAddress } from './address.ts'
import { MtconnectClient, type MtconnectSettings } from './client.ts'
import { ConditionState, type Observation, sampleOf } from './codec.ts'
import { AgentSubscription } from './subscription.ts'

type Tag = DriverTag<MtconnectAddress>
type MtconnectRequest = Request<MtconnectAddress>

const url: Check<string> = (value, path) => {
  const address = text(value, path)
  return /^https?:\/\/[^\s/?#]+(\/[^\s?#]*)?$/i.test(address)
    ? address
    : fail(path, { zh: '应为 http://主机:5000', en: 'http://host:5000 is expected' })
}
const boolean: Check<boolean> = (value, path) => (typeof value === 'boolean' ? value : fail(path, isTrueOrFalse))

/** Client of MTConnect agents: their current values, their streams of observations, their data items. */
export const driver: Driver<MtconnectSettings, MtconnectAddress, MtconnectRequest> = {
  protocol: 'mtconnect',
  settings: shape<MtconnectSettings>({
    url,
    device: optional(text),
    streaming: otherwise(boolean, true),
    heartbeatMs: otherwise(integer(10, 600_000), 10_000),
    count: otherwise(integer(1, 100_000), 1_000),
    timeoutMs: otherwise(integer(100, 60_000), 3_000),
  }),
  parseAddress: (address) => parseMtconnectAddress(address),
  // One document brings every value of the agent.
  plan: (tags) => (tags.length === 0 ? [] : [{ tags }]),
  open: (settings) => new MtconnectConnection(settings),
}

interface Probed {
  instanceId: string
  items: readonly DataItem[]
  found: WeakMap<MtconnectAddress, { id: string } | string>
}

class MtconnectConnection implements DeviceConnection<MtconnectAddress, MtconnectRequest> {
  readonly #settings: MtconnectSettings
  readonly #client: MtconnectClient
  readonly #subscriptions: AgentSubscription[] = []
  /** The agent's data items, and which of them each address means. */
  #probed: Probed | undefined

  constructor(settings: MtconnectSettings) {
    this.#settings = settings
    this.#client = new MtconnectClient(settings)
  }

  async read({ tags }: MtconnectRequest): Promise<Sample[]> {
    const until = performance.now() + this.#settings.timeoutMs
    const left = () => Math.max(1, Math.round(until - performance.now()))
    this.#probed ??= await this.#probe(left())
    const document = await this.#client.current(left())
    if (document.instanceId !== this.#probed.instanceId) {
      // In its new life the agent may have other data items.
      this.#probed = undefined
      this.#probed = await this.#probe(left())
    }
    const { items, found } = this.#probed
    const newest = new Map<string, Observation>()
    const conditions = new Map<string, ConditionState>()
    for (const observation of document.observations) {
      newest.set(observation.id, observation)
      if (observation.level === undefined) continue
      const condition = conditions.get(observation.id) ?? new ConditionState()
      conditions.set(observation.id, condition)
      condition.take(observation)
    }
    return tags.map(({ address, type }) => {
      const bad = (reason: string): Sample => ({ value: undefined, quality: quality.bad, reason })
      const item = found.get(address) ?? findDataItem(address, items)
      found.set(address, item)
      if (typeof item === 'string') return bad(item)
      const observation = newest.get(item.id)
      if (observation === undefined) return bad(`the agent sent no value of ${item.id}`)
      return sampleOf(observation, type, address.element, conditions.get(item.id)?.text)
    })
  }

  async #probe(withinMs: number): Promise<Probed> {
    return { ...(await this.#client.probe(withinMs)), found: new WeakMap() }
  }

  async subscribe(tags: readonly Tag[], options: SubscribeOptions<MtconnectAddress>): Promise<void> {
    const subscription = new AgentSubscription(this.#client, tags, options, this.#settings)
    await subscription.start()
    this.#subscriptions.push(subscription)
  }

  async *browse(): AsyncIterable<BrowsedTag> {
    const { items } = await this.#client.probe()
    for (const item of items) yield* browsedTagsOf(item)
  }

  async close(): Promise<void> {
    this.#client.close()
    await Promise.all(this.#subscriptions.map((each) => each.end()))
  }
}

/** Events whose values are whole numbers (Part 3.0 §6.2). */
const countedEvents = new Set(['PART_COUNT', 'LINE', 'LINE_NUMBER', 'BLOCK_COUNT'])

function* browsedTagsOf(item: DataItem): Generator<BrowsedTag> {
  // Data sets and tables are not read.
  if (/^(DATA_SET|TABLE)$/.test(item.representation ?? '')) return
  const subType = item.subType === undefined ? '' : ` ${item.subType}`
  const name = [...item.path, item.name ?? `${item.type}${subType}`].join('/')
  const isNumber = item.category === 'SAMPLE' && item.representation !== 'TIME_SERIES'
  const type: TagType = isNumber ? 'float64' : countedEvents.has(item.type) ? 'int64' : 'text'
  const common = { type, unit: item.units?.replace(/_3D$/, ''), writable: false }
  if (isNumber && /_3D$/.test(item.units ?? ''))
    for (const [n, axis] of ['X', 'Y', 'Z'].entries())
      yield { address: `${item.id}[${n}]`, name: `${name} ${axis}`, ...common }
  else yield { address: item.id, name, ...common }
}
