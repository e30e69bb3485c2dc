import { quality, type Sample, type TagType, type TagValue } from '../../driver.ts'
import { bad } from '../../values.ts'

/**
 * Order of the bytes of a value over its registers, as makers write it: ABCD is big-endian (the protocol's own), CDAB
 * has the words swapped, BADC the bytes of each word, DCBA both.
 */
export const wordOrders = ['ABCD', 'CDAB', 'BADC', 'DCBA'] as const
export type WordOrder = (typeof wordOrders)[number]

/** Bytes of the number types in registers; an int8 is the low byte of one. */
export const bytesOf = {
  int8: 2,
  uint8: 2,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  float32: 4,
  float64: 8,
} as const satisfies Partial<Record<TagType, number>>
export type NumberType = keyof typeof bytesOf
export const isNumberType = (type: TagType): type is NumberType => type in bytesOf

/** A number in register data, from byte `at`. 64-bit integers that a float64 cannot hold are uncertain, numbers that are none bad. */
export function readNumber(data: Buffer, type: NumberType, order: WordOrder, at = 0): Sample {
  const value =
    order === 'ABCD'
      ? plainNumber(data, type, at)
      : plainNumber(inOrder(data.subarray(at, at + bytesOf[type]), order), type, 0)
  if (!Number.isFinite(value)) return bad({ zh: '不是有效数字', en: 'not a number' })
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER && type.endsWith('int64'))
    return {
      ...{ value, quality: quality.uncertain },
      ...{ reason: 'larger than 2^53: the last digits are rounded', zh: '大于 2^53，末位已舍入' },
    }
  return { value, quality: quality.good }
}

function plainNumber(bytes: Buffer, type: NumberType, at: number): number {
  switch (type) {
    case 'int8':
      return bytes.readInt8(at + 1)
    case 'uint8':
      return bytes.readUInt8(at + 1)
    case 'int16':
      return bytes.readInt16BE(at)
    case 'uint16':
      return bytes.readUInt16BE(at)
    case 'int32':
      return bytes.readInt32BE(at)
    case 'uint32':
      return bytes.readUInt32BE(at)
    case 'int64':
      return Number(bytes.readBigInt64BE(at))
    case 'uint64':
      return Number(bytes.readBigUInt64BE(at))
    case 'float32':
      return bytes.readFloatBE(at)
    case 'float64':
      return bytes.readDoubleBE(at)
  }
}

/** The register data of a value; the inverse of reading. Throws a RangeError for a value outside the type. */
export function writeNumber(value: TagValue, type: NumberType, order: WordOrder): Buffer {
  if (typeof value !== 'number') throw new RangeError(`${type} takes a number, not ${JSON.stringify(value)}`)
  const bytes = Buffer.alloc(bytesOf[type])
  switch (type) {
    case 'int8':
      // The sign goes through the whole register, as a PLC keeps a small number.
      if (value < -128 || value > 127) throw new RangeError(`${value} does not fit an int8`)
      bytes.writeInt16BE(value)
      break
    case 'uint8':
      if (value < 0 || value > 255) throw new RangeError(`${value} does not fit a uint8`)
      bytes.writeUInt16BE(value)
      break
    case 'int16':
      bytes.writeInt16BE(value)
      break
    case 'uint16':
      bytes.writeUInt16BE(value)
      break
    case 'int32':
      bytes.writeInt32BE(value)
      break
    case 'uint32':
      bytes.writeUInt32BE(value)
      break
    case 'int64':
      bytes.writeBigInt64BE(BigInt(value))
      break
    case 'uint64':
      bytes.writeBigUInt64BE(BigInt(value))
      break
    case 'float32':
      bytes.writeFloatBE(value)
      break
    case 'float64':
      bytes.writeDoubleBE(value)
      break
  }
  return inOrder(bytes, order)
}

/** Each order is its own inverse. */
function inOrder(bytes: Buffer, order: WordOrder): Buffer {
  if (order === 'ABCD') return bytes
  const swapped = Buffer.from(bytes)
  if (order === 'CDAB' || order === 'DCBA')
    for (let i = 0; i < bytes.length; i += 2) bytes.copy(swapped, i, bytes.length - 2 - i, bytes.length - i)
  if (order === 'BADC' || order === 'DCBA') swapped.swap16()
  return swapped
}

/** Text in registers: two characters each, the first in the high byte, or the low one where the order says so. */
export function readText(data: Buffer, order: WordOrder): Sample {
  const bytes = order === 'BADC' || order === 'DCBA' ? Buffer.from(data).swap16() : data
  const end = bytes.indexOf(0)
  const text = bytes
    .subarray(0, end === -1 ? bytes.length : end)
    .toString('utf8')
    .trimEnd()
  if (text.includes('\ufffd')) return bad({ zh: '不是 UTF-8 文本', en: 'not a text in UTF-8' })
  return { value: text, quality: quality.good }
}

/** Throws a RangeError for a text that is longer than its registers. */
export function writeText(value: TagValue, bytes: number, order: WordOrder): Buffer {
  const encoded = Buffer.from(String(value), 'utf8')
  if (typeof value !== 'string' || encoded.length > bytes)
    throw new RangeError(`a text of at most ${bytes} bytes is expected`)
  const data = Buffer.alloc(bytes)
  encoded.copy(data)
  return order === 'BADC' || order === 'DCBA' ? data.swap16() : data
}
