import { DeviceError, RefusedRequest } from './driver.ts'
import { tooManyWait } from './line-words.ts'

/** Requests that wait for one line at most; more means that it is asked for more than it can carry. */
const waitingMax = 1_000

/** Who waits for a line, by the line. */
const lines = new WeakMap<object, { last: Promise<unknown>; waiting: number }>()

/**
 * A device's turns on a line that it may share with others: one request on the line at a time, in the order of asking. A
 * request's time runs from its turn, so that a slow line full of meters does not make them late by waiting for each other.
 * When a device does not answer, what else it had waiting fails with it at once: a dead one costs the others one time-out.
 */
export class LineTurns {
  readonly #line: object
  readonly #closing = Promise.withResolvers<never>()
  #asked = 0
  #failed: { upTo: number; error: DeviceError } | undefined
  #isClosed = false

  constructor(line: object) {
    this.#line = line
    this.#closing.promise.catch(() => {})
  }

  /** Calls `use` in its turn. Rejects as it does, or with DeviceError. */
  take<T>(use: () => Promise<T>): Promise<T> {
    const line = lines.get(this.#line) ?? { last: Promise.resolve(), waiting: 0 }
    lines.set(this.#line, line)
    if (this.#isClosed) return Promise.reject(new DeviceError('closed'))
    if (line.waiting >= waitingMax) return Promise.reject(new DeviceError(tooManyWait))
    line.waiting++
    const number = ++this.#asked
    const mine = line.last.then(() => this.#use(number, use)).finally(() => line.waiting--)
    line.last = mine.catch(() => {})
    return Promise.race([mine, this.#closing.promise])
  }

  /** What waits rejects. */
  close(): void {
    this.#isClosed = true
    this.#closing.reject(new DeviceError('closed'))
  }

  async #use<T>(number: number, use: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new DeviceError('closed')
    if (this.#failed !== undefined && number <= this.#failed.upTo) throw this.#failed.error
    try {
      return await use()
    } catch (error) {
      if (error instanceof DeviceError && !(error instanceof RefusedRequest))
        this.#failed = { upTo: this.#asked, error }
      throw error
    }
  }
}
