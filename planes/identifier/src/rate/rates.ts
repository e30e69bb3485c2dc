import { canonicalHandle, responses } from '../handle/handle.ts'
import type { User } from '../registration/authentication.ts'
import { type RateOptions, rateLimits } from './limits.ts'
import { RateLimiter } from './rate-limiter.ts'

/** Why something is not done now: a response code (603 to 605), a sentence, and when to ask again. */
export interface TooMuch {
  response: number
  message: string
  waitMs: number
}

/** What one node counts: requests, changes, and proofs that did not hold. */
export class Rates {
  readonly #options: RateOptions
  readonly #uncounted: ReadonlySet<string>
  readonly #limiters: Record<Limited, RateLimiter>
  /** Users and the address from which each proved it last; the longest unused gives way. */
  readonly #proven = new Map<string, true>()

  constructor(options: Partial<RateOptions> = {}) {
    this.#options = { ...rateLimits, ...options }
    this.#uncounted = new Set(this.#options.uncounted)
    const limiter = (name: Limited) => new RateLimiter(this.#options[name], this.#options.known)
    this.#limiters = {
      requests: limiter('requests'),
      requestsOfDay: limiter('requestsOfDay'),
      changesOfUser: limiter('changesOfUser'),
      changesOfPrefix: limiter('changesOfPrefix'),
      guessesOfAddress: limiter('guessesOfAddress'),
      guessesOfUser: limiter('guessesOfUser'),
      sessionsOfAddress: limiter('sessionsOfAddress'),
    }
  }

  /** Whether an address is counted at all. */
  counts(address: string | undefined): address is string {
    return address !== undefined && !this.#uncounted.has(address)
  }

  /** Counts a request; undefined when it may be answered. */
  request(address: string | undefined, nowMs: number): TooMuch | undefined {
    if (!this.counts(address)) return undefined
    const { requests, requestsOfDay } = this.#limiters
    const waitMs = requests.take(address, nowMs) || requestsOfDay.take(address, nowMs)
    if (waitMs === 0) return undefined
    return { response: responses.dailyLimit, message: `this address asks too often: ${later(waitMs)}`, waitMs }
  }

  /** Counts a session that an address begins; undefined when it may. */
  session(address: string | undefined, nowMs: number): TooMuch | undefined {
    const waitMs = this.counts(address) ? this.#limiters.sessionsOfAddress.take(address, nowMs) : 0
    if (waitMs === 0) return undefined
    return {
      response: responses.dailyLimit,
      message: `this address begins too many sessions: ${later(waitMs)}`,
      waitMs,
    }
  }

  /** Counts a change of a record of the prefix; undefined when it may be made. */
  change(user: User | undefined, prefix: string, nowMs: number): TooMuch | undefined {
    const { changesOfUser, changesOfPrefix } = this.#limiters
    const byUser = user === undefined ? 0 : changesOfUser.take(canonicalHandle(user.handle), nowMs)
    if (byUser > 0)
      return {
        response: responses.registrationLimit,
        message: `this user changes too much: ${later(byUser)}`,
        waitMs: byUser,
      }
    const ofPrefix = changesOfPrefix.take(prefix, nowMs)
    if (ofPrefix === 0) return undefined
    return {
      response: responses.prefixLimit,
      message: `too much is changed below ${prefix}: ${later(ofPrefix)}`,
      waitMs: ofPrefix,
    }
  }

  /** Whether a proof to be a user is looked at; undefined when it is. All keys of one record are one user. Who has proven it from there before is not kept out by others. */
  mayProve(user: User, address: string | undefined, nowMs: number): TooMuch | undefined {
    const { guessesOfAddress, guessesOfUser } = this.#limiters
    const byAddress = this.counts(address) ? guessesOfAddress.waitMs(address, nowMs) : 0
    const name = canonicalHandle(user.handle)
    const byUser = this.#proven.has(`${name} ${address}`) ? 0 : guessesOfUser.waitMs(name, nowMs)
    const waitMs = Math.max(byAddress, byUser)
    if (waitMs === 0) return undefined
    return { response: responses.dailyLimit, message: `too many proofs did not hold: ${later(waitMs)}`, waitMs }
  }

  /** What became of a proof. */
  proved(user: User, address: string | undefined, held: boolean, nowMs: number): void {
    const name = canonicalHandle(user.handle)
    const from = `${name} ${address}`
    if (held) {
      this.#proven.delete(from)
      this.#proven.set(from, true)
      const [oldest] = this.#proven.keys()
      if (this.#proven.size > this.#options.known && oldest !== undefined) this.#proven.delete(oldest)
      return
    }
    if (this.counts(address)) this.#limiters.guessesOfAddress.take(address, nowMs)
    if (!this.#proven.has(from)) this.#limiters.guessesOfUser.take(name, nowMs)
  }
}

type Limited =
  | 'requests'
  | 'requestsOfDay'
  | 'changesOfUser'
  | 'changesOfPrefix'
  | 'guessesOfAddress'
  | 'guessesOfUser'
  | 'sessionsOfAddress'

const later = (waitMs: number) => `ask again in ${Math.ceil(waitMs / 1_000)} s`
