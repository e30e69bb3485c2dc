const backOffMsMin = 1_000
const backOffMsMax = 60_000

/** One line when it begins and one at each doubling, not one a second for a machine that is off all night. */
export const isDoubling = (n: number) => n > 0 && (n & (n - 1)) === 0

/**
 * Keeps a device that does not answer from being asked all the time: after each failure it is left alone for longer, up
 * to a minute. Times are monotonic ms.
 */
export class Circuit {
  failures = 0
  #openUntil = 0

  /** How long it is still to be left alone. */
  restMs(now: number): number {
    return Math.max(0, this.#openUntil - now)
  }

  failed(now: number): void {
    this.failures++
    // A quarter more or less, so that devices behind one switch do not come back all at once.
    const wait = Math.min(backOffMsMax, backOffMsMin * 2 ** Math.min(this.failures - 1, 10))
    this.#openUntil = now + wait * (0.75 + Math.random() / 2)
  }

  answered(): void {
    this.failures = 0
    this.#openUntil = 0
  }
}
