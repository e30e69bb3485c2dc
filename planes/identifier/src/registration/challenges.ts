import { randomBytes, randomInt } from 'node:crypto'
import { responses } from '../handle/handle.ts'
import { type Exchange, type Reply, requestDigestOf } from '../resolution/exchange.ts'
import { registrationLimits } from './limits.ts'

/** A challenge that was given, and the request that it holds back until it is answered. */
export interface Waiting {
  request: Exchange
  nonce: Buffer
  requestDigest: Buffer
  atMs: number
}

/** Challenges that wait for their answer (RFC 3652 §3.5.1), each answered once. */
export class Challenges {
  readonly #waiting = new Map<number, Waiting>()

  /** Holds a request back and gives the challenge for it. */
  give(request: Exchange, nowMs: number): Reply {
    this.#forget(nowMs)
    const nonce = randomBytes(16)
    let sessionId = 0
    // Odd, since ids of sessions are even; hdllib takes one of 32 bits for negative.
    do sessionId = randomInt(0, 2 ** 30) * 2 + 1
    while (this.#waiting.has(sessionId))
    this.#waiting.set(sessionId, { request, nonce, requestDigest: requestDigestOf(request).digest, atMs: nowMs })
    return { response: responses.authenticationNeeded, body: { kind: 'challenge', nonce }, sessionId, of: request }
  }

  /** The request that a challenge holds back. */
  requestOf(sessionId: number): Exchange | undefined {
    return this.#waiting.get(sessionId)?.request
  }

  /** Takes the challenge that an answer belongs to. It never comes again, whether the answer holds or not. */
  take(sessionId: number): Waiting | undefined {
    const waiting = this.#waiting.get(sessionId)
    this.#waiting.delete(sessionId)
    return waiting
  }

  #forget(nowMs: number): void {
    for (const [sessionId, { atMs }] of this.#waiting) {
      // Twice the time, so that who is late is told so instead of “no such challenge”.
      if (this.#waiting.size < registrationLimits.challenges && nowMs - atMs < 2 * registrationLimits.challengeMs)
        return
      this.#waiting.delete(sessionId)
    }
  }
}
