import {
  type AnyDriver,
  type DeviceConnection,
  DeviceError,
  RefusedRequest,
  type Request,
  type Sample,
} from '../driver.ts'
import { type Said, wordsOf } from '../sentence.ts'
import type { Tag } from '../tag-table.ts'
import { bad } from '../values.ts'
import { Circuit } from './circuit.ts'

export interface TagSample {
  tag: Tag
  sample: Sample
  /** Time of the sample, Unix ms: the device's, else the middle of the request. */
  at: number
}

/** What a round brought: samples of the tags that were asked for, and the error when the device gave no answer at all. */
export interface Round {
  samples: TagSample[]
  /** Set when no request was answered. */
  error: DeviceError | undefined
}

type Connection = DeviceConnection<unknown, Request<unknown>>

/** The tags of a device that are read together, as the requests that bring them. */
export class ReadGroup {
  readonly periodMs: number
  readonly #driver: AnyDriver
  readonly #settings: unknown
  readonly #tags: readonly Tag[]
  #requests: Request<unknown>[]
  /** Tags that the device refuses by themselves: asked again less and less often. */
  readonly #refused = new Map<Tag, { circuit: Circuit; reason: Said }>()

  constructor(driver: AnyDriver, settings: unknown, tags: readonly Tag[]) {
    this.periodMs = tags[0]?.periodMs ?? 1_000
    this.#driver = driver
    this.#settings = settings
    this.#tags = tags
    this.#requests = driver.plan(tags, settings)
  }

  /** Plans from scratch, after a break: the device may have been changed. */
  replan(): void {
    this.#refused.clear()
    this.#requests = this.#driver.plan(this.#tags, this.#settings)
  }

  /** Reads every request; one that is refused is split until the tags that the device does not have stand alone. */
  async read(connection: Connection, now: () => number): Promise<Round> {
    const retried = [...this.#refused].filter(([, { circuit }]) => circuit.restMs(performance.now()) === 0)
    const requests = [...this.#requests, ...retried.flatMap(([tag]) => this.#driver.plan([tag], this.#settings))]
    const outcomes = await Promise.all(requests.map((request) => this.#readOrSplit(connection, request)))
    this.#requests = outcomes.flatMap(({ parts }) => parts)
    const samples = outcomes.flatMap((outcome) => outcome.samples)
    const errors = outcomes.flatMap(({ error }) => (error === undefined ? [] : [error]))
    // Tags whose rest is not over yet are still bad.
    for (const [tag, { reason }] of this.#refused)
      if (!samples.some((each) => each.tag === tag)) samples.push(badSample(tag, reason))
    // Civil time comes last, for all at once: a clock that is set in the middle of a round must not tear it apart.
    const [wall, monotonic] = [now(), performance.now()]
    return {
      samples: samples.map(({ tag, sample, monotonic: taken }) => ({
        tag,
        sample,
        at: sample.at ?? Math.round(wall - (monotonic - taken)),
      })),
      error: errors.length > 0 && errors.length === outcomes.length ? errors[0] : undefined,
    }
  }

  async #readOrSplit(connection: Connection, request: Request<unknown>): Promise<Outcome> {
    const asked = performance.now()
    const tags = request.tags as readonly Tag[]
    try {
      const samples = await connection.read(request)
      // The middle of the request is nearest to when the machine looked.
      const monotonic = (asked + performance.now()) / 2
      for (const tag of tags) this.#refused.delete(tag)
      return {
        parts: [request],
        samples: samples.flatMap((sample, i) => {
          const tag = tags[i]
          return tag === undefined ? [] : [{ tag, sample, monotonic }]
        }),
        error: undefined,
      }
    } catch (error) {
      if (error instanceof RefusedRequest) return this.#split(connection, request, error)
      const known = error instanceof DeviceError ? error : new DeviceError(String(error), { cause: error })
      return { parts: [request], samples: tags.map((tag) => badSample(tag, wordsOf(known))), error: known }
    }
  }

  async #split(connection: Connection, request: Request<unknown>, error: RefusedRequest): Promise<Outcome> {
    const tags = request.tags as readonly Tag[]
    const [only] = tags
    if (only !== undefined && tags.length === 1) {
      const entry = this.#refused.get(only) ?? { circuit: new Circuit(), reason: '' }
      entry.circuit.failed(performance.now())
      entry.reason = wordsOf(error)
      this.#refused.set(only, entry)
      return { parts: [], samples: [badSample(only, entry.reason)], error: undefined }
    }
    const half = tags.length >> 1
    const outcomes: Outcome[] = []
    for (const part of [tags.slice(0, half), tags.slice(half)])
      for (const smaller of this.#driver.plan(part, this.#settings))
        outcomes.push(await this.#readOrSplit(connection, smaller))
    return {
      parts: outcomes.flatMap(({ parts }) => parts),
      samples: outcomes.flatMap(({ samples }) => samples),
      error: outcomes.find((outcome) => outcome.error !== undefined)?.error,
    }
  }
}

/** A sample whose time is still one of the monotonic clock, which nobody sets. */
interface Taken {
  tag: Tag
  sample: Sample
  monotonic: number
}

interface Outcome {
  /** The requests that took the place of the one that was sent. */
  parts: Request<unknown>[]
  samples: Taken[]
  error: DeviceError | undefined
}

const badSample = (tag: Tag, reason: Said): Taken => ({
  tag,
  sample: bad(reason),
  monotonic: performance.now(),
})
