import { expect, test } from 'vitest'
import { codingFor, decodeEpcTag, encodeEpcTag, epcTagUri, parseEpcTagUri } from './epc-binary.ts'
import { epcCodings } from './epc-codings.ts'
import { linesOf } from './lists.ts'

const peer = await import('epc-tds').then(
  ({ default: tds }) => tds as unknown as { fromTagURI(uri: string): { toHexString(): string } },
  () => undefined,
)

for (const [hex = '', uri = ''] of linesOf('epc-tag-valid'))
  test(`${uri} is written as ${hex}, and needs no longer encoding`, () => {
    const tag = parseEpcTagUri(uri)
    expect(encodeEpcTag(tag)).toBe(hex)
    expect(decodeEpcTag(hex.toLowerCase())).toEqual(tag)
    expect(codingFor(tag.urn)).toBe(tag.coding)
  })

test('each encoding has an example but the longest of pieces', () => {
  const seen = new Set(linesOf('epc-tag-valid').map(([, uri = '']) => parseEpcTagUri(uri).coding))
  expect(epcCodings.map(({ name }) => name).filter((name) => !seen.has(name))).toEqual(['itip-212'])
})

// epc-tds leaves escapes as they are, loses the zero that a coupon's serial number begins with, and knows no pieces.
test.skipIf(peer === undefined)('epc-tds writes the same', () => {
  const shared = linesOf('epc-tag-valid').filter(([, uri = '']) => !/%|itip|cpi-var|gsrnp|04711|\.\./.test(uri))
  expect(shared.length).toBeGreaterThan(8)
  for (const [hex = '', uri = ''] of shared) {
    const theirs = peer?.fromTagURI(uri).toHexString() ?? ''
    expect(hex.startsWith(theirs) && /^0*$/.test(hex.slice(theirs.length)), `${uri} ${theirs}`).toBe(true)
  }
})

test('an EPC that does not fit an encoding is refused with the place of what is too much', () => {
  const refused = (coding: string, urn: string) => () => encodeEpcTag({ coding, filter: 0, urn })
  expect(refused('sgtin-96', 'urn:epc:id:sgtin:0614141.112345.A')).toThrow('at character 33: expected a number without')
  expect(refused('sgtin-96', 'urn:epc:id:sgtin:0614141.112345.007')).toThrow('without leading zeros')
  expect(refused('sgtin-96', 'urn:epc:id:sgtin:0614141.112345.274877906944')).toThrow('at most 38 bits')
  expect(refused('grai-170', 'urn:epc:id:sgtin:0614141.112345.A')).toThrow('urn:epc:id:grai:')
  expect(refused('sgtin-97', 'urn:epc:id:sgtin:0614141.112345.A')).toThrow('an encoding')
  expect(() => encodeEpcTag({ coding: 'sgtin-96', filter: 8, urn: 'urn:epc:id:sgtin:0614141.112345.1' })).toThrow(
    'filter',
  )
  expect(() => codingFor('urn:epc:id:pgln:0614141.00001')).toThrow('has a binary encoding')
  expect(codingFor('urn:epc:id:sgtin:0614141.112345.007')).toBe('sgtin-198')
})

test('a tag URI is refused at the place of its fault', () => {
  const place = (uri: string, position: number) => {
    expect(() => parseEpcTagUri(uri)).toThrow(expect.objectContaining({ name: 'IdentifierError', position }))
  }
  place('urn:epc:id:sgtin:0614141.112345.1', 0)
  place('urn:epc:tag:abc-96:3.0614141.112345.1', 12)
  place('urn:epc:tag:sgtin-96:9.0614141.112345.1', 21)
  place('urn:epc:tag:sgtin-96:3.06141.112345.1', 23)
  expect(epcTagUri(parseEpcTagUri('urn:epc:tag:sgtin-198:3.0614141.112345.a%2fb'))).toBe(
    'urn:epc:tag:sgtin-198:3.0614141.112345.a%2Fb',
  )
})

test('the longest texts fill their encodings', () => {
  for (const [coding, urn] of [
    ['sgtin-198', `urn:epc:id:sgtin:0614141.112345.${'z'.repeat(20)}`],
    ['giai-202', `urn:epc:id:giai:061414.${'z'.repeat(24)}`],
    ['giai-202', `urn:epc:id:giai:061414123456.${'z'.repeat(18)}`],
    ['grai-170', `urn:epc:id:grai:0614141.12345.${'z'.repeat(16)}`],
    ['itip-212', `urn:epc:id:itip:4012345.012345.04.04.${'z'.repeat(20)}`],
    ['cpi-var', `urn:epc:id:cpi:061414.${'Z'.repeat(24)}.999999999999`],
  ] as const)
    expect(decodeEpcTag(encodeEpcTag({ coding, filter: 7, urn }))).toEqual({ coding, filter: 7, urn })
})
