import { AddressScanner } from '../../address.ts'

/** Of a NodeId (OPC 10000-6 §5.3.1.10): numeric, string, GUID, opaque. */
export type IdentifierKind = 'i' | 's' | 'g' | 'b'

export interface OpcUaAddress {
  /** Index into the server's NamespaceArray, or the URI that is looked up there after each connect. */
  namespace: number | string
  kind: IdentifierKind
  /** Without its kind; never with the array element. */
  identifier: string
  /** Element of a one-dimensional array, from 0. */
  element: number | undefined
  /**
   * Makers put `[3]` into string identifiers too. Where both readings are possible, the server decides: a node of the
   * whole name is taken if there is one, else the element of the node without the bracket.
   */
  wholeName: string | undefined
}

const identifierCharactersMax = 4096

/** `ns=2;s=Barrel.Zone1`, `nsu=http://example.org/press;i=5`, `i=2258`, each with an element `[0]` behind it. */
export function parseOpcUaAddress(address: string): OpcUaAddress {
  const scan = new AddressScanner(address)
  const namespace = parseNamespace(scan)
  const kind = scan
    .take(/[isgb]=/iy, 'i=, s=, g= or b= (after the namespace)')
    .charAt(0)
    .toLowerCase() as IdentifierKind
  const began = scan.at
  if (kind === 's') return { namespace, kind, ...parseText(scan) }
  const identifier =
    kind === 'i'
      ? String(scan.number(0, 0xffff_ffff, 'a number'))
      : kind === 'g'
        ? scan.take(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/iy, 'a GUID in 8-4-4-4-12 hexadecimal digits').toUpperCase()
        : scan.take(/[a-z\d+/]+={0,2}/iy, 'base64')
  if (identifier.length > identifierCharactersMax) scan.fail(`at most ${identifierCharactersMax} characters`, began)
  const element = scan.optional(/\[/y) === undefined ? undefined : scan.number(0, 0xffff_ffff, 'an element')
  if (element !== undefined) scan.take(/\]/y, ']')
  scan.end()
  return { namespace, kind, identifier, element, wholeName: undefined }
}

function parseNamespace(scan: AddressScanner): number | string {
  if (scan.optional(/ns=/iy) !== undefined) {
    const index = scan.number(0, 65_535, 'a namespace index')
    scan.take(/;/y, ';')
    return index
  }
  if (scan.optional(/nsu=/iy) === undefined) return 0
  const uri = scan.take(/[^;]+/y, 'the URI of a namespace')
  scan.take(/;/y, ';')
  // A semicolon in a URI is written %3B, and a percent sign %25 (OPC 10000-6 §5.1.12).
  return uri.replace(/%3B/gi, ';').replace(/%25/g, '%')
}

function parseText(scan: AddressScanner): Omit<OpcUaAddress, 'namespace' | 'kind'> {
  const began = scan.at
  const whole = scan.take(/.+/sy, 'an identifier')
  if (whole.length > identifierCharactersMax)
    scan.fail(`an identifier of at most ${identifierCharactersMax} characters`, began)
  const [, name, digits] = /^(.+)\[(\d{1,9})\]$/s.exec(whole) ?? []
  if (name === undefined) return { identifier: whole, element: undefined, wholeName: undefined }
  return { identifier: name, element: Number(digits), wholeName: whole }
}

/** The address as it is written; the inverse of `parseOpcUaAddress`. */
export function formatOpcUaAddress({ namespace, kind, identifier, element }: Omit<OpcUaAddress, 'wholeName'>): string {
  const prefix =
    namespace === 0
      ? ''
      : typeof namespace === 'number'
        ? `ns=${namespace};`
        : `nsu=${namespace.replaceAll('%', '%25').replaceAll(';', '%3B')};`
  return `${prefix}${kind}=${identifier}${element === undefined ? '' : `[${element}]`}`
}
