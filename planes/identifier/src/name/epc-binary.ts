import { BitReader, BitWriter } from './bits.ts'
import { companyBits, type EpcCoding, type EpcCodingField, epcCodings } from './epc-codings.ts'
import { epcSchemes } from './epc-schemes.ts'
import { canonicalEpc, escapedForUrn, partsOfEpc } from './epc-urn.ts'
import { nameLimits } from './limits.ts'
import { checkLength, IdentifierError, refuse } from './name-error.ts'

const scheme = 'EPC tag'
const hexadecimal = '0123456789ABCDEF'

/** What a tag holds: an EPC, and a filter from 0 to 7 that tells readers what kind of thing the tag is on. */
export interface EpcTag {
  readonly coding: string
  readonly filter: number
  /** `urn:epc:id:…` in canonical form. */
  readonly urn: string
}

/** The tag's own URI: `urn:epc:tag:sgtin-96:1.0614141.107346.2017` (TDS 2.2 §12). */
export function epcTagUri({ coding, filter, urn }: EpcTag): string {
  return `urn:epc:tag:${coding}:${filter}.${canonicalEpc(urn).split(':').slice(4).join(':')}`
}

/** Reads `urn:epc:tag:…`. Throws IdentifierError. */
export function parseEpcTagUri(uri: string): EpcTag {
  checkLength(scheme, uri, nameLimits.textLength)
  const [prefix, name = '', filter] = /^urn:epc:tag:([a-z]+-(?:\d+|var)):(\d)\./.exec(uri) ?? []
  if (prefix === undefined)
    return refuse(scheme, uri, 0, 'urn:epc:tag:, an encoding such as sgtin-96, a filter and a dot')
  const coding = epcCodings.find((each) => each.name === name)
  if (coding === undefined) return refuse(scheme, uri, 'urn:epc:tag:'.length, 'an encoding of the Tag Data Standard')
  if (Number(filter) > 7) refuse(scheme, uri, prefix.length - 2, 'a filter from 0 to 7')
  const before = `urn:epc:id:${coding.scheme}:`
  try {
    return { coding: name, filter: Number(filter), urn: canonicalEpc(before + uri.slice(prefix.length)) }
  } catch (error) {
    if (!(error instanceof IdentifierError)) throw error
    return refuse(scheme, uri, Math.max(0, error.position - before.length) + prefix.length, error.expected)
  }
}

/**
 * A tag's content as hexadecimal digits in whole words of 16 bits: `3034257BF468D480000007E1`. Throws IdentifierError when the EPC
 * does not fit the encoding, such as a serial number with letters into 96 bits.
 */
export function encodeEpcTag({ coding: name, filter, urn }: EpcTag): string {
  const coding = epcCodings.find((each) => each.name === name)
  if (coding === undefined) return refuse(scheme, name, 0, 'an encoding of the Tag Data Standard')
  const { kind, scheme: epcScheme, company, reference, rest } = partsOfEpc(urn)
  if (kind !== 'id' || epcScheme !== coding.scheme) refuse(scheme, urn, 0, `urn:epc:id:${coding.scheme}:`)
  if (!(Number.isInteger(filter) && filter >= 0 && filter <= 7))
    refuse(scheme, String(filter), 0, 'a filter from 0 to 7')
  const bits = new BitWriter()
  const partition = 12 - company.length
  bits.number(coding.header, 8)
  bits.number(filter, 3)
  bits.number(partition, 3)
  bits.big(BigInt(company), companyBits[partition] ?? 0)
  const fit = (fits: boolean, text: string, expected: string) =>
    fits || refuse(scheme, urn, Math.max(0, urn.lastIndexOf(escapedForUrn(text))), expected)
  writeReference(bits, coding, partition, reference, fit)
  for (const [index, field] of coding.rest.entries()) writeField(bits, field, rest[index] ?? '', fit)
  const whole = Math.max(coding.bits ?? 0, bits.length)
  for (let left = 16 * Math.ceil(whole / 16) - bits.length; left > 0; left -= 16) bits.number(0, Math.min(16, left))
  return bits.text(hexadecimal)
}

type Fit = (fits: boolean, text: string, expected: string) => void

const noLeadingZero = /^(0|[1-9]\d*)$/

function writeReference(bits: BitWriter, coding: EpcCoding, partition: number, text: string, fit: Fit): void {
  const width = coding.partitionBits - (companyBits[partition] ?? 0)
  if (coding.reference === 'digits') bits.big(BigInt(text === '' ? '0' : text), width)
  else if (coding.reference === 'number') writeField(bits, { kind: 'number', bits: width }, text, fit)
  else if (coding.reference === 'text7') writeField(bits, { kind: 'text7', bits: width }, text, fit)
  else {
    // The six low bits of a character's ASCII code; none of set 39 has all zero, which ends the text.
    for (const character of text) bits.number(character.charCodeAt(0) & 0x3f, 6)
    bits.number(0, 6)
  }
}

function writeField(bits: BitWriter, field: EpcCodingField, text: string, fit: Fit): void {
  if (field.kind === 'text7') {
    fit(7 * text.length <= field.bits, text, `at most ${Math.floor(field.bits / 7)} characters`)
    for (const character of text) bits.number(character.charCodeAt(0), 7)
    bits.big(0n, field.bits - 7 * text.length)
    return
  }
  const digits = field.kind === 'marked' ? `1${text}` : text
  const fits = field.kind === 'number' ? noLeadingZero.test(text) : /^\d+$/.test(text)
  fit(fits, text, 'a number without leading zeros or letters in this encoding')
  fit(BigInt(digits) < 1n << BigInt(field.bits), text, `a number of at most ${field.bits} bits`)
  bits.big(BigInt(digits), field.bits)
}

/**
 * Reads a tag's content from hexadecimal digits; what stands behind the encoding's bits must be zeros. Throws IdentifierError, whose
 * position is that of a digit.
 */
export function decodeEpcTag(hex: string): EpcTag {
  checkLength(scheme, hex, nameLimits.epcBits / 4)
  const bits = new BitReader(hex.toUpperCase(), hexadecimal, (index, expected) => refuse(scheme, hex, index, expected))
  const header = bits.number(8)
  const coding = epcCodings.find((each) => each.header === header)
  if (coding === undefined) return refuse(scheme, hex, 0, 'a header of a GS1 key')
  const filter = bits.number(3)
  const partition = bits.number(3)
  const width = companyBits[partition]
  if (width === undefined) return bits.refuse('a partition from 0 to 6')
  const company = digitsOf(bits, width, 12 - partition)
  const reference = readReference(bits, coding, partition)
  const rest = coding.rest.map((field) => readField(bits, field))
  while (bits.left > 0) if (bits.number(Math.min(32, bits.left)) !== 0) bits.refuse('zeros behind the EPC')
  const parts = [company, reference, ...rest].map(escapedForUrn)
  const urn = `urn:epc:id:${coding.scheme}:${parts.join('.')}`
  try {
    return { coding: coding.name, filter, urn: canonicalEpc(urn) }
  } catch (error) {
    if (error instanceof IdentifierError)
      return refuse(scheme, hex, hex.length, `an EPC, not ${urn}: ${error.expected}`)
    throw error
  }
}

function digitsOf(bits: BitReader, width: number, count: number): string {
  const digits = bits.big(width).toString()
  if (count === 0) return digits === '0' ? '' : bits.refuse('zero, as the company prefix takes all digits')
  if (digits.length > count) bits.refuse(`a number of at most ${count} digits`)
  return digits.padStart(count, '0')
}

function readReference(bits: BitReader, coding: EpcCoding, partition: number): string {
  const width = coding.partitionBits - (companyBits[partition] ?? 0)
  const digits = epcSchemes.find((each) => each.name === coding.scheme)?.digits ?? 0
  if (coding.reference === 'digits') return digitsOf(bits, width, digits - (12 - partition))
  if (coding.reference === 'number') return bits.big(width).toString()
  if (coding.reference === 'text7') return readField(bits, { kind: 'text7', bits: width })
  let text = ''
  for (let code = bits.number(6); code !== 0; code = bits.number(6))
    text += String.fromCharCode(code < 0x20 ? code | 0x40 : code)
  return text
}

function readField(bits: BitReader, field: EpcCodingField): string {
  if (field.kind === 'digits') return digitsOf(bits, field.bits, field.digits ?? 0)
  if (field.kind === 'number') return bits.big(field.bits).toString()
  if (field.kind === 'marked') {
    const digits = bits.big(field.bits).toString()
    return digits.startsWith('1') && digits.length > 1 ? digits.slice(1) : bits.refuse('a serial number behind a 1')
  }
  let text = ''
  let left = field.bits
  for (; left >= 7; left -= 7) {
    const code = bits.number(7)
    if (code === 0) break
    if (code < 0x21 || code === 0x7f) bits.refuse('a character of GS1 set 82')
    text += String.fromCharCode(code)
  }
  const behind = left >= 7 ? left - 7 : left
  if (bits.big(behind) !== 0n) bits.refuse('zeros behind the text')
  return text
}

/** The shortest encoding that holds an EPC. Throws IdentifierError when there is none. */
export function codingFor(urn: string): string {
  const { scheme: epcScheme } = partsOfEpc(urn)
  const found = epcCodings
    .filter((each) => each.scheme === epcScheme)
    .find(({ name }) => {
      try {
        return encodeEpcTag({ coding: name, filter: 0, urn }) !== ''
      } catch (error) {
        if (error instanceof IdentifierError) return false
        throw error
      }
    })
  return found?.name ?? refuse(scheme, urn, 0, 'an EPC that has a binary encoding')
}
