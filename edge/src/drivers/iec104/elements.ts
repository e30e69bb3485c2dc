/**
 * Information elements of IEC 60870-5-101 (§7.2.6 and §7.3): what stands in the objects of the types that a plant's
 * controlling station needs. Pure: bytes to values and back.
 */

/** Kinds of element; a monitored kind goes by several types, with and without time tag. */
export const monitored = ['M_SP', 'M_DP', 'M_ST', 'M_BO', 'M_ME_NA', 'M_ME_NB', 'M_ME_NC', 'M_IT'] as const
export type Monitored = (typeof monitored)[number]
export const commanded = ['C_SC', 'C_DC', 'C_SE_NA', 'C_SE_NB', 'C_SE_NC'] as const
export type Commanded = (typeof commanded)[number]

export interface AsduType {
  code: number
  name: string
  kind: Monitored | Commanded | undefined
  /** Bytes of the element with its quality, without time tag. */
  bytes: number
  /** Of the time tag: 3 is CP24Time2a, 7 is CP56Time2a. */
  timeBytes: 0 | 3 | 7
}

const row = (
  code: number,
  name: string,
  kind: AsduType['kind'],
  bytes: number,
  timeBytes: 0 | 3 | 7 = 0,
): AsduType => ({
  code,
  name,
  kind,
  bytes,
  timeBytes,
})

/** Type identifications (IEC 60870-5-101 §7.2.1, -104 §7). */
const rows: readonly AsduType[] = [
  row(1, 'M_SP_NA_1', 'M_SP', 1),
  row(2, 'M_SP_TA_1', 'M_SP', 1, 3),
  row(3, 'M_DP_NA_1', 'M_DP', 1),
  row(4, 'M_DP_TA_1', 'M_DP', 1, 3),
  row(5, 'M_ST_NA_1', 'M_ST', 2),
  row(6, 'M_ST_TA_1', 'M_ST', 2, 3),
  row(7, 'M_BO_NA_1', 'M_BO', 5),
  row(8, 'M_BO_TA_1', 'M_BO', 5, 3),
  row(9, 'M_ME_NA_1', 'M_ME_NA', 3),
  row(10, 'M_ME_TA_1', 'M_ME_NA', 3, 3),
  row(11, 'M_ME_NB_1', 'M_ME_NB', 3),
  row(12, 'M_ME_TB_1', 'M_ME_NB', 3, 3),
  row(13, 'M_ME_NC_1', 'M_ME_NC', 5),
  row(14, 'M_ME_TC_1', 'M_ME_NC', 5, 3),
  row(15, 'M_IT_NA_1', 'M_IT', 5),
  row(16, 'M_IT_TA_1', 'M_IT', 5, 3),
  row(21, 'M_ME_ND_1', 'M_ME_NA', 2),
  row(30, 'M_SP_TB_1', 'M_SP', 1, 7),
  row(31, 'M_DP_TB_1', 'M_DP', 1, 7),
  row(32, 'M_ST_TB_1', 'M_ST', 2, 7),
  row(33, 'M_BO_TB_1', 'M_BO', 5, 7),
  row(34, 'M_ME_TD_1', 'M_ME_NA', 3, 7),
  row(35, 'M_ME_TE_1', 'M_ME_NB', 3, 7),
  row(36, 'M_ME_TF_1', 'M_ME_NC', 5, 7),
  row(37, 'M_IT_TB_1', 'M_IT', 5, 7),
  row(45, 'C_SC_NA_1', 'C_SC', 1),
  row(46, 'C_DC_NA_1', 'C_DC', 1),
  row(48, 'C_SE_NA_1', 'C_SE_NA', 3),
  row(49, 'C_SE_NB_1', 'C_SE_NB', 3),
  row(50, 'C_SE_NC_1', 'C_SE_NC', 5),
  row(70, 'M_EI_NA_1', undefined, 1),
  row(100, 'C_IC_NA_1', undefined, 1),
  row(101, 'C_CI_NA_1', undefined, 1),
]
const byCode = new Map(rows.map((type) => [type.code, type]))
export const typeNames = rows.map(({ name, kind }) => ({ name, kind }))
export const typeOf = (code: number) => byCode.get(code)
export const elementBytes = (code: number) => {
  const type = byCode.get(code)
  return type && type.bytes + type.timeBytes
}
/** The type that carries a kind with this time tag. */
export const codeOf = (kind: Monitored | Commanded, timeBytes: 0 | 3 | 7) =>
  rows.find((type) => type.kind === kind && type.timeBytes === timeBytes)!.code

export const interrogation = { type: 100, station: 20 } as const
export const counterInterrogation = { type: 101, general: 5 } as const

/** What an object of a monitored kind says. */
export interface Point {
  type: AsduType
  /** A bit as 0 or 1, a double point as 0 to 3, a step, 32 bits, a measured value or a counter. */
  value: number
  isInvalid: boolean
  /** Words of the quality descriptor for what is less than good. */
  doubts: string[]
  /** Unix ms of the time tag; undefined without one, or when it is marked invalid or is no time. */
  at: number | undefined
  hasBadTime: boolean
}

const qualityBits: readonly (readonly [mask: number, word: string])[] = [
  [0x10, 'blocked (BL)'],
  [0x20, 'substituted (SB)'],
  [0x40, 'not topical (NT)'],
]
const invalidBit = 0x80
const overflowBit = 0x01

/** Reads an object's element. `now` (Unix ms) completes a CP24 time tag, which has no hour. */
export function decodePoint(type: AsduType, element: Buffer, utcOffsetMinutes: number, now: number): Point {
  const { value, flags, doubts } = decodeValue(type, element)
  const time = element.subarray(type.bytes)
  const at = type.timeBytes === 7 ? decodeTime56(time, utcOffsetMinutes) : decodeTime24(time, now)
  return {
    type,
    value,
    isInvalid: (flags & invalidBit) !== 0,
    doubts: [
      ...doubts,
      ...qualityBits.filter(([mask]) => type.kind !== 'M_IT' && flags & mask).map(([, word]) => word),
    ],
    at: type.timeBytes === 0 ? undefined : at,
    hasBadTime: type.timeBytes !== 0 && at === undefined,
  }
}

function decodeValue(type: AsduType, element: Buffer): { value: number; flags: number; doubts: string[] } {
  const last = element[type.bytes - 1]!
  const doubt = (...pairs: [boolean, string][]) => pairs.filter(([holds]) => holds).map(([, word]) => word)
  const measured = (value: number) => ({
    value,
    flags: last,
    doubts: doubt([(last & overflowBit) !== 0, 'overflow (OV)']),
  })
  switch (type.kind) {
    case 'M_SP':
      return { value: last & 1, flags: last, doubts: [] }
    case 'M_DP':
      return { value: last & 3, flags: last, doubts: doubt([[0, 3].includes(last & 3), 'indeterminate']) }
    case 'M_ST': {
      const step = ((element[0]! & 0x7f) << 25) >> 25
      const transient = (element[0]! & 0x80) !== 0
      return { value: step, flags: last, doubts: doubt([transient, 'in transit'], [(last & 1) !== 0, 'overflow (OV)']) }
    }
    case 'M_BO':
      return measured(element.readUInt32LE())
    case 'M_ME_NA':
      return type.bytes === 2
        ? { value: element.readInt16LE() / 32_768, flags: 0, doubts: [] }
        : measured(element.readInt16LE() / 32_768)
    case 'M_ME_NB':
      return measured(element.readInt16LE())
    case 'M_ME_NC':
      return measured(element.readFloatLE())
    case 'M_IT':
      return {
        value: element.readInt32LE(),
        flags: last,
        doubts: doubt([(last & 0x40) !== 0, 'adjusted since it was last read (CA)']),
      }
    default:
      return { value: 0, flags: 0, doubts: [] }
  }
}

/** The element of a monitored kind, with quality bits (0 is good) and, where the type has one, a CP56 or CP24 time tag. */
export function encodePoint(
  type: AsduType,
  value: number,
  flags: number,
  at: number,
  utcOffsetMinutes: number,
): Buffer {
  const element = Buffer.alloc(type.bytes)
  if (type.kind === 'M_SP' || type.kind === 'M_DP') element[0] = value | flags
  else {
    if (type.kind === 'M_ST') element[0] = value & 0x7f
    else if (type.kind === 'M_BO') element.writeUInt32LE(value)
    else if (type.kind === 'M_ME_NA') element.writeInt16LE(normalised(value))
    else if (type.kind === 'M_ME_NB') element.writeInt16LE(value)
    else if (type.kind === 'M_ME_NC') element.writeFloatLE(value)
    else element.writeInt32LE(value)
    if (type.bytes !== 2 || type.kind === 'M_ST') element[type.bytes - 1]! |= flags
  }
  const time = encodeTime56(at, utcOffsetMinutes).subarray(0, type.timeBytes)
  return Buffer.concat([element, time])
}

/** −1 to 1 − 2^−15 as 16 bits (§7.2.6.6). Throws a RangeError outside. */
function normalised(value: number): number {
  const raw = Math.round(value * 32_768)
  if (!(raw >= -32_768 && raw <= 32_767)) throw new RangeError(`${value} is not within −1 and 1`)
  return raw
}

/** A command's element (§7.3.2), selecting or executing. Throws a RangeError for a value that it cannot carry. */
export function encodeCommand(kind: Commanded, value: number, isSelect: boolean): Buffer {
  const select = isSelect ? 0x80 : 0
  if (kind === 'C_SC' || kind === 'C_DC') return Buffer.of((kind === 'C_SC' ? value : value + 1) | select)
  const element = Buffer.alloc(kind === 'C_SE_NC' ? 5 : 3)
  if (kind === 'C_SE_NC') element.writeFloatLE(value)
  else element.writeInt16LE(kind === 'C_SE_NA' ? normalised(value) : value)
  element[element.length - 1] = select
  return element
}

/** The value of a command and whether it selects; the inverse of `encodeCommand`. */
export function decodeCommand(kind: Commanded, element: Buffer): { value: number; isSelect: boolean } {
  const last = element[element.length - 1]!
  const isSelect = (last & 0x80) !== 0
  if (kind === 'C_SC') return { value: last & 1, isSelect }
  if (kind === 'C_DC') return { value: (last & 3) - 1, isSelect }
  if (kind === 'C_SE_NC') return { value: element.readFloatLE(), isSelect }
  const raw = element.readInt16LE()
  return { value: kind === 'C_SE_NA' ? raw / 32_768 : raw, isSelect }
}

/** CP56Time2a (§7.2.6.18): the station's local time, with its bits for invalid (IV) and summer time (SU). */
export function decodeTime56(bytes: Buffer, utcOffsetMinutes: number): number | undefined {
  if (bytes.length < 7 || (bytes[2]! & 0x80) !== 0) return undefined
  const [ms, minute, hour] = [bytes.readUInt16LE(), bytes[2]! & 0x3f, bytes[3]! & 0x1f]
  const [day, month, year] = [bytes[4]! & 0x1f, bytes[5]! & 0x0f, bytes[6]! & 0x7f]
  const local = Date.UTC(2000 + year, month - 1, day, hour, minute, 0, ms)
  const isReal =
    ms < 60_000 && minute < 60 && hour < 24 && new Date(local).getUTCDate() === day && month >= 1 && month <= 12
  const isSummer = (bytes[3]! & 0x80) !== 0
  return isReal ? local - utcOffsetMinutes * 60_000 - (isSummer ? 3_600_000 : 0) : undefined
}

export function encodeTime56(at: number, utcOffsetMinutes: number): Buffer {
  const local = new Date(at + utcOffsetMinutes * 60_000)
  const ms = local.getUTCSeconds() * 1000 + local.getUTCMilliseconds()
  const day = local.getUTCDate() | ((local.getUTCDay() || 7) << 5)
  return Buffer.of(
    ms & 0xff,
    ms >> 8,
    local.getUTCMinutes(),
    local.getUTCHours(),
    day,
    local.getUTCMonth() + 1,
    local.getUTCFullYear() % 100,
  )
}

/** CP24Time2a (§7.2.6.19): minute and milliseconds, of the hour that brings it next to `now`. */
function decodeTime24(bytes: Buffer, now: number): number | undefined {
  if (bytes.length < 3 || (bytes[2]! & 0x80) !== 0) return undefined
  const [ms, minute] = [bytes.readUInt16LE(), bytes[2]! & 0x3f]
  if (ms >= 60_000 || minute >= 60) return undefined
  const hour = 3_600_000
  const inThisHour = Math.floor(now / hour) * hour + minute * 60_000 + ms
  return [inThisHour - hour, inThisHour, inThisHour + hour].sort((a, b) => Math.abs(a - now) - Math.abs(b - now))[0]
}
