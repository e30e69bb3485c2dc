import type { KeyObject } from 'node:crypto'
import { signedMessage } from '../handle/handle.ts'
import { trustLimits } from '../trust/limits.ts'
import type { Answer } from './exchange.ts'

/** Signs answers with the key of a site (flag CT, RFC 3652 §2.2.2.3), beside the thread that answers. */
export class Certifier {
  readonly #key: KeyObject
  #waiting = 0

  /** `key`: RSA, private; its public half stands in HS_SITE. */
  constructor(key: KeyObject) {
    this.#key = key
  }

  /** Undefined when too many answers are being signed. */
  certified(answer: Answer): Promise<Answer> | undefined {
    if (this.#waiting >= trustLimits.certifiedWaiting) return undefined
    this.#waiting++
    const { envelope, keepConnection } = answer
    return signedMessage(this.#key, envelope, answer.message)
      .then((message) => ({ envelope, message, keepConnection }))
      .finally(() => this.#waiting--)
  }
}
