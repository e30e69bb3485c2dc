import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalUri } from './canonical-uri.ts'

test.each([
  ['urn:epc:id:sgtin:9506000.013435.7', 'https://id.gs1.org/01/09506000134352/21/7'],
  ['urn:epc:idpat:sgtin:9506000.013435.*', 'https://id.gs1.org/01/09506000134352'],
  ['urn:epc:class:lgtin:9506000.013435.L1', 'https://id.gs1.org/01/09506000134352/10/L1'],
  ['urn:epc:id:sgln:9506000.13435.0', 'https://id.gs1.org/414/9506000134352'],
  ['urn:epc:id:sgln:9506000.13435.gate', 'https://id.gs1.org/414/9506000134352/254/gate'],
  ['https://shop.example/p/01/09506000134352/10/L1/21/7?17=301231', 'https://id.gs1.org/01/09506000134352/21/7'],
  ['https://shop.example/01/09506000134352/22/V/10/L1', 'https://id.gs1.org/01/09506000134352/10/L1'],
  ['https://shop.example/01/09506000134352/10/21/21/7', 'https://id.gs1.org/01/09506000134352/21/7'],
  ["urn:epc:id:sgtin:9506000.013435.a%2Fb%26!()*'", "https://id.gs1.org/01/09506000134352/21/a%2Fb%26!()*'"],
  ['https://shop.example/gtin/09506000134352/lot/L1/ser/gtin', 'https://id.gs1.org/01/09506000134352/21/gtin'],
  ['https://id.gs1.org/01/09506000134352/22/V', 'https://id.gs1.org/01/09506000134352'],
])('%s has the form %s', (uri, form) => {
  expect(canonicalUri(uri)).toBe(form)
  expect(canonicalUri(form)).toBe(form)
})

test.each([
  'https://shop.example/products/7',
  'https://shop.example/01/09506000134353/21/7',
  'urn:epc:id:sgtin:9506000.0134.7',
  'urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8',
  'x',
])('%s has none', (uri) => {
  expect(canonicalUri(uri)).toBeUndefined()
})

test('any text has a form or none', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.string().map((end) => `urn:epc:id:sgtin:${end}`),
    fc.string().map((end) => `https://a.example/01/09506000134352/${end}`),
  )
  fc.assert(
    fc.property(texts, (text) => {
      const form = canonicalUri(text)
      if (form !== undefined) expect(form).toMatch(/^https:\/\/id\.gs1\.org\//)
    }),
    { numRuns: Number(process.env.KAPOK_FUZZ_RUNS ?? 500) },
  )
})
