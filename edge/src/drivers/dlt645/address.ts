import { AddressScanner, aBit, oneOfTypes } from '../../address.ts'
import type { TagType } from '../../driver.ts'
import { type DataFormat, type Edition, formatOf, wildcard } from './codec.ts'
import { type Identifier, identifierOf, namesOf } from './table.ts'

export interface Dlt645Address {
  /** As it was written. */
  text: string
  /** Hexadecimal digits of the data identifier; undefined asks for the meter's own address (13H). */
  identifier: string | undefined
  /** Where the value's bytes begin in the data, after the identifier. */
  offset: number
  format: DataFormat
  /** Bytes that the data has as a whole; of a block: that a set of values has, of which there are several. */
  dataBytes: number
  isBlock: boolean
  bit: number | undefined
}

/** The name of the meter's own address, which needs no identifier. */
const ownAddress = 'meterAddress'
const onlyOwnAddress = {
  zh: `${ownAddress}，因为对 ${wildcard} 只能询问它`,
  en: `${ownAddress}, as ${wildcard} may be asked for nothing else`,
}

/** Sets of values in a block at most: the total and 63 tariffs. */
const blockSetsMax = 64

/**
 * Reads `identifier[/set][/time][.bit][:notation]`, where the identifier is 8 (2007) or 4 (1997) hexadecimal digits or
 * a name of the table. Throws AddressError, also for a type that cannot hold the value.
 */
export function parseAddress(text: string, type: TagType, edition: Edition, meter: string): Dlt645Address {
  const scanner = new AddressScanner(text)
  const identifier = takeIdentifier(scanner, edition, meter)
  if (identifier === undefined) {
    scanner.end()
    const format = formatOf('NNNNNNNNNNNN')!
    requireType(scanner, type, format, undefined)
    return { text, identifier, offset: 0, format, dataBytes: 6, isBlock: false, bit: undefined }
  }
  const known = identifierOf(identifier, edition)
  const set = takeSet(scanner, known)
  const wanted = takesTime(scanner, known) ? 'time' : 'value'
  const part = known?.parts.find(({ name }) => name === wanted)
  const isBits = part?.format.kind === 'bits'
  const bit = isBits && scanner.optional(/\./y) ? scanner.number(0, part.format.bytes * 8 - 1, aBit) : undefined
  const given = takeNotation(scanner, known === undefined)
  scanner.end()
  const format = given ?? part?.format
  if (format === undefined) return scanner.fail({ zh: ':XXXXXX.XX 这样的格式', en: 'a notation such as :XXXXXX.XX' })
  requireType(scanner, type, format, bit)
  const setBytes = given?.bytes ?? known!.parts.reduce((sum, each) => sum + each.format.bytes, 0)
  const before = given === undefined && part !== known!.parts[0] ? known!.parts[0]!.format.bytes : 0
  const offset = (set - 1) * setBytes + before
  return { text, identifier, offset, format, dataBytes: setBytes, isBlock: known?.isBlock ?? false, bit }
}

function takeIdentifier(scanner: AddressScanner, edition: Edition, meter: string): string | undefined {
  const names = namesOf[edition]
  const digits = edition === '2007' ? 8 : 4
  const hex = scanner.optional(edition === '2007' ? /[0-9A-F]{8}(?![0-9A-Z])/iy : /[0-9A-F]{4}(?![0-9A-Z])/iy)
  if (meter === wildcard && hex !== undefined) scanner.fail(onlyOwnAddress, 0)
  if (hex !== undefined) return hex.toUpperCase()
  const word = scanner.optional(/[a-z][a-z0-9]*/iy)
  const isOwn = word?.toUpperCase() === ownAddress.toUpperCase()
  if (meter === wildcard && !isOwn) scanner.fail(onlyOwnAddress, 0)
  if (isOwn && edition === '2007') return meter === wildcard ? undefined : '04000401'
  const found = [...names].find(([name]) => name.toUpperCase() === word?.toUpperCase())
  return (
    found?.[1] ??
    scanner.fail(
      {
        zh: `${digits} 位十六进制数据标识，或表中的名称`,
        en: `${digits} hexadecimal digits of a data identifier or a name of the table`,
      },
      0,
    )
  )
}

function takeSet(scanner: AddressScanner, known: Identifier | undefined): number {
  if (known === undefined || !known.isBlock) return 1
  scanner.take(/\//y, { zh: '数据块的组号，如 /1', en: 'a set of the block, as /1,' })
  return scanner.number(1, blockSetsMax, { zh: '数据块组号', en: 'a set of the block' })
}

function takesTime(scanner: AddressScanner, known: Identifier | undefined): boolean {
  const hasBoth = (known?.parts.length ?? 0) > 1
  return hasBoth && scanner.optional(/\/time/iy) !== undefined
}

function takeNotation(scanner: AddressScanner, isNeeded: boolean): DataFormat | undefined {
  if (!isNeeded && scanner.optional(/:/y) === undefined) return undefined
  if (isNeeded)
    scanner.take(/:/y, {
      zh: ':XXXXXX.XX 这样的格式，因为表中没有这个标识',
      en: 'a notation such as :XXXXXX.XX, as the table does not have this identifier,',
    })
  const began = scanner.at
  const notation = scanner.optional(/[-X.NB\d]{1,30}/iy)?.toUpperCase()
  const format = notation === undefined ? undefined : formatOf(notation)
  return (
    format ??
    scanner.fail(
      {
        zh: '以 X 表示的数字（可带小数点，有符号时以 - 开头）、NN…、B8 或 B16',
        en: 'digits as X, with a point and a leading - where there is a sign, NN…, B8 or B16',
      },
      began,
    )
  )
}

/** Decimal digits that a type holds exactly. */
const digitsOf: Partial<Record<TagType, number>> = {
  int8: 2,
  uint8: 2,
  int16: 4,
  uint16: 4,
  int32: 9,
  uint32: 9,
  int64: 15,
  uint64: 15,
  float32: 7,
  float64: 15,
}

function requireType(scanner: AddressScanner, type: TagType, format: DataFormat, bit: number | undefined): void {
  const fits = typesOf(format, bit)
  if (!fits.includes(type)) scanner.fail(oneOfTypes(fits, type), 0)
}

function typesOf({ kind, digits, decimals, signed, bytes }: DataFormat, bit: number | undefined): TagType[] {
  if (bit !== undefined) return ['bool']
  if (kind === 'bits') return bytes === 1 ? ['uint8', 'uint16', 'uint32'] : ['uint16', 'uint32']
  if (kind !== 'number') return ['text']
  const numbers = (Object.keys(digitsOf) as TagType[]).filter((type) => digits <= (digitsOf[type] ?? 0))
  const fractions = numbers.filter((type) => decimals === 0 || type.startsWith('float'))
  return [...fractions.filter((type) => !signed || !type.startsWith('uint')), 'text']
}
