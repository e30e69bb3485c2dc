import {
  type ApplicationIdentifier,
  aiAt,
  applicationIdentifiers,
  type Element,
  valueFault,
} from './application-identifier.ts'
import { BitReader, BitWriter } from './bits.ts'
import { digitalLinkOf } from './digital-link.ts'
import { type DigitalLink, partsOfUri, segmentsOf } from './digital-link-parse.ts'
import { decodeEpcTag } from './epc-binary.ts'
import { parseEpcUrn } from './epc-urn.ts'
import { nameLimits } from './limits.ts'
import { checkLength, IdentifierError, refuse } from './name-error.ts'

const scheme = 'compressed GS1 Digital Link'

/** Bits are written as these characters, six each (RFC 4648 §5 without padding). */
const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/**
 * Codes for AIs that often stand together (GS1 Digital Link: Compression, table of optimisations); four bits a character. `1A`
 * and `9D` are read alone, never written: GS1's own toolkit sorts their AIs and so disagrees with the table.
 */
const optimisations: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    `0A 22|0B 10|0C 21|0D 17|0E 7003|0F 30|1B 15|1C 11|1D 16|1E 91|1F 10,15`
      .split('|')
      .map((row) => [row.slice(0, 2), ['01', ...row.slice(3).split(',')]]),
  ),
  '1A': ['01', '10', '21', '17'],
  ...numbered('2ABCDEF', (n) => ['01', `310${n}`]),
  ...numbered('3ABCDEF', (n) => ['01', `320${n}`]),
  '9A': ['8010', '8011'],
  '9B': ['8017', '8019'],
  '9C': ['8018', '8019'],
  '9D': ['414', '254'],
  ...numbered('A0123456789', (n) => ['01', `392${n}`]),
  ...numbered('C0123456789', (n) => ['255', `390${n}`]),
  ...numbered('CABCD', (n) => ['255', `394${n}`]),
}

const disputed = ['1A', '9D']

function numbered(codes: string, ais: (n: number) => readonly string[]): Record<string, readonly string[]> {
  return Object.fromEntries([...codes.slice(1)].map((second, n) => [codes.charAt(0) + second, ais(n)]))
}

/** A run of an AI's value as compression divides it: digits, or text of up to so many characters. */
interface Run {
  readonly digits: boolean
  readonly most: number
  readonly fixed: boolean
}

/** Digits of one length in one run, then digits or text that vary. */
function runsOf(row: ApplicationIdentifier): readonly Run[] {
  const runs: Run[] = []
  for (const { kind, least, most, optional } of row.parts) {
    const run = { digits: kind === 'N', most, fixed: least === most && !optional }
    const last = runs.at(-1)
    const joins = last !== undefined && last.digits === run.digits && (last.fixed === run.fixed || !run.digits)
    if (joins) runs[runs.length - 1] = { ...run, most: last.most + most, fixed: last.fixed && run.fixed }
    else runs.push(run)
  }
  return runs
}

/** Bits of the number that so many digits are (the standard's formula; one more than needed for 59 digits). */
const valueBits = (digits: number) => (digits === 0 ? 0 : Math.ceil((digits * Math.log(10)) / Math.log(2) + 0.01))

/** Bits of a length up to a greatest one. */
const lengthBits = (most: number) => most.toString(2).length

/** How text is written, by a code of three bits; the first that fits is the shortest. */
const encodings = [
  { code: 0, fits: /^\d+$/, alphabet: '', bits: 0 },
  { code: 2, fits: /^[0-9A-F]+$/, alphabet: '0123456789ABCDEF', bits: 4 },
  { code: 1, fits: /^[0-9a-f]+$/, alphabet: '0123456789abcdef', bits: 4 },
  { code: 3, fits: /^[A-Za-z0-9_-]+$/, alphabet: base64url, bits: 6 },
  { code: 4, fits: /^/, alphabet: '', bits: 7 },
] as const

function writeText(bits: BitWriter, text: string, length: (writer: BitWriter) => void): void {
  const { code, alphabet, bits: width } = encodings.find(({ fits }) => fits.test(text)) ?? encodings[4]
  bits.number(code, 3)
  length(bits)
  if (code === 0) bits.big(BigInt(text), valueBits(text.length))
  else
    for (const character of text) bits.number(code === 4 ? character.charCodeAt(0) : alphabet.indexOf(character), width)
}

function readText(bits: BitReader, length: () => number): string {
  const code = bits.number(3)
  const encoding = encodings.find((each) => each.code === code)
  if (encoding === undefined) return bits.refuse('a code of an encoding from 0 to 4')
  const count = length()
  if (code === 0) return readDigits(bits, count)
  return Array.from({ length: count }, () => {
    const value = bits.number(encoding.bits)
    return code === 4 ? String.fromCharCode(value) : (encoding.alphabet[value] ?? '')
  }).join('')
}

function readDigits(bits: BitReader, count: number): string {
  const digits = bits.big(valueBits(count)).toString()
  if (count > 0 && digits.length > count) bits.refuse(`a number of at most ${count} digits`)
  return count === 0 ? '' : digits.padStart(count, '0')
}

function writeValue(bits: BitWriter, { ai, value }: Element): void {
  let rest = value
  for (const { digits, most, fixed } of runsOf(applicationIdentifiers.get(ai) as ApplicationIdentifier)) {
    const run = rest.slice(0, most)
    rest = rest.slice(most)
    const length = (writer: BitWriter) => fixed || writer.number(run.length, lengthBits(most))
    if (!digits) writeText(bits, run, length)
    else {
      length(bits)
      if (run !== '') bits.big(BigInt(run), valueBits(run.length))
    }
  }
}

function readValue(bits: BitReader, row: ApplicationIdentifier): string {
  return runsOf(row)
    .map(({ digits, most, fixed }) => {
      const length = () => (fixed ? most : bits.number(lengthBits(most)))
      return digits ? readDigits(bits, length()) : readText(bits, length)
    })
    .join('')
}

export interface CompressionOptions {
  /** Writes AIs that often stand together by one code; shorter. On unless it is switched off. */
  readonly optimise?: boolean
}

/**
 * A Digital Link with its AIs compressed into the last segment of the path (GS1 Digital Link: Compression 1.0):
 * `https://id.gs1.org/01/09506000134376/10/LOT01` → `https://id.gs1.org/ARFKk4XB0CDKWcnpq` without optimisations. Parameters that are no
 * AIs stay in the query.
 */
export function compressedDigitalLink(link: DigitalLink, { optimise = true }: CompressionOptions = {}): string {
  const left = new Map([link.key, ...link.qualifiers, ...link.attributes].map((element) => [element.ai, element]))
  const bits = new BitWriter()
  const write = (element: Element) => {
    bits.hex(element.ai)
    writeValue(bits, element)
  }
  // The reader takes the first key that it meets for the primary one.
  if (link.attributes.some(({ ai }) => applicationIdentifiers.get(ai)?.qualifiers !== undefined)) {
    write(link.key)
    left.delete(link.key.ai)
  }
  for (const [code, ais] of optimise ? bestFirst : []) {
    if (!ais.every((ai) => left.has(ai))) continue
    bits.hex(code)
    for (const ai of ais) {
      writeValue(bits, left.get(ai) as Element)
      left.delete(ai)
    }
  }
  for (const element of [...left.values()].sort((one, other) => (one.ai < other.ai ? -1 : 1))) write(element)
  const query = link.parameters
    .map(({ name, value }) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&')
  return `${link.stem}/${bits.text(base64url)}${query === '' ? '' : `?${query}`}`
}

const bestFirst = Object.entries(optimisations)
  .filter(([code]) => !disputed.includes(code))
  .sort(([, one], [, other]) => other.join('').length - one.join('').length)

/**
 * Reads a Digital Link whose last segment is compressed, whole or behind an uncompressed primary key; or is `eh` and what a tag
 * holds in hexadecimal digits (GS1 Digital Link: Compression for EPC binary strings 1.0.0, whose text was not at hand: its other
 * forms are not read). Throws IdentifierError, whose position is that of the character in which the fault lies.
 */
export function decompressDigitalLink(uri: string): DigitalLink {
  checkLength(scheme, uri, nameLimits.textLength)
  const { origin, path, query: rest } = partsOfUri(uri)
  const segments = segmentsOf(path)
  const last = segments.at(-1)
  if (last === undefined || !/^[A-Za-z0-9_-]+$/.test(last.text))
    return refuse(scheme, uri, last?.at ?? uri.length, 'a last segment of letters, digits, - and _ only')
  const { text: segment, at } = last
  const before = segments.slice(0, -1).map(({ text }) => text)
  const stem = [origin, ...before].join('/')
  const query = [...new URLSearchParams(rest.text)].map(([name, each]) => ({ name, value: each }))
  if (/^eh(?:[0-9a-f]{4}){6,}$/i.test(segment))
    return { ...tagLink(uri, stem, segment.slice(2)), parameters: query.slice(0, nameLimits.parameters) }
  const [ai = '', value = ''] = before.slice(-2)
  const row = applicationIdentifiers.get(ai)
  const isKey = row?.qualifiers !== undefined && valueFault(row, value) === undefined
  const key = isKey ? { ai, value } : undefined
  const { elements, parameters } = readEither(uri, segment, at)
  const link =
    key === undefined
      ? digitalLinkOf(elements, stem)
      : digitalLinkOf([key, ...elements], [origin, ...before.slice(0, -2)].join('/'))
  return { ...link, parameters: [...parameters, ...query].slice(0, nameLimits.parameters) }
}

function tagLink(uri: string, stem: string, hex: string): DigitalLink {
  try {
    return digitalLinkOf(parseEpcUrn(decodeEpcTag(hex).urn).elements, stem)
  } catch (error) {
    if (!(error instanceof IdentifierError)) throw error
    return refuse(scheme, uri, stem.length + 3 + Math.min(error.position, hex.length), error.expected)
  }
}

/** The table's order of AIs, or else the sorted one that GS1's toolkit writes for two codes. */
function readEither(uri: string, segment: string, at: number): Content {
  const read = (order: Order) => {
    const content = contentOf(
      new BitReader(segment, base64url, (index, expected) => refuse(scheme, uri, at + index, expected)),
      order,
    )
    if (content.disputed) digitalLinkOf(content.elements)
    return content
  }
  try {
    return read((ais) => ais)
  } catch (error) {
    if (!(error instanceof IdentifierError) || !/^(1A|9D)/.test(firstCode(segment))) throw error
    return read((ais) => [...ais].sort())
  }
}

function firstCode(segment: string): string {
  const bits = [...segment.slice(0, 2)].map((each) => base64url.indexOf(each).toString(2).padStart(6, '0')).join('')
  return Number.parseInt(bits.slice(0, 8), 2).toString(16).toUpperCase().padStart(2, '0')
}

type Order = (ais: readonly string[]) => readonly string[]

interface Content {
  readonly elements: readonly Element[]
  readonly parameters: readonly { readonly name: string; readonly value: string }[]
  readonly disputed: boolean
}

/** Characters of a parameter's name or value: seven bits tell their count. */
const parameterBits = 7

function contentOf(bits: BitReader, order: Order): Content {
  const elements: Element[] = []
  const parameters: { name: string; value: string }[] = []
  let isDisputed = false
  // What is left of the last character are zeros.
  while (bits.left >= 8) {
    if (elements.length + parameters.length >= nameLimits.elements)
      bits.refuse(`at most ${nameLimits.elements} elements`)
    const code = bits.peekHex(2)
    const ais = optimisations[code]
    if (ais !== undefined) {
      isDisputed ||= disputed.includes(code)
      bits.hex(2)
      for (const ai of order(ais))
        elements.push({ ai, value: readValue(bits, applicationIdentifiers.get(ai) as ApplicationIdentifier) })
    } else if (code.startsWith('F')) parameters.push(parameterOf(bits))
    else elements.push(elementOf(bits))
  }
  if (bits.left > 0 && bits.number(bits.left) !== 0) bits.refuse('zeros at the end')
  return { elements, parameters, disputed: isDisputed }
}

function elementOf(bits: BitReader): Element {
  const row = aiAt(bits.peekHex(4), 0)
  if (row === undefined) return bits.refuse('an AI of the GS1 General Specifications or a code for several')
  bits.hex(row.ai.length)
  return { ai: row.ai, value: readValue(bits, row) }
}

function parameterOf(bits: BitReader): { name: string; value: string } {
  bits.hex(1)
  const length = bits.number(parameterBits)
  const name = Array.from({ length }, () => base64url[bits.number(6)]).join('')
  return { name, value: readText(bits, () => bits.number(parameterBits)) }
}
