import type { EdgePoint } from '../buffer/buffer.ts'
import { quality } from '../driver.ts'
import type { Plant, Protocol } from './link.ts'
import type { BrokerSession } from './session.ts'
import type { Levels, UnsBroker } from './written.ts'

/** Messages on the way at once. */
const inFlightMax = 200

interface Message {
  topic: string
  body: object
  points: number
}

/**
 * A unified name space: JSON under topics that follow the plant (levels of ISA-95). One message a value where the topic names
 * the property, otherwise one for the values of a machine that were taken together. Always in the order of time, since what is
 * retained must never become older.
 */
export class UnifiedNamespace implements Protocol {
  readonly isInOrder = true
  readonly #broker: UnsBroker
  readonly #plant: Plant
  readonly #units = new Map<string, string>()
  readonly #levels = new Map<string, Levels>()
  readonly #strangers = new Set<string>()

  constructor(broker: UnsBroker, plant: Plant) {
    this.#broker = broker
    this.#plant = plant
    for (const { device } of plant.machines()) {
      this.#levels.set(device.name, device.levels)
      for (const { property, unit } of device.tags) if (unit) this.#units.set(`${device.name}\n${property}`, unit)
    }
    for (const node of plant.derive()?.nodes ?? [])
      if (node.kind === 'derived' && node.unit)
        this.#units.set(`${node.series.device}\n${node.series.property}`, node.unit)
  }

  async options(): Promise<object> {
    return {}
  }
  connectSent(): void {}
  async open(): Promise<void> {}
  async greet(): Promise<void> {}
  async look(): Promise<void> {}
  async caughtUp(): Promise<void> {}
  async close(): Promise<void> {}

  async send(session: BrokerSession, points: readonly EdgePoint[]): Promise<number> {
    const { qos, retain } = this.#broker
    const messages = this.#messagesOf(points.toSorted((a, b) => a.at - b.at))
    const flying = new Set<Promise<unknown>>()
    for (const { topic, body } of messages) {
      if (flying.size >= inFlightMax) await Promise.race(flying)
      const flight: Promise<unknown> = session
        .publish(topic, JSON.stringify(body), qos, retain)
        .finally(() => flying.delete(flight))
      // Whoever waits for all of them hears of it.
      flight.catch(() => undefined)
      flying.add(flight)
    }
    await Promise.all(flying)
    if (qos === 0) await session.confirmed()
    return messages.reduce((sum, message) => sum + message.points, 0)
  }

  #messagesOf(points: readonly EdgePoint[]): Message[] {
    const known = points.filter(({ device }) => this.#isKnown(device))
    if (this.#broker.topic.includes('{property}'))
      return known.map((point) => ({
        topic: this.#topicOf(point.device, point.property),
        body: { timestamp: point.at, ...this.#said(point) },
        points: 1,
      }))
    const together = Map.groupBy(known, ({ device, at }) => `${at}\n${device}`)
    return [...together.values()].map((all) => {
      const { device = '', at } = all[0] ?? {}
      const values = Object.fromEntries(all.map((point) => [point.property, this.#said(point)]))
      return { topic: this.#topicOf(device, ''), body: { timestamp: at, values }, points: all.length }
    })
  }

  #said({ device, property, value, quality: q = quality.good }: EdgePoint) {
    const unit = this.#units.get(`${device}\n${property}`)
    const word = q === quality.good ? 'good' : q === quality.bad ? 'bad' : 'uncertain'
    // A bad value has none: what the buffer holds beside it is the last one that there was.
    return { value: q === quality.bad ? null : value, quality: word, ...(unit !== undefined && { unit }) }
  }

  #topicOf(device: string, property: string): string {
    const names: Record<string, string | undefined> = { ...this.#levels.get(device), device, property }
    return this.#broker.topic.replaceAll(/\{([^}]*)\}/g, (_, name: string) => names[name] ?? '')
  }

  /** Where a machine stood that is no longer in the table is not known. */
  #isKnown(device: string): boolean {
    if (this.#levels.has(device)) return true
    if (!this.#strangers.has(device))
      this.#plant.log.warn(
        { device, broker: this.#broker.url },
        'values of a machine that left the tag table are not sent',
      )
    this.#strangers.add(device)
    return false
  }
}
