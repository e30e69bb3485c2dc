import { createHash } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Clock } from '@kapok/kit/clock'
import type { Log } from '@kapok/kit/log'
import type { IConnectPacket } from 'mqtt-packet'
import type { Directory, Sender } from '../directory.ts'
import type { Message } from '../intake.ts'
import { reason } from '../reasons.ts'
import type { Receipts } from '../receipts.ts'
import type { Reception } from '../reception.ts'
import { type ReasonCode, reasonCode, Session } from './session.ts'
import { matches, OrgTopics, type RetainedMessage } from './topics.ts'

const sessionsMax = 50_000
const keptMax = 50_000
const connectMsMax = 10_000
const takeOversPerMinute = 5

export interface MqttOptions {
  reception: Reception
  directory: Directory
  receipts: Receipts
  clock: Clock
  log: Log
  whenDurable(done: () => void): void
  underPressure(): boolean
  hasPending(): boolean
  /** New sessions are turned away as long as this holds. */
  takesNobody(): boolean
  onSession(deviceId: string, open: boolean): void
  onSharedCredential(sender: Sender): void
  lastOf(orgId: string, device: string): Record<string, number | string | boolean>
}

export interface Publish {
  topic: string
  payload: Buffer
  qos: 0 | 1 | 2
  packetId: number
  dup: boolean
  retain: boolean
}

/** MQTT 3.1.1 and 5 on one port: sessions, who may be one, and what they hear of each other. */
export class MqttEndpoint {
  readonly #options: MqttOptions
  readonly #servers: Server[] = []
  readonly #all = new Set<Session>()
  /** By credential: the live session, else the one that is kept. */
  readonly #byCredential = new Map<string, Session>()
  readonly #keptUntilMs = new Map<Session, number>()
  readonly #takeOvers = new Map<string, number[]>()
  readonly #orgs = new Map<string, OrgTopics>()
  readonly #heldBack = new Set<Session>()
  readonly #delayedWills = new Map<string, NodeJS.Timeout>()
  #sweeper: NodeJS.Timeout | undefined
  #stopping = false

  constructor(options: MqttOptions) {
    this.#options = options
  }

  get connections(): number {
    return this.#all.size
  }

  async listen(port: number, hosts: readonly string[], tls?: { cert: string; key: string }): Promise<void> {
    const welcome = (socket: Socket) => {
      if (this.#all.size >= sessionsMax) return void socket.destroy()
      this.#all.add(new Session(this, socket))
    }
    for (const host of hosts) {
      const server = tls === undefined ? createServer(welcome) : createTlsServer(tls, welcome)
      await new Promise<void>((done, fail) => {
        server.once('error', fail)
        server.listen({ port: this.port ?? port, host, ipv6Only: host.includes(':') }, done)
      })
      this.#servers.push(server)
    }
    this.#sweeper = setInterval(() => this.#sweep(), 1000)
  }

  /** The port it listens on, once it does. */
  get port(): number | undefined {
    const address = this.#servers[0]?.address()
    return typeof address === 'object' && address !== null ? address.port : undefined
  }

  async stop(): Promise<void> {
    this.#stopping = true
    clearInterval(this.#sweeper)
    for (const timer of this.#delayedWills.values()) clearTimeout(timer)
    const closed = this.#servers.map((server) => new Promise((done) => server.close(done)))
    for (const session of [...this.#all]) session.disconnect(reasonCode.serverShuttingDown, 'the platform restarts')
    await Promise.all(closed)
  }

  refusesNew(): boolean {
    return this.#stopping || this.#options.takesNobody()
  }

  underPressure(): boolean {
    return this.#options.underPressure()
  }

  /** The session is not read until the log has caught up. */
  holdBack(session: Session): void {
    if (this.#heldBack.has(session)) return
    session.pause()
    this.#heldBack.add(session)
    if (this.#heldBack.size === 1) this.#options.whenDurable(() => this.#letGo())
  }

  #letGo(): void {
    if (this.underPressure()) {
      setTimeout(() => this.#letGo(), 20)
      return
    }
    for (const session of this.#heldBack) session.resume()
    this.#heldBack.clear()
  }

  whenDurable(done: () => void): void {
    this.#options.whenDurable(done)
  }

  /** Rows of QoS 0 messages have nobody who waits for the disk; they are written all the same. */
  appended(): void {
    if (this.#options.hasPending()) this.#options.whenDurable(() => {})
  }

  /** The first of the texts that is a token. */
  async authenticate(tokens: readonly string[]): Promise<Sender | undefined> {
    for (const token of tokens) {
      const sender = await this.#options.directory.authenticate(token)
      if (sender !== undefined) return sender
    }
    return undefined
  }

  /** Makes the session the one of its credential; the older one ends. Returns the kept state that it goes on with. */
  open(session: Session, clean: boolean): Session | undefined {
    const sender = session.sender as Sender
    const before = this.#byCredential.get(sender.credentialId)
    this.#byCredential.set(sender.credentialId, session)
    this.#cancelWill(sender.credentialId)
    if (before !== undefined && !before.closed) {
      this.#countTakeOver(sender)
      before.disconnect(reasonCode.takenOver, 'another client signed in with this credential')
    }
    if (before !== undefined) this.#forget(before)
    this.#options.onSession(sender.deviceId, true)
    return before !== undefined && !clean && before.expirySeconds > 0 && before.clientId === session.clientId
      ? before
      : undefined
  }

  #countTakeOver(sender: Sender): void {
    const now = performance.now()
    const times = (this.#takeOvers.get(sender.credentialId) ?? []).filter((each) => now - each < 60_000)
    times.push(now)
    this.#takeOvers.set(sender.credentialId, times)
    if (times.length > takeOversPerMinute) this.#options.onSharedCredential(sender)
  }

  #forget(session: Session): void {
    this.#keptUntilMs.delete(session)
    this.#topicsOf(session)?.subscribers.delete(session)
  }

  left(session: Session, will: IConnectPacket['will']): void {
    this.#all.delete(session)
    this.#heldBack.delete(session)
    const { sender } = session
    if (sender === undefined) return
    const current = this.#byCredential.get(sender.credentialId) === session
    if (current) {
      this.#options.onSession(sender.deviceId, false)
      if (session.expirySeconds > 0 && this.#keptUntilMs.size < keptMax)
        this.#keptUntilMs.set(session, performance.now() + session.expirySeconds * 1000)
      else {
        this.#byCredential.delete(sender.credentialId)
        this.#forget(session)
      }
    }
    if (will !== undefined) this.#publishWill(session, sender, will)
  }

  #publishWill(session: Session, sender: Sender, will: NonNullable<IConnectPacket['will']>): void {
    const publish = () => {
      const payload = Buffer.from(will.payload)
      const taken = this.publish(session, {
        topic: will.topic,
        payload,
        qos: Math.min(will.qos ?? 0, 1) as 0 | 1,
        packetId: 0,
        dup: false,
        retain: will.retain === true,
      })
      if (typeof taken !== 'number') taken.catch((error: unknown) => this.fail(session, error))
    }
    const delaySeconds = Math.min(will.properties?.willDelayInterval ?? 0, session.expirySeconds)
    if (delaySeconds === 0 || this.#stopping) {
      publish()
      return
    }
    const timer = setTimeout(() => {
      this.#delayedWills.delete(sender.credentialId)
      publish()
    }, delaySeconds * 1000)
    this.#delayedWills.set(sender.credentialId, timer)
  }

  #cancelWill(credentialId: string): void {
    clearTimeout(this.#delayedWills.get(credentialId))
    this.#delayedWills.delete(credentialId)
  }

  /** Takes a PUBLISH: points to the log, the message to whoever of the organisation listens. The reason code to answer. */
  publish(session: Session, publish: Publish): ReasonCode | Promise<ReasonCode> {
    const sender = session.sender as Sender
    const { reception, clock, receipts } = this.#options
    const { topic, payload } = publish
    const message: Message = { sender, door: 'mqtt', topic, payload, received: clock.now(), arrivedMs: session.heardMs }
    const whole = session.wholeTopic(topic)
    if (whole === undefined) {
      reception.refuse(message, [reason('topic.foreign', { topic })])
      return reasonCode.notAuthorised
    }
    if (publish.qos > 0) {
      message.mark = () =>
        `${sender.credentialId} ${publish.packetId} ${createHash('sha256').update(payload).digest('base64url')}`
      if (publish.dup) message.received = receipts.receivedOf(message.mark()) ?? message.received
    }
    const topics = this.#orgs.get(sender.orgId)
    if ((topics !== undefined && topics.subscribers.size > 0) || publish.retain)
      this.#topics(sender.orgId).publish(whole, payload, Math.min(publish.qos, 1) as 0 | 1, publish.retain)
    const own = topic.startsWith(`devices/${sender.deviceId}/`)
      ? topic.slice(`devices/${sender.deviceId}/`.length)
      : topic
    if (own.startsWith('kapok/v1/user/')) return reasonCode.success
    message.topic = own
    const taken = reception.receive(message, session)
    return Array.isArray(taken) ? reasonCode.success : (taken as Promise<unknown>).then(() => reasonCode.success)
  }

  /** Must be told whenever the subscriptions of a session changed. */
  subscribed(session: Session): void {
    const topics = this.#topics((session.sender as Sender).orgId)
    if (session.subscriptions.size > 0) topics.subscribers.add(session)
    else topics.subscribers.delete(session)
  }

  retainedFor(session: Session, filter: string): RetainedMessage[] {
    const retained = this.#topicsOf(session)?.retained.values() ?? []
    return [...retained].filter(({ topic }) => matches(filter, topic))
  }

  #topicsOf(session: Session): OrgTopics | undefined {
    return this.#orgs.get(session.sender?.orgId ?? '')
  }

  #topics(orgId: string): OrgTopics {
    let topics = this.#orgs.get(orgId)
    if (topics === undefined) {
      topics = new OrgTopics()
      this.#orgs.set(orgId, topics)
    }
    return topics
  }

  lastOf(session: Session, device: string | undefined): Record<string, number | string | boolean> {
    const sender = session.sender as Sender
    return this.#options.lastOf(sender.orgId, device ?? sender.deviceId)
  }

  /** Ends the sessions of an organisation that lost their right, and those of credentials whose overlap ended. */
  async recheck(orgId: string): Promise<void> {
    const sessions = [...this.#byCredential.values()].filter(({ sender }) => sender?.orgId === orgId)
    if (sessions.length === 0) return
    const valid = await this.#options.directory.stillValid(sessions.map(({ sender }) => sender?.credentialId ?? ''))
    for (const session of sessions) {
      if (valid.has(session.sender?.credentialId ?? '')) continue
      session.expirySeconds = 0
      if (session.closed) {
        this.#byCredential.delete(session.sender?.credentialId ?? '')
        this.#forget(session)
      } else session.disconnect(reasonCode.notAuthorised, 'the credential is no longer valid')
    }
  }

  #sweep(): void {
    const now = performance.now()
    const wall = this.#options.clock.now()
    for (const session of this.#all) {
      if (session.sender === undefined) {
        if (now - session.heardMs > connectMsMax) session.disconnect(reasonCode.protocolError, 'no CONNECT came')
      } else if (session.keepAliveMs > 0 && now - session.heardMs > session.keepAliveMs)
        session.disconnect(reasonCode.keepAliveTimeout, 'nothing was heard within one and a half keep-alives')
      else if (session.sender.endsAt !== undefined && wall >= session.sender.endsAt)
        session.disconnect(reasonCode.notAuthorised, 'the overlap of the rotated credential ended')
    }
    for (const [session, until] of this.#keptUntilMs) {
      if (now < until) continue
      this.#byCredential.delete(session.sender?.credentialId ?? '')
      this.#forget(session)
    }
    for (const [credential, times] of this.#takeOvers)
      if (now - (times.at(-1) ?? 0) > 60_000) this.#takeOvers.delete(credential)
  }

  /** A fault of our own ends this session, is logged, and leaves the others alone. */
  fail(session: Session, error: unknown): void {
    this.#options.log.error(
      { error: String(error), stack: error instanceof Error ? error.stack : undefined },
      'an MQTT session failed',
    )
    session.disconnect(0x80 as ReasonCode, 'unspecified error')
  }
}
