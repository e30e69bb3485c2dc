import { DeviceError, RefusedRequest } from '../../driver.ts'
import { type Line, nameOfLine } from '../../line.ts'
import { LineTurns } from '../../line-turns.ts'
import { noAnswerWithin } from '../../line-words.ts'
import { joined } from '../../sentence.ts'
import {
  decodeFrame,
  type Edition,
  encodeFrame,
  errorWord,
  type Frame,
  functions,
  reversedHex,
  wildcard,
} from './codec.ts'
import type { Dlt645Settings } from './driver.ts'

/** Frames that follow one answer at most; 64 values of a block need two. */
const followingMax = 16

/** A read on its way: what is asked for, until when (Unix ms), and what came that was not the answer. */
interface Ask {
  what: string
  deadline: number
  instead: string | undefined
}

/** One meter on a line that others may share. */
export class Meter {
  readonly #line: Line<Buffer>
  readonly #settings: Dlt645Settings
  readonly #edition: Edition
  readonly #turns: LineTurns

  constructor(line: Line<Buffer>, settings: Dlt645Settings) {
    this.#line = line
    this.#turns = new LineTurns(line)
    this.#settings = settings
    this.#edition = settings.edition
  }

  /**
   * The data of an identifier, without it, or the six bytes of the meter's own address. Rejects with RefusedRequest or
   * DeviceError, within the time-out from its turn on the line.
   */
  read(identifier: string | undefined): Promise<Buffer> {
    return this.#turns.take(() => this.#readInTime(identifier))
  }

  close(): void {
    this.#turns.close()
  }

  async #readInTime(identifier: string | undefined): Promise<Buffer> {
    const { timeoutMs } = this.#settings
    const ask: Ask = { what: identifier ?? 'its address', deadline: Date.now() + timeoutMs, instead: undefined }
    const { promise: late, reject } = Promise.withResolvers<never>()
    // The line's own time-out comes first; this one ends what takes several frames.
    const timer = setTimeout(() => reject(this.#unanswered(ask)), timeoutMs + 20)
    const answered = identifier === undefined ? this.#readAddress(ask) : this.#readData(identifier, ask)
    return Promise.race([answered, late]).finally(() => clearTimeout(timer))
  }

  #unanswered({ what, instead }: Ask, cause?: unknown): DeviceError {
    const asked = { zh: `询问 ${what}`, en: `asked for ${what}` }
    const got =
      instead === undefined
        ? noAnswerWithin(this.#settings.timeoutMs)
        : { zh: `收到的是 ${instead}`, en: `it sent ${instead}` }
    return new DeviceError(joined`${this.#name}: ${asked}, ${got}`, { cause })
  }

  get #name(): string {
    return `${nameOfLine(this.#settings)}, meter ${this.#settings.meter}`
  }

  async #readAddress(ask: Ask): Promise<Buffer> {
    const { readAddress } = functions[2007]
    const frame = await this.#request(ask, readAddress, Buffer.alloc(0), (answer) => {
      if (answer.data.length !== 6) return `an answer of ${answer.data.length} bytes instead of an address`
      return reversedHex(answer.data) === answer.address ? undefined : 'an address that is not the one it answers under'
    })
    return frame.data
  }

  async #readData(identifier: string, ask: Ask): Promise<Buffer> {
    const { read, readFollowing, identifierBytes, sequenced } = functions[this.#edition]
    const sent = Buffer.from(identifier, 'hex').reverse()
    const isOurs = (answer: Frame) => wrongIdentifier(answer.data.subarray(0, identifierBytes), sent)
    let answer = await this.#request(ask, read, sent, isOurs)
    const data = [answer.data.subarray(identifierBytes)]
    for (let sequence = 1; answer.hasMore; sequence++) {
      if (sequence > followingMax)
        throw new DeviceError(`${this.#name}: ${identifier} has more than ${followingMax} frames`)
      const next = sequenced ? Buffer.concat([sent, Buffer.of(sequence)]) : sent
      answer = await this.#request(ask, readFollowing, next, (following) => {
        const wrong = isOurs(following)
        if (wrong !== undefined || !sequenced) return wrong
        const got = following.data.length > identifierBytes ? following.data.at(-1) : undefined
        return got === sequence ? undefined : `frame ${got} of ${identifier} instead of ${sequence}`
      })
      data.push(answer.data.subarray(identifierBytes, sequenced ? -1 : undefined))
    }
    return Buffer.concat(data)
  }

  /** The answer of this meter to this request; what else comes is only remembered. */
  async #request(ask: Ask, code: number, data: Buffer, wrong: (answer: Frame) => string | undefined): Promise<Frame> {
    if (Date.now() >= ask.deadline) throw this.#unanswered(ask)
    const { meter, preambleBytes } = this.#settings
    const request = { address: meter, function: code, isAnswer: false, isRefusal: false, hasMore: false, data }
    const bytes = Buffer.concat([Buffer.alloc(preambleBytes, 0xfe), encodeFrame(request)])
    try {
      return await this.#line.request(bytes, (raw) => {
        const answer = decodeFrame(raw)
        // Two-wire adapters echo what was sent.
        if (!answer.isAnswer) return undefined
        if (meter !== wildcard && answer.address !== meter) ask.instead = strangeAddress(answer.address, meter)
        else if (answer.function !== code) ask.instead = `an answer to function ${answer.function.toString(16)}H`
        else if (answer.isRefusal)
          throw new RefusedRequest(`${this.#name}: ${ask.what}: ${errorWord(answer.data[0], this.#edition)}`)
        else ask.instead = wrong(answer)
        return ask.instead === undefined ? answer : undefined
      })
    } catch (error) {
      if (error instanceof RefusedRequest || ask.instead === undefined) throw error
      throw this.#unanswered(ask, error)
    }
  }
}

function strangeAddress(address: string, meter: string): string {
  const isReversed = address === reversedHex(Buffer.from(meter, 'hex'))
  return isReversed ? `an answer of ${address}: its address in the wrong byte order` : `an answer of meter ${address}`
}

function wrongIdentifier(got: Buffer, sent: Buffer): string | undefined {
  if (got.equals(sent)) return undefined
  if (Buffer.from(got).reverse().equals(sent)) return 'its data identifier in the wrong byte order'
  if (got.every((byte, i) => byte === ((sent[i]! - 0x33) & 0xff))) return 'data bytes without the added 33H'
  return `an answer for ${reversedHex(got)}`
}
