import { quality, type Sample, type TagType, type TagValue } from '../../driver.ts'
import type { Part } from './address.ts'
import { type BuiltIn, builtIn, nameOfBuiltIn } from './built-in.ts'
import { type MemberValue, memberOf, structureAsWhole } from './structure.ts'

/** What the driver needs of a DataValue (OPC 10000-4 §7.11), as the library decodes it. */
export interface ReceivedValue {
  value?: { dataType: number; arrayType: number; value: unknown } | null
  statusCode: { value: number; name: string; description: string }
  sourceTimestamp?: Date | null
  serverTimestamp?: Date | null
}

/** What is picked of a value, and the words of the node's enumeration. */
export interface ValuePart extends Partial<Part> {
  words?: ReadonlyMap<number, string>
}
const wholeValue: ValuePart = {}

export const textCharactersMax = 4096
const bad = (reason: string, at?: number): Sample => ({ value: undefined, quality: quality.bad, reason, at })

/**
 * A sample of a tag from a DataValue: quality by the severity of its status code (the two highest bits), time from the
 * source, or else from the server. `part` picks an element of an array, a member of a structure. Never throws.
 */
export function sampleOf(received: ReceivedValue, type: TagType, part: ValuePart = wholeValue): Sample {
  const { value: code, name, description } = received.statusCode
  const at = timeOf(received.sourceTimestamp) ?? timeOf(received.serverTimestamp)
  const severity = code >>> 30
  if (severity >= 2) return bad(`${name}: ${description}`, at)
  const variant = received.value
  if (variant === undefined || variant === null || variant.dataType === 0) return bad('the server sent no value', at)
  const picked = pick(variant, part)
  if (typeof picked === 'string') return bad(picked, at)
  const sample =
    type === 'text' && picked.words !== undefined ? worded(picked) : convert(picked.value, picked.dataType, type)
  sample.at = at
  if (sample.quality === quality.bad) return sample
  if (severity === 1) return { ...sample, quality: quality.uncertain, reason: `${name}: ${description}` }
  // Information bits of a data value: bit 10 says that they are such, bit 7 is Overflow (OPC 10000-4 §7.39.1).
  if ((code & 0x480) === 0x480) sample.reason ??= 'the server dropped older values of its queue: raise queueSize'
  return sample
}

function timeOf(date: Date | null | undefined): number | undefined {
  const at = date?.getTime()
  return at === undefined || !Number.isFinite(at) || at <= 0 ? undefined : at
}

const structure = 22

function pick(variant: NonNullable<ReceivedValue['value']>, part: ValuePart): MemberValue | string {
  const { element, members = [], words } = part
  let { value } = variant
  if (variant.arrayType === 0) {
    if (element !== undefined) return 'the node holds a single value, not an array'
  } else {
    if (variant.arrayType !== 1) return 'the node holds a matrix, which this driver does not read'
    const values = value as ArrayLike<unknown> | null
    const length = values?.length ?? 0
    if (element === undefined) return `the node holds an array of ${length}: add [0] to [${Math.max(0, length - 1)}]`
    if (values === null || element >= length) return `the array has ${length} elements`
    value = values[element]
  }
  if (variant.dataType === structure) return members.length === 0 ? structureAsWhole(value) : memberOf(value, members)
  if (members.length > 0) return `the node is a ${nameOfBuiltIn(variant.dataType)}, which has no member ${members[0]}`
  return { value, dataType: variant.dataType, words }
}

/** The word of a number; of a structure's own enumeration or of the node. */
function worded({ value, dataType, words }: MemberValue): Sample {
  const number = Number(numberOf(value, dataType) ?? value === true)
  const word = words?.get(number)
  return word === undefined
    ? bad(`the server has no word for ${number}`)
    : { value: word.slice(0, textCharactersMax), quality: quality.good }
}

const wholeLimits: Partial<Record<TagType, [bigint, bigint]>> = {
  int8: [-128n, 127n],
  uint8: [0n, 255n],
  int16: [-32_768n, 32_767n],
  uint16: [0n, 65_535n],
  int32: [-2_147_483_648n, 2_147_483_647n],
  uint32: [0n, 4_294_967_295n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
}

function convert(value: unknown, dataType: number, type: TagType): Sample {
  const good = (converted: TagValue): Sample => ({ value: converted, quality: quality.good })
  const mismatch = () => bad(`the node is a ${nameOfBuiltIn(dataType)}, which does not fit ${type}`)
  if (dataType > 21) return mismatch()
  if (type === 'bool') return typeof value === 'boolean' ? good(value) : mismatch()
  if (type === 'text') {
    const text = textOf(value, dataType)
    if (text === undefined) return bad('the server sent no text')
    return text.length > textCharactersMax ? bad(`a text of ${text.length} characters is too long`) : good(text)
  }
  if (dataType === builtIn.DateTime && value instanceof Date) return wholeNumber(BigInt(value.getTime() || 0), type)
  const number = numberOf(value, dataType)
  if (number === undefined) return mismatch()
  if (typeof number === 'bigint') return wholeNumber(number, type)
  if (!Number.isFinite(number)) return bad(`the device sent ${number}`)
  if (type === 'float32' || type === 'float64') return good(number)
  if (!Number.isInteger(number)) return bad(`${number} is no whole number: take float64`)
  return wholeNumber(BigInt(number), type)
}

function wholeNumber(value: bigint, type: TagType): Sample {
  const limits = wholeLimits[type]
  if (limits !== undefined && (value < limits[0] || value > limits[1])) return bad(`${value} does not fit ${type}`)
  const number = Number(value)
  if (Number.isSafeInteger(number)) return { value: number, quality: quality.good }
  return { value: number, quality: quality.uncertain, reason: `${value} has more digits than a number here can hold` }
}

function numberOf(value: unknown, dataType: number): number | bigint | undefined {
  if (dataType === builtIn.Int64 || dataType === builtIn.UInt64) {
    const wide = wideOf(value)
    if (wide === undefined) return undefined
    return dataType === builtIn.Int64 ? BigInt.asIntN(64, wide) : BigInt.asUintN(64, wide)
  }
  if (dataType === builtIn.StatusCode) return (value as { value?: number } | null)?.value
  return typeof value === 'number' && dataType <= builtIn.Double ? value : undefined
}

/** The library gives 64-bit numbers as [high, low]. */
function wideOf(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value
  const [high, low] = Array.isArray(value) ? (value as unknown[]) : []
  if (!Number.isInteger(high) || !Number.isInteger(low)) return undefined
  return (BigInt(high as number) << 32n) | BigInt.asUintN(32, BigInt(low as number))
}

function textOf(value: unknown, dataType: number): string | undefined {
  if (value === null || value === undefined) return undefined
  switch (dataType as BuiltIn) {
    case builtIn.ByteString:
      return Buffer.isBuffer(value) ? value.toString('hex') : undefined
    case builtIn.DateTime:
      return value instanceof Date && Number.isFinite(value.getTime()) ? value.toISOString() : undefined
    case builtIn.LocalizedText:
      return (value as { text?: string | null }).text ?? undefined
    case builtIn.QualifiedName:
      return (value as { name?: string | null }).name ?? undefined
    case builtIn.StatusCode:
      return (value as { name?: string }).name
    case builtIn.Int64:
    case builtIn.UInt64:
      return numberOf(value, dataType)?.toString()
    default: {
      const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      return isPlain || (dataType === builtIn.NodeId && typeof (value as object).toString === 'function')
        ? String(value)
        : undefined
    }
  }
}

const writableLimits: Partial<Record<number, [number, number]>> = {
  [builtIn.SByte]: [-128, 127],
  [builtIn.Byte]: [0, 255],
  [builtIn.Int16]: [-32_768, 32_767],
  [builtIn.UInt16]: [0, 65_535],
  [builtIn.Int32]: [-2_147_483_648, 2_147_483_647],
  [builtIn.UInt32]: [0, 4_294_967_295],
  [builtIn.Int64]: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  [builtIn.UInt64]: [0, Number.MAX_SAFE_INTEGER],
}

/** The value of a Variant of that built-in type; a sentence when the value does not fit it. */
export function variantValueOf(value: TagValue, dataType: number): { value: unknown } | { misfit: string } {
  const misfit = { misfit: `${typeof value} ${String(value).slice(0, 40)} does not fit a ${nameOfBuiltIn(dataType)}` }
  const limits = writableLimits[dataType]
  if (limits !== undefined) {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < limits[0] || value > limits[1]) return misfit
    const isWide = dataType === builtIn.Int64 || dataType === builtIn.UInt64
    return { value: isWide ? [Math.floor(value / 2 ** 32) >>> 0, value >>> 0] : value }
  }
  switch (dataType) {
    case builtIn.Boolean:
      return typeof value === 'boolean' ? { value } : misfit
    case builtIn.Float:
      return typeof value === 'number' && Number.isFinite(Math.fround(value)) ? { value } : misfit
    case builtIn.Double:
      return typeof value === 'number' && Number.isFinite(value) ? { value } : misfit
    case builtIn.String:
      return typeof value === 'string' && value.length <= textCharactersMax ? { value } : misfit
    case builtIn.LocalizedText:
      return typeof value === 'string' && value.length <= textCharactersMax ? { value: { text: value } } : misfit
    case builtIn.DateTime: {
      const date = new Date(typeof value === 'boolean' ? Number.NaN : value)
      return Number.isFinite(date.getTime()) ? { value: date } : misfit
    }
    default:
      return misfit
  }
}

/** The tag type that holds every value of a built-in type; none for what this driver does not read. */
export function tagTypeOf(dataType: number): TagType | undefined {
  const types: Record<number, TagType> = {
    [builtIn.Boolean]: 'bool',
    [builtIn.SByte]: 'int8',
    [builtIn.Byte]: 'uint8',
    [builtIn.Int16]: 'int16',
    [builtIn.UInt16]: 'uint16',
    [builtIn.Int32]: 'int32',
    [builtIn.UInt32]: 'uint32',
    [builtIn.Int64]: 'int64',
    [builtIn.UInt64]: 'uint64',
    [builtIn.Float]: 'float32',
    [builtIn.Double]: 'float64',
    [builtIn.StatusCode]: 'uint32',
  }
  return types[dataType] ?? (dataType >= builtIn.String && dataType <= builtIn.LocalizedText ? 'text' : undefined)
}
