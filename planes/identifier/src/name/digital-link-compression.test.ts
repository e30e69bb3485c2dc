import { expect, test } from 'vitest'
import { BitWriter } from './bits.ts'
import { digitalLinkUri } from './digital-link.ts'
import { compressedDigitalLink, decompressDigitalLink } from './digital-link-compression.ts'
import { parseDigitalLink } from './digital-link-parse.ts'
import { linesOf } from './lists.ts'

interface Toolkit {
  compressWebUri(uri: string, useOptimisations: boolean, compressOtherKeyValuePairs: boolean): string
  decompressWebUri(uri: string): string
}
// @ts-expect-error It has no types.
const peer: Toolkit | undefined = await import('digital-link.js').then(
  ({ default: { Utils } }) => Utils,
  () => undefined,
)

const plain = [
  '/01/09506000134376',
  '/01/09506000134376/10/LOT01',
  '/01/09506000134376/10/1234',
  '/01/09506000134376/21/ABCDEF',
  '/01/09506000134376/21/abcdef',
  '/01/09506000134376/22/2A/10/A%2FB?15=261231',
  '/01/09506000134376?3103=000125&3922=1999',
  '/01/09506000134376?7007=261231261231',
  '/01/09506000134376?17=261231&30=12&7230=AAbcd',
]

test('the published example is written and read', () => {
  const link = parseDigitalLink('https://id.gs1.org/01/09506000134376/10/LOT01')
  expect(compressedDigitalLink(link, { optimise: false })).toBe('https://id.gs1.org/ARFKk4XB0CDKWcnpq')
  expect(decompressDigitalLink('https://id.gs1.org/ARFKk4XB0CDKWcnpq')).toEqual(link)
})

test.skipIf(peer === undefined)("GS1's toolkit in digital-link.js writes and reads the same", () => {
  for (const path of plain)
    for (const optimise of [true, false]) {
      const uri = `https://example.com${path}`
      const ours = compressedDigitalLink(parseDigitalLink(uri), { optimise })
      expect(ours).toBe(peer?.compressWebUri(uri, optimise, false))
      expect(peer?.decompressWebUri(ours)).toBe(uri)
    }
})

test.skipIf(peer === undefined)('what the toolkit writes in another order than the standard is read too', () => {
  for (const path of ['/01/09506000134376/10/LOT01/21/7?17=261231', '/414/0614141000012/254/32a']) {
    const uri = `https://example.com${path}`
    const theirs = peer?.compressWebUri(uri, true, false) ?? ''
    expect(digitalLinkUri(decompressDigitalLink(theirs))).toBe(uri)
    expect(theirs).not.toBe(compressedDigitalLink(parseDigitalLink(uri)))
  }
})

test.skipIf(peer === undefined)('parameters that the toolkit compressed come back', () => {
  const theirs = peer?.compressWebUri('https://example.com/01/09506000134376?colour=Blue-1', true, true) ?? ''
  expect(theirs).not.toContain('?')
  expect(decompressDigitalLink(theirs).parameters).toEqual([{ name: 'colour', value: 'Blue-1' }])
})

test('every valid Digital Link comes back from its compressed form, with path, attributes and parameters', () => {
  for (const [uri = ''] of linesOf('gs1-digital-link-valid'))
    for (const optimise of [true, false]) {
      const link = parseDigitalLink(uri)
      const compressed = compressedDigitalLink(link, { optimise })
      expect(digitalLinkUri(decompressDigitalLink(compressed))).toBe(digitalLinkUri(link))
    }
})

test('a primary key may stand uncompressed before the rest', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const bits = new BitWriter()
  bits.hex('10')
  bits.number(3, 3)
  bits.number(5, 5)
  for (const character of 'LOT01') bits.number(alphabet.indexOf(character), 6)
  const link = decompressDigitalLink(`https://example.com/shop/01/09506000134376/${bits.text(alphabet)}`)
  expect(digitalLinkUri(link)).toBe('https://example.com/shop/01/09506000134376/10/LOT01')
})

test('a number of 18 digits keeps its last ones', () => {
  const link = parseDigitalLink('https://id.gs1.org/00/999999999999999995')
  expect(decompressDigitalLink(compressedDigitalLink(link))).toEqual(link)
})
