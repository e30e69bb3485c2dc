import { envelopeBytes } from '../handle/handle.ts'
import type { Answer } from '../resolution/exchange.ts'

const responseAt = 4
/** All that are known are below. */
const codes = 1_024

/** How many answers of the Handle protocol carried which response code, since the node started. */
export class AnswerTally {
  /** By code, an array since it is on the way of every answer. */
  readonly #counts = new Float64Array(codes)

  count<A extends Answer | undefined>(answer: A): A {
    if (answer === undefined) return answer
    const { frame, message: sent, plain: message = sent } = answer
    const code = frame ? frame.readUInt32BE(envelopeBytes + responseAt) : message.readUInt32BE(responseAt)
    if (code < codes) this.#counts[code] = (this.#counts[code] ?? 0) + 1
    return answer
  }

  byCode(): Record<string, number> {
    const seen = Array.from(this.#counts, (count, code) => [`${code}`, count] as const)
    return Object.fromEntries(seen.filter(([, count]) => count > 0))
  }
}
