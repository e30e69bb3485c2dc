import {
  AddressScanner,
  aBit,
  aNumberOfCharacters,
  bracketAndCharacters,
  theBitOfTheWord,
  typeBool,
  wordTypesOrText,
} from '../../address.ts'
import type { TagType } from '../../driver.ts'
import { isWordType, wordsOf } from '../../words.ts'

/**
 * Devices with their codes (MELSEC Communication Protocol Reference Manual, SH-080008, §8.1 “Device code list”): the
 * binary code, the two letters of ASCII code for Q/L, the four of iQ-R, and how the maker counts them.
 */
export const devices = {
  SM: { kind: 'bit', radix: 10, code: 0x91, ascii: 'SM', asciiR: 'SM**' },
  SD: { kind: 'word', radix: 10, code: 0xa9, ascii: 'SD', asciiR: 'SD**' },
  X: { kind: 'bit', radix: 16, code: 0x9c, ascii: 'X*', asciiR: 'X***' },
  Y: { kind: 'bit', radix: 16, code: 0x9d, ascii: 'Y*', asciiR: 'Y***' },
  M: { kind: 'bit', radix: 10, code: 0x90, ascii: 'M*', asciiR: 'M***' },
  L: { kind: 'bit', radix: 10, code: 0x92, ascii: 'L*', asciiR: 'L***' },
  F: { kind: 'bit', radix: 10, code: 0x93, ascii: 'F*', asciiR: 'F***' },
  V: { kind: 'bit', radix: 10, code: 0x94, ascii: 'V*', asciiR: 'V***' },
  B: { kind: 'bit', radix: 16, code: 0xa0, ascii: 'B*', asciiR: 'B***' },
  D: { kind: 'word', radix: 10, code: 0xa8, ascii: 'D*', asciiR: 'D***' },
  W: { kind: 'word', radix: 16, code: 0xb4, ascii: 'W*', asciiR: 'W***' },
  TS: { kind: 'contact', radix: 10, code: 0xc1, ascii: 'TS', asciiR: 'TS**' },
  TC: { kind: 'contact', radix: 10, code: 0xc0, ascii: 'TC', asciiR: 'TC**' },
  TN: { kind: 'word', radix: 10, code: 0xc2, ascii: 'TN', asciiR: 'TN**' },
  STS: { kind: 'contact', radix: 10, code: 0xc7, ascii: 'SS', asciiR: 'STS*' },
  STC: { kind: 'contact', radix: 10, code: 0xc6, ascii: 'SC', asciiR: 'STC*' },
  STN: { kind: 'word', radix: 10, code: 0xc8, ascii: 'SN', asciiR: 'STN*' },
  CS: { kind: 'contact', radix: 10, code: 0xc4, ascii: 'CS', asciiR: 'CS**' },
  CC: { kind: 'contact', radix: 10, code: 0xc3, ascii: 'CC', asciiR: 'CC**' },
  CN: { kind: 'word', radix: 10, code: 0xc5, ascii: 'CN', asciiR: 'CN**' },
  SB: { kind: 'bit', radix: 16, code: 0xa1, ascii: 'SB', asciiR: 'SB**' },
  SW: { kind: 'word', radix: 16, code: 0xb5, ascii: 'SW', asciiR: 'SW**' },
  R: { kind: 'word', radix: 10, code: 0xaf, ascii: 'R*', asciiR: 'R***' },
  ZR: { kind: 'word', radix: 10, code: 0xb0, ascii: 'ZR', asciiR: 'ZR**' },
} as const
export type Device = keyof typeof devices

/** What a timer or counter without a further letter means: its contact as a bit, else its current value. */
const timers = {
  T: { contact: 'TS', value: 'TN' },
  ST: { contact: 'STS', value: 'STN' },
  C: { contact: 'CS', value: 'CN' },
} as const
type Timer = keyof typeof timers

const words = [...Object.keys(devices), ...Object.keys(timers)] as (Device | Timer)[]

export interface McAddress {
  device: Device
  number: number
  /** Bit of a word device. */
  bit: number | undefined
  /** Bytes of a text. */
  length: number
}

export interface Numbering {
  series: 'ql' | 'iqr'
  code: 'binary' | 'ascii'
  /** How X and Y are counted: octal in FX5. */
  xyNumbering: 'hexadecimal' | 'octal'
}

export const radixOf = (device: Device, { xyNumbering }: Pick<Numbering, 'xyNumbering'>): 8 | 10 | 16 =>
  (device === 'X' || device === 'Y') && xyNumbering === 'octal' ? 8 : devices[device].radix

/** Points of a contact are asked for one by one, all other bit devices in words of 16 (of which it is a part). */
export const isRead16 = (device: Device) => devices[device].kind === 'bit'

/** A text as long as this fits the largest read with room. */
const textBytesMax = 500

/** The highest number that the field of a request holds: 3 bytes or 6 digits, for iQ-R 4 bytes or 8 digits. */
function numberMax(radix: 8 | 10 | 16, { series, code }: Numbering): number {
  const digits = series === 'iqr' ? 8 : 6
  const field = 256 ** (series === 'iqr' ? 4 : 3) - 1
  return code === 'ascii' ? Math.min(field, radix ** digits - 1) : field
}

/**
 * `D100`, `D100.F` (bit), `D200[20]` (text), `X1A`, `M16` (a bit, or with a number type the word of M16 to M31), `T5`
 * (contact as a bool, else current value). Throws AddressError.
 */
export function parseAddress(address: string, type: TagType, numbering: Numbering): McAddress {
  const scanner = new AddressScanner(address)
  const word = scanner.word(words, { zh: `软元件（${words.join('、')}）`, en: `a device (${words.join(', ')})` })
  const device = word in timers ? timers[word as Timer][type === 'bool' ? 'contact' : 'value'] : (word as Device)
  const radix = radixOf(device, numbering)
  const { kind } = devices[device]
  const began = scanner.at
  const number = scanner.number(
    0,
    numberMax(radix, numbering),
    { zh: `编号（${radix} 进制）`, en: `a number (base ${radix})` },
    radix,
  )
  let bit: number | undefined
  let length = 0
  // Sources disagree whether ASCII code writes its number in decimal or hexadecimal, and the wrong one reads another's.
  if (device === 'ZR' && numbering.code === 'ascii')
    scanner.fail({ zh: 'ZR 以外的软元件（ASCII 码）', en: 'another device than ZR in ASCII code' }, 0)
  if (type === 'bool') {
    if (kind === 'word') {
      scanner.take(/\./y, theBitOfTheWord)
      bit = scanner.number(0, 15, aBit, 16)
    }
  } else if (kind === 'contact') scanner.fail(typeBool, 0)
  else if (!isWordType(type)) scanner.fail(wordTypesOrText, 0)
  else {
    if (kind === 'bit' && number % 16 !== 0)
      scanner.fail({ zh: '类型 bool，或 16 的倍数', en: 'the type bool, or a multiple of 16' }, began)
    if (type === 'text') {
      scanner.take(/\[/y, bracketAndCharacters)
      length = scanner.number(1, textBytesMax, aNumberOfCharacters)
      scanner.take(/\]/y, '“]”')
    }
  }
  scanner.end()
  return { device, number, bit, length }
}

/** The points of its device that a tag takes. */
export function pointsOf({ device, length }: McAddress, type: TagType): number {
  if (!isWordType(type)) return 1
  return wordsOf(type, length) * (devices[device].kind === 'bit' ? 16 : 1)
}

export const nameOf = (
  { device, number }: { device: Device; number: number },
  numbering: Pick<Numbering, 'xyNumbering'>,
) => `${device}${number.toString(radixOf(device, numbering)).toUpperCase()}`
