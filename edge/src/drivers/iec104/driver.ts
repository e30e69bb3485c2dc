import { type Check, integer, oneOf, otherwise, shape, text } from '../../check.ts'
import {
  type BrowsedTag,
  type DeviceConnection,
  DeviceError,
  type Driver,
  type DriverTag,
  quality,
  type Request,
  type Sample,
  type SubscribeOptions,
  type TagValue,
} from '../../driver.ts'
import { noAnswerWithin } from '../../line-words.ts'
import { joined } from '../../sentence.ts'
import { type Iec104Address, isMonitored, parseAddress, typesOfKind } from './address.ts'
import { Station } from './client.ts'
import type { AsduSizes } from './codec.ts'
import type { Point } from './elements.ts'
import type { LinkParameters } from './link.ts'

export interface Iec104Settings extends LinkParameters, AsduSizes {
  host: string
  port: number
  commonAddress: number
  timeoutMs: number
  /** What a read is: the last values that the station sent by itself, or those of an interrogation made for it. */
  read: 'last' | 'interrogate'
  /** Whether a command is selected before it is executed. */
  command: 'direct' | 'select'
  /** Of the station's time tags. */
  utcOffsetMinutes: number
}

type Tag = DriverTag<Iec104Address>

const fields = {
  host: text,
  port: otherwise(integer(1, 65_535), 2404),
  commonAddress: otherwise(integer(1, 65_535), 1),
  timeoutMs: otherwise(integer(50, 60_000), 3_000),
  read: otherwise(oneOf(['last', 'interrogate'] as const), 'last'),
  command: otherwise(oneOf(['direct', 'select'] as const), 'direct'),
  utcOffsetMinutes: otherwise(integer(-720, 840), 480),
  k: otherwise(integer(1, 32_767), 12),
  w: otherwise(integer(1, 32_767), 8),
  t1Ms: otherwise(integer(100, 255_000), 15_000),
  t2Ms: otherwise(integer(50, 255_000), 10_000),
  t3Ms: otherwise(integer(100, 172_800_000), 20_000),
  causeBytes: otherwise(integer(1, 2), 2),
  commonAddressBytes: otherwise(integer(1, 2), 2),
  objectAddressBytes: otherwise(integer(1, 3), 3),
} satisfies { [K in keyof Iec104Settings]: Check<Iec104Settings[K]> }

/** IEC 60870-5-104 as the controlling station. Time tags stamp the values; commands write. */
export const driver: Driver<Iec104Settings, Iec104Address, Request<Iec104Address>> = {
  protocol: 'iec104',
  settings: shape<Iec104Settings>(fields),
  parseAddress: (address, type, { objectAddressBytes }) => parseAddress(address, type, objectAddressBytes),
  // An interrogation brings all that a station has.
  plan: (tags) => (tags.length === 0 ? [] : [{ tags }]),
  open: (settings) => new Iec104Connection(settings),
}

/** After a break, a subscription waits this long before it tries again, and longer each time, ms. */
const reconnect = { firstMs: 500, lastMs: 30_000 }

interface Subscription {
  tag: Tag
  options: SubscribeOptions<Iec104Address>
  /** Whether a value came since the connection began. */
  isDelivered: boolean
}

class Iec104Connection implements DeviceConnection<Iec104Address, Request<Iec104Address>> {
  readonly #settings: Iec104Settings
  readonly #station: Station
  readonly #subscriptions = new Map<number, Subscription[]>()
  #retry: NodeJS.Timeout | undefined
  #closed = false

  constructor(settings: Iec104Settings) {
    this.#settings = settings
    this.#station = new Station(settings, {
      point: (object, point) => {
        for (const subscription of this.#subscriptions.get(object) ?? []) deliver(subscription, point)
      },
      lost: (error) => this.#lost(error),
    })
  }

  async read({ tags }: Request<Iec104Address>): Promise<Sample[]> {
    const isCounter = ({ address }: Tag) => address.point?.kind === 'M_IT'
    const again = this.#settings.read === 'interrogate'
    await this.#inTime(async () => {
      await this.#station.interrogated(again && !tags.every(isCounter))
      const wantsCounters = tags.filter(isCounter).some(({ address }) => again || this.#lastOf(address) === undefined)
      if (wantsCounters) await this.#station.countersInterrogated()
    })
    return tags.map((tag) => sampleOf(tag, this.#lastOf(tag.address)))
  }

  async write({ address }: Tag, value: TagValue): Promise<void> {
    const { command } = address
    if (command === undefined) throw new DeviceError(`${address.text} names no command, so it cannot be written`)
    const number = typeof value === 'boolean' ? Number(value) : value
    if (typeof number !== 'number' || !Number.isFinite(number))
      throw new DeviceError(`${address.text}: ${value} is no number`)
    try {
      await this.#inTime(() => this.#station.command(command.kind, command.object, number))
    } catch (error) {
      if (error instanceof RangeError) throw new DeviceError(`${address.text}: ${error.message}`, { cause: error })
      throw error
    }
  }

  async subscribe(tags: readonly Tag[], options: SubscribeOptions<Iec104Address>): Promise<void> {
    const added = tags.map((tag): Subscription => ({ tag, options, isDelivered: false }))
    for (const subscription of added) {
      const object = subscription.tag.address.point?.object ?? -1
      this.#subscriptions.set(object, [...(this.#subscriptions.get(object) ?? []), subscription])
    }
    try {
      await this.#inTime(() => this.#station.interrogated(false))
    } catch (error) {
      for (const [object, those] of this.#subscriptions)
        this.#subscriptions.set(
          object,
          those.filter((each) => !added.includes(each)),
        )
      throw error
    }
    for (const each of added) if (!each.isDelivered) deliver(each, this.#lastOf(each.tag.address))
  }

  /** What general interrogation brings. A station does not say which commands it takes. */
  async *browse(): AsyncGenerator<BrowsedTag> {
    await this.#inTime(() => this.#station.interrogated(false))
    for (const [object, { type }] of [...this.#station.points].sort(([a], [b]) => a - b)) {
      const kind = type.kind
      if (!isMonitored(kind)) continue
      const address = `${kind}:${object}`
      yield { address, name: address, type: typesOfKind[kind][0]!, writable: false }
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#retry)
    this.#station.close()
  }

  #lastOf({ point }: Iec104Address): Point | undefined {
    return point && this.#station.last(point.object)
  }

  /** The steps of a request together take no longer than the time-out; a single one's own error comes first. */
  async #inTime(steps: () => Promise<void>): Promise<void> {
    const { host, port, timeoutMs } = this.#settings
    const { promise: late, reject } = Promise.withResolvers<never>()
    const error = new DeviceError(joined`${host}:${port}: ${noAnswerWithin(timeoutMs)}`)
    const timer = setTimeout(() => reject(error), timeoutMs + 20)
    await Promise.race([steps(), late]).finally(() => clearTimeout(timer))
  }

  #lost(error: DeviceError): void {
    const all = [...this.#subscriptions.values()].flat()
    if (all.length === 0) return
    for (const each of all) each.isDelivered = false
    for (const { state } of new Set(all.map(({ options }) => options))) state(error)
    clearTimeout(this.#retry)
    this.#again(reconnect.firstMs)
  }

  #again(afterMs: number): void {
    this.#retry = setTimeout(async () => {
      try {
        await this.#station.interrogated(false)
      } catch {
        if (!this.#closed) this.#again(Math.min(afterMs * 2, reconnect.lastMs))
        return
      }
      const all = [...this.#subscriptions.values()].flat()
      for (const { state } of new Set(all.map(({ options }) => options))) state(undefined)
      for (const each of all) if (!each.isDelivered) deliver(each, this.#lastOf(each.tag.address))
    }, afterMs)
  }
}

function deliver(subscription: Subscription, point: Point | undefined): void {
  subscription.isDelivered = true
  subscription.options.deliver(subscription.tag, sampleOf(subscription.tag, point))
}

function sampleOf({ address, type }: Tag, point: Point | undefined): Sample {
  const bad = (reason: string): Sample => ({
    value: undefined,
    quality: quality.bad,
    reason: `${address.text}: ${reason}`,
  })
  if (address.point === undefined) return bad('a command has no value to be read')
  if (point === undefined) return bad('the station has sent no value for it since the connection began')
  if (point.type.kind !== address.point.kind) return bad(`the station sends ${point.type.name} there`)
  const stamp = point.at === undefined ? {} : { at: point.at }
  if (point.isInvalid) return { ...bad('the station calls it invalid (IV)'), ...stamp }
  if (!Number.isFinite(point.value)) return { ...bad(`the station sends ${point.value}`), ...stamp }
  const isDouble = point.type.kind === 'M_DP'
  if (isDouble && type === 'bool' && point.value !== 1 && point.value !== 2)
    return { ...bad(`the double point is indeterminate (${point.value})`), ...stamp }
  const value = asValue(address, type === 'bool', point)
  const doubts = [...point.doubts, ...(point.hasBadTime ? ['its time tag is invalid'] : [])]
  if (doubts.length === 0) return { value, quality: quality.good, ...stamp }
  return { value, quality: quality.uncertain, reason: `${address.text}: ${doubts.join(', ')}`, ...stamp }
}

function asValue(address: Iec104Address, isBool: boolean, { type, value }: Point): TagValue {
  if (!isBool) return value
  if (type.kind === 'M_BO') return ((value >>> (address.point?.bit ?? 0)) & 1) === 1
  return type.kind === 'M_DP' ? value === 2 : value === 1
}
