/** A piece of a URI, decoded, and where each place of it was written. */
export interface Decoded {
  readonly value: string
  /** Where, in the encoded text, the character at an offset of the value begins. */
  place(offset: number): number
}

/**
 * Percent-encoding undone, as ASCII (RFC 3986 §2.1): identifiers here have no other characters. Undefined when a `%` has no two
 * hexadecimal digits behind it, with the place of it, or when it stands for a byte that is not printable ASCII.
 */
export function decodePercent(text: string): Decoded | { readonly wrong: number } {
  let value = ''
  const places: number[] = []
  for (let at = 0; at < text.length; at++) {
    places.push(at)
    if (text[at] !== '%') {
      value += text[at]
      continue
    }
    const hex = /^[0-9A-Fa-f]{2}/.exec(text.slice(at + 1, at + 3))?.[0]
    const code = Number.parseInt(hex ?? '', 16)
    if (hex === undefined || code < 0x20 || code > 0x7e) return { wrong: at }
    value += String.fromCharCode(code)
    at += 2
  }
  return { value, place: (offset) => places[offset] ?? text.length }
}

/** A value as a segment of a URI's path or as a value of its query: all but RFC 3986's unreserved characters encoded. */
export function encodePercent(value: string): string {
  return encodeURIComponent(value).replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`)
}
