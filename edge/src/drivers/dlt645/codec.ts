import { DeviceError } from '../../driver.ts'
import type { FrameReader } from '../../line.ts'

/**
 * DL/T 645-2007 and -1997, meters for electric energy: frames (§5.2 of 2007, §4.2 of 1997) and data formats (annex A).
 * Pure: bytes to values and back. Every number runs lowest byte first, and each data byte is sent with 33H added.
 */

export const editions = ['2007', '1997'] as const
export type Edition = (typeof editions)[number]

/** Stands for any digit of an address. A meter alone on its line answers to twelve of them. */
export const wildcard = 'AAAAAAAAAAAA'

/** Function codes (D4–D0 of the control code). */
export const functions = {
  2007: { read: 0x11, readFollowing: 0x12, readAddress: 0x13, identifierBytes: 4, sequenced: true },
  1997: { read: 0x01, readFollowing: 0x02, readAddress: undefined, identifierBytes: 2, sequenced: false },
} as const

const answerBit = 0x80
const refusalBit = 0x40
const moreBit = 0x20
const functionBits = 0x1f

/** The longest data field of an answer (§5.2.5 of 2007: L ≤ 200). */
export const dataBytesMax = 200
const headBytes = 10
const start = 0x68
const end = 0x16

export interface Frame {
  /** Twelve digits, the highest first. */
  address: string
  function: number
  isAnswer: boolean
  isRefusal: boolean
  /** More data follows, to be asked for by `readFollowing`. */
  hasMore: boolean
  /** Without the added 33H. */
  data: Buffer
}

/** A whole frame without preamble. Throws a RangeError for an address or data that no frame can carry. */
export function encodeFrame(frame: Frame): Buffer {
  const { address, data } = frame
  if (!/^(\d{12}|A{12})$/.test(address)) throw new RangeError(`a meter's address has 12 digits, not “${address}”`)
  if (data.length > dataBytesMax) throw new RangeError(`a frame carries at most ${dataBytesMax} data bytes`)
  const control =
    (frame.function & functionBits) |
    (frame.isAnswer ? answerBit : 0) |
    (frame.isRefusal ? refusalBit : 0) |
    (frame.hasMore ? moreBit : 0)
  const body = Buffer.concat([
    Buffer.of(start),
    Buffer.from(address, 'hex').reverse(),
    Buffer.of(start, control, data.length),
    data.map((byte) => byte + 0x33),
  ])
  return Buffer.concat([body, Buffer.of(checksum(body), end)])
}

/** Reads a whole frame. Throws DeviceError for a wrong checksum, end or address. */
export function decodeFrame(bytes: Buffer): Frame {
  const checked = bytes.length - 2
  if (checked < headBytes || bytes[0] !== start || bytes[7] !== start || bytes.length !== headBytes + bytes[9]! + 2)
    throw new DeviceError('what came is no whole DL/T 645 frame')
  if (bytes[checked + 1] !== end) throw new DeviceError(`a frame ends with ${hex(bytes[checked + 1]!)}H instead of 16H`)
  const sum = checksum(bytes.subarray(0, checked))
  if (bytes[checked] !== sum)
    throw new DeviceError(`a frame has the checksum ${hex(bytes[checked]!)}H instead of ${hex(sum)}H`)
  const control = bytes[8]!
  return {
    address: reversedHex(bytes.subarray(1, 7)),
    function: control & functionBits,
    isAnswer: (control & answerBit) !== 0,
    isRefusal: (control & refusalBit) !== 0,
    hasMore: (control & moreBit) !== 0,
    data: Buffer.from(bytes.subarray(headBytes, checked).map((byte) => byte - 0x33)),
  }
}

/** Sum of all bytes modulo 256. */
export function checksum(bytes: Buffer): number {
  return bytes.reduce((sum, byte) => (sum + byte) & 0xff, 0)
}

/** Cuts a stream into frames, whose checksum it does not look at; preambles (FEH) and noise between them are dropped. */
export function frameReader(): FrameReader<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  return {
    push(chunk) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      const frames: Buffer[] = []
      for (;;) {
        const at = rest.indexOf(start)
        rest = at === -1 ? Buffer.alloc(0) : rest.subarray(at)
        if (rest.length < headBytes) break
        if (rest[7] !== start || rest[9]! > dataBytesMax) {
          rest = rest.subarray(1)
          continue
        }
        const bytes = headBytes + rest[9]! + 2
        if (rest.length < bytes) break
        frames.push(rest.subarray(0, bytes))
        rest = rest.subarray(bytes)
      }
      return frames
    },
  }
}

/** Words of the error byte in a refusal, bit 0 first (annex of 2007, §7.5 table of 1997). */
const errorWords: Record<Edition, readonly string[]> = {
  2007: [
    'other error',
    'no data asked for',
    'wrong password or not authorised',
    'baud rate cannot be changed',
    'too many yearly time zones',
    'too many daily periods',
    'too many tariffs',
    'reserved bit 7',
  ],
  1997: [
    'illegal data',
    'wrong data identifier',
    'wrong password',
    'reserved bit 3',
    'too many yearly time zones',
    'too many daily periods',
    'too many tariffs',
    'reserved bit 7',
  ],
}

/** The error word of a refusal as a person reads it. */
export function errorWord(error: number | undefined, edition: Edition): string {
  const words = errorWords[edition].filter((_, bit) => ((error ?? 0) >> bit) & 1)
  const code = error === undefined ? 'no error word' : `error word ${hex(error)}H`
  return words.length === 0 ? code : `${words.join(', ')} (${code})`
}

/**
 * How a value stands in its bytes, from the standard's own notation: `XXXXXX.XX` digits with decimals, `-` before them
 * when the highest bit is the sign; `NNNN` digits as they are; `YYMMDDhhmm` and the like a time; `B16` a word of bits.
 */
export interface DataFormat {
  notation: string
  kind: 'number' | 'digits' | 'time' | 'bits'
  bytes: number
  /** Of a number: digits at all, and those after the point. */
  digits: number
  decimals: number
  signed: boolean
}

/** Reads a notation; undefined when it is none. */
export function formatOf(notation: string): DataFormat | undefined {
  const none = { notation, digits: 0, decimals: 0, signed: false }
  const number = /^(-?)(X{1,12})(?:\.(X{1,8}))?$/.exec(notation)
  if (number !== null) {
    const [, sign = '', whole = '', fraction = ''] = number
    const digits = whole.length + fraction.length
    if (digits > 15) return undefined
    const bytes = Math.ceil(digits / 2)
    return { notation, kind: 'number', bytes, digits, decimals: fraction.length, signed: sign === '-' }
  }
  if (/^N{2,24}$/.test(notation) && notation.length % 2 === 0)
    return { ...none, kind: 'digits', bytes: notation.length / 2 }
  if (/^(YY|MM|DD|WW|hh|mm|ss)+$/.test(notation)) return { ...none, kind: 'time', bytes: notation.length / 2 }
  if (notation === 'B8' || notation === 'B16') return { ...none, kind: 'bits', bytes: Number(notation.slice(1)) / 8 }
  return undefined
}

/**
 * The value of a format's bytes: a number, a text of digits, or the parts of `20YY-MM-DD WW hh:mm:ss` that the format
 * has. Undefined when the digits are none, as meters fill what they do not have with FFH, or more than the format's.
 */
export function decodeValue(bytes: Buffer, format: DataFormat): number | string | undefined {
  if (format.kind === 'bits') return bytes.readUIntLE(0, format.bytes)
  const negative = format.signed && (bytes[format.bytes - 1]! & 0x80) !== 0
  const plain = Buffer.from(bytes.subarray(0, format.bytes))
  if (negative) plain[format.bytes - 1]! &= 0x7f
  const digits = reversedHex(plain)
  if (!/^\d+$/.test(digits)) return undefined
  if (format.kind === 'digits') return digits
  if (format.kind === 'time') return timeText(digits, format.notation)
  if (digits.length > format.digits && !digits.startsWith('0')) return undefined
  const magnitude = Number(digits) / 10 ** format.decimals
  // A minus with only zeros behind it is no value of its own.
  return negative && magnitude !== 0 ? -magnitude : magnitude
}

/** The bytes of a value; the inverse of `decodeValue`. Throws a RangeError for what the format cannot hold. */
export function encodeValue(value: number | string, format: DataFormat): Buffer {
  const reject = (): never => {
    throw new RangeError(`${value} does not fit ${format.notation}`)
  }
  const bytes = Buffer.alloc(format.bytes)
  if (format.kind === 'bits') {
    bytes.writeUIntLE(Number(value), 0, format.bytes)
    return bytes
  }
  if (format.kind !== 'number') {
    const given = String(value).replace(/\D/g, '')
    const digits = format.notation.startsWith('YY') ? given.slice(2) : given
    if (digits.length !== format.bytes * 2) reject()
    return Buffer.from(digits, 'hex').reverse()
  }
  const scaled = Math.round(Math.abs(Number(value)) * 10 ** format.decimals)
  const digits = String(scaled)
  const tooLarge = digits.length > format.digits || !/^\d+$/.test(digits)
  if (tooLarge || (Number(value) < 0 && !format.signed)) reject()
  Buffer.from(digits.padStart(format.bytes * 2, '0'), 'hex')
    .reverse()
    .copy(bytes)
  // The sign stands in the highest digit, which must leave its bit free.
  if (format.signed && (bytes[format.bytes - 1]! & 0x80) !== 0) reject()
  if (Number(value) < 0) bytes[format.bytes - 1]! |= 0x80
  return bytes
}

function timeText(digits: string, notation: string): string {
  const parts = (notation.match(/../g) ?? []).map((part, i) => ({ part, text: digits.slice(i * 2, i * 2 + 2) }))
  const joined = (wanted: readonly string[], by: string) =>
    parts
      .filter(({ part }) => wanted.includes(part))
      .map(({ part, text }) => (part === 'YY' ? `20${text}` : text))
      .join(by)
  return [joined(['YY', 'MM', 'DD'], '-'), joined(['WW'], ''), joined(['hh', 'mm', 'ss'], ':')]
    .filter((text) => text !== '')
    .join(' ')
}

const hex = (byte: number) => byte.toString(16).toUpperCase().padStart(2, '0')

/** Hexadecimal digits of bytes that run lowest first, as a person writes them. */
export function reversedHex(bytes: Buffer): string {
  return Buffer.from(bytes).reverse().toString('hex').toUpperCase()
}
