import { AddressScanner } from '../../address.ts'
import { type NodePath, parsePath } from './path.ts'

/** Of a NodeId (OPC 10000-6 §5.3.1.10): numeric, string, GUID, opaque. */
export type IdentifierKind = 'i' | 's' | 'g' | 'b'

/** What is picked of a node's value. */
export interface Part {
  /** Element of a one-dimensional array, from 0. */
  element: number | undefined
  /** Way into a structure: names of members, and elements of members that are arrays. */
  members: readonly (string | number)[]
}

export interface OpcUaAddress extends Part {
  /** Index into the server's NamespaceArray, or the URI that is looked up there after each connect. */
  namespace: number | string
  /** `t`: no NodeId, but a way from an instance of a type. */
  kind: IdentifierKind | 't'
  /** Without its kind; never with the part of the value. */
  identifier: string
  path?: NodePath
  /**
   * Makers put `[3]` and `#` into string identifiers too. Where several readings are possible, the server decides: the
   * first of these whose node it has, else the address as it stands here.
   */
  otherReadings: readonly Reading[]
}

export interface Reading extends Part {
  identifier: string
}

const identifierCharactersMax = 4096
const whole: Part = { element: undefined, members: [] }

/**
 * `ns=2;s=Barrel.Zone1`, `nsu=http://example.org/press;i=5`, `i=2258`, or `nsu=…;t=MachineToolType/Monitoring/…`, a way
 * from an instance of a type; behind each an element `[0]` and a way into a structure `#Position.Actual[2]`.
 */
export function parseOpcUaAddress(address: string): OpcUaAddress {
  const scan = new AddressScanner(address)
  const namespace = parseNamespace(scan)
  const kind = scan
    .take(/[isgbt]=/iy, {
      zh: 'i=、s=、g=、b= 或 t=（在命名空间之后）',
      en: 'i=, s=, g=, b= or t= (after the namespace)',
    })
    .charAt(0)
    .toLowerCase() as OpcUaAddress['kind']
  const began = scan.at
  if (kind === 's') return { namespace, kind, ...parseText(scan) }
  if (kind === 't') {
    const path = parsePath(scan)
    return { namespace, kind, identifier: address.slice(began, scan.at), path, ...parsePart(scan), otherReadings: [] }
  }
  const identifier =
    kind === 'i'
      ? String(scan.number(0, 0xffff_ffff, { zh: '数字标识', en: 'a number' }))
      : kind === 'g'
        ? scan
            .take(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/iy, {
              zh: '8-4-4-4-12 位十六进制数字的 GUID',
              en: 'a GUID in 8-4-4-4-12 hexadecimal digits',
            })
            .toUpperCase()
        : scan.take(/[a-z\d+/]+={0,2}/iy, 'base64')
  if (identifier.length > identifierCharactersMax)
    scan.fail(
      { zh: `不超过 ${identifierCharactersMax} 个字符的标识`, en: `at most ${identifierCharactersMax} characters` },
      began,
    )
  return { namespace, kind, identifier, ...parsePart(scan), otherReadings: [] }
}

function parseNamespace(scan: AddressScanner): number | string {
  if (scan.optional(/ns=/iy) !== undefined) {
    const index = scan.number(0, 65_535, { zh: '命名空间序号', en: 'a namespace index' })
    scan.take(/;/y, ';')
    return index
  }
  if (scan.optional(/nsu=/iy) === undefined) return 0
  const uri = scan.take(/[^;]+/y, { zh: '命名空间 URI', en: 'the URI of a namespace' })
  scan.take(/;/y, ';')
  // A semicolon in a URI is written %3B, and a percent sign %25 (OPC 10000-6 §5.1.12).
  return uri.replace(/%3B/gi, ';').replace(/%25/g, '%')
}

/** `[3]` and `#Member.Other[2]`, both optional, and then the end. */
function parsePart(scan: AddressScanner): Part {
  const element = parseElement(scan)
  const members = scan.optional(/#/y) === undefined ? [] : parseMembers(scan)
  scan.end()
  return { element, members }
}

function parseElement(scan: AddressScanner): number | undefined {
  if (scan.optional(/\[/y) === undefined) return undefined
  const element = scan.number(0, 0xffff_ffff, { zh: '元素下标', en: 'an element' })
  scan.take(/\]/y, ']')
  return element
}

const anIdentifier = { zh: '标识', en: 'an identifier' }
const memberExpected = {
  zh: '结构的成员，如 Position、Zones[2] 或 "主轴 负载"',
  en: 'a member of the structure, such as Position, Zones[2] or "two words"',
}

function parseMembers(scan: AddressScanner): (string | number)[] {
  const members: (string | number)[] = []
  do {
    const written = scan.take(/"[^"]+"|[\p{L}_][\p{L}\p{N}_-]*/uy, memberExpected)
    members.push(written.replaceAll('"', ''))
    const element = parseElement(scan)
    if (element !== undefined) members.push(element)
  } while (scan.optional(/\./y) !== undefined)
  return members
}

/** A `#` begins the way into a structure where a member may follow; one of the name itself is then written `##`. */
const hash = /##|#(?=[\p{L}_"])/gu

function parseText(scan: AddressScanner): Reading & Pick<OpcUaAddress, 'otherReadings'> {
  const began = scan.at
  const name = scan.take(/(?:##|#(?![\p{L}_"])|[^#])*/suy, anIdentifier)
  const isWithMembers = scan.optional(/#/y) !== undefined
  if (name === '' && !isWithMembers) scan.fail(anIdentifier)
  const members = isWithMembers ? parseMembers(scan) : []
  scan.end()
  if (scan.at - began > identifierCharactersMax)
    scan.fail(
      {
        zh: `不超过 ${identifierCharactersMax} 个字符的标识`,
        en: `an identifier of at most ${identifierCharactersMax} characters`,
      },
      began,
    )
  const written = scan.since(began)
  const plain = name.replaceAll('##', '#')
  const [, array, digits] = /^(.+)\[(\d{1,9})\]$/s.exec(plain) ?? []
  const otherReadings: Reading[] = []
  if (isWithMembers) otherReadings.push({ identifier: written.replaceAll('##', '#'), ...whole })
  if (array === undefined) return { identifier: plain, element: undefined, members, otherReadings }
  otherReadings.push({ identifier: plain, element: undefined, members })
  return { identifier: array, element: Number(digits), members, otherReadings }
}

/** The address as it is written; the inverse of `parseOpcUaAddress`. */
export function formatOpcUaAddress(
  address: Pick<OpcUaAddress, 'namespace' | 'kind' | 'identifier'> & Partial<Part>,
): string {
  const { namespace, kind, identifier, element, members = [] } = address
  const prefix =
    namespace === 0
      ? ''
      : typeof namespace === 'number'
        ? `ns=${namespace};`
        : `nsu=${namespace.replaceAll('%', '%25').replaceAll(';', '%3B')};`
  const escaped = kind === 's' ? identifier.replace(hash, (found) => `${found}${found}`) : identifier
  // A single one at the end would be read together with the one that begins the members.
  const isOpen = element === undefined && members.length > 0 && /(?:^|[^#])(?:##)*#$/.test(escaped)
  const name = isOpen ? `${escaped}#` : escaped
  return `${prefix}${kind}=${name}${element === undefined ? '' : `[${element}]`}${formatMembers(members)}`
}

/** A way into a structure as it is written behind an address. */
export const formatMembers = (members: Part['members']): string =>
  members
    .map((each, i) => {
      if (typeof each === 'number') return `[${each}]`
      const name = /^[\p{L}_][\p{L}\p{N}_-]*$/u.test(each) ? each : `"${each}"`
      return i === 0 ? `#${name}` : `.${name}`
    })
    .join('')
