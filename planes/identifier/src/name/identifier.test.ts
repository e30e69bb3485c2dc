import { expect, test } from 'vitest'
import { didWebUrl, parseDid } from './did.ts'
import { carrierCode, checkHandleTemplate, parseCarrierCode } from './handle-name.ts'
import { handleTemplates } from './handle-templates.ts'
import { parseIdentifier } from './identifier.ts'
import { nameLimits } from './limits.ts'
import { linesOf } from './lists.ts'

const link = 'https://id.gs1.org/01/09506000134376'

test('a text is read by the scheme whose form it has', () => {
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ['(01)09506000134376(10)LOT01(21)7', 'gs1', [`${link}/10/LOT01/21/7`, `${link}/10/LOT01`, link]],
    ['010950600013437610LOT01\x1d217', 'gs1', [`${link}/10/LOT01/21/7`, `${link}/10/LOT01`, link]],
    [']d201095060001343762112', 'gs1', [`${link}/21/12`, link]],
    ['0109506000134376', 'gs1', [link]],
    ['(01)09506000134376(10)LOT01(3103)001250(90)own', 'gs1', [`${link}/10/LOT01`, link]],
    ['(02)09506000134376(37)12(00)006141411234567890', 'gs1', ['https://id.gs1.org/00/006141411234567890']],
    [' 9506000134376\r\n', 'gs1', [link]],
    ['69012341', 'gs1', ['https://id.gs1.org/01/00000069012341']],
    ['https://brand.example/x/01/9506000134376/21/7?17=261231', 'gs1', [`${link}/21/7`, link]],
    ['https://brand.example/ARFKk4XB0CDKWcnpq', 'gs1', [`${link}/10/LOT01`, link]],
    [
      'urn:epc:id:sgtin:0614141.112345.400',
      'epc',
      ['urn:epc:id:sgtin:0614141.112345.400', 'https://id.gs1.org/01/10614141123459'],
    ],
    [
      'urn:epc:tag:sgtin-96:1.0614141.107346.2017',
      'epc',
      ['urn:epc:id:sgtin:0614141.107346.2017', 'https://id.gs1.org/01/10614141073464'],
    ],
    [
      '3034257BF468D480000007E1',
      'epc',
      ['urn:epc:id:sgtin:0614141.107346.2017', 'https://id.gs1.org/01/10614141073464'],
    ],
    ['88.608.8889/App_x', 'handle', ['88.608.8889/App_x', '0.NA/88.608.8889', '0.NA/88.608', '0.NA/88']],
    ['VAA88.608.8889/App_x', 'handle', ['88.608.8889/App_x', '0.NA/88.608.8889', '0.NA/88.608', '0.NA/88']],
    ['hdl:10.1/x', 'handle', ['10.1/x', '0.NA/10.1', '0.NA/10']],
    ['1.2.156.3088', 'oid', ['1.2.156.3088', '1.2.156', '1.2']],
    ['/ISO/Member-Body/156', 'oid-iri', ['/ISO/Member-Body/156', '/ISO/Member-Body', '/ISO']],
    ['ecode:300001abc', 'ecode', ['300001abc']],
    ['did:web:example.com', 'did', ['did:web:example.com']],
  ]
  for (const [text, scheme, levels] of cases) {
    const { digitalLink, ...found } = parseIdentifier(text)
    expect(found).toEqual({ scheme, canonical: levels[0], levels })
    expect(digitalLink !== undefined).toBe(scheme === 'epc')
  }
})

test('a wrong name is refused as the scheme whose form it has, with the place', () => {
  const cases: readonly (readonly [string, string, number])[] = [
    ['', 'identifier', 0],
    ['hello', 'identifier', 0],
    ['9506000134377', 'GTIN', 12],
    ['(400)ORDER', 'GS1 element string', 0],
    ['010950600013437690\x1d', 'GS1 element string', 18],
    ['https://brand.example/about', 'GS1 Digital Link', 21],
    ['https://brand.example/01/09506000134376/foo', 'GS1 Digital Link', 21],
    ['urn:epc:id:gid:1.2.3', 'EPC URN', 11],
    ['88..1/x', 'Handle', 2],
    ['VAA99.1.1/x', 'Handle', 0],
    ['1.2.', 'OID', 4],
    ['did:web:', 'DID', 8],
    ['x'.repeat(nameLimits.textLength + 1), 'identifier', nameLimits.textLength],
  ]
  for (const [text, scheme, position] of cases)
    expect(() => parseIdentifier(text), text).toThrow(expect.objectContaining({ scheme, position }))
})

test('every canonical form is read as itself', () => {
  for (const list of ['gs1-digital-link', 'epc-urn', 'handle', 'did'])
    for (const [text = ''] of linesOf(`${list}-valid`)) {
      const { canonical, levels } = parseIdentifier(text)
      expect(parseIdentifier(canonical)).toMatchObject({ canonical, levels })
    }
})

test('a template holds prefix and object, and says which part is wrong', () => {
  const [plain, , , electronics] = handleTemplates
  if (plain === undefined || electronics === undefined) return expect.fail('templates are missing')
  expect(checkHandleTemplate('88.608.8889/870101.X7.20261128.0001', electronics).suffix).toBe('870101.X7.20261128.0001')
  const place = (text: string, template: typeof plain, position: number) =>
    expect(() => checkHandleTemplate(text, template), text).toThrow(expect.objectContaining({ position }))
  place('89.608.8889/x', plain, 0)
  place('88.x.8889/x', plain, 3)
  place('88.608/x', plain, 6)
  place('88.608.1.2/x', plain, 8)
  place('88.608.8889/', plain, 12)
  place('88.608.8889/8701.X7.20261128.0001', electronics, 12)
  place('88.608.8889/870101.X7.2026', electronics, 26)
})

test('a carrier has the issuing agency before the handle', () => {
  expect(carrierCode('88.608.8889/App_x', 'VAA')).toBe('VAA88.608.8889/App_x')
  expect(parseCarrierCode('MA88.1.1/x')).toMatchObject({ template: 'MA', handle: { canonical: '88.1.1/x' } })
  expect(() => parseCarrierCode('88.1.1/x')).toThrow('VAA or MA')
  expect(() => carrierCode('88.1.1/x', 'XYZ')).toThrow('the name of a template')
})

test('handles are at most 2,048 bytes, and of whole characters', () => {
  const long = (text: string, count: number) => () => parseIdentifier(`88.1.1/${text.repeat(count)}`)
  expect(long('x', 2_041)().levels.length).toBe(4)
  expect(long('x', 2_042)).toThrow('at most 2048 bytes')
  expect(long('零', 681)).toThrow('as UTF-8')
  expect(long('\ud800', 1)).toThrow('a character of Unicode')
})

test('the document of a did:web is at its address', () => {
  expect(['did:web:example.com', 'did:web:EXAMPLE.com%3A8443:parts:7'].map((did) => didWebUrl(parseDid(did)))).toEqual([
    'https://example.com/.well-known/did.json',
    'https://example.com:8443/parts/7/did.json',
  ])
  expect(() => didWebUrl(parseDid('did:example:1'))).toThrow('the method web')
})
