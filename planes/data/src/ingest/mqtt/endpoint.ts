import { createHash } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { ApplicationPort } from '@kapok/contracts/ports'
import type { Clock } from '@kapok/kit/clock'
import type { Log } from '@kapok/kit/log'
import { mayPublishFor } from '../application.ts'
import type { Application, Directory, Holder, Sender } from '../directory.ts'
import type { Gateways } from '../gateways.ts'
import { type Message, noDictionary } from '../intake.ts'
import { type Reason, reason } from '../reasons.ts'
import type { Receipts } from '../receipts.ts'
import type { Reception, SenderContext } from '../reception.ts'
import { type ReasonCode, reasonCode, Session } from './session.ts'
import type { KeptWill, RetainedMessage, SessionJournal } from './session-journal.ts'
import { SessionState } from './session-state.ts'
import { matches, OrgTopics, wholeTopic } from './topics.ts'

const sessionsMax = 50_000
const keptMax = 50_000
const connectMsMax = 10_000
const takeOversPerMinute = 5
const sessionsPerTokenMax = 100

export interface MqttOptions {
  reception: Reception
  directory: Directory
  receipts: Receipts
  journal: SessionJournal
  gateways: Gateways
  /** Who an API token is; without it no application signs in. */
  applications: ApplicationPort | undefined
  clock: Clock
  log: Log
  whenDurable(done: () => void): void
  underPressure(): boolean
  hasPending(): boolean
  /** New sessions are turned away as long as this holds. */
  takesNobody(): boolean
  onSession(deviceId: string, open: boolean): void
  onHeard(deviceId: string, received: number): void
  onSharedCredential(deviceId: string): void
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

/** From whom a message comes: a session, or the will of one whose connection an earlier process held. */
interface Publisher extends SenderContext {
  holder: Holder | undefined
  lasting: SessionState | undefined
  heardMs: number
}

/** MQTT 3.1.1 and 5 on one port: sessions, who may be one, and what they hear of each other. */
export class MqttEndpoint {
  readonly #options: MqttOptions
  readonly #servers: Server[] = []
  readonly #all = new Set<Session>()
  /** Live sessions and kept ones: one a credential, of an application one a client id. */
  readonly #states = new Map<string, SessionState>()
  readonly #keptUntilMs = new Map<SessionState, number>()
  readonly #takeOvers = new Map<string, number[]>()
  readonly #orgs = new Map<string, OrgTopics>()
  readonly #heldBack = new Set<Session>()
  readonly #delayedWills = new Map<SessionState, NodeJS.Timeout>()
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
    for (const session of [...this.#all])
      session.disconnect(
        reasonCode.serverShuttingDown,
        '平台正在重启，请稍后重连。 The platform restarts; connect again.',
      )
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

  /** When rows and what is kept of sessions are on disk; in the order of the calls. */
  whenDurable(done: () => void): void {
    this.#options.journal.whenDurable(() => this.#options.whenDurable(done))
  }

  /** When what is kept of sessions is on disk. */
  kept(): Promise<void> {
    return this.#options.journal.durable()
  }

  /** Rows of QoS 0 messages have nobody who waits for the disk; they are written all the same. */
  appended(): void {
    if (this.#options.hasPending()) this.#options.whenDurable(() => {})
  }

  /** The first of the texts that is a token. */
  async authenticate(tokens: readonly string[]): Promise<Holder | undefined> {
    for (const token of tokens) {
      const holder = (await this.#options.directory.authenticate(token)) ?? (await this.#application(token))
      if (holder !== undefined) return holder
    }
    return undefined
  }

  async #application(token: string): Promise<Application | undefined> {
    const found = await this.#options.applications?.byToken(token)
    if (found === undefined || !found.scopes.some((scope) => scope.startsWith('points.'))) return undefined
    const { tokenId, orgId, scopes, expiresAt } = found
    return { kind: 'application', credentialId: tokenId, orgId, scopes, endsAt: expiresAt }
  }

  /**
   * Takes up what an earlier process kept: sessions, and the wills of connections that ended with it. Before anybody
   * can connect.
   */
  async restore(): Promise<void> {
    const { journal } = this.#options
    const orgIds = new Set<string>()
    for (const key of [...journal.sessions.keys()]) {
      const state = SessionState.restore(journal, key)
      if (state === undefined) continue
      this.#states.set(key, state)
      orgIds.add(state.holder.orgId)
      this.subscribed(state)
      const awayMs = Date.now() - (state.leftAt ?? Date.now())
      this.#keptUntilMs.set(state, performance.now() + state.expirySeconds * 1000 - awayMs)
      this.#afterLeaving(state, contextOfNobody(state), awayMs)
    }
    for (const orgId of orgIds) await this.recheck(orgId)
  }

  /**
   * Makes the session the one of its credential; the older one ends. `present`: it goes on with what was kept.
   * Undefined when an application has too many.
   */
  open(
    session: Session,
    holder: Holder,
    ask: { clientId: string; clean: boolean; expirySeconds: number; will: KeptWill | undefined },
  ): { state: SessionState; present: boolean } | undefined {
    const clientId =
      ask.clientId !== '' ? ask.clientId : holder.kind === 'application' ? crypto.randomUUID() : holder.credentialId
    const key = holder.kind === 'application' ? `${holder.credentialId} ${clientId}` : holder.credentialId
    const before = this.#states.get(key)
    if (before === undefined && holder.kind === 'application' && this.#sessionsOf(holder) >= sessionsPerTokenMax)
      return undefined
    if (before?.connection !== undefined) {
      if (holder.kind !== 'application') this.#countTakeOver(holder)
      before.connection.disconnect(
        reasonCode.takenOver,
        '另一客户端用同一凭证登录，请为每台设备使用各自的凭证。 Another client signed in with this credential; give each device its own.',
      )
    }
    const present = before !== undefined && !ask.clean && before.expirySeconds > 0 && before.clientId === clientId
    if (before !== undefined) this.#settleWill(before, present)
    if (before !== undefined && !present) this.#forget(before)
    const state = present ? before : new SessionState(this.#options.journal, key, holder, clientId)
    this.#keptUntilMs.delete(state)
    this.#states.set(key, state)
    state.holder = holder
    state.expirySeconds = ask.expirySeconds
    state.will = ask.will
    state.attach(session)
    if (holder.kind !== 'application') this.#options.onSession(holder.deviceId, true)
    return { state, present }
  }

  #sessionsOf({ credentialId }: Application): number {
    let n = 0
    for (const { holder } of this.#states.values()) if (holder.credentialId === credentialId) n++
    return n
  }

  #countTakeOver(sender: Sender): void {
    const now = performance.now()
    const times = (this.#takeOvers.get(sender.credentialId) ?? []).filter((each) => now - each < 60_000)
    times.push(now)
    this.#takeOvers.set(sender.credentialId, times)
    if (times.length > takeOversPerMinute) this.#options.onSharedCredential(sender.deviceId)
  }

  #forget(state: SessionState): void {
    if (this.#states.get(state.key) === state) this.#states.delete(state.key)
    this.#keptUntilMs.delete(state)
    this.#orgs.get(state.holder.orgId)?.subscribers.delete(state)
    state.forget()
  }

  left(session: Session): void {
    this.#all.delete(session)
    this.#heldBack.delete(session)
    const { lasting: state } = session
    if (state === undefined || state.connection !== session) return
    state.detach()
    if (state.holder.kind !== 'application') this.#options.onSession(state.holder.deviceId, false)
    if (state.expirySeconds > 0 && this.#keptUntilMs.size >= keptMax) state.expirySeconds = 0
    this.#keptUntilMs.set(state, performance.now() + state.expirySeconds * 1000)
    this.#afterLeaving(state, session, 0)
  }

  /** The will goes out, now or after its delay; what need not be kept is forgotten. */
  #afterLeaving(state: SessionState, from: Publisher, awayMs: number): void {
    const waitMs = Math.min(state.will?.delaySeconds ?? 0, state.expirySeconds) * 1000 - awayMs
    if (state.will !== undefined && waitMs > 0) {
      // A process that ends leaves the will in the journal, for the next one to say.
      if (!this.#stopping)
        this.#delayedWills.set(
          state,
          setTimeout(() => this.#publishWill(state, from), waitMs),
        )
    } else this.#publishWill(state, from)
    if (state.expirySeconds === 0) this.#forget(state)
    else state.record()
  }

  #publishWill(state: SessionState, from: Publisher): void {
    this.#delayedWills.delete(state)
    const { will } = state
    if (will === undefined) return
    state.will = undefined
    const taken = this.publish(from, { ...will, packetId: 0, dup: false })
    if (typeof taken !== 'number')
      taken.catch((error: unknown) => this.#options.log.error({ error: String(error) }, 'a will was not published'))
    if (this.#states.get(state.key) === state) state.record()
    this.appended()
  }

  /** Someone signed in before the will's delay was over: nothing is said when the session goes on, else at once. */
  #settleWill(state: SessionState, goesOn: boolean): void {
    const timer = this.#delayedWills.get(state)
    if (timer === undefined) return
    clearTimeout(timer)
    this.#delayedWills.delete(state)
    if (!goesOn) this.#publishWill(state, contextOfNobody(state))
  }

  /** Takes a PUBLISH: points to the log, the message to whoever of the organisation listens. The reason code to answer. */
  publish(from: Publisher, publish: Publish): ReasonCode | Promise<ReasonCode> {
    const { holder } = from
    if (holder === undefined) return reasonCode.notAuthorised
    if (holder.kind === 'application') return this.#publishOfApplication(from, holder, publish)
    const whole = wholeTopic(holder, publish.topic)
    const message = this.#messageOf(holder, from.heardMs, publish)
    if (whole === undefined) return this.#refuse(message, reason('topic.foreign', { topic: publish.topic }))
    const own = `devices/${holder.deviceId}/`
    message.topic = publish.topic.startsWith(own) ? publish.topic.slice(own.length) : publish.topic
    if (this.#options.gateways.takes(message.topic)) return this.#takeOfGateway(message)
    return this.#take(message, from, from.lasting, whole, publish)
  }

  /** An application speaks for a device of its organisation, by the door whose points no meter counts. */
  async #publishOfApplication(from: Publisher, application: Application, publish: Publish): Promise<ReasonCode> {
    const [, deviceId = '', own = ''] = /^devices\/([^/]+)\/(.+)$/.exec(publish.topic) ?? []
    const { directory } = this.#options
    const org = directory.org(application.orgId) ?? (await directory.loadOrg(application.orgId))
    const { credentialId, orgId, endsAt } = application
    const message = this.#messageOf(
      { credentialId, deviceId, orgId, kind: 'device', purpose: 'import', endsAt },
      from.heardMs,
      publish,
    )
    if (!application.scopes.includes('points.write') || org.find(deviceId)?.id !== deviceId || !mayPublishFor(own)) {
      message.sender.deviceId = ''
      return this.#refuse(message, reason('topic.application', { topic: publish.topic }))
    }
    message.topic = own
    return this.#take(message, contextOfNobody(from.lasting), from.lasting, publish.topic, publish)
  }

  #messageOf(sender: Sender, heardMs: number, publish: Publish): Message {
    const { receipts, clock } = this.#options
    const { topic, payload } = publish
    const message: Message = { sender, door: 'mqtt', topic, payload, received: clock.now(), arrivedMs: heardMs }
    if (publish.qos === 0 || publish.packetId === 0) return message
    const mark = () =>
      `${sender.credentialId} ${publish.packetId} ${createHash('sha256').update(payload).digest('base64url')}`
    message.mark = mark
    if (publish.dup) message.received = receipts.receivedOf(mark()) ?? message.received
    return message
  }

  #refuse(message: Message, why: Reason): ReasonCode {
    this.#options.reception.refuse(message, [why])
    return reasonCode.notAuthorised
  }

  /** What a gateway says to the platform is nobody else's to hear. */
  #takeOfGateway(message: Message): ReasonCode {
    const why = this.#options.gateways.take(message)
    if (why !== undefined) this.#options.reception.refuse(message, [why])
    else this.#options.onHeard(message.sender.deviceId, message.received)
    return reasonCode.success
  }

  #take(
    message: Message,
    context: SenderContext,
    from: SessionState | undefined,
    whole: string,
    { payload, qos, retain }: Publish,
  ): ReasonCode | Promise<ReasonCode> {
    const { orgId } = message.sender
    const topics = this.#orgs.get(orgId)
    if ((topics !== undefined && topics.subscribers.size > 0) || retain)
      this.#topics(orgId).publish(whole, payload, Math.min(qos, 1) as 0 | 1, retain, from)
    if (message.topic.startsWith('kapok/v1/user/')) return reasonCode.success
    const taken = this.#options.reception.receive(message, context)
    return Array.isArray(taken) ? reasonCode.success : (taken as Promise<unknown>).then(() => reasonCode.success)
  }

  /** Says something to a device's own live session and to nobody else; false when it has none that listens for it. */
  tell(deviceId: string, topic: string, payload: Buffer): boolean {
    const whole = `devices/${deviceId}/${topic}`
    for (const state of this.#states.values()) {
      const { holder, connection, subscriptions } = state
      if (holder.kind === 'application' || holder.deviceId !== deviceId || connection === undefined) continue
      if (![...subscriptions.keys()].some((filter) => matches(filter, whole))) continue
      state.offer(whole, payload, 1, false)
      return true
    }
    return false
  }

  /** Values as they arrive, for the applications of an organisation that listen; nobody is owed them. */
  publishLive(orgId: string, deviceId: string, payload: Buffer): void {
    for (const subscriber of this.#orgs.get(orgId)?.subscribers ?? [])
      if (subscriber.holder.kind === 'application') subscriber.offer(`live/${deviceId}`, payload, 0, false)
  }

  /** Whether an application of the organisation listens for live values of the device. */
  hearsLive(orgId: string, deviceId: string): boolean {
    const topics = this.#orgs.get(orgId)
    if (topics === undefined || topics.liveFilters.size === 0) return false
    for (const filter of topics.liveFilters) if (matches(filter, `live/${deviceId}`)) return true
    return false
  }

  /** Which of these filters the holder may subscribe to; a device's own topics need no look. */
  mayHear(session: Session, filters: readonly string[]): readonly boolean[] | Promise<readonly boolean[]> {
    const { holder } = session
    if (holder?.kind !== 'application') return filters.map(() => holder !== undefined)
    if (!holder.scopes.includes('points.read')) return filters.map(() => false)
    const { directory } = this.#options
    const named = filters.map((filter) => /^(?:devices|live)\/([^/+#]+)(?:\/|$)/.exec(filter)?.[1])
    const loading = directory.org(holder.orgId) ?? directory.loadOrg(holder.orgId)
    return Promise.resolve(loading).then((org) =>
      named.map((deviceId) => deviceId === undefined || org.find(deviceId)?.id === deviceId),
    )
  }

  /** Must be told whenever the subscriptions of a session changed. */
  subscribed(state: SessionState): void {
    const topics = this.#topics(state.holder.orgId)
    if (state.subscriptions.size > 0) topics.subscribers.add(state)
    else topics.subscribers.delete(state)
    topics.subscriptionsChanged()
    if (state.connection !== undefined) state.record()
  }

  retainedFor(state: SessionState, filter: string): RetainedMessage[] {
    return [...this.#topics(state.holder.orgId).retained.values()].filter(({ topic }) => matches(filter, topic))
  }

  #topics(orgId: string): OrgTopics {
    let topics = this.#orgs.get(orgId)
    if (topics === undefined) {
      topics = new OrgTopics(orgId, this.#options.journal)
      this.#orgs.set(orgId, topics)
    }
    return topics
  }

  lastOf(orgId: string, device: string): Record<string, number | string | boolean> {
    return this.#options.lastOf(orgId, device)
  }

  /** Ends the sessions of an organisation that lost their right, and those of credentials whose overlap ended. */
  async recheck(orgId: string): Promise<void> {
    const states = [...this.#states.values()].filter(({ holder }) => holder.orgId === orgId)
    if (states.length === 0) return
    const ids = (application: boolean) =>
      states
        .filter(({ holder }) => (holder.kind === 'application') === application)
        .map(({ holder }) => holder.credentialId)
    const valid = await this.#options.directory.stillValid(ids(false))
    const tokens = new Set(await this.#options.applications?.stillValid(ids(true)))
    for (const state of states) {
      const { credentialId } = state.holder
      if (valid.has(credentialId) || tokens.has(credentialId)) continue
      state.expirySeconds = 0
      if (state.connection === undefined) this.#forget(state)
      else
        state.connection.disconnect(
          reasonCode.notAuthorised,
          '凭证已失效，请更换凭证。 The credential is no longer valid; use a new one.',
        )
    }
  }

  #sweep(): void {
    const now = performance.now()
    const wall = this.#options.clock.now()
    for (const session of this.#all) {
      if (session.holder === undefined) {
        if (now - session.heardMs > connectMsMax) session.disconnect(reasonCode.protocolError, 'no CONNECT came')
      } else if (session.keepAliveMs > 0 && now - session.heardMs > session.keepAliveMs)
        session.disconnect(
          reasonCode.keepAliveTimeout,
          '超过保活时间 1.5 倍未收到报文，请检查网络。 Nothing was heard within one and a half keep-alives; check the network.',
        )
      else if (session.holder.endsAt !== undefined && wall >= session.holder.endsAt)
        session.disconnect(
          reasonCode.notAuthorised,
          '轮换的凭证已过重叠期，请改用新凭证。 The overlap of the rotated credential ended; use the new one.',
        )
    }
    for (const [state, until] of this.#keptUntilMs) if (now >= until) this.#forget(state)
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

/** For who has no connection: a will of an earlier process, or a device that an application speaks for. */
function contextOfNobody(lasting: SessionState | undefined): Publisher {
  return {
    holder: lasting?.holder,
    lasting,
    heardMs: performance.now(),
    known: noDictionary(),
    state: (make) => make(),
    last: () => ({}),
    send: () => {},
    nowMs: () => performance.now(),
  }
}
