import { encodeSparkplug, sparkplugTypes, type WrittenMetric } from '@kapok/contracts/sparkplug-b'
import type { IClientOptions } from 'mqtt'
import type { EdgePoint } from '../buffer/buffer.ts'
import { quality } from '../driver.ts'
import { asksForRebirth, hostStateOf, writesOf } from './commands.ts'
import { type Plant, type Protocol, SessionOver } from './link.ts'
import { inData, Metrics } from './metrics.ts'
import type { BrokerSession } from './session.ts'
import { nameOf, type SparkplugBroker } from './written.ts'

/** Metrics of a DDATA at most: a backlog is told in pieces, between which live values go. */
const metricsMax = 500

/**
 * An edge node of Sparkplug B (Eclipse Sparkplug 3.0.0): the gateway is the node, each machine a device. Births, data and
 * deaths go at QoS 0 and are never retained (§6.4.19 on); the node's death is the will.
 */
export class SparkplugNode implements Protocol {
  readonly isInOrder = false
  readonly #broker: SparkplugBroker
  readonly #plant: Plant
  readonly #metrics: Metrics
  readonly #topic: (type: string, device?: string) => string
  readonly #note: string
  /** Of the will of this connection, or of the next when its CONNECT has not gone out. */
  #bdSeq: number
  #isBdSeqUsed = false
  #seq = 0
  /** Machines whose birth stands. */
  readonly #born = new Set<string>()
  /** Born for their history, whether they are connected or not. */
  readonly #held = new Set<string>()
  /** Not connected any more: their death is told after their last values. */
  #dying = new Set<string>()
  #turn: Promise<unknown> = Promise.resolve()
  #isRebirthDue = false
  #hostAt = Number.NEGATIVE_INFINITY
  #isHostGone = false

  constructor(broker: SparkplugBroker, plant: Plant) {
    this.#broker = broker
    this.#plant = plant
    this.#metrics = new Metrics(
      plant.machines().map(({ device }) => device),
      plant.derive(),
    )
    const node = broker.edgeNodeId ?? plant.name.replaceAll(/[/+#\0]/g, '_')
    this.#topic = (type, device) =>
      `spBv1.0/${broker.groupId}/${type}/${node}${device === undefined ? '' : `/${device}`}`
    this.#note = `northbound ${nameOf(broker)} bdSeq`
    this.#bdSeq = nextBdSeq(Number(plant.buffer.note(this.#note) ?? 255))
  }

  /** The will, with a bdSeq that is one more than that of the CONNECT before, also over a restart (tck-id-payloads-nbirth-bdseq-repeat). */
  async options(): Promise<IClientOptions> {
    if (this.#isBdSeqUsed) this.#bdSeq = nextBdSeq(this.#bdSeq)
    this.#isBdSeqUsed = false
    // Should the disk take nothing, two runs may have one number; that is no reason not to publish.
    await this.#plant.buffer.append([], [[this.#note, String(this.#bdSeq)]]).catch(() => undefined)
    return { will: { topic: this.#topic('NDEATH'), payload: this.#death(), qos: 1, retain: false } }
  }

  connectSent(): void {
    this.#isBdSeqUsed = true
  }

  /** Hears commands, and waits for the primary host where there is one (tck-id-operational-behavior-edge-node-birth-sequence-wait). */
  async open(session: BrokerSession, waits: (what: string) => void): Promise<void> {
    this.#born.clear()
    this.#held.clear()
    this.#dying.clear()
    this.#turn = Promise.resolve()
    this.#isRebirthDue = false
    this.#isHostGone = false
    const { primaryHost } = this.#broker
    const isOnline = Promise.withResolvers<void>()
    if (primaryHost !== undefined) {
      waits(`the primary host ${primaryHost} is not online`)
      await session.subscribe(`spBv1.0/STATE/${primaryHost}`, (_, payload) => {
        if (this.#hostSaid(payload)) isOnline.resolve()
      })
    }
    await session.subscribe(this.#topic('NCMD'), (_, payload) => this.#nodeCommand(session, payload))
    await session.subscribe(this.#topic('DCMD', '+'), (topic, payload) => this.#deviceCommand(topic, payload))
    if (primaryHost !== undefined) await Promise.race([isOnline.promise, session.ended])
  }

  /** Whether the host is online; what is older than what is known says nothing. */
  #hostSaid(payload: Buffer): boolean {
    const state = hostStateOf(payload)
    if (state === undefined || state.timestamp < this.#hostAt) return false
    this.#hostAt = state.timestamp
    this.#isHostGone = !state.online
    return state.online
  }

  async greet(session: BrokerSession): Promise<void> {
    await this.#inTurn(() => this.#bearAll(session))
  }

  async look(session: BrokerSession, isIdle: boolean): Promise<void> {
    await this.#inTurn(async () => {
      for (const { device, state } of this.#plant.machines())
        if (state.connected && !this.#born.has(device.name)) await this.#bear(session, device.name)
      if (!isIdle) return
      const gone = [...this.#born].filter((name) => !this.#held.has(name) && !this.#isConnected(name))
      // At the second look: what was read before the end is told first.
      for (const name of gone) if (this.#dying.has(name)) await this.#bury(session, name)
      this.#dying = new Set(gone.filter((name) => this.#born.has(name)))
    })
  }

  async send(session: BrokerSession, points: readonly EdgePoint[], isBacklog: boolean): Promise<number> {
    let sent = 0
    for (const [device, all] of Map.groupBy(points, (point) => point.device)) {
      const inOrder = all.sort((a, b) => a.at - b.at)
      for (let i = 0; i < inOrder.length; i += metricsMax)
        sent += await this.#inTurn(() => this.#tell(session, device, inOrder.slice(i, i + metricsMax), isBacklog))
    }
    await session.confirmed()
    return sent
  }

  async caughtUp(): Promise<void> {
    this.#held.clear()
  }

  /** tck-id-operational-behavior-edge-node-intentional-disconnect-ndeath */
  async close(session: BrokerSession): Promise<void> {
    await session.publish(this.#topic('NDEATH'), this.#death(), 1, false)
  }

  #death(): Buffer {
    const now = this.#plant.clock.now()
    return Buffer.from(encodeSparkplug({ timestamp: now, metrics: [this.#bdSeqMetric(now)] }))
  }

  #bdSeqMetric(timestamp: number): WrittenMetric {
    return { name: 'bdSeq', timestamp, datatype: sparkplugTypes.int64, value: this.#bdSeq }
  }

  /** What is told of a machine is told as a whole, whichever lane it is from. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(() => {
      if (this.#isHostGone) throw new SessionOver(`the primary host ${this.#broker.primaryHost} went offline`)
      return work()
    })
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  #isConnected(name: string): boolean {
    return this.#plant.machines().some(({ device, state }) => device.name === name && state.connected)
  }

  async #publish(session: BrokerSession, type: string, metrics: WrittenMetric[], device?: string): Promise<void> {
    const payload = encodeSparkplug({ timestamp: this.#plant.clock.now(), seq: this.#seq, metrics })
    this.#seq = (this.#seq + 1) % 256
    await session.publish(this.#topic(type, device), payload, 0, false)
  }

  /** Node and machines, anew; `seq` begins at 0 with it. */
  async #bearAll(session: BrokerSession): Promise<void> {
    const timestamp = this.#plant.clock.now()
    const { boolean } = sparkplugTypes
    const names = this.#plant.machines().map(({ device }) => device.name)
    const alive = new Set([...names.filter((name) => this.#isConnected(name)), ...this.#held])
    this.#born.clear()
    this.#seq = 0
    await this.#publish(session, 'NBIRTH', [
      this.#bdSeqMetric(timestamp),
      { name: 'Node Control/Rebirth', timestamp, datatype: boolean, value: false },
    ])
    for (const name of alive) await this.#bear(session, name)
  }

  async #bear(session: BrokerSession, device: string): Promise<void> {
    const state = this.#plant.machines().find((each) => each.device.name === device)?.state
    this.#born.add(device)
    await this.#publish(session, 'DBIRTH', this.#metrics.birthOf(device, state, this.#plant.clock.now()), device)
  }

  /** tck-id-operational-behavior-device-ddeath */
  async #bury(session: BrokerSession, device: string): Promise<void> {
    this.#born.delete(device)
    await this.#publish(session, 'DDEATH', [], device)
  }

  async #tell(session: BrokerSession, device: string, all: EdgePoint[], isBacklog: boolean): Promise<number> {
    // Of a machine that does not answer its death said that its values are bad.
    const isSilent = !isBacklog && !this.#born.has(device) && !this.#isConnected(device)
    const points = isSilent ? all.filter((point) => (point.quality ?? quality.good) !== quality.bad) : all
    if (points.length === 0) return 0
    const fitting = points.map((point) => ({ point, ...this.#metrics.fitting(point) }))
    if (isBacklog) this.#held.add(device)
    if (!this.#born.has(device) || fitting.some(({ isNew }) => isNew)) await this.#bear(session, device)
    const lane = { isBacklog, now: this.#plant.clock.now() }
    const metrics = fitting.flatMap(({ point, metric }) => inData(metric, point, lane) ?? [])
    if (metrics.length > 0) await this.#publish(session, 'DDATA', metrics, device)
    return metrics.length
  }

  #nodeCommand(session: BrokerSession, payload: Buffer): void {
    if (!asksForRebirth(payload) || this.#isRebirthDue) return
    this.#isRebirthDue = true
    this.#plant.log.info({ broker: this.#broker.url }, 'the host asks for a rebirth')
    const reborn = this.#inTurn(async () => {
      this.#isRebirthDue = false
      await this.#bearAll(session)
    })
    // A session that ends meanwhile is told by its lanes.
    reborn.catch(() => undefined)
  }

  /** A write like any other: range, interlock, read-back and record. Its outcome is seen in the value. */
  #deviceCommand(topic: string, payload: Buffer): void {
    const { write, log } = this.#plant
    const device = topic.slice(this.#topic('DCMD', '').length)
    const who = `Sparkplug ${this.#broker.groupId} · ${new URL(this.#broker.url).host}`
    const writes = writesOf(payload, (name, alias) =>
      name === undefined ? this.#metrics.byAlias(device, alias ?? 0) : this.#metrics.find(device, name),
    )
    if (writes.length === 0) log.warn({ device }, 'a command of a Sparkplug host has no value for a known metric')
    for (const { property, value } of writes)
      void write({ who, device, property, value }).then(
        (refusal) => {
          if (refusal === undefined) log.info({ device, property }, 'a Sparkplug host wrote a value')
          else log.warn({ device, property, why: refusal.message.en }, 'a write of a Sparkplug host was refused')
        },
        (error: unknown) => log.error({ device, property, err: error }, 'a write of a Sparkplug host failed'),
      )
  }
}

const nextBdSeq = (before: number) => (Number.isInteger(before) && before >= 0 ? (before + 1) % 256 : 0)
