import { canonicalDigitalLink, epcToDigitalLink, IdentifierError } from '../name/name.ts'

/**
 * One spelling for an identifier that has several: the canonical GS1 Digital Link URI at its finest level, without query
 * (CBV 2.0 §8.9); undefined for what carries no GS1 key.
 */
export type CanonicalUri = (uri: string) => string | undefined

/** Web URIs without a GS1 key in their path are the most; the parser need not look at them. */
const hasKey = /^https?:\/\/[^/?#]+(?:\/[^?#]*)?\/(?:0[01]|25[35]|40[12]|41[47]|800[346]|8010|801[78])\//

// Qualifiers from the coarsest to the finest, by primary key, of which CBV 2.0 §8.9 keeps the finest one.
const finest: Readonly<Record<string, readonly string[]>> = {
  '01': ['21', '235', '10'],
  '8006': ['21', '10'],
  '414': ['254'],
  '8010': ['8011'],
}

// The same EPC stands in several events of a document, and is asked for by its hash and by its index.
const known = new Map<string, string | undefined>()
const knownMax = 16_384
const knownCharacters = 256

export const canonicalUri: CanonicalUri = (uri) => {
  const before = known.get(uri)
  if (before !== undefined || known.has(uri)) return before
  const form = formOf(uri)
  if (uri.length <= knownCharacters) {
    if (known.size >= knownMax) known.clear()
    known.set(uri, form)
  }
  return form
}

// Words that stood for keys and qualifiers in Digital Links before release 1.2, and in events of that time.
const words: Readonly<Record<string, string>> = {
  sscc: '00',
  gtin: '01',
  gdti: '253',
  gcn: '255',
  ginc: '401',
  gsin: '402',
  gln: '414',
  party: '417',
  grai: '8003',
  giai: '8004',
  itip: '8006',
  cpid: '8010',
  gsrnp: '8017',
  gsrn: '8018',
  cpv: '22',
  lot: '10',
  ser: '21',
}
const worded = new RegExp(`^https?://[^/?#]+(?:/[^?#]*)?/(?:${Object.keys(words).join('|')})/`)

const inNumbers = (uri: string): string =>
  worded.test(uri)
    ? uri.replace(/\/([a-z]{3,5})(?=\/)/g, (part, word) => (Object.hasOwn(words, word) ? `/${words[word]}` : part))
    : uri

function formOf(given: string): string | undefined {
  const uri = given.startsWith('http') ? inNumbers(given) : given
  const read = uri.startsWith('urn:epc:') ? epcToDigitalLink : hasKey.test(uri) ? canonicalDigitalLink : undefined
  if (read === undefined) return undefined
  try {
    return finestLevel(read(uri)).replace(escaped, decodeURIComponent)
  } catch (error) {
    // An EPC that is wrong is kept as it came, and found as it came.
    if (error instanceof IdentifierError) return undefined
    throw error
  }
}

/** Signs that a path may have as they are (RFC 3986 sub-delims and the colon): the published hash vectors leave them so. */
const escaped = /%(?:2[1789ABC]|3[ABD])/gi

const stem = 'https://id.gs1.org'

/** Of a canonical link, without its query. */
function finestLevel(link: string): string {
  const query = link.search(/[?#]/)
  const path = query < 0 ? link : link.slice(0, query)
  const [, key = '', value = '', ...qualifiers] = path.slice(stem.length).split('/')
  if (qualifiers.length === 0) return path
  for (const kept of finest[key] ?? []) {
    const at = qualifiers.findIndex((each, i) => i % 2 === 0 && each === kept)
    if (at >= 0) return `${stem}/${key}/${value}/${kept}/${qualifiers[at + 1]}`
  }
  return `${stem}/${key}/${value}`
}
