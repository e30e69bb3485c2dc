import { AddressScanner, aBit, oneOfThese, oneOfTypes } from '../../address.ts'
import type { TagType } from '../../driver.ts'
import { type Commanded, commanded, type Monitored, monitored, typeNames } from './elements.ts'

export interface Iec104Address {
  /** As it was written. */
  text: string
  /** What the station tells; undefined for a command alone. */
  point: { kind: Monitored; object: number; bit: number | undefined } | undefined
  /** What it is told; undefined for a point that cannot be written. */
  command: { kind: Commanded; object: number } | undefined
}

const names = typeNames.filter(({ kind }) => kind !== undefined).map(({ name }) => name)
const kindOf = (word: string) =>
  [...monitored, ...commanded].find((kind) => kind === word) ?? typeNames.find(({ name }) => name === word)?.kind

/**
 * Reads `type:object[.bit][/command type:object]`, where the type is a type identification with or without its last part
 * (M_SP, M_SP_NA_1), and the object address is decimal, or hexadecimal with an H behind it. Throws AddressError.
 */
export function parseAddress(text: string, type: TagType, objectAddressBytes: number): Iec104Address {
  const scanner = new AddressScanner(text)
  const objectMax = 256 ** objectAddressBytes - 1
  const first = takeKind(scanner, [...monitored, ...commanded, ...names])
  const object = takeObject(scanner, objectMax)
  const address = ((): Iec104Address => {
    if (isCommanded(first)) return { text, point: undefined, command: { kind: first, object } }
    const bit = first === 'M_BO' && scanner.optional(/\./y) ? scanner.number(0, 31, aBit) : undefined
    const point = { kind: first, object, bit }
    if (scanner.optional(/\//y) === undefined) return { text, point, command: undefined }
    const began = scanner.at
    const kind = takeKind(scanner, [...commanded, ...names.filter((name) => name.startsWith('C_'))])
    if (!isCommanded(kind)) return scanner.fail(oneOfThese(commanded), began)
    return { text, point, command: { kind, object: takeObject(scanner, objectMax) } }
  })()
  scanner.end()
  const fits = typesOf(address)
  if (!fits.includes(type)) scanner.fail(oneOfTypes(fits, type), 0)
  return address
}

export const isMonitored = (kind: Monitored | Commanded | undefined): kind is Monitored =>
  monitored.includes(kind as Monitored)

const isCommanded = (kind: Monitored | Commanded): kind is Commanded => commanded.includes(kind as Commanded)

function takeKind(scanner: AddressScanner, words: readonly string[]): Monitored | Commanded {
  const expected = oneOfThese(words.filter((word) => !/_1$/.test(word)))
  const kind = kindOf(scanner.word(words, expected))
  return kind ?? scanner.fail(expected)
}

function takeObject(scanner: AddressScanner, max: number): number {
  scanner.take(/:/y, { zh: '冒号和信息对象地址', en: 'a colon and the information object address' })
  const began = scanner.at
  const hexadecimal = scanner.optional(/[0-9A-F]{1,6}H/iy)
  if (hexadecimal === undefined)
    return scanner.number(0, max, { zh: '信息对象地址', en: 'an information object address' })
  const object = Number.parseInt(hexadecimal, 16)
  return object <= max ? object : scanner.fail(hexadecimalTo(max), began)
}

const hexadecimalTo = (max: number) => {
  const last = `${max.toString(16).toUpperCase()}H`
  return { zh: `0H 至 ${last} 的信息对象地址`, en: `an information object address from 0H to ${last}` }
}

/** Types of a tag that hold a kind, the first of them as a station means it. */
export const typesOfKind: Record<Monitored | Commanded, readonly TagType[]> = {
  M_SP: ['bool'],
  M_DP: ['bool', 'uint8'],
  M_ST: ['int8', 'int16', 'int32'],
  M_BO: ['uint32'],
  M_ME_NA: ['float32', 'float64'],
  M_ME_NB: ['int16', 'int32', 'float32', 'float64'],
  M_ME_NC: ['float32', 'float64'],
  M_IT: ['int32', 'int64', 'float64'],
  C_SC: ['bool'],
  C_DC: ['bool'],
  C_SE_NA: ['float32', 'float64'],
  C_SE_NB: ['int16', 'int32', 'float32', 'float64'],
  C_SE_NC: ['float32', 'float64'],
}

function typesOf({ point, command }: Iec104Address): TagType[] {
  if (point?.bit !== undefined) return ['bool']
  const ofPoint = point && typesOfKind[point.kind]
  const ofCommand = command && typesOfKind[command.kind]
  return (ofPoint ?? ofCommand ?? []).filter((type) => ofCommand === undefined || ofCommand.includes(type))
}
