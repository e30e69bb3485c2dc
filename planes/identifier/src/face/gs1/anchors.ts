import {
  canonicalUri,
  type DigitalLink,
  decompressDigitalLink,
  IdentifierError,
  levelsOf,
  parseDigitalLink,
} from '../../name/name.ts'

/** A Digital Link as it was sent, and whether it was compressed. The refusal of an uncompressed one is told when it is neither. */
export function readDigitalLink(uri: string): { readonly link: DigitalLink; readonly compressed: boolean } {
  try {
    return { link: parseDigitalLink(uri, { shortGtin: true }), compressed: false }
  } catch (error) {
    if (!(error instanceof IdentifierError)) throw error
    try {
      return { link: decompressDigitalLink(uri), compressed: true }
    } catch (second) {
      throw second instanceof IdentifierError ? error : second
    }
  }
}

/**
 * The things of which links may be registered that hold for a Digital Link, the finest first: its key with any of its qualifiers
 * (Resolver 1.2 §2.5.9 rule 4), those with the serial number before those without; then the class of a key with a serial
 * number of its own.
 */
export function anchorsOf(link: DigitalLink): readonly DigitalLink[] {
  const { qualifiers } = link
  const count = 2 ** qualifiers.length
  const subsets = Array.from({ length: count }, (_, index) =>
    // The last qualifier is the finest and has the highest bit.
    qualifiers.filter((_, place) => ((count - 1 - index) >> place) & 1),
  )
  const classes = levelsOf({ ...link, qualifiers: [] }).slice(1)
  return [...subsets.map((each) => ({ ...link, qualifiers: each, attributes: [], parameters: [] })), ...classes]
}

/**
 * Where links of a Digital Link are to be registered, as the canonical URI that `linksOf` is asked for: behind a serial number lot and
 * variant say nothing more and are left off (Resolver 1.2 §2.5.9 rule 2). Throws IdentifierError.
 */
export function registeredAnchor(uri: string): string {
  const { link } = readDigitalLink(uri)
  const serial = link.qualifiers.filter(({ ai }) => ai === '21')
  return canonicalUri(serial.length === 0 ? link : { ...link, qualifiers: serial })
}
