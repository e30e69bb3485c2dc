import type { Socket } from 'node:net'
import type { IConnectPacket, IPublishPacket, ISubscribePacket, IUnsubscribePacket, Packet } from 'mqtt-packet'
import mqttPacket from 'mqtt-packet'
import type { Sender } from '../directory.ts'
import { type KnownDictionary, noDictionary } from '../intake.ts'
import type { SenderContext } from '../reception.ts'
import type { MqttEndpoint } from './endpoint.ts'
import { type Frame, FrameError, nextFrame } from './framer.ts'
import { isFilter, isTopicName, matches } from './topics.ts'

/** Reason codes of MQTT 5.0 §2.4 that we send. */
const code = {
  success: 0x00,
  malformed: 0x81,
  protocolError: 0x82,
  notAuthorised: 0x87,
  serverBusy: 0x89,
  serverShuttingDown: 0x8b,
  keepAliveTimeout: 0x8d,
  takenOver: 0x8e,
  filterInvalid: 0x8f,
  topicInvalid: 0x90,
  receiveMaximum: 0x93,
  packetTooLarge: 0x95,
  qosNotSupported: 0x9b,
  sharedNotSupported: 0x9e,
} as const
export type ReasonCode = (typeof code)[keyof typeof code]
export const reasonCode = code

export const packetBytesMax = (1 << 20) + 65_536
const connectBytesMax = 65_536
export const receiveMaximum = 2048
const subscriptionsMax = 100
const queueMax = 1000
const inflightMax = 64
const socketBufferBytesMax = 4 << 20
const sessionExpirySecondsMax = 7 * 86_400

interface Outgoing {
  topic: string
  payload: Buffer
  qos: 0 | 1
  retain: boolean
}
interface Subscription {
  qos: 0 | 1
  noLocal: boolean
}

/** One client: its connection, and what is kept of it between connections. */
export class Session implements SenderContext {
  sender: Sender | undefined
  clientId = ''
  version: 3 | 4 | 5 = 4
  /** Monotonic ms of the last packet. */
  heardMs = performance.now()
  keepAliveMs = 0
  known: KnownDictionary = noDictionary()
  /** Whole filter → subscription. */
  readonly subscriptions = new Map<string, Subscription>()
  /** Seconds for which the session is kept after its connection ends; 0: not at all. */
  expirySeconds = 0
  closed = false
  readonly #endpoint: MqttEndpoint
  readonly #socket: Socket
  #parser: mqttPacket.Parser | undefined
  #buffer: Buffer = Buffer.alloc(0)
  #busy = false
  #will: IConnectPacket['will']
  #acks: Buffer[] = []
  #unacknowledged = 0
  #qos2 = new Set<number>()
  #queue: Outgoing[] = []
  #inflight = new Map<number, Outgoing>()
  #nextId = 1
  #peerReceiveMaximum = inflightMax
  #peerPacketMax = Number.POSITIVE_INFINITY
  #states: object | undefined
  #lastTopicBytes: Buffer = Buffer.alloc(0)
  #lastTopic = ''

  constructor(endpoint: MqttEndpoint, socket: Socket) {
    this.#endpoint = endpoint
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    socket.on('close', () => this.#onClose())
    socket.on('error', () => socket.destroy())
  }

  // ── reading ──

  #onData(chunk: Buffer): void {
    this.heardMs = performance.now()
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk])
    if (!this.#busy) this.#drain()
  }

  #drain(): void {
    let at = 0
    try {
      while (!this.#busy && !this.closed) {
        const frame = nextFrame(this.#buffer, at, this.sender === undefined ? connectBytesMax : packetBytesMax)
        if (frame === undefined) break
        const waiting = this.#handle(frame, at)
        at = frame.end
        if (waiting !== undefined) this.#holdUntil(waiting)
      }
    } catch (error) {
      this.#refuseStream(error)
    }
    if (this.closed) return
    this.#buffer = at === this.#buffer.length ? Buffer.alloc(0) : this.#buffer.subarray(at)
    this.#flushAcks()
    if (at > 0) this.#endpoint.appended()
    if (this.#endpoint.underPressure()) this.#endpoint.holdBack(this)
  }

  /** Packets of one session are handled in order: what follows waits. */
  #holdUntil(waiting: Promise<void>): void {
    this.#busy = true
    this.#socket.pause()
    waiting
      .catch((error: unknown) => this.#endpoint.fail(this, error))
      .finally(() => {
        this.#busy = false
        if (this.closed) return
        this.#socket.resume()
        this.#drain()
      })
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    if (!this.#busy && !this.closed) this.#socket.resume()
  }

  #refuseStream(error: unknown): void {
    if (error instanceof FrameError)
      this.disconnect(error.tooLarge ? code.packetTooLarge : code.malformed, error.message)
    else if (error instanceof ProtocolError) this.disconnect(error.code, error.message)
    else this.#endpoint.fail(this, error)
  }

  #handle(frame: Frame, start: number): Promise<void> | undefined {
    const type = frame.first >> 4
    if (this.sender === undefined && type !== 1)
      throw new ProtocolError(code.protocolError, 'the first packet is not CONNECT')
    if (type === 3 && (this.version < 5 || this.#hasNoProperties(frame))) return this.#publishFrame(frame)
    if (type === 12) {
      if (frame.end !== frame.bodyStart || (frame.first & 15) !== 0) throw new ProtocolError(code.malformed, 'PINGREQ')
      this.#write(pingresp)
      return undefined
    }
    return this.#packet(this.#parse(this.#buffer.subarray(start, frame.end)))
  }

  #parse(bytes: Buffer): Packet {
    this.#parser ??= mqttPacket
      .parser(this.sender === undefined ? {} : { protocolVersion: this.version })
      .on('packet', (each: Packet) => {
        this.#parsed = each
      })
      .on('error', (error: Error) => {
        this.#parseError = error
      })
    this.#parsed = undefined
    this.#parseError = undefined
    this.#parser.parse(bytes)
    const packet: Packet | undefined = this.#parsed
    if (this.#parseError !== undefined || packet === undefined)
      throw new ProtocolError(
        code.malformed,
        String((this.#parseError as Error | undefined)?.message ?? 'incomplete packet'),
      )
    return packet
  }
  #parsed: Packet | undefined
  #parseError: Error | undefined

  #packet(packet: Packet): Promise<void> | undefined {
    if (packet.cmd === 'connect') {
      if (this.sender !== undefined) throw new ProtocolError(code.protocolError, 'a second CONNECT')
      return this.#connect(packet)
    }
    switch (packet.cmd) {
      case 'publish':
        return this.#publishParsed(packet)
      case 'puback':
        this.#inflight.delete(packet.messageId ?? 0)
        this.#sendQueued()
        return undefined
      case 'pubrel':
        this.#qos2.delete(packet.messageId ?? 0)
        this.#ack(Buffer.of(0x70, 2, (packet.messageId ?? 0) >> 8, (packet.messageId ?? 0) & 255))
        return undefined
      case 'subscribe':
        return void this.#subscribe(packet)
      case 'unsubscribe':
        return void this.#unsubscribe(packet)
      case 'disconnect':
        if (packet.reasonCode !== 4) this.#will = undefined
        if (this.version === 5 && packet.properties?.sessionExpiryInterval !== undefined && this.expirySeconds > 0)
          this.expirySeconds = Math.min(packet.properties.sessionExpiryInterval, sessionExpirySecondsMax)
        this.#end()
        return undefined
      case 'pubrec':
      case 'pubcomp':
        throw new ProtocolError(code.protocolError, 'no QoS 2 is sent to clients')
      default:
        throw new ProtocolError(code.protocolError, `${packet.cmd} is not for a server`)
    }
  }

  // ── connecting ──

  async #connect(packet: IConnectPacket): Promise<void> {
    this.version = packet.protocolVersion ?? 4
    if (packet.will !== undefined && !isTopicName(packet.will.topic)) return this.#refuse(2, code.topicInvalid)
    const tokens = [packet.password?.toString('utf8'), packet.username].filter(
      (each) => each !== undefined && each !== '',
    )
    if (this.#endpoint.refusesNew()) return this.#refuse(3, code.serverBusy)
    const sender = await this.#endpoint.authenticate(tokens as string[])
    if (this.closed) return
    if (sender === undefined) return this.#refuse(5, code.notAuthorised)
    const clean = packet.clean === true
    if (packet.clientId === '' && !clean && this.version < 5) return this.#refuse(2, code.protocolError)
    this.sender = sender
    this.clientId = packet.clientId
    this.#will = packet.will
    this.keepAliveMs = (packet.keepalive ?? 0) * 1500
    const { properties } = packet
    this.expirySeconds =
      this.version === 5
        ? Math.min(properties?.sessionExpiryInterval ?? 0, sessionExpirySecondsMax)
        : clean
          ? 0
          : sessionExpirySecondsMax
    this.#peerReceiveMaximum = Math.min(properties?.receiveMaximum ?? inflightMax, inflightMax)
    this.#peerPacketMax = properties?.maximumPacketSize ?? Number.POSITIVE_INFINITY
    const kept = this.#endpoint.open(this, clean)
    this.#send({
      cmd: 'connack',
      sessionPresent: kept !== undefined,
      ...(this.version === 5
        ? {
            reasonCode: 0,
            properties: {
              receiveMaximum,
              maximumQoS: 1,
              maximumPacketSize: packetBytesMax,
              sharedSubscriptionAvailable: false,
              subscriptionIdentifiersAvailable: false,
              ...(this.expirySeconds < (properties?.sessionExpiryInterval ?? 0)
                ? { sessionExpiryInterval: this.expirySeconds }
                : {}),
              ...(packet.clientId === '' ? { assignedClientIdentifier: sender.credentialId } : {}),
            },
          }
        : { returnCode: 0 }),
    })
    if (kept !== undefined) this.#takeUp(kept)
    this.#parser = undefined
  }

  #takeUp(kept: Session): void {
    for (const [filter, subscription] of kept.subscriptions) this.subscriptions.set(filter, subscription)
    this.#qos2 = kept.#qos2
    // What was sent and not acknowledged goes first, again.
    this.#queue = [...kept.#inflight.values(), ...kept.#queue]
    this.#endpoint.subscribed(this)
    this.#sendQueued()
  }

  #refuse(returnCode: number, reasonCode5: ReasonCode): void {
    this.#send(
      this.version === 5
        ? { cmd: 'connack', sessionPresent: false, reasonCode: reasonCode5 }
        : { cmd: 'connack', sessionPresent: false, returnCode },
    )
    this.#end()
  }

  // ── publishing ──

  #hasNoProperties(frame: Frame): boolean {
    const qos = (frame.first >> 1) & 3
    const topicBytes = frame.end - frame.bodyStart >= 2 ? this.#buffer.readUInt16BE(frame.bodyStart) : 0
    return this.#buffer[frame.bodyStart + 2 + topicBytes + (qos > 0 ? 2 : 0)] === 0
  }

  /** The hot path: a PUBLISH read without a parser. */
  #publishFrame(frame: Frame): Promise<void> | undefined {
    const buffer = this.#buffer
    const qos = ((frame.first >> 1) & 3) as 0 | 1 | 2 | 3
    const { bodyStart, end } = frame
    if (qos === 3 || bodyStart + 2 > end) throw new ProtocolError(code.malformed, 'PUBLISH')
    const topicEnd = bodyStart + 2 + buffer.readUInt16BE(bodyStart)
    const rest = topicEnd + (qos > 0 ? 2 : 0) + (this.version === 5 ? 1 : 0)
    if (rest > end) throw new ProtocolError(code.malformed, 'PUBLISH ends within its topic')
    const packetId = qos > 0 ? buffer.readUInt16BE(topicEnd) : 0
    return this.#publish(
      this.#topicAt(bodyStart + 2, topicEnd),
      buffer.subarray(rest, end),
      qos,
      packetId,
      (frame.first & 8) !== 0,
      (frame.first & 1) !== 0,
    )
  }

  /** Most senders use one topic: its text is made once. */
  #topicAt(from: number, to: number): string {
    const length = to - from
    if (length === this.#lastTopicBytes.length && this.#buffer.compare(this.#lastTopicBytes, 0, length, from, to) === 0)
      return this.#lastTopic
    const bytes = Buffer.from(this.#buffer.subarray(from, to))
    const topic = bytes.toString('utf8')
    if (!isTopicName(topic)) throw new ProtocolError(code.topicInvalid, 'not a topic name')
    this.#lastTopicBytes = bytes
    this.#lastTopic = topic
    return topic
  }

  #publishParsed(packet: IPublishPacket): Promise<void> | undefined {
    if (packet.properties?.topicAlias !== undefined)
      throw new ProtocolError(0x94 as ReasonCode, 'no topic alias was allowed')
    if (!isTopicName(packet.topic)) throw new ProtocolError(code.topicInvalid, 'not a topic name')
    const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload
    return this.#publish(packet.topic, payload, packet.qos, packet.messageId ?? 0, packet.dup, packet.retain)
  }

  #publish(
    topic: string,
    payload: Buffer,
    qos: 0 | 1 | 2,
    packetId: number,
    dup: boolean,
    retain: boolean,
  ): Promise<void> | undefined {
    if (qos > 0) {
      if (packetId === 0) throw new ProtocolError(code.protocolError, 'packet id 0')
      if (qos === 2 && this.version === 5) throw new ProtocolError(code.qosNotSupported, 'Maximum QoS is 1')
      if (this.version === 5 && ++this.#unacknowledged > receiveMaximum)
        throw new ProtocolError(code.receiveMaximum, 'more unacknowledged messages than the receive maximum')
    }
    if (qos === 2 && this.#qos2.has(packetId)) {
      this.#ackPublish(qos, packetId, code.success)
      return undefined
    }
    const result = this.#endpoint.publish(this, { topic, payload, qos, packetId, dup, retain })
    if (typeof result === 'number') return void this.#ackPublish(qos, packetId, result)
    // The payload must outlive the buffer that it lies in; the promise holds it, since buffers are never reused.
    return result.then((reasonCode) => this.#ackPublish(qos, packetId, reasonCode))
  }

  #ackPublish(qos: 0 | 1 | 2, packetId: number, reasonCode: ReasonCode): void {
    if (qos === 0) return
    if (qos === 2) this.#qos2.add(packetId)
    const first = qos === 1 ? 0x40 : 0x50
    this.#ack(
      this.version === 5 && reasonCode !== code.success
        ? Buffer.of(first, 3, packetId >> 8, packetId & 255, reasonCode)
        : Buffer.of(first, 2, packetId >> 8, packetId & 255),
    )
  }

  #ack(bytes: Buffer): void {
    this.#acks.push(bytes)
  }

  /** Acknowledgements of everything read in this turn go out together, when it is on disk. */
  #flushAcks(): void {
    if (this.#acks.length === 0) return
    const acks = this.#acks
    this.#acks = []
    this.#endpoint.whenDurable(() => {
      this.#unacknowledged = Math.max(0, this.#unacknowledged - acks.length)
      this.#write(acks.length === 1 ? (acks[0] as Buffer) : Buffer.concat(acks))
    })
  }

  // ── subscribing ──

  #subscribe(packet: ISubscribePacket): void {
    const granted: number[] = []
    const fresh: string[] = []
    for (const each of packet.subscriptions) {
      const whole = this.wholeTopic(each.topic)
      const refused =
        each.topic.startsWith('$share/') && this.version === 5
          ? code.sharedNotSupported
          : !isFilter(each.topic)
            ? code.filterInvalid
            : whole === undefined || this.subscriptions.size >= subscriptionsMax
              ? code.notAuthorised
              : undefined
      if (refused !== undefined || whole === undefined) {
        granted.push(this.version === 5 ? (refused ?? code.notAuthorised) : 0x80)
        continue
      }
      const qos = Math.min(each.qos, 1) as 0 | 1
      if (each.rh === undefined || each.rh === 0 || (each.rh === 1 && !this.subscriptions.has(whole))) fresh.push(whole)
      this.subscriptions.set(whole, { qos, noLocal: each.nl === true })
      granted.push(qos)
    }
    this.#endpoint.subscribed(this)
    this.#send({ cmd: 'suback', messageId: packet.messageId ?? 0, granted })
    for (const filter of fresh)
      for (const message of this.#endpoint.retainedFor(this, filter))
        this.#enqueue({
          ...message,
          qos: Math.min(message.qos, this.subscriptions.get(filter)?.qos ?? 0) as 0 | 1,
          retain: true,
        })
  }

  #unsubscribe(packet: IUnsubscribePacket): void {
    const granted = packet.unsubscriptions.map((filter) => {
      const whole = this.wholeTopic(filter)
      return whole !== undefined && this.subscriptions.delete(whole) ? 0 : 0x11
    })
    this.#endpoint.subscribed(this)
    this.#send({ cmd: 'unsuback', messageId: packet.messageId ?? 0, granted })
  }

  /** A topic or filter as the organisation knows it; undefined when it is another device's. */
  wholeTopic(topic: string): string | undefined {
    const own = `devices/${this.sender?.deviceId}`
    if (topic === 'devices' || topic.startsWith('devices/'))
      return topic === own || topic.startsWith(`${own}/`) ? topic : undefined
    return `${own}/${topic}`
  }

  /** A message of the organisation: sent when a subscription takes it, kept while the client is away. */
  offer(topic: string, payload: Buffer, qos: 0 | 1, retain: boolean, from?: Session): void {
    let best: 0 | 1 | undefined
    for (const [filter, subscription] of this.subscriptions) {
      if (!matches(filter, topic) || (subscription.noLocal && from === this)) continue
      best = Math.max(best ?? 0, Math.min(subscription.qos, qos)) as 0 | 1
    }
    if (best !== undefined) this.#enqueue({ topic, payload: Buffer.from(payload), qos: best, retain })
  }

  #enqueue(message: Outgoing): void {
    if (this.closed && (message.qos === 0 || this.expirySeconds === 0)) return
    if (this.#queue.length >= queueMax) this.#queue.shift()
    this.#queue.push(message)
    this.#sendQueued()
  }

  #sendQueued(): void {
    while (!this.closed && this.#queue.length > 0) {
      const next = this.#queue[0] as Outgoing
      if (next.qos === 1 && this.#inflight.size >= this.#peerReceiveMaximum) return
      if (this.#socket.writableLength > socketBufferBytesMax) return
      this.#queue.shift()
      const prefix = `devices/${this.sender?.deviceId}/`
      const topic = next.topic.startsWith(prefix) ? next.topic.slice(prefix.length) : next.topic
      if (next.payload.length + topic.length + 16 > this.#peerPacketMax) continue
      const messageId = next.qos === 1 ? this.#freeId() : undefined
      if (messageId !== undefined) this.#inflight.set(messageId, next)
      this.#send({
        cmd: 'publish',
        topic,
        payload: next.payload,
        qos: next.qos,
        retain: next.retain,
        dup: false,
        ...(messageId === undefined ? {} : { messageId }),
      })
    }
  }

  #freeId(): number {
    do this.#nextId = (this.#nextId % 65_535) + 1
    while (this.#inflight.has(this.#nextId))
    return this.#nextId
  }

  // ── what dialects ask for ──

  state<T extends object>(make: () => T): T {
    this.#states ??= make()
    return this.#states as T
  }

  last(device?: string): Record<string, number | string | boolean> {
    // Only a gateway speaks, and hears, for other devices.
    if (device !== undefined && this.sender?.kind !== 'gateway') return {}
    return this.#endpoint.lastOf(this, device)
  }

  send(topic: string, payload: Buffer): void {
    this.offer(`devices/${this.sender?.deviceId}/${topic}`, payload, 0, false)
  }

  nowMs(): number {
    return performance.now()
  }

  // ── ending ──

  disconnect(reasonCode: ReasonCode, why: string): void {
    if (this.closed) return
    if (this.version === 5 && this.sender !== undefined)
      this.#send({ cmd: 'disconnect', reasonCode, properties: { reasonString: why.slice(0, 200) } })
    this.#end()
  }

  #end(): void {
    if (this.closed) return
    this.closed = true
    this.#socket.end()
    // A peer that never closes its side must not hold ours.
    setTimeout(() => this.#socket.destroy(), 1000).unref()
    this.#endpoint.left(this, this.#will)
    this.#will = undefined
  }

  #onClose(): void {
    if (this.closed) return
    this.closed = true
    this.#endpoint.left(this, this.#will)
    this.#will = undefined
  }

  #send(packet: Packet): void {
    this.#write(mqttPacket.generate(packet, { protocolVersion: this.version }))
  }

  #write(bytes: Buffer): void {
    if (!this.#socket.writable) return
    this.#socket.write(bytes)
    // Someone who sends and never reads the answers is not owed unlimited memory.
    if (this.#socket.writableLength > 2 * socketBufferBytesMax) this.#socket.destroy()
  }
}

const pingresp = Buffer.of(0xd0, 0)

class ProtocolError extends Error {
  readonly code: ReasonCode
  constructor(reason: ReasonCode, message: string) {
    super(message)
    this.code = reason
  }
}
