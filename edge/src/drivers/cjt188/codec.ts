import { DeviceError } from '../../driver.ts'
import type { FrameReader } from '../../line.ts'
import { checksum, decodeValue, encodeValue, formatOf, reversedHex } from '../dlt645/codec.ts'

/**
 * CJ/T 188-2004 and -2018, household meters for water, heat and gas: frames (§6) and the answer to 901FH (annex A). Pure:
 * bytes to values and back. Numbers run lowest byte first, as in DL/T 645, but nothing is added to the bytes.
 */

/** Meter types (annex A, table of T) by name. */
export const meterTypes = {
  water: 0x10,
  hotWater: 0x11,
  drinkingWater: 0x12,
  reclaimedWater: 0x13,
  heat: 0x20,
  cooling: 0x21,
  gas: 0x30,
} as const
export type MeterType = keyof typeof meterTypes

/** Fourteen A: a meter alone on its line answers. */
export const wildcard = 'AAAAAAAAAAAAAA'

/**
 * How the seven bytes of an address go out: `7`, all of them lowest first; `5+2`, the five of the number lowest first
 * and the two of the manufacturer as they are written.
 */
export const addressOrders = ['7', '5+2'] as const
export type AddressOrder = (typeof addressOrders)[number]

/** The bytes of the identifier 901FH as they go out: makers send either order. */
export const identifierOrders = ['1F90', '901F'] as const
export type IdentifierOrder = (typeof identifierOrders)[number]

/** Function codes (D5–D0 of the control code). */
export const functions = { read: 0x01, readAddress: 0x03 } as const
export const identifiers = { data: 0x901f, address: 0x810a } as const

const answerBit = 0x80
const refusalBit = 0x40
const headBytes = 11
/** The longest data field (§6.2.5: L ≤ 64H when reading). */
export const dataBytesMax = 100
const start = 0x68
const end = 0x16

export interface Frame {
  type: number
  /** Fourteen hexadecimal digits: the manufacturer's four, then the ten of the number. */
  address: string
  function: number
  isAnswer: boolean
  isRefusal: boolean
  data: Buffer
}

/** A whole frame without preamble. Throws a RangeError for an address or data that no frame can carry. */
export function encodeFrame(frame: Frame, order: AddressOrder): Buffer {
  if (!/^([\dA-F]{4}\d{10}|A{14})$/.test(frame.address))
    throw new RangeError(`an address has 4 hexadecimal digits and 10 digits, not “${frame.address}”`)
  if (frame.data.length > dataBytesMax) throw new RangeError(`a frame carries at most ${dataBytesMax} data bytes`)
  const control = frame.function | (frame.isAnswer ? answerBit : 0) | (frame.isRefusal ? refusalBit : 0)
  const manufacturer = Buffer.from(frame.address.slice(0, 4), 'hex')
  const body = Buffer.concat([
    Buffer.of(start, frame.type),
    Buffer.from(frame.address.slice(4), 'hex').reverse(),
    order === '7' ? manufacturer.reverse() : manufacturer,
    Buffer.of(control, frame.data.length),
    frame.data,
  ])
  return Buffer.concat([body, Buffer.of(checksum(body), end)])
}

/** Reads a whole frame. Throws DeviceError for a wrong checksum. */
export function decodeFrame(bytes: Buffer, order: AddressOrder): Frame {
  const checked = bytes.length - 2
  if (checked < headBytes || bytes[0] !== start || bytes.length !== headBytes + bytes[10]! + 2 || bytes.at(-1) !== end)
    throw new DeviceError('what came is no whole CJ/T 188 frame')
  const sum = checksum(bytes.subarray(0, checked))
  if (bytes[checked] !== sum)
    throw new DeviceError(`a frame has the checksum ${hex(bytes[checked]!)}H instead of ${hex(sum)}H`)
  const manufacturer = bytes.subarray(7, 9)
  const digits = order === '7' ? reversedHex(manufacturer) : manufacturer.toString('hex').toUpperCase()
  const control = bytes[9]!
  return {
    type: bytes[1]!,
    address: digits + reversedHex(bytes.subarray(2, 7)),
    function: control & 0x3f,
    isAnswer: (control & answerBit) !== 0,
    isRefusal: (control & refusalBit) !== 0,
    data: Buffer.from(bytes.subarray(headBytes, checked)),
  }
}

/**
 * Cuts a stream into frames, whose checksum it does not look at; preambles (FEH) and noise between them are dropped.
 * What has no meter type, is too long or does not end with 16H is noise.
 */
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
        const type = rest[1]!
        const bytes = headBytes + rest[10]! + 2
        const isNoise = type < 0x10 || (type > 0x49 && type !== 0xaa) || rest[10]! > dataBytesMax
        if (!isNoise && rest.length < bytes) break
        if (isNoise || rest[bytes - 1] !== end) {
          rest = rest.subarray(1)
          continue
        }
        frames.push(rest.subarray(0, bytes))
        rest = rest.subarray(bytes)
      }
      return frames
    },
  }
}

/** Unit codes (annex A, table of units) in words. */
export const units: Readonly<Record<number, string>> = {
  2: 'Wh',
  5: 'kWh',
  8: 'MWh',
  10: '100 MWh',
  1: 'J',
  11: 'kJ',
  14: 'MJ',
  17: 'GJ',
  19: '100 GJ',
  20: 'W',
  23: 'kW',
  26: 'MW',
  41: 'L',
  44: 'm³',
  50: 'L/h',
  53: 'm³/h',
}

/** Fields of the answer to 901FH, in their order: a quantity brings its unit code, others have a fixed unit. */
export interface Field {
  name: string
  kind: 'quantity' | 'number' | 'clock' | 'status'
  notation: string
  unit?: string
}

const volume = (name: string): Field => ({ name, kind: 'quantity', notation: 'XXXXXX.XX' })
const tail: readonly Field[] = [
  { name: 'clock', kind: 'clock', notation: 'NNNNNNNNNNNNNN' },
  { name: 'status', kind: 'status', notation: 'B16' },
]
const flowFields: readonly Field[] = [volume('cumulativeFlow'), volume('settlementFlow'), ...tail]
const heatFields: readonly Field[] = [
  volume('settlementHeat'),
  volume('heat'),
  volume('heatPower'),
  { name: 'flowRate', kind: 'quantity', notation: 'XXXX.XXXX' },
  volume('cumulativeFlow'),
  { name: 'supplyTemperature', kind: 'number', notation: 'XXXX.XX', unit: '°C' },
  { name: 'returnTemperature', kind: 'number', notation: 'XXXX.XX', unit: '°C' },
  { name: 'workingHours', kind: 'number', notation: 'XXXXXX', unit: 'h' },
  ...tail,
]

/** Fields of a meter type: those of 20H to 29H measure heat, all others a flow. */
export const fieldsOf = (type: number): readonly Field[] => (type >> 4 === 2 ? heatFields : flowFields)

export const fieldBytes = ({ kind, notation }: Field) => formatOf(notation)!.bytes + (kind === 'quantity' ? 1 : 0)

export interface Layout {
  /** Whether a unit code stands behind its number, as the standard has it, or before it, as some makers do. */
  unitPosition: 'after' | 'before'
  /** Decimals of the flow rate: 4 by the standard. */
  flowRateDecimals: number
}

/** A field's number or digits, and its unit code where it has one. The value is undefined when its digits are none. */
export function decodeField(
  bytes: Buffer,
  field: Field,
  layout: Layout,
): { value: number | string | undefined; unit?: number } {
  const unitFirst = field.kind === 'quantity' && layout.unitPosition === 'before'
  const value = decodeValue(bytes.subarray(unitFirst ? 1 : 0), formatOf(notationOf(field, layout))!)
  return field.kind === 'quantity' ? { value, unit: bytes[unitFirst ? 0 : bytes.length - 1]! } : { value }
}

/** The bytes of a field; the inverse of `decodeField`. */
export function encodeField(value: number | string, unit: number, field: Field, layout: Layout): Buffer {
  const number = encodeValue(value, formatOf(notationOf(field, layout))!)
  if (field.kind !== 'quantity') return number
  return layout.unitPosition === 'before' ? Buffer.of(unit, ...number) : Buffer.of(...number, unit)
}

function notationOf(field: Field, { flowRateDecimals }: Layout): string {
  if (field.name !== 'flowRate') return field.notation
  return `${'X'.repeat(8 - flowRateDecimals)}${flowRateDecimals === 0 ? '' : `.${'X'.repeat(flowRateDecimals)}`}`
}

/** Valve and battery in the first byte of the status word (annex A): bits 0–1 and bit 2. The second is the maker's. */
export const valveOf = (status: number) => ['open', 'closed', 'reserved', 'abnormal'][status & 3]!
export const batteryIsLow = (status: number) => (status & 4) !== 0

/** Unix ms of a clock's digits (YYYYMMDDhhmmss) at an offset from UTC; undefined when they are no time. */
export function timeOf(digits: string, utcOffsetMinutes: number): number | undefined {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(digits)?.map(Number) ?? []
  if (year === undefined || month === undefined) return undefined
  const at = Date.UTC(year, month - 1, day, hour, minute, second)
  const isReal = new Date(at).toISOString().replace(/\D/g, '').startsWith(digits)
  return isReal ? at - utcOffsetMinutes * 60_000 : undefined
}

const hex = (byte: number) => byte.toString(16).toUpperCase().padStart(2, '0')
