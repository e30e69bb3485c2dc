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

export const canonicalUri: CanonicalUri = (uri) => {
  const read = uri.startsWith('urn:epc:') ? epcToDigitalLink : hasKey.test(uri) ? canonicalDigitalLink : undefined
  if (read === undefined) return undefined
  try {
    return finestLevel(read(uri))
  } catch (error) {
    // An EPC that is wrong is kept as it came, and found as it came.
    if (error instanceof IdentifierError) return undefined
    throw error
  }
}

function finestLevel(link: string): string {
  const query = link.search(/[?#]/)
  const [home = '', ...rest] = (query < 0 ? link : link.slice(0, query)).split(/(?<=:\/\/[^/]+)\//)
  const parts = rest.join('/').split('/')
  const [key = '', value = ''] = parts
  const qualifiers = new Map<string, string>()
  for (let i = 2; i + 1 < parts.length; i += 2) qualifiers.set(parts[i] ?? '', parts[i + 1] ?? '')
  const kept = finest[key]?.find((qualifier) => qualifiers.has(qualifier))
  return kept === undefined ? `${home}/${key}/${value}` : `${home}/${key}/${value}/${kept}/${qualifiers.get(kept)}`
}
