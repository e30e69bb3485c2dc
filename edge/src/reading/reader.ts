import type { Clock } from '@kapok/kit/clock'
import type { Log } from '@kapok/kit/log'
import type { EdgeBuffer, EdgePoint, Note } from '../buffer/buffer.ts'
import type { Derivation, Taken } from '../derive/derivation.ts'
import { type DeviceConnection, DeviceError, type Quality, quality, type Request, type TagValue } from '../driver.ts'
import { joined, saidReason, type Words, wordsOf } from '../sentence.ts'
import type { EdgeDevice, Tag } from '../tag-table.ts'
import { Circuit, isDoubling } from './circuit.ts'
import { type CounterState, meant } from './meaning.ts'
import { ReadGroup, type TagSample } from './read-group.ts'
import { isWorthSending, type Reading } from './report.ts'
import { SubscribedGroup } from './subscribed-group.ts'

/** A tag as it was last seen. */
export interface TagState {
  at: number
  /** The last value that there was, also when the quality is bad now. */
  value: TagValue | undefined
  quality: Quality
  reason: string | undefined
  /** The reason in Chinese, where the gateway says it in both languages. */
  zh?: string | undefined
}

export interface DeviceState {
  name: string
  protocol: string
  connected: boolean
  lastRead: number | undefined
  reads: number
  errors: number
  lastError: string | undefined
  /** The same in Chinese. */
  lastErrorZh?: string | undefined
  values: Record<string, TagState>
}

export interface Reader {
  readonly device: EdgeDevice
  /** For who reads something beside it: some machines take only one connection. */
  readonly connection: DeviceConnection<unknown, Request<unknown>>
  state: DeviceState
  stop(): Promise<void>
}

/** Reads one device, each group of tags on its period, on its own connection, so that a dead one delays nobody. */
export function startReader(
  device: EdgeDevice,
  buffer: EdgeBuffer,
  clock: Clock,
  log: Log,
  derivation?: Derivation,
): Reader {
  return new DeviceReader(device, buffer, clock, log, derivation)
}

class DeviceReader implements Reader {
  readonly state: DeviceState
  readonly #device: EdgeDevice
  readonly #buffer: EdgeBuffer
  readonly #derivation: Derivation | undefined
  readonly #clock: Clock
  readonly #log: Log
  readonly connection: DeviceConnection<unknown, Request<unknown>>
  readonly #circuit = new Circuit()
  readonly #groups: readonly ReadGroup[]
  readonly #sent = new Map<Tag, Reading>()
  readonly #counters = new Map<Tag, CounterState>()
  readonly #loops: Promise<void>[]
  readonly #stopping = Promise.withResolvers<void>()
  /** Devices are read at different moments of the period, so that 300 of them do not come all at once. */
  readonly #phase: number
  #stopped = false
  #partial = 0

  constructor(device: EdgeDevice, buffer: EdgeBuffer, clock: Clock, log: Log, derivation: Derivation | undefined) {
    this.#device = device
    this.#derivation = derivation
    this.#buffer = buffer
    this.#clock = clock
    this.#log = log
    this.connection = device.driver.open(device.settings)
    this.#phase = phaseOf(device.name)
    this.#groups = this.connection.subscribe === undefined ? groupsOf(device) : []
    this.state = {
      name: device.name,
      protocol: device.protocol,
      connected: false,
      lastRead: undefined,
      reads: 0,
      errors: 0,
      lastError: undefined,
      values: {},
    }
    this.#loops =
      this.connection.subscribe === undefined
        ? this.#groups.map((group) => this.#loop(group))
        : byPeriod(device.tags).map((tags) => this.#subscribe(tags))
  }

  get device(): EdgeDevice {
    return this.#device
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#stopping.resolve()
    await this.connection.close()
    await Promise.all(this.#loops)
  }

  async #loop(group: ReadGroup): Promise<void> {
    const now = () => this.#clock.now()
    while (!this.#stopped) {
      const { samples, error } = await group.read(this.connection, now)
      if (this.#stopped) return
      if (error === undefined) this.#answered(samples)
      else this.#failed(error)
      this.#keep(samples)
      await this.#pause(group.periodMs)
    }
  }

  /** Subscribes until it succeeds; from then on the driver keeps the subscription alive, over breaks too. */
  async #subscribe(tags: readonly Tag[]): Promise<void> {
    const group = new SubscribedGroup({
      connection: this.connection,
      tags,
      now: () => this.#clock.now(),
      keep: (samples) => this.#keep(samples),
      heard: (error) => (error === undefined ? this.#answered([]) : this.#failed(error)),
    })
    while (!this.#stopped) {
      try {
        await group.begin()
        await this.#stopping.promise
      } catch (cause) {
        if (this.#stopped) break
        const error = cause instanceof DeviceError ? cause : new DeviceError(String(cause), { cause })
        this.#failed(error)
        this.#keep(group.broken(error))
        await this.#pause(tags[0]?.periodMs ?? 1_000)
      }
    }
    group.stop()
  }

  #answered(samples: readonly TagSample[]): void {
    if (this.#circuit.failures > 0) {
      this.#log.info({ device: this.#device.name }, 'the device answers again')
      for (const group of this.#groups) group.replan()
    }
    this.#circuit.answered()
    this.state.connected = true
    this.state.reads++
    this.state.lastRead = this.#clock.now()
    const bad = samples.filter(({ sample }) => sample.quality === quality.bad)
    this.#say(bad[0] && joined`${bad[0].tag.property}: ${saidReason(bad[0].sample, unknownReason)}`)
    this.state.errors += bad.length
    this.#partial = bad.length === 0 ? 0 : this.#partial + 1
    if (isDoubling(this.#partial))
      this.#log.warn(
        { device: this.#device.name, tags: bad.length, error: this.state.lastError },
        'a part of the device cannot be read',
      )
  }

  #say(error: Words | undefined): void {
    this.state.lastError = error?.en
    this.state.lastErrorZh = error?.zh
  }

  #failed(error: DeviceError): void {
    // Groups that were asked at the same time fail for one reason, once.
    if (this.#circuit.restMs(performance.now()) === 0) this.#circuit.failed(performance.now())
    this.state.connected = false
    this.state.errors++
    this.#say(wordsOf(error))
    if (isDoubling(this.#circuit.failures))
      this.#log.warn(
        { device: this.#device.name, failures: this.#circuit.failures, error: error.message },
        'the device cannot be read',
      )
  }

  /** Puts on disk what is worth it. What a full disk refused does not count as sent, so that it is tried again. */
  #keep(samples: readonly TagSample[]): void {
    const readings: [Tag, Reading][] = []
    const taken: Taken[] = []
    for (const { tag, sample, at } of samples) {
      const reading = this.#readingOf(tag, sample, at)
      const state = this.state.values[tag.property]
      if (this.#derivation !== undefined && state !== undefined) taken.push([tag.property, state])
      if (reading === undefined || !isWorthSending(tag.report, this.#sent.get(tag), reading)) continue
      readings.push([tag, reading])
      this.#sent.set(tag, reading)
    }
    const derived = this.#derivation?.took(this.#device.name, taken)
    const points = readings.map(([tag, reading]) => pointOf(this.#device.name, tag, reading))
    const notes = this.#counterNotes(readings)
    if (derived !== undefined) {
      points.push(...derived.points)
      notes.push(...derived.notes)
    }
    this.#buffer.append(points, notes).catch((error: unknown) => {
      derived?.undo()
      for (const [tag, reading] of readings) if (this.#sent.get(tag) === reading) this.#sent.delete(tag)
      this.state.errors++
      this.#say(wordsOf(error))
    })
  }

  /** What a sample says of the tag. A bad one has the last value that there was; before the first there is nothing. */
  #readingOf(tag: Tag, raw: TagSample['sample'], at: number): Reading | undefined {
    const sample = meant(raw, tag.meaning, this.#counterOf(tag))
    const before = this.state.values[tag.property]
    const value = sample.value ?? before?.value
    this.state.values[tag.property] = { at, value, quality: sample.quality, reason: sample.reason, zh: sample.zh }
    return value === undefined ? undefined : { at, value, quality: sample.quality }
  }

  #counterOf(tag: Tag): CounterState {
    let counter = this.#counters.get(tag)
    if (counter === undefined) {
      const kept = tag.meaning.rollOver === undefined ? undefined : this.#buffer.note(noteOf(this.#device, tag))
      counter = kept === undefined ? { base: 0, last: 0 } : (JSON.parse(kept) as CounterState)
      this.#counters.set(tag, counter)
    }
    return counter
  }

  /** Where the counters stood: one that rolls over while the gateway is off is counted on from there. */
  #counterNotes(readings: readonly [Tag, Reading][]): Note[] {
    return readings.flatMap(([tag]) =>
      tag.meaning.rollOver === undefined
        ? []
        : [[noteOf(this.#device, tag), JSON.stringify(this.#counterOf(tag))] as const],
    )
  }

  /** Until the next turn of the period, or until the device may be asked again. */
  async #pause(periodMs: number): Promise<void> {
    const rest = this.#circuit.restMs(performance.now())
    // On the grid of the period, so that a slow answer does not push every later reading.
    const turn = periodMs - ((performance.now() + this.#phase) % periodMs)
    let timer: NodeJS.Timeout | undefined
    const waited = new Promise<void>((go) => {
      timer = setTimeout(go, rest > 0 ? rest : turn)
    })
    await Promise.race([waited, this.#stopping.promise])
    clearTimeout(timer)
  }
}

const unknownReason = { zh: '—', en: '—' }

const noteOf = (device: EdgeDevice, tag: Tag) => `counter ${device.name} ${tag.property}`

const pointOf = (device: string, tag: Tag, { at, value, quality: q }: Reading): EdgePoint => ({
  device,
  property: tag.property,
  at,
  value,
  quality: q,
})

function groupsOf(device: EdgeDevice): ReadGroup[] {
  return byPeriod(device.tags).map((tags) => new ReadGroup(device.driver, device.settings, tags))
}

const byPeriod = (tags: readonly Tag[]) => [...Map.groupBy(tags, (tag) => tag.periodMs).values()]

function phaseOf(name: string): number {
  let hash = 0
  for (const c of name) hash = (hash * 31 + (c.codePointAt(0) ?? 0)) >>> 0
  return hash % 60_000
}
