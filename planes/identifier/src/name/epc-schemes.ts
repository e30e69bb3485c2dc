/**
 * How EPC URNs are made of GS1 keys (GS1 EPC Tag Data Standard 2.2, §6 and §7). Every body begins with a GS1 Company Prefix of 6 to
 * 12 digits and a dot.
 */
export interface EpcScheme {
  readonly name: string
  /** `id` is a thing, `class` a batch of them; of `id` schemes with a serial number `urn:epc:idpat:` with `*` names the class. */
  readonly kind: 'id' | 'class'
  /** The AI of the key. */
  readonly key: string
  /** Digits of company prefix and reference together, behind which the check digit stands; undefined for references of text. */
  readonly digits?: number
  /** The reference's first digit (indicator, extension) stands before the company prefix in the key. */
  readonly leads?: boolean
  /** Digits before the company prefix in the key. */
  readonly before?: string
  /** What follows the reference, each behind a dot: more of the key, or another AI. */
  readonly rest: readonly EpcField[]
}

export interface EpcField {
  /** The AI whose value it is; undefined for what belongs to the key itself. */
  readonly ai?: string
  /** Exact digits. */
  readonly digits?: number
  /** Says that there is no such AI. */
  readonly none?: string
}

const serial = { ai: '21' }
const ofKey = {}

export const epcSchemes: readonly EpcScheme[] = [
  { name: 'sgtin', kind: 'id', key: '01', digits: 13, leads: true, rest: [serial] },
  { name: 'sscc', kind: 'id', key: '00', digits: 17, leads: true, rest: [] },
  { name: 'sgln', kind: 'id', key: '414', digits: 12, rest: [{ ai: '254', none: '0' }] },
  { name: 'grai', kind: 'id', key: '8003', digits: 12, before: '0', rest: [ofKey] },
  { name: 'giai', kind: 'id', key: '8004', rest: [] },
  { name: 'gsrn', kind: 'id', key: '8018', digits: 17, rest: [] },
  { name: 'gsrnp', kind: 'id', key: '8017', digits: 17, rest: [] },
  { name: 'gdti', kind: 'id', key: '253', digits: 12, rest: [ofKey] },
  { name: 'cpi', kind: 'id', key: '8010', rest: [{ ai: '8011' }] },
  { name: 'sgcn', kind: 'id', key: '255', digits: 12, rest: [ofKey] },
  { name: 'ginc', kind: 'id', key: '401', rest: [] },
  { name: 'gsin', kind: 'id', key: '402', digits: 16, rest: [] },
  { name: 'itip', kind: 'id', key: '8006', digits: 13, leads: true, rest: [{ digits: 2 }, { digits: 2 }, serial] },
  { name: 'upui', kind: 'id', key: '01', digits: 13, leads: true, rest: [{ ai: '235' }] },
  { name: 'pgln', kind: 'id', key: '417', digits: 12, rest: [] },
  { name: 'lgtin', kind: 'class', key: '01', digits: 13, leads: true, rest: [{ ai: '10' }] },
]

/** Schemes of the Tag Data Standard that are no GS1 keys: no Digital Link names what they name. */
export const otherEpcSchemes: readonly string[] = ['gid', 'usdod', 'adi', 'bic', 'imovn']
