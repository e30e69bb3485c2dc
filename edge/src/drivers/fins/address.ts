import {
  AddressScanner,
  aBit,
  aNumberOfCharacters,
  bracketAndCharacters,
  theBitOfTheWord,
  wordTypesOrText,
} from '../../address.ts'
import type { TagType } from '../../driver.ts'
import { isWordType, wordsOf } from '../../words.ts'

/**
 * Memory areas with their codes for words and bits and their last word (W342 §5-2-2 “I/O memory address designations”,
 * CS/CJ/NSJ-series; the sizes are those of the largest CPU Units).
 */
const plainAreas = {
  CIO: { word: 0xb0, bit: 0x30, last: 6_143 },
  W: { word: 0xb1, bit: 0x31, last: 511 },
  H: { word: 0xb2, bit: 0x32, last: 1_535 },
  A: { word: 0xb3, bit: 0x33, last: 11_535 },
  D: { word: 0x82, bit: 0x02, last: 32_767 },
} as const

/** Banks of the EM area are counted in hexadecimal, E0 to E18; their codes stand in two rows. */
const bankMax = 0x18
const bank = (number: number) =>
  number < 0x10
    ? { word: 0xa0 + number, bit: 0x20 + number, last: 32_767 }
    : { word: 0x60 + number - 0x10, bit: 0xe0 + number - 0x10, last: 32_767 }

/** Present values (words) and completion flags (bits); counters stand 8000 hex behind the timers. */
const timers = { T: { offset: 0 }, C: { offset: 0x8000 } } as const
const timer = { word: 0x89, bit: 0x09, last: 4_095 } as const

export interface FinsAddress {
  /** As the maker writes it, without the number: CIO, W, H, A, D, E0 to E18, T, C. */
  area: string
  /** Memory area code of words, or of the completion flags. */
  code: number
  /** Memory area code of single bits. */
  bitCode: number
  /** In the area; of a counter with its offset. */
  word: number
  bit: number | undefined
  /** Bytes of a text. */
  length: number
}

/** A text as long as this fits one request to every CPU Unit. */
const textBytesMax = 500

/**
 * `D100`, `CIO10.03` or `10.03` (bit), `D200[20]` (text), `E0_100`, `E18_5.00`, `T5` (completion flag as a bool, else present
 * value). Throws AddressError.
 */
export function parseAddress(address: string, type: TagType): FinsAddress {
  const scanner = new AddressScanner(address)
  const { area, codes, offset } = takeArea(scanner)
  const word = scanner.number(0, codes.last, { zh: '编号', en: 'a number' }) + offset
  const found: FinsAddress = { area, code: codes.word, bitCode: codes.bit, word, bit: undefined, length: 0 }
  if (type === 'bool') {
    if (codes === timer) found.code = timer.bit
    else {
      scanner.take(/\./y, theBitOfTheWord)
      found.bit = scanner.number(0, 15, aBit)
    }
  } else if (!isWordType(type)) scanner.fail(wordTypesOrText, 0)
  else if (codes === timer && wordsOf(type, 3) > 1)
    scanner.fail({ zh: '1 位或 16 位的类型', en: 'a type of 1 or 16 bits' }, 0)
  else if (type === 'text') {
    scanner.take(/\[/y, bracketAndCharacters)
    found.length = scanner.number(1, textBytesMax, aNumberOfCharacters)
    scanner.take(/\]/y, '“]”')
  }
  scanner.end()
  return found
}

function takeArea(scanner: AddressScanner) {
  // The maker writes the CIO area without a prefix, too.
  if (scanner.optional(/(?=\d)/y) !== undefined) return { area: 'CIO', codes: plainAreas.CIO, offset: 0 }
  const word = scanner.word(['CIO', 'W', 'H', 'A', 'DM', 'D', 'E', 'T', 'C'], {
    zh: '存储区（CIO、W、H、A、D、E0_ 至 E18_、T、C）',
    en: 'an area (CIO, W, H, A, D, E0_ to E18_, T, C)',
  })
  if (word === 'E') {
    const number = scanner.number(0, bankMax, { zh: '存储区号', en: 'a bank' }, 16)
    scanner.take(/_/y, { zh: '“_”和编号', en: '“_” and a number' })
    return { area: `E${number.toString(16).toUpperCase()}_`, codes: bank(number), offset: 0 }
  }
  if (word === 'T' || word === 'C') return { area: word, codes: timer, offset: timers[word].offset }
  const area = word === 'DM' ? 'D' : word
  return { area, codes: plainAreas[area], offset: 0 }
}

export const isFlag = ({ code }: Pick<FinsAddress, 'code'>) => code === timer.bit

/** The words, or flags, that a tag takes. */
export const elementsOf = ({ length }: FinsAddress, type: TagType) => (isWordType(type) ? wordsOf(type, length) : 1)
