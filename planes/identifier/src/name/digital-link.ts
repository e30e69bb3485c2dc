import { applicationIdentifiers, combinationFault, type Element, valueFault } from './application-identifier.ts'
import { type DigitalLink, type DigitalLinkOptions, parseDigitalLink } from './digital-link-parse.ts'
import { refuse } from './name-error.ts'
import { encodePercent } from './percent.ts'

const scheme = 'GS1 Digital Link'

/** The domain of canonical URIs (GS1 Digital Link: URI Syntax, "Canonical GS1 Digital Link URIs"). */
const canonicalStem = 'https://id.gs1.org'

const inPath = (elements: readonly Element[]) =>
  elements.map(({ ai, value }) => `/${ai}/${encodePercent(value)}`).join('')

/** Key and qualifiers as a path: `/01/09506000134376/10/LOT01`. */
export function digitalLinkPath({ key, qualifiers }: Pick<DigitalLink, 'key' | 'qualifiers'>): string {
  return inPath([key, ...qualifiers])
}

/** A Digital Link as a URI, with its own domain; attributes in the order of their AIs, then the other parameters. */
export function digitalLinkUri({ stem, key, qualifiers, attributes, parameters }: DigitalLink): string {
  const query = [
    ...[...attributes].sort(byAi).map(({ ai, value }) => `${ai}=${encodePercent(value)}`),
    ...parameters.map(({ name, value }) => `${encodePercent(name)}=${encodePercent(value)}`),
  ].join('&')
  return stem + inPath([key, ...qualifiers]) + (query === '' ? '' : `?${query}`)
}

const byAi = (one: Element, other: Element) => (one.ai < other.ai ? -1 : 1)

/**
 * The canonical URI of what a Digital Link identifies: `https://id.gs1.org/01/09506000134376/10/LOT01`, without attributes and other
 * parameters, which say more of a thing but do not tell it from others. The form in which identifiers are compared, and which CBV 2.0
 * §8.9 puts into event hashes. Throws IdentifierError.
 */
export function canonicalDigitalLink(uri: string, options?: DigitalLinkOptions): string {
  return canonicalUri(parseDigitalLink(uri, options))
}

export function canonicalUri(link: Pick<DigitalLink, 'key' | 'qualifiers'>): string {
  return canonicalStem + digitalLinkPath(link)
}

/** The first primary key among elements and its qualifiers in their order: what tells a thing from others. Undefined without a key. */
export function identityOf(elements: readonly Element[]): Pick<DigitalLink, 'key' | 'qualifiers'> | undefined {
  const key = elements.find(({ ai }) => applicationIdentifiers.get(ai)?.qualifiers !== undefined)
  if (key === undefined) return undefined
  const sequences = applicationIdentifiers.get(key.ai)?.qualifiers ?? []
  const candidates = sequences.map((sequence) =>
    sequence.flatMap((ai) => elements.filter((each) => each.ai === ai).slice(0, 1)),
  )
  // What stands in no query must stand in the path: a third-party serial number before a lot.
  const bound = (found: readonly Element[]) =>
    found.filter(({ ai }) => applicationIdentifiers.get(ai)?.attribute !== true).length
  const [qualifiers = []] = candidates.sort((one, other) => bound(other) - bound(one) || other.length - one.length)
  return { key, qualifiers }
}

/**
 * Elements as a Digital Link: the first primary key among them, its qualifiers in their order, the rest as attributes; what is said
 * twice once. Throws IdentifierError, whose position is that of the faulty element as brackets write them without repetitions, when
 * there is no key, or when a value or combination is wrong.
 */
export function digitalLinkOf(given: readonly Element[], stem: string = canonicalStem): DigitalLink {
  const elements = given.filter(
    ({ ai, value }, index) => given.findIndex((each) => each.ai === ai && each.value === value) === index,
  )
  const shown = elements.map(({ ai, value }) => `(${ai})${value}`)
  const text = shown.join('')
  const place = (index: number) => shown.slice(0, index).join('').length
  for (const [index, { ai, value }] of elements.entries()) {
    const row = applicationIdentifiers.get(ai)
    if (row === undefined) refuse(scheme, text, place(index) + 1, 'an AI of the GS1 General Specifications')
    const fault = valueFault(row, value)
    if (fault !== undefined) refuse(scheme, text, place(index) + ai.length + 2 + fault.offset, fault.expected)
  }
  const identity = identityOf(elements)
  if (identity === undefined) return refuse(scheme, text, 0, 'a primary key such as (01)')
  const { key, qualifiers } = identity
  const attributes = elements.filter((each) => each !== key && !qualifiers.includes(each))
  const wrong = attributes.find(({ ai }) => applicationIdentifiers.get(ai)?.attribute !== true)
  if (wrong !== undefined)
    refuse(scheme, text, place(elements.indexOf(wrong)) + 1, `an AI that may stand beside (${key.ai})`)
  const fault = combinationFault(elements)
  if (fault !== undefined) refuse(scheme, text, place(fault.index), fault.expected)
  return { stem, key, qualifiers, attributes, parameters: [] }
}

/** Digits of a key before a serial number of its own, which its class does not have. */
const classLengths: Readonly<Record<string, number>> = { '253': 13, '255': 13, '8003': 14 }

/**
 * What a Digital Link identifies, from the finest to the primary key: the serial number, its lot, its GTIN; a returnable asset, its
 * type. Without attributes and parameters.
 */
export function levelsOf(link: DigitalLink): readonly DigitalLink[] {
  const { stem, key, qualifiers } = link
  const level = (each: Element, count: number) => ({
    stem,
    key: each,
    qualifiers: qualifiers.slice(0, count),
    attributes: [],
    parameters: [],
  })
  const levels = qualifiers.map((_, index) => level(key, qualifiers.length - index))
  const length = classLengths[key.ai]
  const type =
    length !== undefined && key.value.length > length
      ? [level({ ai: key.ai, value: key.value.slice(0, length) }, 0)]
      : []
  return [...levels, level(key, 0), ...type]
}
