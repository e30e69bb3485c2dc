import { applicationIdentifiers, combinationFault, type Element, valueFault } from './application-identifier.ts'
import { nameLimits } from './limits.ts'
import { checkLength, refuse } from './name-error.ts'
import { decodePercent } from './percent.ts'

const scheme = 'GS1 Digital Link'

/** What a Digital Link URI says. */
export interface DigitalLink {
  /** Scheme, domain and what of the path stands before the primary key, without a last slash: `https://example.com/shop`. */
  readonly stem: string
  readonly key: Element
  /** In the order that the key prescribes: `22`, `10`, `21` behind a GTIN. */
  readonly qualifiers: readonly Element[]
  /** AIs of the query, in the order in which they were written. */
  readonly attributes: readonly Element[]
  /** Parameters of the query that are no AIs, decoded. */
  readonly parameters: readonly { readonly name: string; readonly value: string }[]
}

export interface DigitalLinkOptions {
  /** Reads a GTIN of 8, 12 or 13 digits as the one of 14 that zeros before it make. */
  readonly shortGtin?: boolean
}

interface Segment {
  readonly text: string
  readonly at: number
}

/**
 * Reads an uncompressed GS1 Digital Link URI (GS1 Digital Link: URI Syntax 1.6.0): the last primary key of the path that leaves
 * pairs behind it, its qualifiers in their order, and attributes. A slash at the end and a fragment are no part of it. Throws
 * IdentifierError.
 */
export function parseDigitalLink(uri: string, options: DigitalLinkOptions = {}): DigitalLink {
  checkLength(scheme, uri, nameLimits.textLength)
  const { origin, path, query } = partsOfUri(uri)
  const segments = segmentsOf(path)
  const keyIndex = keyIndexOf(segments)
  if (keyIndex === undefined)
    refuse(scheme, uri, path.at, 'a path that ends with a primary key such as /01/09506000134376')
  if (segments.length - keyIndex > 2 * nameLimits.elements)
    refuse(scheme, uri, segments[keyIndex]?.at ?? path.at, `at most ${nameLimits.elements} AIs`)
  const elements: PlacedElement[] = []
  for (let index = keyIndex; index < segments.length; index += 2)
    elements.push(pathElement(uri, segments[index], segments[index + 1], options))
  const [key, ...qualifiers] = elements
  if (key === undefined) refuse(scheme, uri, path.at, 'a primary key')
  checkQualifiers(uri, key, qualifiers)
  const { attributes, parameters } = queryOf(uri, query, elements)
  checkTogether(uri, [...elements, ...attributes])
  const stem =
    origin +
    segments
      .slice(0, keyIndex)
      .map(({ text }) => `/${text}`)
      .join('')
  return { stem, key: plain(key), qualifiers: qualifiers.map(plain), attributes: attributes.map(plain), parameters }
}

interface PlacedElement extends Element {
  readonly at: number
}

const plain = ({ ai, value }: Element): Element => ({ ai, value })

/** The Digital Link's origin, its path and its query, with where these begin. */
export function partsOfUri(uri: string): { origin: string; path: Segment; query: Segment } {
  checkUriCharacters(uri)
  const origin = /^(?:https?|HTTPS?):\/\/[A-Za-z0-9.\-_[\]:]+/.exec(uri)?.[0]
  if (origin === undefined)
    refuse(scheme, uri, 0, 'https:// or http:// (all small or all capital letters) and a domain')
  const hash = uri.indexOf('#')
  const end = hash === -1 ? uri.length : hash
  const mark = uri.indexOf('?')
  const pathEnd = mark === -1 || mark > end ? end : mark
  if (origin.length < pathEnd && uri[origin.length] !== '/')
    refuse(scheme, uri, origin.length, 'a slash behind the domain')
  return {
    origin,
    path: { text: uri.slice(origin.length, pathEnd), at: origin.length },
    query: { text: uri.slice(pathEnd + 1, end), at: pathEnd + 1 },
  }
}

/** Refuses what RFC 3986 has in no URI: blanks, line breaks, quotes, letters beyond ASCII. */
function checkUriCharacters(uri: string): void {
  const strange = uri.search(/[^!#$%&'()*+,\-./0-9:;=?@A-Z[\]_a-z~]/)
  if (strange !== -1) refuse(scheme, uri, strange, 'a character of a URI (others are written %XX)')
}

/** The path's segments; one slash at its end is as none. */
export function segmentsOf(path: Segment): readonly Segment[] {
  const text = path.text.endsWith('/') ? path.text.slice(0, -1) : path.text
  let at = path.at
  return text
    .split('/')
    .map((each) => {
      const segment = { text: each, at }
      at += each.length + 1
      return segment
    })
    .slice(1)
}

/** The last segment that is a primary key and leaves pairs of AI and value behind it. */
function keyIndexOf(segments: readonly Segment[]): number | undefined {
  for (let index = segments.length - 2; index >= 0; index -= 2)
    if (applicationIdentifiers.get(segments[index]?.text ?? '')?.qualifiers !== undefined) return index
  return undefined
}

function pathElement(
  uri: string,
  ai: Segment | undefined,
  value: Segment | undefined,
  options: DigitalLinkOptions,
): PlacedElement {
  if (ai === undefined || value === undefined) return refuse(scheme, uri, uri.length, 'a value behind each AI')
  if (!applicationIdentifiers.has(ai.text)) refuse(scheme, uri, ai.at, 'an AI of the GS1 General Specifications')
  return { ...elementOf(uri, ai.text, value, options), at: ai.at }
}

function elementOf(uri: string, ai: string, written: Segment, options: DigitalLinkOptions): Element {
  const decoded = decoding(uri, written)
  const short = options.shortGtin === true && ai === '01' && /^(\d{8}|\d{12}|\d{13})$/.test(decoded.value)
  const value = short ? decoded.value.padStart(14, '0') : decoded.value
  const row = applicationIdentifiers.get(ai)
  const fault = row && valueFault(row, value)
  if (fault !== undefined) {
    const offset = Math.max(0, fault.offset - (value.length - decoded.value.length))
    refuse(scheme, uri, written.at + decoded.place(offset), fault.expected)
  }
  return { ai, value }
}

function decoding(uri: string, written: Segment) {
  const decoded = decodePercent(written.text)
  if ('wrong' in decoded)
    return refuse(scheme, uri, written.at + decoded.wrong, '%XX that stands for a character of the identifier')
  return decoded
}

function checkQualifiers(uri: string, key: PlacedElement, qualifiers: readonly PlacedElement[]): void {
  const sequences = applicationIdentifiers.get(key.ai)?.qualifiers ?? []
  const follows = (sequence: readonly string[], count: number) => {
    const places = qualifiers.slice(0, count).map(({ ai }) => sequence.indexOf(ai))
    return places.every((place, index) => place > (places[index - 1] ?? -1))
  }
  for (let count = 1; count <= qualifiers.length; count++) {
    if (sequences.some((sequence) => follows(sequence, count))) continue
    const allowed = sequences.filter((each) => each.length > 0).map((each) => each.join(', '))
    const expected =
      allowed.length === 0
        ? `nothing behind (${key.ai})`
        : `behind (${key.ai}) no more than ${allowed.join(' or ')} in this order`
    refuse(scheme, uri, qualifiers[count - 1]?.at ?? key.at, expected)
  }
}

function queryOf(uri: string, query: Segment, path: readonly Element[]) {
  const attributes: PlacedElement[] = []
  const parameters: { name: string; value: string }[] = []
  let at = query.at
  for (const text of query.text === '' ? [] : query.text.split(/[&;]/)) {
    const equals = text.indexOf('=')
    const written = equals === -1 ? text : text.slice(0, equals)
    const name = lenient(written)
    const value = {
      text: equals === -1 ? '' : text.slice(equals + 1),
      at: Math.min(at + written.length + 1, query.at + query.text.length),
    }
    if (/^\d+$/.test(name)) attributes.push(attributeOf(uri, { text: name, at }, value, path))
    else if (text !== '') parameters.push({ name, value: lenient(value.text) })
    if (attributes.length > nameLimits.elements || parameters.length > nameLimits.parameters)
      refuse(scheme, uri, at, `at most ${nameLimits.elements} attributes and ${nameLimits.parameters} parameters`)
    at += text.length + 1
  }
  return { attributes, parameters }
}

function attributeOf(uri: string, name: Segment, value: Segment, path: readonly Element[]): PlacedElement {
  const row = applicationIdentifiers.get(name.text)
  if (row === undefined) refuse(scheme, uri, name.at, 'an AI, or a parameter whose name is not all digits')
  const used = path.slice(1).map(({ ai }) => ai)
  // Behind (235) a lot cannot stand in the path, so it may in the query.
  const fits = applicationIdentifiers
    .get(path[0]?.ai ?? '')
    ?.qualifiers?.filter((sequence) => used.every((ai) => sequence.includes(ai)))
  if (fits?.some((sequence) => sequence.includes(row.ai)) === true)
    refuse(scheme, uri, name.at, `(${row.ai}) in the path, behind (${path[0]?.ai})`)
  if (!row.attribute) refuse(scheme, uri, name.at, `an AI that may stand in a query, which (${row.ai}) may not`)
  // A query writes a blank so, which no AI has.
  const plus = value.text.indexOf('+')
  if (plus !== -1) refuse(scheme, uri, value.at + plus, 'no + (as part of a value it is written %2B)')
  return { ...elementOf(uri, row.ai, value, {}), at: name.at }
}

/** Names and values of parameters are others' and have any characters. */
function lenient(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

function checkTogether(uri: string, elements: readonly PlacedElement[]): void {
  const repeated = elements.findIndex(({ ai }, index) => elements.findIndex((other) => other.ai === ai) < index)
  if (repeated !== -1) refuse(scheme, uri, elements[repeated]?.at ?? 0, `(${elements[repeated]?.ai}) once`)
  const fault = combinationFault(elements)
  if (fault !== undefined) refuse(scheme, uri, elements[fault.index]?.at ?? 0, fault.expected)
}
