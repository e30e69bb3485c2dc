import { DeviceError, quality, type Sample, type TagType, type TagValue } from './driver.ts'
import { besideEnglish, joined, type Said } from './sentence.ts'

/** Bytes of a number of each type. */
export const bytesOfNumber = {
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  float32: 4,
  float64: 8,
} as const satisfies Partial<Record<TagType, number>>
export type NumberType = keyof typeof bytesOfNumber

export const good = (value: TagValue): Sample => ({ value, quality: quality.good })
export const bad = (reason: Said): Sample => {
  const words = joined`${reason}`
  return { value: undefined, quality: quality.bad, reason: words.en, ...besideEnglish(words) }
}

/**
 * A number from its bytes, the highest first. Uncertain when it is a whole number that 64-bit floats cannot hold; bad
 * when it is a float that is not finite.
 */
export function readNumber(bytes: Buffer, type: NumberType): Sample {
  switch (type) {
    case 'int64':
      return fromBigInt(bytes.readBigInt64BE())
    case 'uint64':
      return fromBigInt(bytes.readBigUInt64BE())
    case 'float32':
      return finite(bytes.readFloatBE())
    case 'float64':
      return finite(bytes.readDoubleBE())
    default:
      return good(
        type.startsWith('u') ? bytes.readUIntBE(0, bytesOfNumber[type]) : bytes.readIntBE(0, bytesOfNumber[type]),
      )
  }
}

function fromBigInt(whole: bigint): Sample {
  const value = Number(whole)
  if (Number.isSafeInteger(value)) return good(value)
  const zh = `${whole} 超出 ±2^53，已舍入`
  return { value, quality: quality.uncertain, reason: `${whole} is beyond ±2^53 and was rounded`, zh }
}

const finite = (value: number): Sample =>
  Number.isFinite(value)
    ? good(value)
    : bad({ zh: `设备中的值为 ${value}，不是有效数字`, en: `the device holds ${value}, which is no number` })

/** The bytes of a number, the highest first. Throws DeviceError when the value does not fit the type. */
export function writeNumber(value: TagValue, type: NumberType): Buffer {
  const misfit = () => new DeviceError(`${JSON.stringify(value)} does not fit ${type}`)
  if (typeof value !== 'number' || !Number.isFinite(value)) throw misfit()
  const bytes = Buffer.alloc(bytesOfNumber[type])
  try {
    if (type === 'float64') bytes.writeDoubleBE(value)
    else if (type === 'float32') {
      if (!Number.isFinite(Math.fround(value))) throw misfit()
      bytes.writeFloatBE(value)
    } else if (!Number.isSafeInteger(value)) throw misfit()
    else if (type === 'int64') bytes.writeBigInt64BE(BigInt(value))
    else if (type === 'uint64') bytes.writeBigUInt64BE(BigInt(value))
    else if (type.startsWith('u')) bytes.writeUIntBE(value, 0, bytes.length)
    else bytes.writeIntBE(value, 0, bytes.length)
  } catch (cause) {
    throw cause instanceof DeviceError ? cause : misfit()
  }
  return bytes
}

export const textEncodings = ['utf-8', 'gb18030', 'shift_jis'] as const
export type TextEncoding = (typeof textEncodings)[number]

/** A text up to its first NUL. Bad when the bytes are not of the encoding. */
export function readText(bytes: Buffer, encoding: TextEncoding): Sample {
  const end = bytes.indexOf(0)
  try {
    return good(new TextDecoder(encoding, { fatal: true }).decode(end === -1 ? bytes : bytes.subarray(0, end)))
  } catch {
    return bad({
      zh: `设备中的字节不是 ${encoding} 文本`,
      en: `the device holds bytes that are no ${encoding} text`,
    })
  }
}

/** A text as bytes, filled up with NUL. Throws DeviceError when it is too long or cannot be written in the encoding. */
export function writeText(value: TagValue, bytesMax: number, encoding: TextEncoding): Buffer {
  if (typeof value !== 'string') throw new DeviceError(`${JSON.stringify(value)} is no text`)
  // The platform has encoders for UTF-8 only; the lower half is the same in all of them.
  if (encoding !== 'utf-8' && /[^ -~]/.test(value))
    throw new DeviceError(`only printable ASCII can be written to a text in ${encoding}`)
  const text = Buffer.from(value, 'utf8')
  if (text.length > bytesMax) throw new DeviceError(`the text has ${text.length} bytes and ${bytesMax} fit`)
  return Buffer.concat([text, Buffer.alloc(bytesMax - text.length)])
}

export function booleanOf(value: TagValue): boolean {
  if (typeof value !== 'boolean') throw new DeviceError(`${JSON.stringify(value)} is not true or false`)
  return value
}
