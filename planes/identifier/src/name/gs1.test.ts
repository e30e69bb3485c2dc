import { expect, test } from 'vitest'
import { applicationIdentifiers, type Element, valueFault } from './application-identifier.ts'
import { digitalLinkOf, digitalLinkUri, levelsOf } from './digital-link.ts'
import { parseDigitalLink } from './digital-link-parse.ts'
import { parseElementString } from './element-string.ts'
import { canonicalEpc, epcToDigitalLink, epcUrnOf, parseEpcUrn } from './epc-urn.ts'
import { cset39, cset82 } from './gs1-character-sets.ts'
import { checkDigit, checkPair } from './gs1-check.ts'
import { nameLimits } from './limits.ts'
import { linesOf } from './lists.ts'

const paths = (uri: string) => levelsOf(parseDigitalLink(uri)).map(digitalLinkUri)

test('the sets have 82 and 39 characters', () => {
  expect([new Set(cset82).size, new Set(cset39).size]).toEqual([82, 39])
})

test('the check digit is that of the General Specifications', () => {
  expect(['629104150021', '0950600013437', '37610425002123456', '0'].map(checkDigit)).toEqual(['3', '6', '9', '0'])
})

test('the check characters are those of the General Specifications, for 23 characters at most', () => {
  expect(
    ['1987654Ad4X4bL5ttr2310c', '12345_!"%&\'()*+,-./', '', '123456789012345678901234', 'a b'].map(checkPair),
  ).toEqual(['2K', 'LC', '22', undefined, undefined])
})

test('no AI is the beginning of another, each has parts, and what its rules name exists', () => {
  const all = [...applicationIdentifiers.values()]
  expect(all.length).toBeGreaterThan(500)
  const matching = (pattern: string) => all.some(({ ai }) => new RegExp(`^${pattern.replaceAll('n', '\\d')}$`).test(ai))
  for (const { ai, parts, requires, excludes, qualifiers } of all) {
    expect(all.filter((other) => other.ai !== ai && other.ai.startsWith(ai))).toEqual([])
    expect(parts.length).toBeGreaterThan(0)
    for (const part of parts) expect(part.most).toBeGreaterThan(0)
    for (const pattern of [...requires.flat(2), ...excludes, ...(qualifiers ?? []).flat()])
      expect(`${pattern} ${matching(pattern)}`).toBe(`${pattern} true`)
  }
})

test('pre-defined lengths are those of the first two digits in the General Specifications', () => {
  const stems = new Set(
    [...applicationIdentifiers.values()].filter(({ fixed }) => fixed).map(({ ai }) => ai.slice(0, 2)),
  )
  expect([...stems].sort()).toEqual([
    '00',
    '01',
    '02',
    '03',
    '11',
    '12',
    '13',
    '15',
    '16',
    '17',
    '20',
    '31',
    '32',
    '33',
    '34',
    '35',
    '36',
    '41',
  ])
})

test('the primary keys are those of the Digital Link standard', () => {
  const keys = [...applicationIdentifiers.values()]
    .filter(({ qualifiers }) => qualifiers !== undefined)
    .map(({ ai }) => ai)
  expect(keys.sort()).toEqual([
    '00',
    '01',
    '253',
    '255',
    '401',
    '402',
    '414',
    '415',
    '417',
    '8003',
    '8004',
    '8006',
    '8010',
    '8013',
    '8017',
    '8018',
  ])
})

test('a value is refused at its first fault', () => {
  const fault = (ai: string, value: string) => {
    const row = applicationIdentifiers.get(ai)
    return row && valueFault(row, value)?.offset
  }
  expect(fault('4324', '2612312459')).toBe(6)
  expect(fault('4324', '2612311260')).toBe(8)
  expect(fault('4324', '2612311259')).toBe(undefined)
  expect(fault('11', '000229')).toBe(undefined)
  expect(fault('7250', '19000229')).toBe(6)
  expect(fault('7250', '20000229')).toBe(undefined)
  expect(fault('4309', '18000000013600000000')).toBe(0)
  expect(fault('8001', '00010000100120')).toBe(12)
  expect(fault('8030', 'abc+')).toBe(3)
})

test('a Digital Link keeps domain, attributes and other parameters', () => {
  const uri = 'https://example.com/shop/01/09506000134376/10/A%2FB?17=261231&3103=000125&linkType=gs1%3Apip'
  const link = parseDigitalLink(uri)
  expect(link).toEqual({
    stem: 'https://example.com/shop',
    key: { ai: '01', value: '09506000134376' },
    qualifiers: [{ ai: '10', value: 'A/B' }],
    attributes: [
      { ai: '17', value: '261231' },
      { ai: '3103', value: '000125' },
    ],
    parameters: [{ name: 'linkType', value: 'gs1:pip' }],
  })
  expect(digitalLinkUri(link)).toBe(uri)
})

test('a short GTIN is read when that is wanted, and told its place when it is wrong', () => {
  const key = (gtin: string) => parseDigitalLink(`https://example.com/01/${gtin}`, { shortGtin: true }).key.value
  expect(['9506000134376', '69012341', '614141123452'].map(key)).toEqual([
    '09506000134376',
    '00000069012341',
    '00614141123452',
  ])
  expect(() => key('9506000134377')).toThrow('at character 36')
})

test('levels go from the finest to the primary key, and from a serial number of its own to the class', () => {
  expect(paths('https://a.cn/01/09506000134376/22/2A/10/B/21/C?17=261231')).toEqual([
    'https://a.cn/01/09506000134376/22/2A/10/B/21/C',
    'https://a.cn/01/09506000134376/22/2A/10/B',
    'https://a.cn/01/09506000134376/22/2A',
    'https://a.cn/01/09506000134376',
  ])
  expect(paths('https://a.cn/8003/0061414112345232a')).toEqual([
    'https://a.cn/8003/0061414112345232a',
    'https://a.cn/8003/00614141123452',
  ])
  expect(paths('https://a.cn/253/0614141123452')).toEqual(['https://a.cn/253/0614141123452'])
})

test('elements become a Digital Link in any order: the key first, qualifiers in theirs, the rest in the query', () => {
  const uri = (text: string) => digitalLinkUri(digitalLinkOf(parseElementString(text)))
  expect(uri('(17)261231(21)7(10)LOT01(01)09506000134376')).toBe(
    'https://id.gs1.org/01/09506000134376/10/LOT01/21/7?17=261231',
  )
  expect(uri('(01)09506000134376(235)AB')).toBe('https://id.gs1.org/01/09506000134376/235/AB')
  expect(uri('(10)LOT01(01)09506000134376(235)AB')).toBe('https://id.gs1.org/01/09506000134376/235/AB?10=LOT01')
  expect(uri('(253)9506000134376001(99)1(01)09506000134376(10)A')).toBe(
    'https://id.gs1.org/253/9506000134376001?01=09506000134376&10=A&99=1',
  )
  const place = (elements: readonly Element[], position: number) => {
    expect(() => digitalLinkOf(elements)).toThrow(expect.objectContaining({ name: 'IdentifierError', position }))
  }
  expect(() => uri('(01)09506000134376(235)AB(22)C')).toThrow('an AI that may stand beside (01)')
  place([{ ai: '400', value: 'A' }], 0)
  place([{ ai: '01', value: '09506000134377' }], 17)
  place(
    [
      { ai: '01', value: '09506000134376' },
      { ai: '8200', value: 'A' },
    ],
    19,
  )
  place(
    [
      { ai: '01', value: '09506000134376' },
      { ai: '9999', value: 'A' },
    ],
    19,
  )
})

test('an EPC comes back from its key when the length of the company prefix is told', () => {
  for (const [urn = ''] of linesOf('epc-urn-valid')) {
    const { companyPrefix, elements } = parseEpcUrn(urn)
    const back = epcUrnOf(elements, companyPrefix.length)
    expect(epcToDigitalLink(back)).toBe(epcToDigitalLink(urn))
    // One class has two names in URNs: all units of a GTIN whoever gave the serial number.
    if (!urn.startsWith('urn:epc:idpat:upui')) expect(back).toBe(canonicalEpc(urn))
  }
})

test('an EPC has one form', () => {
  expect(canonicalEpc('urn:epc:id:sgtin:0614141.112345.%41%2f')).toBe('urn:epc:id:sgtin:0614141.112345.A%2F')
})

test('behind a serial number an EPC leaves out the lot; a variant alone no EPC can say', () => {
  const key = { ai: '01', value: '10614141123459' }
  const [variant, lot, serial] = [
    { ai: '22', value: 'V' },
    { ai: '10', value: 'L' },
    { ai: '21', value: 'S' },
  ]
  expect(epcUrnOf([key, variant, lot, serial], 7)).toBe('urn:epc:id:sgtin:0614141.112345.S')
  expect(epcUrnOf([key, lot], 7)).toBe('urn:epc:class:lgtin:0614141.112345.L')
  expect(() => epcUrnOf([key, variant], 7)).toThrow('qualifiers that an EPC can say')
  expect(() => epcUrnOf([{ ai: '8013', value: '1987654Ad4X4bL5ttr2310c2K' }], 7)).toThrow('has an EPC')
  expect(() => epcUrnOf([key, serial], 5)).toThrow('6 to 12 digits')
})

test('a text beyond the limit is refused before it is read', () => {
  const long = 'x'.repeat(nameLimits.textLength + 1)
  for (const read of [parseElementString, parseDigitalLink, parseEpcUrn])
    expect(() => read(long)).toThrow(`at most ${nameLimits.textLength} characters`)
  const path = '/01/09506000134376'.concat('/10/A'.repeat(nameLimits.elements))
  expect(() => parseDigitalLink(`https://a.example${path}`)).toThrow(`at most ${nameLimits.elements} AIs`)
  expect(() => parseElementString('(01)09506000134376'.concat('(10)A'.repeat(nameLimits.elements)))).toThrow('elements')
})
