import { readFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import { connect, type IClientOptions, type MqttClient } from 'mqtt'
import type { Northbound } from './written.ts'

/** The connection ended; whatever waited for the broker is to be sent again. */
export class SessionEnded extends Error {
  override name = 'SessionEnded'
}

const keepaliveS = 30

/**
 * One connection to a broker (MQTT 3.1.1, clean session). It does not come back by itself: what it left unconfirmed is in
 * the buffer, and the library must not send it once more beside us.
 */
export class BrokerSession {
  readonly #client: MqttClient
  /** Rejects with SessionEnded. */
  readonly ended: Promise<never>
  readonly #heard = new Map<string, (topic: string, payload: Buffer) => void>()
  /** A PINGRESP is the answer to the oldest PINGREQ; the library sends some too. */
  readonly #pings: (() => void)[] = []
  #pingOfOurs: (() => void) | undefined

  private constructor(client: MqttClient, ended: Promise<never>) {
    this.#client = client
    this.ended = ended
    client.on('message', (topic, payload) => {
      for (const [filter, hear] of this.#heard) if (matches(filter, topic)) hear(topic, payload)
    })
    client.on('packetsend', ({ cmd }) => {
      if (cmd === 'pingreq') this.#pings.push(this.#pingOfOurs ?? (() => undefined))
    })
    client.on('packetreceive', ({ cmd }) => {
      if (cmd === 'pingresp') this.#pings.shift()?.()
    })
  }

  /** Connects. `sent` is called when the CONNECT went out. Rejects with what the broker or the network said. */
  static async open(broker: Northbound, options: IClientOptions, sent: () => void): Promise<BrokerSession> {
    const client = connect(broker.url, {
      ...{ protocolVersion: 4, clean: true, reconnectPeriod: 0, connectTimeout: 10_000, keepalive: keepaliveS },
      ...{ queueQoSZero: false, username: broker.username, ...(await secretsOf(broker)), ...options },
    })
    // The library hands the CONNECT to the socket before that is open.
    client.stream.once('connect', sent)
    // An acknowledgement that waits for the next packet would cost 40 ms each time (RFC 896 with RFC 1122 §4.2.3.2).
    if (client.stream instanceof Socket) client.stream.setNoDelay()
    const connected = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<never>()
    ended.promise.catch(() => undefined)
    let lastError: Error | undefined
    client.once('connect', () => connected.resolve())
    client.on('error', (error) => {
      lastError = error
    })
    client.once('close', () => {
      const error = new SessionEnded(lastError?.message || wordOf(lastError) || 'the connection ended', {
        cause: lastError,
      })
      connected.reject(error)
      ended.reject(error)
      client.end(true)
    })
    const session = new BrokerSession(client, ended.promise)
    await connected.promise
    return session
  }

  /** Resolves at QoS 0 when it is written to the socket, in the order of the calls; else when the broker has it. */
  async publish(topic: string, payload: Uint8Array | string, qos: 0 | 1 | 2, retain: boolean): Promise<void> {
    if (!this.#client.connected) throw new SessionEnded('the connection ended')
    const bytes = typeof payload === 'string' ? payload : Buffer.from(payload)
    await Promise.race([this.#client.publishAsync(topic, bytes, { qos, retain }), this.ended])
  }

  /**
   * Resolves when the broker has all that was published before, also at QoS 0: it answers a PINGREQ after what stands in
   * the stream before it.
   */
  async confirmed(): Promise<void> {
    if (!this.#client.connected) throw new SessionEnded('the connection ended')
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#pingOfOurs = resolve
    this.#client.sendPing()
    this.#pingOfOurs = undefined
    await Promise.race([promise, this.ended])
  }

  async subscribe(filter: string, hear: (topic: string, payload: Buffer) => void): Promise<void> {
    this.#heard.set(filter, hear)
    const granted = await Promise.race([this.#client.subscribeAsync(filter, { qos: 1 }), this.ended])
    if (granted.some(({ qos }) => qos === 128)) throw new Error(`the broker does not allow to subscribe to ${filter}`)
  }

  /** Says that it goes, or goes at once. */
  async end(force = false): Promise<void> {
    await Promise.race([this.#client.endAsync(force), new Promise((go) => setTimeout(go, 1_000))])
    if (!force) this.#client.end(true)
  }
}

const wordOf = (error: Error | undefined) => (error !== undefined && 'code' in error ? String(error.code) : undefined)

/** Read for each connection, so that a renewed certificate needs no restart. */
async function secretsOf({ password, passwordFile, ca, cert, key }: Northbound): Promise<IClientOptions> {
  const [written, ...pem] = await Promise.all([passwordFile, ca, cert, key].map((path) => path && readFile(path)))
  return {
    password: written ? written.toString().trim() : password,
    ...(pem[0] && { ca: pem[0] }),
    ...(pem[1] && { cert: pem[1] }),
    ...(pem[2] && { key: pem[2] }),
  }
}

/** Filters of ours have at most one wildcard, `+`, as their last level. */
function matches(filter: string, topic: string): boolean {
  if (!filter.endsWith('/+')) return filter === topic
  const head = filter.slice(0, -1)
  return topic.startsWith(head) && !topic.slice(head.length).includes('/')
}
