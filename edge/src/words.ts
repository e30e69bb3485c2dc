import type { Sample, TagType, TagValue } from './driver.ts'
import {
  bytesOfNumber,
  type NumberType,
  readNumber,
  readText,
  type TextEncoding,
  writeNumber,
  writeText,
} from './values.ts'

/**
 * Values in 16-bit words of a controller whose 32- and 64-bit values stand with their low word first (MELSEC, SYSMAC).
 * Which byte of a word holds the first character of a text is the maker's.
 */
export interface TextLayout {
  first: 'low' | 'high'
  encoding: TextEncoding
}

/** Types that take whole words. */
export const wordTypes = [
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'float32',
  'float64',
  'text',
] as const satisfies readonly TagType[]
export type WordType = (typeof wordTypes)[number]

export const isWordType = (type: TagType): type is WordType => (wordTypes as readonly TagType[]).includes(type)

/** `length`: bytes of a text. */
export const wordsOf = (type: WordType, length = 1) =>
  type === 'text' ? Math.ceil(length / 2) : bytesOfNumber[type] / 2

export function readWords(words: Uint16Array, type: WordType, length: number, layout: TextLayout): Sample {
  if (type !== 'text') return readNumber(highWordFirst(words), type)
  return readText(textBytes(words, layout).subarray(0, length), layout.encoding)
}

/** Throws DeviceError when the value does not fit. */
export function writeWords(value: TagValue, type: WordType, length: number, layout: TextLayout): Uint16Array {
  if (type !== 'text') return lowWordFirst(writeNumber(value, type as NumberType))
  const bytes = writeText(value, length, layout.encoding)
  return Uint16Array.from({ length: wordsOf('text', length) }, (_, i) => {
    const [one = 0, two = 0] = [bytes[i * 2], bytes[i * 2 + 1]]
    return layout.first === 'low' ? one | (two << 8) : (one << 8) | two
  })
}

function highWordFirst(words: Uint16Array): Buffer {
  const bytes = Buffer.alloc(words.length * 2)
  for (const [i, word] of words.entries()) bytes.writeUInt16BE(word, bytes.length - 2 - i * 2)
  return bytes
}

function lowWordFirst(bytes: Buffer): Uint16Array {
  return Uint16Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readUInt16BE(bytes.length - 2 - i * 2))
}

function textBytes(words: Uint16Array, { first }: TextLayout): Buffer {
  const bytes = Buffer.alloc(words.length * 2)
  for (const [i, word] of words.entries())
    if (first === 'low') bytes.writeUInt16LE(word, i * 2)
    else bytes.writeUInt16BE(word, i * 2)
  return bytes
}
