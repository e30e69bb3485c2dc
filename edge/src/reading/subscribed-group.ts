import type { DeviceConnection, DeviceError, Request, Sample } from '../driver.ts'
import { wordsOf } from '../sentence.ts'
import type { Tag } from '../tag-table.ts'
import { bad } from '../values.ts'
import type { TagSample } from './read-group.ts'

export interface SubscribedGroupOptions {
  connection: DeviceConnection<unknown, Request<unknown>>
  /** Tags of one period. */
  tags: readonly Tag[]
  now(): number
  /** Samples that came together, each in its tag's order. */
  keep(samples: readonly TagSample[]): void
  /** The device was heard, or its connection broke. */
  heard(error: DeviceError | undefined): void
}

/** Often enough that a heartbeat is late by little. */
const heartbeatLookMs = 1_000

/**
 * The tags of a device that tells of changes by itself. A value that does not change is said again when its heartbeat is
 * due, for as long as the connection stands: the device would have told a change.
 */
export class SubscribedGroup {
  readonly #options: SubscribedGroupOptions
  /** What the device last said of each tag, and when that was last passed on. */
  readonly #last = new Map<Tag, { sample: Sample; passedOn: number }>()
  #gathered: TagSample[] = []
  #heartbeats: NodeJS.Timeout | undefined
  #isWhole = false

  constructor(options: SubscribedGroupOptions) {
    this.#options = options
  }

  /** Resolves when every tag is subscribed. Rejects with DeviceError. */
  async begin(): Promise<void> {
    const { connection, tags } = this.#options
    const periodMs = tags[0]?.periodMs ?? 1_000
    await connection.subscribe?.(tags, {
      periodMs,
      deliver: (tag, sample) => this.#deliver(tag as Tag, sample),
      state: (error) => this.#state(error),
    })
    this.#isWhole = true
    this.#options.heard(undefined)
    this.#heartbeats ??= setInterval(() => this.#beat(), heartbeatLookMs)
  }

  stop(): void {
    clearInterval(this.#heartbeats)
    this.#pass()
  }

  #deliver(tag: Tag, sample: Sample): void {
    const at = sample.at ?? this.#options.now()
    this.#last.set(tag, { sample, passedOn: at })
    // What comes in one message of the device is kept in one go.
    if (this.#gathered.length === 0) setImmediate(() => this.#pass())
    this.#gathered.push({ tag, sample, at })
  }

  #pass(): void {
    const samples = this.#gathered
    if (samples.length === 0) return
    this.#gathered = []
    this.#options.keep(samples)
    if (this.#isWhole) this.#options.heard(undefined)
  }

  #state(error: DeviceError | undefined): void {
    this.#pass()
    this.#isWhole = error === undefined
    if (error === undefined) this.#sayAgain(() => true)
    else this.#options.keep(this.broken(error))
    this.#options.heard(error)
  }

  /** Every tag as bad, since nobody knows it now. */
  broken(error: DeviceError): TagSample[] {
    const at = this.#options.now()
    const sample = bad(wordsOf(error))
    return this.#options.tags.map((tag) => ({ tag, sample, at }))
  }

  #beat(): void {
    if (!this.#isWhole) return
    const now = this.#options.now()
    this.#sayAgain((tag, passedOn) => now - passedOn >= tag.report.heartbeatMs)
  }

  #sayAgain(isDue: (tag: Tag, passedOn: number) => boolean): void {
    const now = this.#options.now()
    const samples: TagSample[] = []
    for (const [tag, last] of this.#last) {
      if (!isDue(tag, last.passedOn)) continue
      last.passedOn = now
      samples.push({ tag, sample: last.sample, at: now })
    }
    if (samples.length > 0) this.#options.keep(samples)
  }
}
