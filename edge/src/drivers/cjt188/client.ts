import { DeviceError } from '../../driver.ts'
import { type Line, nameOfLine } from '../../line.ts'
import { LineTurns } from '../../line-turns.ts'
import {
  decodeFrame,
  encodeFrame,
  type Frame,
  functions,
  type IdentifierOrder,
  identifiers,
  wildcard,
} from './codec.ts'
import type { Cjt188Settings } from './driver.ts'

/** One meter on a line that others may share. */
export class Meter {
  readonly #line: Line<Buffer>
  readonly #settings: Cjt188Settings
  readonly #turns: LineTurns
  #sequence = 0

  constructor(line: Line<Buffer>, settings: Cjt188Settings) {
    this.#line = line
    this.#turns = new LineTurns(line)
    this.#settings = settings
  }

  /** The answer to 901FH (its data behind identifier and sequence number) or to the question for the address. */
  read(what: keyof typeof identifiers): Promise<Frame> {
    return this.#turns.take(() => this.#ask(what))
  }

  close(): void {
    this.#turns.close()
  }

  async #ask(what: keyof typeof identifiers): Promise<Frame> {
    const { meter, meterType, preambleBytes, identifierOrder, answeredOrder, addressOrder, sequenceNumber } =
      this.#settings
    this.#sequence = (this.#sequence + 1) & 0xff
    const code = what === 'data' ? functions.read : functions.readAddress
    const data = Buffer.of(...inOrder(identifiers[what], identifierOrder), this.#sequence)
    const request = { type: meterType, address: meter, function: code, isAnswer: false, isRefusal: false, data }
    const bytes = Buffer.concat([Buffer.alloc(preambleBytes, 0xfe), encodeFrame(request, addressOrder)])
    let instead: string | undefined
    try {
      return await this.#line.request(bytes, (raw) => {
        const answer = decodeFrame(raw, addressOrder)
        // Two-wire adapters echo what was sent.
        if (!answer.isAnswer) return undefined
        instead = wrongMeter(answer, request)
        // No RefusedRequest: there is only this one question, so asking for fewer fields is asking the same again.
        if (instead === undefined && answer.isRefusal) throw new DeviceError(`${this.#name} ${refusalOf(answer)}`)
        const order = answeredOrder ?? identifierOrder
        instead ??= wrongData(answer, code, inOrder(identifiers[what], order))
        const sequence = answer.data[2]
        if (instead === undefined && sequenceNumber === 'checked' && sequence !== this.#sequence)
          instead = `the answer to request ${sequence} instead of ${this.#sequence}`
        return instead === undefined ? { ...answer, data: answer.data.subarray(3) } : undefined
      })
    } catch (error) {
      if (instead === undefined) throw error
      throw new DeviceError(`${this.#name} sent ${instead}`, { cause: error })
    }
  }

  get #name(): string {
    return `${nameOfLine(this.#settings)}, meter ${this.#settings.meter}`
  }
}

function inOrder(identifier: number, order: IdentifierOrder): [number, number] {
  const [high, low] = [identifier >> 8, identifier & 0xff]
  return order === '901F' ? [high, low] : [low, high]
}

function wrongMeter(answer: Frame, request: Frame): string | undefined {
  if (request.address === wildcard) return undefined
  if (answer.address !== request.address) {
    const otherOrder = answer.address.slice(2, 4) + answer.address.slice(0, 2) + answer.address.slice(4)
    const isReversed = answer.address === Buffer.from(request.address, 'hex').reverse().toString('hex').toUpperCase()
    if (otherOrder === request.address || isReversed)
      return `an answer of ${answer.address}: its address in the wrong byte order (addressOrder)`
    return `an answer of meter ${answer.address}`
  }
  return answer.type === request.type ? undefined : `an answer of meter type ${answer.type.toString(16)}H`
}

function wrongData(answer: Frame, code: number, identifier: readonly [number, number]): string | undefined {
  if (answer.function !== code) return `an answer to function ${answer.function.toString(16)}H`
  const [first, second] = answer.data
  if (answer.data.length < 3 || first === undefined || second === undefined) return 'an answer without identifier'
  if (first === identifier[0] && second === identifier[1]) return undefined
  if (first === identifier[1] && second === identifier[0])
    return 'its data identifier in the wrong byte order (identifierOrder, answeredOrder)'
  return `an answer for ${answer.data.subarray(0, 2).toString('hex').toUpperCase()}`
}

/** A refusal (C1H) carries the sequence number and the status word, and no word of why. */
function refusalOf({ data }: Frame): string {
  const status = data.length >= 3 ? `, status ${data.subarray(1, 3).toString('hex').toUpperCase()}H` : ''
  return `refuses to answer (abnormal reply${status})`
}
