import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applicationIdentifiers, type Element, valueFault } from './application-identifier.ts'
import { canonicalDigitalLink, canonicalUri, digitalLinkOf, digitalLinkUri, levelsOf } from './digital-link.ts'
import { compressedDigitalLink, decompressDigitalLink } from './digital-link-compression.ts'
import { parseDigitalLink } from './digital-link-parse.ts'
import { parseEcode } from './ecode.ts'
import { bracketElementString, parseElementString, scannedElementString } from './element-string.ts'
import { decodeEpcTag, encodeEpcTag, epcTagUri, parseEpcTagUri } from './epc-binary.ts'
import { epcCodings } from './epc-codings.ts'
import { canonicalEpc, epcToDigitalLink, parseEpcUrn } from './epc-urn.ts'
import { parseHandleName } from './handle-name.ts'
import { parseIdentifier } from './identifier.ts'
import { linesOf } from './lists.ts'
import { IdentifierError } from './name-error.ts'

const numRuns = Number(process.env.KAPOK_FUZZ_RUNS ?? 300)

/** Valid texts with some characters exchanged, put in or taken out, and texts of the characters that matter. */
function damaged(lists: readonly string[]): fc.Arbitrary<string> {
  const texts = lists.flatMap((list) => linesOf(list).map(([text = '']) => text))
  const character = fc.oneof(
    fc.constantFrom(...'0123456789/()%:.?=&;*\x1d]ABab -_中\ud800'),
    fc.string({ unit: 'binary', maxLength: 2 }),
  )
  const edit = fc.record({ at: fc.nat(80), take: fc.nat(3), put: fc.array(character, { maxLength: 3 }) })
  return fc.oneof(
    fc
      .tuple(fc.constantFrom(...texts), fc.array(edit, { maxLength: 4 }))
      .map(([text, edits]) =>
        edits.reduce((left, { at, take, put }) => left.slice(0, at) + put.join('') + left.slice(at + take), text),
      ),
    fc.array(character, { maxLength: 60 }).map((parts) => parts.join('')),
  )
}

/** Each text is refused with a place within it, or read; of what was read the check holds. */
function readOrRefused<T>(texts: fc.Arbitrary<string>, read: (text: string) => T, check: (found: T) => void): void {
  fc.assert(
    fc.property(texts, (text) => {
      const found = orRefused(
        () => read(text),
        ({ position, expected }) => expect(position >= 0 && position <= text.length && expected !== '').toBe(true),
      )
      if (found !== undefined) check(found)
    }),
    { numRuns },
  )
}

test('damaged element strings are read or refused with a place within them', () => {
  readOrRefused(damaged(['gs1-element-string-valid', 'gs1-element-string-invalid']), parseElementString, (elements) => {
    expect(parseElementString(bracketElementString(elements))).toEqual(elements)
  })
})

test('damaged Digital Links are read or refused with a place within them', () => {
  readOrRefused(damaged(['gs1-digital-link-valid', 'gs1-digital-link-invalid']), parseDigitalLink, (link) => {
    expect(canonicalDigitalLink(digitalLinkUri(link))).toBe(canonicalUri(link))
    expect(levelsOf(link).length).toBeGreaterThan(0)
  })
})

test('damaged EPC URNs are read or refused with a place within them', () => {
  readOrRefused(damaged(['epc-urn-valid', 'epc-urn-invalid']), canonicalEpc, (urn) => {
    expect(canonicalEpc(urn)).toBe(urn)
    expect(parseDigitalLink(epcToDigitalLink(urn)).key).toEqual(parseEpcUrn(urn).elements[0])
  })
})

test('damaged compressed links and random segments are read or refused, and what was read comes back', () => {
  const segment = fc.stringMatching(/^[A-Za-z0-9_-]{1,60}$/).map((text) => `https://example.com/${text}`)
  readOrRefused(
    fc.oneof(damaged(['gs1-compressed-valid', 'gs1-digital-link-valid']), segment),
    decompressDigitalLink,
    (link) => {
      expect(canonicalUri(decompressDigitalLink(compressedDigitalLink(link)))).toBe(canonicalUri(link))
    },
  )
})

test('damaged and random contents of tags are read or refused, and what was read comes back', () => {
  const random = fc.tuple(
    fc.constantFrom(...epcCodings.map(({ header }) => header.toString(16))),
    fc.stringMatching(/^[0-9a-f]{1,60}$/),
  )
  const tags = fc.oneof(
    damaged(['epc-tag-valid', 'epc-tag-invalid']),
    random.map((parts) => parts.join('')),
  )
  readOrRefused(tags, decodeEpcTag, (tag) => {
    expect(decodeEpcTag(encodeEpcTag(tag))).toEqual(tag)
    expect(parseEpcTagUri(epcTagUri(tag))).toEqual(tag)
  })
})

test('damaged names of any scheme are read or refused, and their canonical form is itself', () => {
  const lists = [
    'handle',
    'oid',
    'oid-iri',
    'did',
    'ecode',
    'epc-tag',
    'epc-urn',
    'gs1-digital-link',
    'gs1-element-string',
  ]
  readOrRefused(
    damaged(lists.flatMap((list) => [`${list}-valid`, `${list}-invalid`])),
    parseIdentifier,
    ({ scheme, canonical, levels }) => {
      expect(levels[0]).toBe(canonical)
      if (scheme !== 'ecode' && scheme !== 'handle')
        expect(parseIdentifier(canonical)).toMatchObject({ canonical, levels })
    },
  )
  readOrRefused(damaged(['handle-valid']), parseHandleName, ({ canonical }) =>
    expect(parseHandleName(canonical).canonical).toBe(canonical),
  )
  readOrRefused(damaged(['ecode-valid', 'ecode-invalid']), parseEcode, ({ canonical }) =>
    expect(parseEcode(canonical).canonical).toBe(canonical),
  )
  readOrRefused(
    damaged(['epc-tag-valid']).map((text) => `urn:epc:tag:${text}`),
    parseEpcTagUri,
    (tag) => expect(parseEpcTagUri(epcTagUri(tag))).toEqual(tag),
  )
})

test('any elements are refused or make a Digital Link and element strings that say the same', () => {
  const value = fc.oneof(fc.stringMatching(/^\d{1,20}$/), fc.string({ maxLength: 30 }))
  const element = fc.record({ ai: fc.constantFrom(...applicationIdentifiers.keys(), '9', '9999', ''), value })
  const known = linesOf('gs1-element-string-valid').flatMap(([text = '']) => parseElementString(text))
  const elements = fc.array(fc.oneof(element, fc.constantFrom(...known)), { maxLength: 4 })
  fc.assert(
    fc.property(elements, (list: readonly Element[]) => {
      const valid = list.every((each) => {
        const row = applicationIdentifiers.get(each.ai)
        return row !== undefined && valueFault(row, each.value) === undefined
      })
      const link = orRefused(() => digitalLinkOf(list))
      if (link === undefined) return
      expect(valid).toBe(true)
      expect(parseDigitalLink(digitalLinkUri(link))).toEqual({ ...link, attributes: expect.anything() })
      expect(parseElementString(scannedElementString(list))).toEqual(list)
    }),
    { numRuns },
  )
})

function orRefused<T>(make: () => T, look: (refusal: IdentifierError) => void = () => {}): T | undefined {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof IdentifierError)) throw error
    look(error)
    return undefined
  }
}
