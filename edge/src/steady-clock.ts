import type { Clock } from '@kapok/kit/clock'

/** How often the system's clock is looked at. */
const lookMs = 1_000
/** A difference above this is a step (somebody set the clock, NTP found the time); below it the clock is followed. */
const stepMs = 1_000

export interface ClockStep {
  /** What the clock said when it was found to have been set, Unix ms, and what it would have said. */
  after: number
  before: number
}

/**
 * Time that never goes backwards between two looks at the system's clock: the monotonic clock, anchored to the system's.
 * A step of the system's clock is found within a second, told, and followed.
 */
export class SteadyClock implements Clock {
  readonly #source: Clock
  readonly #monotonic: () => number
  readonly #onStep: (step: ClockStep) => void
  readonly #timer: NodeJS.Timeout
  #anchor: { wall: number; monotonic: number }

  constructor(source: Clock, onStep: (step: ClockStep) => void, monotonic = () => performance.now()) {
    this.#source = source
    this.#monotonic = monotonic
    this.#onStep = onStep
    const now = monotonic()
    this.#anchor = { wall: source.now(), monotonic: now }
    this.#timer = setInterval(() => this.look(), lookMs)
    this.#timer.unref()
  }

  now(): number {
    return Math.round(this.#anchor.wall + this.#monotonic() - this.#anchor.monotonic)
  }

  /** Compares with the system's clock. */
  look(): void {
    const monotonic = this.#monotonic()
    const before = Math.round(this.#anchor.wall + monotonic - this.#anchor.monotonic)
    const after = this.#source.now()
    this.#anchor = { wall: after, monotonic }
    if (Math.abs(after - before) > stepMs) this.#onStep({ before, after })
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
