import type { CanonicalUri } from './canonical-uri.ts'
import { ownNamespaces } from './context.ts'
import { cbvUrnToUri } from './vocabulary.ts'

/** A value without blanks around it, numbers without superfluous zeros, words and keys as URIs. */
export function canonicalValue(value: string | number | boolean, canonical: CanonicalUri): string {
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return numberText(value)
  const text = value.trim()
  const first = text.charCodeAt(0)
  // Only what begins like a number can be one: digits, sign, point.
  if ((first >= 0x30 && first <= 0x39) || first === 0x2b || first === 0x2d || first === 0x2e)
    if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) {
      const number = Number(text)
      return Number.isFinite(number) ? numberText(number) : text
    }
  if (!text.includes(':')) return text
  const uri = curieToUri(cbvUrnToUri(text))
  return canonical(uri) ?? uri
}

/** CURIEs of GS1's own vocabularies; those of others stay as they are, as in the published vectors. */
function curieToUri(text: string): string {
  const colon = text.indexOf(':')
  const namespace = curies[text.slice(0, colon)]
  return namespace === undefined ? text : namespace + text.slice(colon + 1)
}
const curies: Readonly<Record<string, string | undefined>> = {
  __proto__: null as never,
  gs1: ownNamespaces.gs1,
  cbv: ownNamespaces.cbv,
  epcis: ownNamespaces.epcis,
}

/** Whole numbers with all their digits, small ones with an exponent of two digits, as the reference generator prints them. */
function numberText(value: number): string {
  if (Number.isInteger(value)) return BigInt(value).toString()
  const text = Math.abs(value) < 1e-4 ? value.toExponential() : String(value)
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}

/** Order of the UTF-8 bytes, which for text beyond the basic plane is not JavaScript's own. */
export function bytewise(a: string, b: string): number {
  if (/[\ud800-\udfff]/.test(a + b)) return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return a < b ? -1 : a > b ? 1 : 0
}
