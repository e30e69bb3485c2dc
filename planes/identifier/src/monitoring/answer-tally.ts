import { envelopeBytes, operations } from '../handle/handle.ts'
import type { Answer } from '../resolution/exchange.ts'

const responseAt = 4
/** All that are known are below. */
const codes = 1_024

/** How many answers of the Handle protocol carried which response code, since the node started. */
export class AnswerTally {
  /** By code, arrays since they are on the way of every answer. */
  readonly #counts = new Float64Array(codes)
  readonly #resolutions = new Float64Array(codes)

  count<A extends Answer | undefined>(answer: A): A {
    if (answer === undefined) return answer
    const { frame, message: sent, plain: message = sent } = answer
    const at = frame ? envelopeBytes : 0
    const bytes = frame ?? message
    const code = bytes.readUInt32BE(at + responseAt)
    if (code >= codes) return answer
    this.#counts[code] = (this.#counts[code] ?? 0) + 1
    if (bytes.readUInt32BE(at) === operations.resolve) this.#resolutions[code] = (this.#resolutions[code] ?? 0) + 1
    return answer
  }

  byCode(): Record<string, number> {
    return seenOf(this.#counts)
  }

  /** Those alone that answer a question for a handle (OC_RESOLUTION). */
  resolutionsByCode(): Record<string, number> {
    return seenOf(this.#resolutions)
  }
}

function seenOf(counts: Float64Array): Record<string, number> {
  const all = Array.from(counts, (count, code) => [`${code}`, count] as const)
  return Object.fromEntries(all.filter(([, count]) => count > 0))
}
