import { AddressScanner, aBit, aNumberOfCharacters, bracketAndCharacters, typeBool } from '../../address.ts'
import type { TagType } from '../../driver.ts'
import { bytesOfNumber, type NumberType } from '../../values.ts'

/** Memory areas with their codes (Wireshark, packet-s7comm.c), and the letters of both mnemonics. */
export const areas = { I: 0x81, Q: 0x82, M: 0x83, DB: 0x84 } as const
export type Area = keyof typeof areas
const letters = { I: 'I', E: 'I', Q: 'Q', A: 'Q', M: 'M' } as const satisfies Record<string, Area>

/** The address of a bit counts 24 bits, the lowest three for the bit. */
const byteMax = 0xffff

export interface S7Address {
  area: Area
  /** Number of the data block; 0 elsewhere. */
  db: number
  byte: number
  bit: number
  /** Bytes that are read, for a text with the two that a STRING begins with. */
  bytes: number
  /** A STRING carries its length before its characters. */
  isString: boolean
}

const sizes = { X: 'bool', B: 1, W: 2, D: 4 } as const

/** Bytes that one read answer carries besides those of its value, in a PDU of one item. */
export const answerOverheadBytes = 18

/**
 * `DB10.DBX0.1`, `DB10.DBB2`, `DB10.DBW4`, `DB10.DBD8`, `DB10.STRING20[32]`, `DB10.DBB20[8]` (characters), `M0.1`, `MB1`,
 * `MW2`, `MD4`, `IW0`, `QB1`, also with E and A; `V` of an S7-200 SMART is data block 1. Throws AddressError.
 */
export function parseAddress(address: string, type: TagType, { pduSize }: { pduSize: number }): S7Address {
  const scanner = new AddressScanner(address)
  const word = scanner.word(['DB', 'I', 'E', 'Q', 'A', 'M', 'V'], { zh: 'DB、I、Q、M 或 V', en: 'DB, I, Q, M or V' })
  const place =
    word === 'DB'
      ? { area: 'DB' as const, db: takeBlock(scanner) }
      : word === 'V'
        ? { area: 'DB' as const, db: 1 }
        : { area: letters[word], db: 0 }
  const size = takeSize(scanner, word === 'DB')
  const byte = scanner.number(0, byteMax, { zh: '字节号', en: 'a byte' })
  const found: S7Address = { ...place, byte, bit: 0, bytes: 1, isString: size === 'STRING' }
  if (size === 'X') {
    scanner.take(/\./y, { zh: '“.”和位号', en: '“.” and a bit' })
    found.bit = scanner.number(0, 7, aBit)
    if (type !== 'bool') scanner.fail(typeBool, 0)
  } else if (type === 'text') {
    if (size !== 'B' && size !== 'STRING') scanner.fail({ zh: 'STRING 或 B', en: 'STRING or B' }, 0)
    scanner.take(/\[/y, bracketAndCharacters)
    const head = size === 'STRING' ? 2 : 0
    const max = Math.min(254, pduSize - answerOverheadBytes - head)
    found.bytes = scanner.number(1, max, aNumberOfCharacters) + head
    scanner.take(/\]/y, '“]”')
  } else if (size === 'STRING') scanner.fail({ zh: '类型 text', en: 'the type text' }, 0)
  else if (type === 'bool' || !fits(type, sizes[size])) scanner.fail(typesOfSize(sizes[size]), 0)
  else found.bytes = bytesOfNumber[type]
  if (byte + found.bytes > byteMax + 1)
    scanner.fail({ zh: `不超出字节 ${byteMax} 的地址`, en: `a value that ends at byte ${byteMax}` }, 0)
  scanner.end()
  return found
}

function takeBlock(scanner: AddressScanner): number {
  const db = scanner.number(1, 65_535, { zh: '数据块号', en: 'a number of a data block' })
  scanner.take(/\./y, { zh: '“.”和 DBX、DBB、DBW、DBD 或 STRING', en: '“.” and DBX, DBB, DBW, DBD or STRING' })
  return db
}

function takeSize(scanner: AddressScanner, isBlock: boolean): 'X' | 'B' | 'W' | 'D' | 'STRING' {
  if (!isBlock) return scanner.optional(/(?=\d)/y) === undefined ? scanner.word(['X', 'B', 'W', 'D']) : 'X'
  const word = scanner.word(['DBX', 'DBB', 'DBW', 'DBD', 'STRING'])
  return word === 'STRING' ? word : (word.slice(2) as 'X' | 'B' | 'W' | 'D')
}

/** There is no letter for 64 bits: D says where they begin. */
const fits = (type: NumberType, bytes: number) =>
  bytesOfNumber[type] === bytes || (bytes === 4 && bytesOfNumber[type] === 8)

const typesOfSize = (bytes: number) =>
  bytes === 4
    ? { zh: '32 位或 64 位的类型', en: 'a type of 32 or 64 bits' }
    : { zh: `${bytes * 8} 位的类型`, en: `a type of ${bytes * 8} bits` }

export const nameOf = ({ area, db, byte }: Pick<S7Address, 'area' | 'db' | 'byte'>) =>
  area === 'DB' ? `DB${db}.DBB${byte}` : `${area}B${byte}`
