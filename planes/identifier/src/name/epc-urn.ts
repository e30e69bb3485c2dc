import { applicationIdentifiers, type Element, valueFault } from './application-identifier.ts'
import { canonicalUri } from './digital-link.ts'
import { type EpcField, type EpcScheme, epcSchemes, otherEpcSchemes } from './epc-schemes.ts'
import { checkDigit } from './gs1-check.ts'
import { nameLimits } from './limits.ts'
import { checkLength, refuse } from './name-error.ts'
import { decodePercent } from './percent.ts'

const scheme = 'EPC URN'

/** An EPC URN, read: its scheme, the digits of the company prefix, and the GS1 key that it stands for. */
export interface EpcUrn {
  /** `idpat` with `*` for the serial number names the class of an `id`. */
  readonly kind: 'id' | 'class' | 'idpat'
  readonly scheme: string
  readonly companyPrefix: string
  /** Primary key first. */
  readonly elements: readonly Element[]
}

interface Field {
  readonly text: string
  readonly at: number
}

/**
 * Reads `urn:epc:id:…`, `urn:epc:class:lgtin:…` and those `urn:epc:idpat:…` whose only `*` is the serial number (TDS 2.2 §6, §8). The
 * check digit, which a URN does not have, is computed. Throws IdentifierError; also for schemes that are no GS1 keys.
 */
export function parseEpcUrn(urn: string): EpcUrn {
  checkLength(scheme, urn, nameLimits.textLength)
  const [prefix = '', kind, name = ''] = /^urn:epc:(id|class|idpat):([a-z]+):/i.exec(urn) ?? []
  if (kind === undefined) refuse(scheme, urn, 0, 'urn:epc:id:, urn:epc:class: or urn:epc:idpat: and a scheme')
  const schemeAt = prefix.length - name.length - 1
  if (otherEpcSchemes.includes(name)) refuse(scheme, urn, schemeAt, 'a scheme of a GS1 key')
  const row = epcSchemes.find((each) => each.name === name && each.kind === (kind === 'class' ? 'class' : 'id'))
  if (row === undefined) refuse(scheme, urn, schemeAt, `a scheme of urn:epc:${kind}:`)
  const fields = fieldsOf(urn, prefix.length, row.rest.length + 2)
  const [company, reference, ...rest] = fields
  if (company === undefined || !/^\d{6,12}$/.test(company.text))
    return refuse(scheme, urn, company?.at ?? prefix.length, 'a GS1 Company Prefix of 6 to 12 digits')
  const pattern = kind === 'idpat'
  if (pattern && (rest.length !== row.rest.length || rest.at(-1)?.text !== '*'))
    refuse(scheme, urn, fields.at(-1)?.at ?? prefix.length, '* for the serial number, and nothing else left open')
  const filled = pattern ? rest.slice(0, -1) : rest
  if (!pattern && (reference === undefined || rest.length !== row.rest.length))
    refuse(scheme, urn, urn.length, `${row.rest.length + 2} parts divided by dots in ${row.name}`)
  const elements = elementsOf(urn, row, company.text, reference ?? { text: '', at: urn.length }, filled)
  return { kind: pattern ? 'idpat' : row.kind, scheme: row.name, companyPrefix: company.text, elements }
}

/** The parts between dots; the last takes the dots that are left, which serial numbers may have. */
function fieldsOf(urn: string, from: number, count: number): readonly Field[] {
  const fields: Field[] = []
  let at = from
  while (fields.length < count - 1) {
    const dot = urn.indexOf('.', at)
    if (dot === -1) break
    fields.push({ text: urn.slice(at, dot), at })
    at = dot + 1
  }
  return [...fields, { text: urn.slice(at), at }]
}

function elementsOf(
  urn: string,
  row: EpcScheme,
  company: string,
  reference: Field,
  rest: readonly Field[],
): readonly Element[] {
  let key = keyStart(urn, row, company, reference)
  const others: { element: Element; field: Field }[] = []
  for (const [index, field] of rest.entries()) {
    const { ai, digits, none } = row.rest[index] as EpcField
    if (digits !== undefined && !new RegExp(`^\\d{${digits}}$`).test(field.text))
      refuse(scheme, urn, field.at, `${digits} digits`)
    if (field.text === '') refuse(scheme, urn, field.at, 'a serial number')
    if (none !== undefined && field.text === none) continue
    if (ai === undefined) key += unescaped(urn, field)
    else others.push({ element: { ai, value: unescaped(urn, field) }, field })
  }
  checkValue(urn, { ai: row.key, value: key }, reference)
  for (const { element, field } of others) checkValue(urn, element, field)
  return [{ ai: row.key, value: key }, ...others.map(({ element }) => element)]
}

/** The key up to the check digit, or up to the end of a reference of text. */
function keyStart(urn: string, row: EpcScheme, company: string, reference: Field): string {
  if (row.digits === undefined) {
    if (reference.text === '') refuse(scheme, urn, reference.at, 'a reference')
    return company + unescaped(urn, reference)
  }
  const length = row.digits - company.length
  if (!/^\d*$/.test(reference.text) || reference.text.length !== length)
    refuse(scheme, urn, reference.at, `${length} digits behind a company prefix of ${company.length}`)
  const first = row.leads === true ? 1 : 0
  const body = reference.text.slice(0, first) + company + reference.text.slice(first)
  return (row.before ?? '') + body + checkDigit(body)
}

function unescaped(urn: string, field: Field): string {
  const strange = field.text.search(/[^!'()*+,\-.:;=_%0-9A-Za-z]/)
  if (strange !== -1) refuse(scheme, urn, field.at + strange, 'a character of a URN (" % & / < > ? # are written %XX)')
  const decoded = decodePercent(field.text)
  if ('wrong' in decoded)
    return refuse(scheme, urn, field.at + decoded.wrong, '%XX that stands for a character of the identifier')
  return decoded.value
}

function checkValue(urn: string, { ai, value }: Element, field: Field): void {
  const row = applicationIdentifiers.get(ai)
  const fault = row && valueFault(row, value)
  if (fault !== undefined) refuse(scheme, urn, field.at, fault.expected)
}

/**
 * The canonical GS1 Digital Link URI of an EPC: `urn:epc:id:sgtin:0614141.112345.400` →
 * `https://id.gs1.org/01/10614141123459/21/400`. Also of classes: `urn:epc:class:lgtin:…` and `urn:epc:idpat:…` whose serial number
 * is `*`. What CBV 2.0 §8.9 puts into event hashes; of values with any of `!'()*+,:;=` the public hash generator leaves these as they
 * are, where the URI Syntax escapes them. Throws IdentifierError.
 */
export function epcToDigitalLink(urn: string): string {
  const [key, ...qualifiers] = parseEpcUrn(urn).elements
  return canonicalUri({ key: key as Element, qualifiers })
}

/** An EPC's parts as text without escapes: `rest` is what follows the reference. `*` stands in `rest` for what is open. Throws IdentifierError. */
export function partsOfEpc(urn: string) {
  const canonical = canonicalEpc(urn)
  const [, kind = '', name = ''] = /^urn:epc:(\w+):(\w+):/.exec(canonical) ?? []
  const fields = epcSchemes.find((each) => each.name === name)?.rest.length ?? 0
  const [company = '', reference = '', ...rest] = fieldsOf(
    canonical,
    `urn:epc:${kind}:${name}:`.length,
    fields + 2,
  ).map(({ text }) => decodeURIComponent(text))
  return { kind, scheme: name, company, reference, rest }
}

/** The URN in its one form: escapes only where they must be, in capital letters. Throws IdentifierError. */
export function canonicalEpc(urn: string): string {
  const { kind, scheme: name, companyPrefix, elements } = parseEpcUrn(urn)
  const row = epcSchemes.find((each) => each.name === name) as EpcScheme
  return urnOf(row, elements, companyPrefix.length, kind === 'idpat')
}

/**
 * The EPC URN of a GS1 key with its qualifiers. Where the company prefix ends no key says itself: its digits are given. Behind a
 * serial number lot and variant are left out, as they tell nothing from others that it does not. Throws IdentifierError when the
 * key has no EPC, or a qualifier that an EPC cannot say.
 */
export function epcUrnOf(elements: readonly Element[], companyPrefixLength: number): string {
  const text = elements.map(({ ai, value }) => `(${ai})${value}`).join('')
  const [key] = elements
  const candidates = epcSchemes.filter((row) => row.key === key?.ai)
  if (key === undefined || candidates.length === 0) return refuse(scheme, text, 0, 'a GS1 key that has an EPC')
  const start = companyStart(candidates[0] as EpcScheme)
  if (
    !(companyPrefixLength >= 6 && companyPrefixLength <= 12) ||
    !/^\d+$/.test(key.value.slice(start, start + companyPrefixLength))
  )
    refuse(scheme, text, key.ai.length + 2 + start, 'a GS1 Company Prefix of 6 to 12 digits')
  const others = elements.slice(1).map(({ ai }) => ai)
  const named = (row: EpcScheme) => row.rest.flatMap(({ ai }) => ai ?? [])
  const complete = candidates.find(
    (row) => named(row).every((ai) => others.includes(ai)) && (named(row).length > 0 || others.length === 0),
  )
  if (complete !== undefined && !lacksSerial(complete, key))
    return urnOf(complete, elements, companyPrefixLength, false)
  const open = candidates.find((row) => row.rest.length > 0 && row.kind === 'id')
  if (open?.name === 'sgln' && others.length === 0) return urnOf(open, elements, companyPrefixLength, false)
  if (open === undefined || others.length > 0)
    return refuse(scheme, text, elements[1] ? text.indexOf(`(${elements[1].ai})`) : 0, 'qualifiers that an EPC can say')
  return urnOf(open, elements, companyPrefixLength, true)
}

const companyStart = ({ leads, before }: EpcScheme) => (leads === true ? 1 : 0) + (before?.length ?? 0)

/** A key whose own serial number is absent: a type of returnable assets, not one of them. */
function lacksSerial(row: EpcScheme, key: Element): boolean {
  return (
    row.digits !== undefined &&
    row.rest.some(({ ai, digits }) => ai === undefined && digits === undefined) &&
    key.value.length === keyLength(row)
  )
}

const keyLength = (row: EpcScheme) => (row.before?.length ?? 0) + (row.digits ?? 0) + 1

function urnOf(row: EpcScheme, elements: readonly Element[], companyLength: number, pattern: boolean): string {
  const key = elements[0]?.value ?? ''
  const start = companyStart(row)
  const company = key.slice(start, start + companyLength)
  const behind = start + companyLength
  const lead = row.leads === true ? key.slice(0, 1) : ''
  const reference = row.digits === undefined ? key.slice(behind) : lead + key.slice(behind, keyLength(row) - 1)
  let at = row.digits === undefined ? key.length : keyLength(row)
  const rest = row.rest.map(({ ai, digits, none }, index) => {
    if (pattern && index === row.rest.length - 1) return '*'
    if (ai !== undefined) return elements.find((each) => each.ai === ai)?.value ?? none ?? ''
    const end = digits === undefined ? key.length : at + digits
    const piece = key.slice(at, end)
    at = end
    return piece
  })
  const body = [company, reference, ...rest].map((part, index) =>
    pattern && index === rest.length + 1 ? part : escapedForUrn(part),
  )
  return `urn:epc:${pattern ? 'idpat' : row.kind}:${row.name}:${body.join('.')}`
}

/** TDS 2.2 Annex A: these characters of set 82 and 39 are escaped in a URN, all others stand. */
export function escapedForUrn(text: string): string {
  return text.replace(/["%&/<>?#]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`)
}
