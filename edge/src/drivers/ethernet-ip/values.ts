import { DeviceError, quality, type Sample, type TagType, type TagValue } from '../../driver.ts'
import type { LogixAddress } from './address.ts'

/** Tag types (1756-PM020, table “Atomic data types”); a structure is followed by its handle. */
export const cipTypes = {
  BOOL: 0xc1,
  SINT: 0xc2,
  INT: 0xc3,
  DINT: 0xc4,
  LINT: 0xc5,
  USINT: 0xc6,
  UINT: 0xc7,
  UDINT: 0xc8,
  ULINT: 0xc9,
  REAL: 0xca,
  LREAL: 0xcb,
  /** 32 BOOLs of an array. */
  DWORD: 0xd3,
  structure: 0x02a0,
} as const
export const bytesOf: Readonly<Record<number, number>> = {
  193: 1,
  194: 1,
  195: 2,
  196: 4,
  197: 8,
  198: 1,
  199: 2,
  200: 4,
  201: 8,
  202: 4,
  203: 8,
  211: 4,
}
const typeNames = new Map(Object.entries(cipTypes).map(([name, number]) => [number as number, name]))
export const nameOfType = (type: number) => typeNames.get(type) ?? `type 0x${type.toString(16).toUpperCase()}`

/** Handle and layout of the type STRING: length, 82 characters, two bytes to a multiple of four. */
export const stringHandle = 0x0fce
export const stringCharactersMax = 82
const stringBytes = 88

/** What the controller keeps at a tag: type, and for a structure its handle. */
export interface StoredValue {
  type: number
  handle: number | undefined
  bytes: Buffer
}

/** Throws DeviceError when the data are not those of one value of their type. */
export function decodeStored(data: Buffer): StoredValue {
  if (data.length < 2) throw new DeviceError('a value without a type')
  const type = data.readUInt16LE(0)
  if (type === cipTypes.structure) {
    if (data.length < 4) throw new DeviceError('a structure without a handle')
    return { type, handle: data.readUInt16LE(2), bytes: data.subarray(4) }
  }
  const bytes = data.subarray(2)
  const expected = bytesOf[type]
  if (expected !== undefined && bytes.length !== expected)
    throw new DeviceError(`${bytes.length} bytes came for a ${nameOfType(type)}`)
  return { type, handle: undefined, bytes }
}

const bad = (reason: string): Sample => ({ value: undefined, quality: quality.bad, reason })
const good = (value: TagValue): Sample => ({ value, quality: quality.good })
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

/** A sample of a tag from what the controller keeps there. Never throws for what `decodeStored` gave. */
export function sampleOf(stored: StoredValue, type: TagType, { bit, isBitOfArray }: LogixAddress): Sample {
  if (stored.type === cipTypes.structure) {
    if (stored.handle !== stringHandle) return bad('a structure: name one of its members')
    return type === 'text' ? stringOf(stored.bytes) : bad(`a STRING, which does not fit ${type}`)
  }
  const number = numberOf(stored)
  if (number === undefined) return bad(`${nameOfType(stored.type)} is not read by this driver`)
  const mismatch = () => bad(`a ${nameOfType(stored.type)}, which does not fit ${type}`)
  if (type === 'text') return mismatch()
  if (type === 'bool') {
    if (bit === undefined) return stored.type === cipTypes.BOOL ? good(number !== 0n) : mismatch()
    const isRight = isBitOfArray
      ? stored.type === cipTypes.DWORD
      : typeof number === 'bigint' && stored.type !== cipTypes.BOOL
    if (!isRight || typeof number !== 'bigint' || bit >= stored.bytes.length * 8) return mismatch()
    return good(((number >> BigInt(bit)) & 1n) === 1n)
  }
  if (stored.type === cipTypes.BOOL) return mismatch()
  if (typeof number === 'number') {
    if (!Number.isFinite(number)) return bad(`the controller sent ${number}`)
    if (type === 'float32' || type === 'float64') return good(number)
    if (!Number.isInteger(number)) return bad(`${number} is no whole number: take float64`)
  }
  const whole = BigInt(number)
  const limits = wholeLimits[type]
  if (limits !== undefined && (whole < limits[0] || whole > limits[1])) return bad(`${whole} does not fit ${type}`)
  if (Number.isSafeInteger(Number(whole))) return good(Number(whole))
  return {
    value: Number(whole),
    quality: quality.uncertain,
    reason: `${whole} has more digits than a number here can hold`,
  }
}

function numberOf({ type, bytes }: StoredValue): number | bigint | undefined {
  switch (type) {
    case cipTypes.BOOL:
    case cipTypes.USINT:
      return BigInt(bytes.readUInt8())
    case cipTypes.SINT:
      return BigInt(bytes.readInt8())
    case cipTypes.INT:
      return BigInt(bytes.readInt16LE())
    case cipTypes.UINT:
      return BigInt(bytes.readUInt16LE())
    case cipTypes.DINT:
      return BigInt(bytes.readInt32LE())
    case cipTypes.UDINT:
    case cipTypes.DWORD:
      return BigInt(bytes.readUInt32LE())
    case cipTypes.LINT:
      return bytes.readBigInt64LE()
    case cipTypes.ULINT:
      return bytes.readBigUInt64LE()
    case cipTypes.REAL:
      return bytes.readFloatLE()
    case cipTypes.LREAL:
      return bytes.readDoubleLE()
    default:
      return undefined
  }
}

function stringOf(bytes: Buffer): Sample {
  const length = bytes.length < 4 ? -1 : bytes.readInt32LE()
  if (length < 0 || length > stringCharactersMax || 4 + length > bytes.length)
    return bad(`a STRING of length ${length}`)
  return good(bytes.toString('utf8', 4, 4 + length))
}

/** The bytes of a value in a type of the controller; a sentence when it does not fit. */
export function encodeValue(value: TagValue, { type, handle }: Omit<StoredValue, 'bytes'>): Buffer | string {
  const misfit = `${typeof value} ${String(value).slice(0, 40)} does not fit a ${nameOfType(type)}`
  if (type === cipTypes.structure) {
    if (handle !== stringHandle) return 'a structure: name one of its members'
    const text = typeof value === 'string' ? Buffer.from(value, 'utf8') : undefined
    if (text === undefined || text.length > stringCharactersMax) return `${misfit} of ${stringCharactersMax} bytes`
    const bytes = Buffer.alloc(stringBytes)
    bytes.writeInt32LE(text.length, 0)
    text.copy(bytes, 4)
    return bytes
  }
  if (type === cipTypes.BOOL) return typeof value === 'boolean' ? Buffer.from([value ? 0xff : 0]) : misfit
  const bytes = Buffer.alloc(bytesOf[type] ?? 0)
  if (typeof value !== 'number' || bytes.length === 0 || type === cipTypes.DWORD) return misfit
  try {
    return writeNumber(bytes, type, value) ?? misfit
  } catch {
    return misfit
  }
}

function writeNumber(bytes: Buffer, type: number, value: number): Buffer | undefined {
  if (type === cipTypes.REAL || type === cipTypes.LREAL) {
    if (!Number.isFinite(type === cipTypes.REAL ? Math.fround(value) : value)) return undefined
    if (type === cipTypes.REAL) bytes.writeFloatLE(value)
    else bytes.writeDoubleLE(value)
    return bytes
  }
  if (!Number.isSafeInteger(value)) return undefined
  const isUnsigned = type >= cipTypes.USINT && type <= cipTypes.ULINT
  if (bytes.length === 8) {
    if (isUnsigned) bytes.writeBigUInt64LE(BigInt(value))
    else bytes.writeBigInt64LE(BigInt(value))
  } else if (isUnsigned) bytes.writeUIntLE(value, 0, bytes.length)
  else bytes.writeIntLE(value, 0, bytes.length)
  return bytes
}

/** The tag type that holds every value of a type of the controller; none for what this driver does not read. */
export function tagTypeOf(type: number): TagType | undefined {
  const types: Record<number, TagType> = {
    [cipTypes.BOOL]: 'bool',
    [cipTypes.DWORD]: 'bool',
    [cipTypes.SINT]: 'int8',
    [cipTypes.INT]: 'int16',
    [cipTypes.DINT]: 'int32',
    [cipTypes.LINT]: 'int64',
    [cipTypes.USINT]: 'uint8',
    [cipTypes.UINT]: 'uint16',
    [cipTypes.UDINT]: 'uint32',
    [cipTypes.ULINT]: 'uint64',
    [cipTypes.REAL]: 'float32',
    [cipTypes.LREAL]: 'float64',
  }
  return types[type]
}
