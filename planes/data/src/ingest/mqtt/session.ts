import type { Socket } from 'node:net'
import type {
  IConnectPacket,
  IDisconnectPacket,
  IPublishPacket,
  ISubscribePacket,
  IUnsubscribePacket,
  Packet,
} from 'mqtt-packet'
import mqttPacket from 'mqtt-packet'
import type { Holder } from '../directory.ts'
import { type KnownDictionary, noDictionary } from '../intake.ts'
import type { SenderContext } from '../reception.ts'
import type { MqttEndpoint } from './endpoint.ts'
import { type Frame, FrameError, nextFrame } from './framer.ts'
import type { KeptWill } from './session-journal.ts'
import type { SessionState } from './session-state.ts'
import { isFilter, isTopicName, prefixOf, wholeTopic } from './topics.ts'

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
  quotaExceeded: 0x97,
  qosNotSupported: 0x9b,
  sharedNotSupported: 0x9e,
} as const
export type ReasonCode = (typeof code)[keyof typeof code]
export const reasonCode = code

export const packetBytesMax = (1 << 20) + 65_536
const connectBytesMax = 65_536
export const receiveMaximum = 2048
const subscriptionsMax = 100
const inflightMax = 64
const socketBufferBytesMax = 4 << 20
const sessionExpirySecondsMax = 7 * 86_400

/** One connection of a client. What outlives it is in its `SessionState`. */
export class Session implements SenderContext {
  holder: Holder | undefined
  /** Set once the client was welcomed. */
  lasting: SessionState | undefined
  version: 3 | 4 | 5 = 4
  /** Monotonic ms of the last packet. */
  heardMs = performance.now()
  keepAliveMs = 0
  known: KnownDictionary = noDictionary()
  closed = false
  readonly #endpoint: MqttEndpoint
  readonly #socket: Socket
  #parser: mqttPacket.Parser | undefined
  #buffer: Buffer = Buffer.alloc(0)
  #busy = false
  #acks: Buffer[] = []
  #acknowledging = 0
  #unacknowledged = 0
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
    socket.on('drain', () => this.sendQueued())
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
        const frame = nextFrame(this.#buffer, at, this.holder === undefined ? connectBytesMax : packetBytesMax)
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
    if (this.holder === undefined && type !== 1)
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
      .parser(this.holder === undefined ? {} : { protocolVersion: this.version })
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
      if (this.holder !== undefined) throw new ProtocolError(code.protocolError, 'a second CONNECT')
      return this.#connect(packet)
    }
    switch (packet.cmd) {
      case 'publish':
        return this.#publishParsed(packet)
      case 'puback':
        this.lasting?.acknowledged(packet.messageId ?? 0)
        this.sendQueued()
        return undefined
      case 'pubrel':
        this.lasting?.releasedQos2(packet.messageId ?? 0)
        this.#ack(Buffer.of(0x70, 2, (packet.messageId ?? 0) >> 8, (packet.messageId ?? 0) & 255))
        return undefined
      case 'subscribe':
        // MQTT 5.0 §3.8.3-2 and §3.10.3-2: a packet without a filter is a protocol error.
        if (packet.subscriptions.length === 0) throw new ProtocolError(code.protocolError, 'SUBSCRIBE without a filter')
        return this.#subscribe(packet)
      case 'unsubscribe':
        if (packet.unsubscriptions.length === 0)
          throw new ProtocolError(code.protocolError, 'UNSUBSCRIBE without a filter')
        return void this.#unsubscribe(packet)
      case 'disconnect':
        this.#disconnected(packet)
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
    const holder = await this.#endpoint.authenticate(tokens as string[])
    if (this.closed) return
    if (holder === undefined) return this.#refuse(5, code.notAuthorised)
    const clean = packet.clean === true
    if (packet.clientId === '' && !clean && this.version < 5) return this.#refuse(2, code.protocolError)
    const { properties } = packet
    const wished = this.version === 5 ? (properties?.sessionExpiryInterval ?? 0) : clean ? 0 : sessionExpirySecondsMax
    const expirySeconds = Math.min(wished, sessionExpirySecondsMax)
    const opened = this.#endpoint.open(this, holder, {
      clientId: packet.clientId,
      clean,
      expirySeconds,
      will: willOf(packet),
    })
    if (opened === undefined) return this.#refuse(3, code.quotaExceeded)
    const { state, present } = opened
    this.holder = holder
    this.lasting = state
    this.keepAliveMs = (packet.keepalive ?? 0) * 1500
    this.#peerReceiveMaximum = Math.min(properties?.receiveMaximum ?? inflightMax, inflightMax)
    this.#peerPacketMax = properties?.maximumPacketSize ?? Number.POSITIVE_INFINITY
    // A session that is promised to be kept is on disk before the promise is given.
    await this.#endpoint.kept()
    if (this.closed) return
    this.#send({
      cmd: 'connack',
      sessionPresent: present,
      ...(this.version === 5
        ? {
            reasonCode: 0,
            properties: {
              receiveMaximum,
              maximumQoS: 1,
              maximumPacketSize: packetBytesMax,
              sharedSubscriptionAvailable: false,
              subscriptionIdentifiersAvailable: false,
              ...(expirySeconds < wished ? { sessionExpiryInterval: expirySeconds } : {}),
              ...(packet.clientId === '' ? { assignedClientIdentifier: state.clientId } : {}),
            },
          }
        : { returnCode: 0 }),
    })
    this.#welcomed = true
    this.sendQueued()
    this.#parser = undefined
  }
  #welcomed = false

  #disconnected(packet: IDisconnectPacket): void {
    const { lasting } = this
    if (lasting !== undefined) {
      if (packet.reasonCode !== 4) lasting.will = undefined
      const wished = this.version === 5 ? packet.properties?.sessionExpiryInterval : undefined
      if (wished !== undefined && lasting.expirySeconds > 0)
        lasting.expirySeconds = Math.min(wished, sessionExpirySecondsMax)
    }
    this.#end()
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
    if (qos === 2 && this.lasting?.received.has(packetId) === true) {
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
    this.#acknowledging++
    if (qos === 2) this.lasting?.receivedQos2(packetId)
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
    const [acks, publishes] = [this.#acks, this.#acknowledging]
    this.#acks = []
    this.#acknowledging = 0
    this.#endpoint.whenDurable(() => {
      this.#unacknowledged = Math.max(0, this.#unacknowledged - publishes)
      this.#write(acks.length === 1 ? (acks[0] as Buffer) : Buffer.concat(acks))
    })
  }

  // ── subscribing ──

  #subscribe(packet: ISubscribePacket): Promise<void> | undefined {
    const checking = this.#endpoint.mayHear(
      this,
      packet.subscriptions.map(({ topic }) => topic),
    )
    if (checking instanceof Promise) return checking.then((may) => this.#subscribeTo(packet, may))
    return void this.#subscribeTo(packet, checking)
  }

  #subscribeTo(packet: ISubscribePacket, may: readonly boolean[]): void {
    const { lasting, holder } = this
    if (lasting === undefined || holder === undefined) return
    const granted: number[] = []
    const fresh: string[] = []
    for (const [i, each] of packet.subscriptions.entries()) {
      const whole = wholeTopic(holder, each.topic)
      const refused =
        each.topic.startsWith('$share/') && this.version === 5
          ? code.sharedNotSupported
          : !isFilter(each.topic)
            ? code.filterInvalid
            : whole === undefined || may[i] !== true
              ? code.notAuthorised
              : lasting.subscriptions.size >= subscriptionsMax && !lasting.subscriptions.has(whole)
                ? code.quotaExceeded
                : undefined
      if (refused !== undefined || whole === undefined) {
        granted.push(this.version === 5 ? (refused ?? code.notAuthorised) : 0x80)
        continue
      }
      const qos = Math.min(each.qos, 1) as 0 | 1
      if (each.rh === undefined || each.rh === 0 || (each.rh === 1 && !lasting.subscriptions.has(whole)))
        fresh.push(whole)
      lasting.subscriptions.set(whole, { qos, noLocal: each.nl === true })
      granted.push(qos)
    }
    this.#endpoint.subscribed(lasting)
    this.#ackPacket({ cmd: 'suback', messageId: packet.messageId ?? 0, granted })
    for (const filter of fresh)
      for (const message of this.#endpoint.retainedFor(lasting, filter))
        lasting.enqueue({
          ...message,
          qos: Math.min(message.qos, lasting.subscriptions.get(filter)?.qos ?? 0) as 0 | 1,
          retain: true,
        })
  }

  #unsubscribe(packet: IUnsubscribePacket): void {
    const { lasting, holder } = this
    if (lasting === undefined || holder === undefined) return
    const granted = packet.unsubscriptions.map((filter) => {
      const whole = wholeTopic(holder, filter)
      return whole !== undefined && lasting.subscriptions.delete(whole) ? 0 : 0x11
    })
    this.#endpoint.subscribed(lasting)
    this.#ackPacket({ cmd: 'unsuback', messageId: packet.messageId ?? 0, granted })
  }

  /** Goes out in its turn, when what it promises is on disk. */
  #ackPacket(packet: Packet): void {
    this.#ack(mqttPacket.generate(packet, { protocolVersion: this.version }))
  }

  /** Sends what waits, as far as the client takes it now. */
  sendQueued(): void {
    const { lasting, holder } = this
    if (lasting === undefined || holder === undefined || !this.#welcomed) return
    const prefix = prefixOf(holder)
    while (!this.closed && lasting.queue.length > 0) {
      const first = lasting.queue[0]
      if (first?.n !== undefined && lasting.inflight.size >= this.#peerReceiveMaximum) return
      if (this.#socket.writableLength > socketBufferBytesMax) return
      const next = lasting.take()
      if (next === undefined) return
      const { n, payload, retain, dup } = next
      const topic = next.topic.startsWith(prefix) ? next.topic.slice(prefix.length) : next.topic
      if (payload.length + topic.length + 16 > this.#peerPacketMax) {
        lasting.skipped(next)
        continue
      }
      const messageId = n === undefined ? undefined : lasting.underWay({ ...next, n })
      this.#send({
        cmd: 'publish',
        topic,
        payload,
        qos: messageId === undefined ? 0 : 1,
        retain,
        dup: messageId !== undefined && dup,
        ...(messageId === undefined ? {} : { messageId }),
      })
    }
  }

  // ── what dialects ask for ──

  state<T extends object>(make: () => T): T {
    this.#states ??= make()
    return this.#states as T
  }

  last(device?: string): Record<string, number | string | boolean> {
    // Only a gateway speaks, and hears, for other devices.
    const { holder } = this
    if (holder === undefined || holder.kind === 'application') return {}
    if (device !== undefined && holder.kind !== 'gateway') return {}
    return this.#endpoint.lastOf(holder.orgId, device ?? holder.deviceId)
  }

  send(topic: string, payload: Buffer): void {
    if (this.holder !== undefined) this.lasting?.offer(prefixOf(this.holder) + topic, payload, 0, false)
  }

  nowMs(): number {
    return performance.now()
  }

  // ── ending ──

  disconnect(reasonCode: ReasonCode, why: string): void {
    if (this.closed) return
    if (this.version === 5 && this.#welcomed)
      this.#send({ cmd: 'disconnect', reasonCode, properties: { reasonString: why.slice(0, 200) } })
    this.#end()
  }

  #end(): void {
    if (this.closed) return
    this.closed = true
    this.#socket.end()
    // A peer that never closes its side must not hold ours.
    setTimeout(() => this.#socket.destroy(), 1000).unref()
    this.#endpoint.left(this)
  }

  #onClose(): void {
    if (this.closed) return
    this.closed = true
    this.#endpoint.left(this)
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

function willOf({ will }: IConnectPacket): KeptWill | undefined {
  if (will === undefined) return undefined
  return {
    topic: will.topic,
    payload: Buffer.from(will.payload),
    qos: Math.min(will.qos ?? 0, 1) as 0 | 1,
    retain: will.retain === true,
    delaySeconds: will.properties?.willDelayInterval ?? 0,
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
