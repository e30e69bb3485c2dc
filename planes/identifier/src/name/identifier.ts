import { parseDid } from './did.ts'
import { canonicalUri, digitalLinkOf, identityOf, levelsOf } from './digital-link.ts'
import { decompressDigitalLink } from './digital-link-compression.ts'
import { type DigitalLink, parseDigitalLink } from './digital-link-parse.ts'
import { parseEcode } from './ecode.ts'
import { parseElementString } from './element-string.ts'
import { decodeEpcTag, parseEpcTagUri } from './epc-binary.ts'
import { canonicalEpc, parseEpcUrn } from './epc-urn.ts'
import { checkDigit } from './gs1-check.ts'
import { parseCarrierCode, parseHandleName, prefixesAbove } from './handle-name.ts'
import { nameLimits } from './limits.ts'
import { checkLength, IdentifierError, refuse } from './name-error.ts'
import { oidsAbove, parseOid, parseOidIri } from './oid.ts'

/** What any text names, told from its form. */
export interface Identifier {
  readonly scheme: 'gs1' | 'epc' | 'handle' | 'oid' | 'oid-iri' | 'ecode' | 'did'
  /** The form in which names of the scheme are compared; of GS1 keys the canonical Digital Link. */
  readonly canonical: string
  /** The canonical form, then what the named thing belongs to: serial number, lot, GTIN; object, enterprise, node, 88. */
  readonly levels: readonly string[]
  /** The canonical Digital Link of an EPC. */
  readonly digitalLink?: string
}

interface Form {
  readonly of: RegExp
  read(text: string): Identifier
}

/** The first form that a text has is the one that it is read by; its error is the one that people are told. */
const forms: readonly Form[] = [
  { of: /^urn:epc:tag:/i, read: (text) => epc(parseEpcTagUri(text).urn) },
  { of: /^urn:epc:/i, read: epc },
  { of: /^did:/i, read: did },
  { of: /^(?:oid:)?\/(?!\/)/i, read: oidIri },
  { of: /^(?:urn:)?oid:/i, read: oid },
  { of: /^ecode:/i, read: ecode },
  { of: /^(?:hdl:|https?:\/\/hdl\.handle\.net\/)/i, read: handle },
  { of: /^[a-z]+:\/\//i, read: uri },
  { of: /^(?:VAA|MA)(?=\d)/, read: (text) => named(parseCarrierCode(text).handle) },
  { of: /^(?:\(|\][A-Za-z]\d|[^/]*\p{Cc})/u, read: elementString },
  { of: /^(?:\d{8}|\d{12,14})$/, read: gtin },
  { of: /^(?=.*[A-Fa-f])(?:[0-9A-Fa-f]{4}){6,}$/, read: (text) => epc(decodeEpcTag(text).urn) },
  { of: /^\d+$/, read: elementString },
  { of: /^[\d.]+$/, read: oid },
  { of: /\//, read: handle },
]

/**
 * Reads a name of any scheme: GS1 element string, GTIN, Digital Link (also compressed), EPC URN, tag URI or tag content, handle, VAA or MA
 * carrier code, OID, OID-IRI, Ecode (with `ecode:`), DID. Blanks around it are no part of it. Throws IdentifierError: of the scheme
 * whose form the text has, with position (in the text without those blanks) and expectation.
 */
export function parseIdentifier(text: string): Identifier {
  const trimmed = text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '')
  checkLength('identifier', trimmed, nameLimits.textLength)
  const form = forms.find(({ of }) => of.test(trimmed))
  if (form === undefined)
    return refuse(
      'identifier',
      trimmed,
      0,
      'a GS1 code, an EPC, a handle such as 88.608.8889/part, an OID, an Ecode or a DID',
    )
  return form.read(trimmed)
}

/** What an element string has beside key and qualifiers, such as a weight or a company's own data, names nothing. */
function elementString(text: string): Identifier {
  const identity = identityOf(parseElementString(text))
  if (identity === undefined) return refuse('GS1 element string', text, 0, 'a primary key such as (01) among the AIs')
  return gs1({ ...identity, stem: '', attributes: [], parameters: [] })
}

function gs1(link: DigitalLink): Identifier {
  return { scheme: 'gs1', canonical: canonicalUri(link), levels: levelsOf(link).map(canonicalUri) }
}

function gtin(digits: string): Identifier {
  const value = digits.padStart(14, '0')
  const wanted = checkDigit(value.slice(0, -1))
  if (!value.endsWith(wanted)) refuse('GTIN', digits, digits.length - 1, `the check digit ${wanted}`)
  return gs1(digitalLinkOf([{ ai: '01', value }]))
}

function uri(text: string): Identifier {
  try {
    return gs1(parseDigitalLink(text, { shortGtin: true }))
  } catch (error) {
    if (!(error instanceof IdentifierError)) throw error
    try {
      return gs1(decompressDigitalLink(text))
    } catch (second) {
      // What is neither is told as what most people write.
      if (second instanceof IdentifierError) throw error
      throw second
    }
  }
}

function epc(urn: string): Identifier {
  const { elements } = parseEpcUrn(urn)
  const levels = levelsOf(digitalLinkOf(elements)).map(canonicalUri)
  const canonical = canonicalEpc(urn)
  return { scheme: 'epc', canonical, levels: [canonical, ...levels.slice(1)], digitalLink: levels[0] }
}

function named(name: ReturnType<typeof parseHandleName>): Identifier {
  return { scheme: 'handle', canonical: name.canonical, levels: [name.canonical, ...prefixesAbove(name)] }
}

function handle(text: string): Identifier {
  return named(parseHandleName(text))
}

function oid(text: string): Identifier {
  const read = parseOid(text)
  return { scheme: 'oid', canonical: read.canonical, levels: [read.canonical, ...oidsAbove(read)] }
}

function oidIri(text: string): Identifier {
  const { canonical, labels } = parseOidIri(text)
  const above = labels.slice(1).map((_, index) => `/${labels.slice(0, labels.length - 1 - index).join('/')}`)
  return { scheme: 'oid-iri', canonical, levels: [canonical, ...above] }
}

function ecode(text: string): Identifier {
  const { canonical } = parseEcode(text)
  return { scheme: 'ecode', canonical, levels: [canonical] }
}

function did(text: string): Identifier {
  const { canonical } = parseDid(text)
  return { scheme: 'did', canonical, levels: [canonical] }
}
