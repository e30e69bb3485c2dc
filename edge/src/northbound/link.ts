import type { Clock } from '@kapok/kit/clock'
import type { Log } from '@kapok/kit/log'
import type { IClientOptions } from 'mqtt'
import type { EdgeBuffer, EdgePoint } from '../buffer/buffer.ts'
import type { DerivePlan } from '../derive/plan.ts'
import { isDoubling } from '../reading/circuit.ts'
import type { DeviceState } from '../reading/reader.ts'
import type { EdgeDevice } from '../tag-table.ts'
import type { WriteOutcome, WriteRequest } from '../writing/writer.ts'
import { Position, type Span } from './position.ts'
import { BrokerSession, SessionEnded } from './session.ts'
import { type Northbound, nameOf } from './written.ts'

/** What a broker is told of, and what it may ask for. */
export interface Plant {
  /** Of the gateway. */
  name: string
  machines(): readonly { device: EdgeDevice; state: DeviceState }[]
  derive(): DerivePlan | undefined
  write(request: WriteRequest): Promise<WriteOutcome>
  buffer: EdgeBuffer
  clock: Clock
  log: Log
}

/** How values are said to a broker. One object for each session after the other. */
export interface Protocol {
  /** Everything in the order of the buffer; otherwise live values go at once, and the backlog follows beside them. */
  readonly isInOrder: boolean
  /** Of the next connection. */
  options(): Promise<IClientOptions>
  connectSent(): void
  /** Subscribes, and resolves when values may be published; `waits` says what for. Rejects when the session is over. */
  open(session: BrokerSession, waits: (what: string) => void): Promise<void>
  /** Says who is there, before the first value. */
  greet(session: BrokerSession): Promise<void>
  /** Looks for machines that came or, when nothing else is to be said, went. */
  look(session: BrokerSession, isIdle: boolean): Promise<void>
  /** Resolves when the broker has them: how many it was told. */
  send(session: BrokerSession, points: readonly EdgePoint[], isBacklog: boolean): Promise<number>
  /** The backlog is with the broker. */
  caughtUp(session: BrokerSession): Promise<void>
  /** Says farewell, where one is due. */
  close(session: BrokerSession): Promise<void>
}

export interface NorthboundState {
  kind: Northbound['kind']
  name: string
  url: string
  /** `waiting`: connected, and for another reason nothing is published yet, which `lastError` says. */
  phase: 'away' | 'waiting' | 'online'
  lastError: string | undefined
  sentPoints: number
  /** Batches that gave way in the buffer before this broker had them. */
  lostBatches: number
}

/** The session is over for a reason that is no failure; the next one begins at once. */
export class SessionOver extends Error {
  override name = 'SessionOver'
}

const lookEveryMs = 250
const saveEveryMs = 1_000
const batchesAtOnce = 4
const stopMsMax = 2_000
const backOff = { msMin: 1_000, msMax: 60_000 }

/**
 * One broker. It reads the buffer at its own pace and from a position of its own, which is noted there too, so that neither
 * the platform nor the reading of machines ever waits for it. What it is sent is noted when it has it: a power cut sends the
 * values of the last second again.
 */
export class NorthboundLink {
  readonly state: NorthboundState
  readonly #broker: Northbound
  readonly #protocol: Protocol
  readonly #plant: Plant
  readonly #position: Position
  readonly #note: string
  readonly #loop: Promise<void>
  readonly #stopping = Promise.withResolvers<void>()
  #session: BrokerSession | undefined
  #isStopped = false
  #failures = 0
  #save: NodeJS.Timeout | undefined

  constructor(broker: Northbound, protocol: Protocol, plant: Plant) {
    this.#broker = broker
    this.#protocol = protocol
    this.#plant = plant
    this.#note = `northbound ${nameOf(broker)}`
    const { buffer } = plant
    const kept = buffer.note(this.#note)
    this.#position = Position.read(kept === undefined ? undefined : JSON.parse(kept), buffer.nextSeq())
    this.#saveNow()
    this.state = {
      ...{ kind: broker.kind, name: nameOf(broker), url: broker.url },
      ...{ phase: 'away', lastError: undefined, sentPoints: 0, lostBatches: 0 },
    }
    this.#loop = this.#run()
  }

  /** Batches that wait for this broker; counting their values would take a scan. */
  waiting(): number {
    const next = this.#plant.buffer.nextSeq()
    return this.#position.spans.reduce((sum, { from, to }) => sum + Math.max(0, Math.min(to, next) - from), 0)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#stopping.resolve()
    const hurry = setTimeout(() => void this.#session?.end(true), stopMsMax)
    await this.#loop
    clearTimeout(hurry)
    this.#saveNow()
  }

  async #run(): Promise<void> {
    const { log } = this.#plant
    while (!this.#isStopped) {
      try {
        await this.#runSession()
      } catch (error) {
        if (this.#isStopped) break
        this.#ended(error)
      }
      if (this.#isStopped) break
      const ms = Math.min(backOff.msMax, backOff.msMin * 2 ** Math.min(Math.max(this.#failures - 1, 0), 10))
      await this.#pause(ms * (0.75 + Math.random() / 2))
    }
    this.state.phase = 'away'
    log.info({ broker: this.state.name }, 'the broker gets no more values')
  }

  #ended(error: unknown): void {
    const { log } = this.#plant
    const { state } = this
    const isOver = error instanceof SessionOver
    this.#failures = isOver ? 0 : this.#failures + 1
    state.lastError = error instanceof Error ? error.message : String(error)
    if (isOver || isDoubling(this.#failures))
      log.warn(
        { broker: state.name, failures: this.#failures, error: state.lastError },
        'the broker has no values now; they are kept for it',
      )
    state.phase = 'away'
  }

  async #runSession(): Promise<void> {
    const { buffer, log } = this.#plant
    const opening = BrokerSession.open(this.#broker, await this.#protocol.options(), () => this.#protocol.connectSent())
    const session = await Promise.race([opening, this.#stopping.promise])
    if (session === undefined) {
      // A broker that does not answer must not hold up the end.
      opening.then(
        (late) => late.end(true),
        () => undefined,
      )
      return
    }
    this.#session = session
    let isWell = false
    try {
      await Promise.race([this.#open(session), this.#stopping.promise])
      if (this.#isStopped) return
      buffer.flush()
      const live = this.#protocol.isInOrder ? this.#position.oldest() : this.#position.begin(buffer.nextSeq())
      this.#saveNow()
      await this.#protocol.greet(session)
      this.state.phase = 'online'
      this.state.lastError = undefined
      this.#failures = 0
      log.info({ broker: this.state.name, waiting: this.waiting() }, 'the broker gets values')
      await this.#lanes(session, live)
      await this.#protocol.close(session)
      isWell = true
    } finally {
      this.#saveNow()
      await session.end(!isWell)
    }
  }

  async #open(session: BrokerSession): Promise<void> {
    const { state } = this
    await this.#protocol.open(session, (what) => {
      state.phase = 'waiting'
      state.lastError = what
    })
  }

  /** Both run until the gateway stops or the session ends; when one fails, so does the other. */
  async #lanes(session: BrokerSession, live: Span): Promise<void> {
    const lanes = [this.#follow(session, live)]
    if (!this.#protocol.isInOrder) lanes.push(this.#catchUp(session, live))
    const guarded = lanes.map((lane) =>
      lane.catch(async (error: unknown) => {
        if (error instanceof SessionOver) await this.#protocol.close(session).catch(() => undefined)
        await session.end(!(error instanceof SessionOver))
        throw error
      }),
    )
    const reasons = (await Promise.allSettled(guarded)).flatMap((end) =>
      end.status === 'rejected' ? [end.reason] : [],
    )
    // The first is the cause of the other's.
    if (reasons.length > 0) throw reasons.find((reason) => !(reason instanceof SessionEnded)) ?? reasons[0]
  }

  async #follow(session: BrokerSession, live: Span): Promise<void> {
    const { buffer } = this.#plant
    let isIdle = false
    while (!this.#isStopped) {
      await this.#protocol.look(session, isIdle)
      const next = buffer.nextSeq()
      const batches = buffer.batchesFrom(live.from, batchesAtOnce)
      isIdle = batches.length === 0
      if (isIdle) this.#pass(live, next)
      if (isIdle) await Promise.race([buffer.more(lookEveryMs), this.#stopping.promise, session.ended])
      for (const batch of batches) if (!this.#isStopped) await this.#deliver(session, live, batch, false)
    }
  }

  async #catchUp(session: BrokerSession, live: Span): Promise<void> {
    const { buffer } = this.#plant
    for (let span = this.#position.oldest(); span !== live; span = this.#position.oldest()) {
      const { to } = span
      for (const batch of buffer.batchesFrom(span.from, batchesAtOnce)) {
        if (this.#isStopped) return
        if (batch.seq < to) await this.#deliver(session, span, batch, true)
      }
      const [next] = buffer.batchesFrom(span.from, 1)
      if (next === undefined || next.seq >= to) this.#pass(span, to)
    }
    if (!this.#isStopped) await this.#protocol.caughtUp(session)
  }

  async #deliver(
    session: BrokerSession,
    span: Span,
    { seq, points }: { seq: number; points: readonly EdgePoint[] },
    isBacklog: boolean,
  ): Promise<void> {
    this.#pass(span, seq)
    this.state.sentPoints += await this.#protocol.send(session, points, isBacklog)
    this.#position.advance(span, seq + 1)
    this.#save ??= setTimeout(() => this.#saveNow(), saveEveryMs)
  }

  /** Steps over numbers without values: records, and what gave way, which is told. */
  #pass(span: Span, to: number): void {
    if (to <= span.from) return
    const lost = to - span.from - this.#plant.buffer.countBetween(span.from, to)
    if (lost > 0) {
      this.state.lostBatches += lost
      this.#plant.log.warn(
        { broker: this.state.name, batches: lost, from: span.from, to },
        'a gap for the broker: these batches gave way in the buffer before it had them',
      )
    }
    this.#position.advance(span, to)
  }

  /** The next values take it to the disk; one that is lost only means that something is sent again. */
  #saveNow(): void {
    clearTimeout(this.#save)
    this.#save = undefined
    const written = JSON.stringify(this.#position.written())
    this.#plant.buffer.append([], [[this.#note, written]]).catch(() => undefined)
  }

  async #pause(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const waited = new Promise<void>((go) => {
      timer = setTimeout(go, ms)
    })
    await Promise.race([waited, this.#stopping.promise])
    clearTimeout(timer)
  }
}
