import type { Holder } from '../directory.ts'
import type { ReasonCode } from './session.ts'
import type { KeptMessage, KeptWill, SessionJournal, Subscription } from './session-journal.ts'
import { matches } from './topics.ts'

const queueMax = 1000
const queueBytesMax = 4 << 20

export interface Outgoing extends KeptMessage {
  /** Number of a QoS 1 message within its session, from 1; its packet id derives from it. */
  n: number | undefined
  /** It may have been sent before. */
  dup: boolean
}

/** What a live connection does for its state. */
interface Connection {
  sendQueued(): void
  disconnect(reasonCode: ReasonCode, why: string): void
}

/**
 * The state of a session (MQTT 5.0 §4.1), which may outlive its connection: subscriptions, messages that the client did
 * not acknowledge or that wait for it, QoS 2 ids. What is kept stands in the journal before anybody is told of it.
 */
export class SessionState {
  readonly key: string
  holder: Holder
  readonly clientId: string
  /** Seconds for which the session is kept after its connection ends; 0: not at all. */
  expirySeconds = 0
  /** The live connection. */
  connection: Connection | undefined
  /** Unix ms when the last connection ended, by the machine's own clock: a world's runs through months in a minute. */
  leftAt: number | undefined
  will: KeptWill | undefined
  /** Whole filter → subscription. */
  readonly subscriptions = new Map<string, Subscription>()
  readonly received = new Set<number>()
  queue: Outgoing[] = []
  readonly inflight = new Map<number, Outgoing>()
  #queueBytes = 0
  #nextN = 1
  readonly #journal: SessionJournal

  constructor(journal: SessionJournal, key: string, holder: Holder, clientId: string) {
    this.#journal = journal
    this.key = key
    this.holder = holder
    this.clientId = clientId
  }

  /** The state that an earlier process left in the journal. */
  static restore(journal: SessionJournal, key: string): SessionState | undefined {
    const entry = journal.sessions.get(key)
    if (entry === undefined) return undefined
    const { session, messages, received } = entry
    const state = new SessionState(journal, key, session.holder, session.clientId)
    state.expirySeconds = session.expirySeconds
    state.will = session.will
    state.leftAt = session.leftAt ?? Date.now()
    for (const [filter, subscription] of session.subscriptions) state.subscriptions.set(filter, subscription)
    for (const id of received) state.received.add(id)
    // Which of them were sent is not known any more.
    for (const [n, message] of messages) {
      state.#push({ ...message, n, dup: true })
      state.#nextN = n + 1
    }
    return state
  }

  /** Writes down what holds now: call it after every change of subscriptions, expiry, will, or connection. */
  record(): void {
    if (this.expirySeconds === 0 && this.will === undefined) this.#journal.end(this.key)
    else
      this.#journal.keep(this.key, {
        holder: this.holder,
        clientId: this.clientId,
        expirySeconds: this.expirySeconds,
        leftAt: this.leftAt,
        subscriptions: [...this.subscriptions],
        will: this.will,
      })
  }

  /** Nothing of it is kept any more. */
  forget(): void {
    this.#journal.end(this.key)
  }

  /** A message of the organisation: sent when a subscription takes it, kept while the client is away. */
  offer(topic: string, payload: Buffer, qos: 0 | 1, retain: boolean, from?: SessionState): void {
    let best: 0 | 1 | undefined
    for (const [filter, subscription] of this.subscriptions) {
      if (!matches(filter, topic) || (subscription.noLocal && from === this)) continue
      best = Math.max(best ?? 0, Math.min(subscription.qos, qos)) as 0 | 1
    }
    if (best !== undefined) this.enqueue({ topic, payload: Buffer.from(payload), qos: best, retain })
  }

  enqueue(message: KeptMessage): void {
    if (this.connection === undefined && (message.qos === 0 || this.expirySeconds === 0)) return
    if (this.queue.length >= queueMax || this.#queueBytes > queueBytesMax) {
      // What was promised is not given up for something newer; of values that nobody is owed the oldest goes.
      if (message.qos === 1 || this.queue[0]?.n !== undefined) return
      this.take()
    }
    const n = message.qos === 1 ? this.#nextN++ : undefined
    if (n !== undefined && this.expirySeconds > 0) this.#journal.message(this.key, n, message)
    this.#push({ ...message, n, dup: false })
    this.connection?.sendQueued()
  }

  #push(message: Outgoing): void {
    this.queue.push(message)
    this.#queueBytes += message.payload.length
  }

  /** The next message to send. */
  take(): Outgoing | undefined {
    const next = this.queue.shift()
    this.#queueBytes -= next?.payload.length ?? 0
    return next
  }

  /** It is under way until the client acknowledges it. The packet id, the same whenever it is sent again. */
  underWay(message: Outgoing & { n: number }): number {
    const id = ((message.n - 1) % 65_535) + 1
    this.inflight.set(id, message)
    return id
  }

  acknowledged(packetId: number): void {
    const message = this.inflight.get(packetId)
    if (message?.n === undefined) return
    this.inflight.delete(packetId)
    this.#journal.done(this.key, message.n)
  }

  /** It will never be sent: larger than the client takes. */
  skipped(message: Outgoing): void {
    if (message.n !== undefined) this.#journal.done(this.key, message.n)
  }

  /** A connection goes on with it: what was sent and not acknowledged goes first, again. */
  attach(connection: Connection): void {
    this.connection = connection
    this.leftAt = undefined
    this.#resend()
    this.record()
  }

  detach(): void {
    this.connection = undefined
    this.leftAt = Date.now()
  }

  #resend(): void {
    const again = [...this.inflight.values()].map((message) => ({ ...message, dup: true }))
    this.inflight.clear()
    for (const { payload } of again) this.#queueBytes += payload.length
    this.queue = [...again, ...this.queue]
  }

  receivedQos2(id: number): void {
    this.received.add(id)
    if (this.expirySeconds > 0) this.#journal.received(this.key, id)
  }

  releasedQos2(id: number): void {
    this.received.delete(id)
    this.#journal.released(this.key, id)
  }
}
