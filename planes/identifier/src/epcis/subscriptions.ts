import type { Clock } from '@kapok/kit/clock'
import type { Ids } from '@kapok/kit/ids'
import { instantOf } from './event.ts'
import type { EventStore, StoredEvent } from './event-store.ts'
import { epcisLimits } from './limits.ts'
import { EpcisProblem } from './problem.ts'
import type { Query } from './query.ts'
import { queryDocument } from './query-document.ts'
import { everyone, type MayRead } from './query-run.ts'
import { type Schedule, scheduleFields, scheduleOf } from './schedule.ts'

/** What a WebSocket needs to have: the adapter opens it, and closes it when its own limits are passed. */
export interface OpenSocket {
  send(text: string): void
  close(code: number, reason: string): void
  onClose(closed: () => void): void
}

/** How a subscription is told to report: `stream=true`, or fields of a schedule. */
export interface SubscriptionControls {
  stream?: string | undefined
  reportIfEmpty?: string | undefined
  initialRecordTime?: string | undefined
  [field: string]: string | undefined
}

export interface Subscription {
  subscriptionID: string
  queryName: string
  createdAt: string
  reportIfEmpty: boolean
  stream?: true
  schedule?: Record<string, string>
}

interface Standing {
  about: Subscription
  query: Query
  mayRead: MayRead
  schedule: Schedule | undefined
  socket: OpenSocket
  /** The last event that was looked at. */
  seen: number
}

/** The open subscriptions of named queries, over WebSocket. */
export class Subscriptions {
  readonly #store: EventStore
  readonly #clock: Clock
  readonly #ids: Ids
  readonly #standing = new Map<string, Standing>()
  #timer: NodeJS.Timeout | undefined
  #ticked = 0
  #isToldSoon = false

  constructor(options: { store: EventStore; clock: Clock; ids: Ids }) {
    this.#store = options.store
    this.#clock = options.clock
    this.#ids = options.ids
  }

  run(): void {
    this.#ticked = this.#clock.now()
    this.#timer = setInterval(() => this.tick(), 500)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    for (const { socket } of this.#standing.values()) socket.close(1001, 'the node stops')
    this.#standing.clear()
  }

  /** Throws SubscriptionControlsException; what was recorded since initialRecordTime is sent at once. */
  open(
    queryName: string,
    query: Query,
    controls: SubscriptionControls,
    socket: OpenSocket,
    mayRead: MayRead = everyone,
  ): Subscription {
    if (this.#standing.size >= epcisLimits.subscriptions)
      throw new EpcisProblem(
        'ImplementationException',
        `there are ${epcisLimits.subscriptions} subscriptions already`,
        { status: 503 },
      )
    const { schedule, about } = this.#read(queryName, controls)
    const standing: Standing = {
      about,
      query,
      mayRead,
      schedule,
      socket,
      seen: this.#seenAt(controls.initialRecordTime),
    }
    this.#standing.set(about.subscriptionID, standing)
    socket.onClose(() => this.#standing.delete(about.subscriptionID))
    if (schedule === undefined) this.#report(standing)
    return about
  }

  #read(queryName: string, controls: SubscriptionControls): { schedule: Schedule | undefined; about: Subscription } {
    const given = Object.fromEntries(
      scheduleFields.flatMap((field) => (controls[field] === undefined ? [] : [[field, controls[field]]])),
    )
    const streams = controls.stream === 'true'
    if (controls.stream !== undefined && !streams) throw wrong('stream: true expected')
    if (streams === Object.keys(given).length > 0)
      throw wrong('either stream=true or a schedule of second, minute, hour, dayOfMonth, month, dayOfWeek expected')
    const { reportIfEmpty } = controls
    if (reportIfEmpty !== undefined && reportIfEmpty !== 'true' && reportIfEmpty !== 'false')
      throw wrong('reportIfEmpty: true or false expected')
    const schedule = streams ? undefined : scheduleOf(given)
    const about: Subscription = {
      subscriptionID: this.#ids.uuid(),
      queryName,
      createdAt: new Date(this.#clock.now()).toISOString(),
      reportIfEmpty: reportIfEmpty === 'true',
      ...(streams ? { stream: true } : { schedule: given }),
    }
    return { schedule, about }
  }

  #seenAt(initialRecordTime: string | undefined): number {
    if (initialRecordTime === undefined) return this.#store.lastSeq()
    const at = instantOf(initialRecordTime.replace(' ', '+'))
    if (at === undefined) throw wrong('initialRecordTime: a time with its zone expected')
    return this.#store.seqSince(at) - 1
  }

  list(queryName: string): Subscription[] {
    return [...this.#standing.values()].filter(({ about }) => about.queryName === queryName).map(({ about }) => about)
  }

  get(queryName: string, id: string): Subscription | undefined {
    const about = this.#standing.get(id)?.about
    return about?.queryName === queryName ? about : undefined
  }

  close(queryName: string, id?: string): void {
    for (const { about, socket } of [...this.#standing.values()]) {
      if (about.queryName !== queryName || (id !== undefined && about.subscriptionID !== id)) continue
      this.#standing.delete(about.subscriptionID)
      closeQuietly(socket)
    }
  }

  /** After a capture: streams get what is new, each in a turn of its own, so that a capture waits for no subscriber. */
  captured(): void {
    if (this.#isToldSoon) return
    this.#isToldSoon = true
    setImmediate(() => {
      this.#isToldSoon = false
      for (const standing of this.#standing.values())
        if (standing.schedule === undefined) setImmediate(() => this.#report(standing))
    })
  }

  /** Schedules whose second has come since the last tick report. */
  tick(): void {
    const now = this.#clock.now()
    const from = Math.max(this.#ticked, now - 60_000)
    this.#ticked = now
    for (let second = Math.floor(from / 1000) + 1; second <= Math.floor(now / 1000); second++)
      for (const standing of [...this.#standing.values()])
        if (standing.schedule?.matches(new Date(second * 1000)) === true) this.#report(standing)
  }

  /** Looks at what is new, some events in each turn, so that one subscriber who wants years holds up nobody. */
  #report(standing: Standing, sentBefore = 0): void {
    const { about, query, mayRead, socket, schedule } = standing
    if (!this.#standing.has(about.subscriptionID)) return
    const to = Math.min(this.#store.lastSeq(), standing.seen + epcisLimits.subscriptionEvents)
    const events: StoredEvent[] = []
    for (let seq = standing.seen + 1; seq <= to; seq++) {
      const event = this.#store.read(seq)
      if (event !== undefined && query.tests.every((test) => test(event)) && mayRead(event)) events.push(event)
    }
    standing.seen = Math.max(standing.seen, to)
    if (events.length > 0) this.#send(socket, about, events)
    const sent = sentBefore + events.length
    if (standing.seen < this.#store.lastSeq()) setImmediate(() => this.#report(standing, sent))
    else if (sent === 0 && schedule !== undefined && about.reportIfEmpty) this.#send(socket, about, [])
  }

  /** A socket that does not take it is closed; the others and who captured are not its concern. */
  #send(socket: OpenSocket, about: Subscription, events: readonly StoredEvent[]): void {
    const { queryName, subscriptionID } = about
    try {
      socket.send(JSON.stringify(queryDocument(events, { now: this.#clock.now(), queryName, subscriptionID })))
    } catch {
      this.close(queryName, subscriptionID)
    }
  }
}

function closeQuietly(socket: OpenSocket): void {
  try {
    socket.close(1000, 'unsubscribed')
  } catch {
    // It is closed already.
  }
}

const wrong = (detail: string): EpcisProblem => new EpcisProblem('SubscriptionControlsException', detail)
