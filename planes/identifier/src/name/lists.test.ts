import { expect, test } from 'vitest'
import { parseDid } from './did.ts'
import { canonicalDigitalLink, canonicalUri } from './digital-link.ts'
import { decompressDigitalLink } from './digital-link-compression.ts'
import { parseEcode } from './ecode.ts'
import { bracketElementString, parseElementString, scannedElementString } from './element-string.ts'
import { decodeEpcTag, epcTagUri } from './epc-binary.ts'
import { epcToDigitalLink } from './epc-urn.ts'
import { parseHandleName } from './handle-name.ts'
import { linesOf } from './lists.ts'
import { IdentifierError } from './name-error.ts'
import { parseOid, parseOidIri } from './oid.ts'

// Lists that others can use too: of each kind of name one of valid with their canonical form, one of invalid with the place.
const kinds: Record<string, (text: string) => string> = {
  'gs1-element-string': (text) => bracketElementString(parseElementString(text)),
  'gs1-digital-link': (uri) => canonicalDigitalLink(uri),
  'gs1-compressed': (uri) => canonicalUri(decompressDigitalLink(uri)),
  'epc-urn': epcToDigitalLink,
  'epc-tag': (hex) => epcTagUri(decodeEpcTag(hex)),
  handle: (text) => parseHandleName(text).canonical,
  oid: (text) => parseOid(text).canonical,
  'oid-iri': (text) => parseOidIri(text).canonical,
  ecode: (text) => parseEcode(text).canonical,
  did: (text) => parseDid(text).canonical,
}

for (const [kind, canonical] of Object.entries(kinds)) {
  for (const [text = '', expected] of linesOf(`${kind}-valid`))
    test(`${kind} ${text} is ${expected}`, () => {
      expect(canonical(text)).toBe(expected)
    })

  for (const [text = '', position, reason] of linesOf(`${kind}-invalid`))
    test(`${kind} ${text} is refused: ${reason}`, () => {
      const refusal = refusalOf(() => canonical(text))
      expect(`${refusal.position} (${refusal.message})`).toBe(`${position} (${refusal.message})`)
      expect(refusal.expected).not.toBe('')
    })
}

function refusalOf(read: () => unknown): IdentifierError {
  try {
    return expect.fail(`was read as ${JSON.stringify(read())}`)
  } catch (error) {
    if (error instanceof IdentifierError) return error
    throw error
  }
}

test('an element string with separators says the same as the one with brackets', () => {
  for (const [text = ''] of linesOf('gs1-element-string-valid')) {
    const elements = parseElementString(text)
    expect(parseElementString(scannedElementString(elements))).toEqual(elements)
  }
})
