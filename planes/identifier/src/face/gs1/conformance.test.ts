import { expect, test } from 'vitest'
import { compressedDigitalLink, parseDigitalLink } from '../../name/name.ts'
import { registeredAnchor } from './anchors.ts'
import { dpp, get, gtin, item, pdf, pip, pipZh, recall, resolver, voc } from './conformance-record.ts'
import { answerGs1 } from './resolve.ts'

// The rules of GS1-Conformant Resolver 1.2.1, each with its number: § 2.x is the clause, § 5.x the conformance statement. In brackets
// the name of the test in GS1's resolver test suite, where it has one.
// Those of linksets are in conformance-linkset.test.ts.

test('§5.1 every primary key with each of its qualifiers is read', () => {
  for (const path of [
    '/00/006141411234567890',
    '/8006/095060001343760102/22/A/10/B/21/C',
    '/8004/0614141ABC345/7040/1A2b',
    '/414/9506000134376/254/1',
  ])
    expect(get(path).status, path).not.toBe(400)
})

test('§5.2 [methodsCheck] GET, HEAD and OPTIONS are answered, other methods are not', () => {
  const { headers, status } = get(item)
  expect(get(item, {}, 'HEAD')).toEqual({ status, headers, body: '' })
  expect(get(`${item}?linkType=linkset`, {}, 'HEAD').body).toBe('')
  expect(get(item, {}, 'OPTIONS')).toMatchObject({ status: 204, headers: { allow: 'GET, HEAD, OPTIONS' } })
  expect(get(item, {}, 'POST')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD, OPTIONS' } })
})

test('§5.4 [corsCheck] every answer may be read by pages of other origins, with Link and Location', () => {
  for (const path of [item, `${item}?linkType=linkset`, '/x', '/01/09506000134352', '/.well-known/gs1resolver'])
    for (const method of ['GET', 'OPTIONS'])
      expect(get(path, {}, method).headers).toMatchObject({
        'access-control-allow-origin': '*',
        'access-control-allow-methods': 'GET, HEAD, OPTIONS',
        'access-control-expose-headers': 'Link, Location',
      })
})

test('§5.5 [validDecompressCheck] §2.3 a compressed URI and the content of a tag are answered as the uncompressed one', () => {
  const uri = `https://id.kapok.example${item}/10/LOT01?17=261231&foo=bar`
  const compressed = compressedDigitalLink(parseDigitalLink(uri))
  const answer = answerGs1(resolver, { method: 'GET', uri: compressed, headers: {} })
  expect(answer.status).toBe(307)
  expect(answer.headers.location).toBe('https://brand.example/lot?17=261231&foo=bar')
  expect(get(`${item}/10/LOT01?17=261231&foo=bar`).headers.location).toBe(answer.headers.location)
  expect(get('/eh3034257bf468d480000007e1').headers.location).toBe('https://other.example/id/01/10614141073464/21/2017')
})

test('[exposeDecompressedLink] the uncompressed URI of a compressed one is in the Link header as owl:sameAs', () => {
  const compressed = compressedDigitalLink(parseDigitalLink(`https://id.kapok.example${item}/10/LOT01?17=261231`))
  const { headers } = answerGs1(resolver, { method: 'GET', uri: compressed, headers: {} })
  expect(headers.link).toContain(`<https://id.kapok.example${item}/10/LOT01?17=261231>; rel="owl:sameAs"`)
  expect(get(item).headers.link).not.toContain('sameAs')
})

test('§5.7 [reportWith400] §2.4.1 what is no Digital Link is answered 400, with the place', () => {
  for (const path of [
    `${item}/foo`,
    '/01/09506000134377',
    '/01/abc',
    '/foo',
    '/',
    `${item}/21/S1/10/L1`,
    `${item}/17/261231`,
    `${item}/10/%zz`,
    `${item}?9999=1`,
  ]) {
    const { status, headers, body } = get(path)
    expect([path, status, headers['content-type']]).toEqual([path, 400, 'application/problem+json'])
    expect(JSON.parse(body).detail).toMatch(/at character \d+: expected/)
  }
  expect(
    answerGs1(resolver, { method: 'GET', uri: 'HtTp://id.kapok.example/01/09506000134376', headers: {} }).status,
  ).toBe(400)
})

test('§5.8 §2.4.1 a valid URI of which nothing is known is answered 404', () => {
  expect(get('/01/09506000134352')).toMatchObject({ status: 404 })
  expect(get('/01/09506000134352?linkType=linkset')).toMatchObject({ status: 404 })
})

test('§5.9 [noErrorWith200] no error is told with 200', () => {
  for (const path of [
    '/',
    '/foo',
    '/01/09506000134377',
    '/01/09506000134352',
    `${item}?linkType=gs1:epcis`,
    `${item}/`,
  ])
    for (const accept of ['application/linkset+json', 'text/html', undefined]) {
      const { status, body } = get(path, { accept })
      if (status === 200) expect(body).toContain('anchor')
    }
})

test('§5.16 [defaultLinkSet] §2.6.1 the default of the finest level that has one is where a request leads', () => {
  expect(get(item)).toMatchObject({ status: 307, headers: { location: pip.href } })
  expect(get(`${item}/10/LOT01`)).toMatchObject({ status: 307, headers: { location: recall.href } })
  expect(get(`${item}/10/OTHER`)).toMatchObject({ status: 307, headers: { location: pip.href } })
  expect(get(`${item}/10/LOT01/21/7`)).toMatchObject({ status: 307, headers: { location: dpp.href } })
  expect(get(`${item}?linkType=gs1:defaultLink`)).toMatchObject({
    status: 307,
    headers: { location: `https://brand.example/en?linkType=gs1:defaultLink` },
  })
})

test('§5.17 §2.6.2 a link type that is asked for is where the request leads, from a coarser level too, by any of its names', () => {
  for (const type of [
    'gs1:dpp',
    'dpp',
    voc('dpp'),
    'https://gs1.org/voc/dpp',
    'https://schema.org/hasDigitalProductPassport',
  ])
    expect(get(`${item}/21/7?linkType=${encodeURIComponent(type)}`).headers.location).toMatch(
      /^https:\/\/brand\.example\/dpp\?v=1&linkType=.*#top$/,
    )
  expect(get(`${item}/10/LOT01/21/7?linkType=gs1:instructions`).headers.location).toBe(
    `${pdf.href}?linkType=gs1:instructions`,
  )
  expect(get(`${item}?linkType=gs1:instructions`).headers.link).toContain(`<${pdf.href}>; rel="${voc('instructions')}"`)
})

test('§5.18 §2.6.2 a link type that is not there is answered 404', () => {
  for (const type of ['gs1:epcis', 'epcis', 'https://example.com/own'])
    expect(get(`${item}?linkType=${type}`).status).toBe(404)
})

test('§5.19 [qsPassedOn] §2.12 the query is passed on as it was sent, before a fragment and behind a query of the target', () => {
  expect(get(`${item}?foo=bar`).headers.location).toBe('https://brand.example/en?foo=bar')
  expect(get(`${item}?17=261231;3103=000125&a&b=%7E+x`).headers.location).toBe(
    'https://brand.example/en?17=261231;3103=000125&a&b=%7E+x',
  )
  expect(get(`${item}/21/7?a=1`).headers.location).toBe('https://brand.example/dpp?v=1&a=1#top')
})

test('§5.20 §2.6.3 Accept-Language with weights chooses a variant; what fits none leads to the default', () => {
  const led = (language: string) => get(item, { 'accept-language': language }).headers.location
  expect(led('zh-CN,zh;q=0.9,en;q=0.1')).toBe(pipZh.href)
  expect(led('zh')).toBe(pipZh.href)
  expect(led('zh-CN;q=0.1, en;q=0.9')).toBe(pip.href)
  expect(led('en;q=0.2, zh-CN;q=0.3')).toBe(pipZh.href)
  expect(led('de')).toBe(pip.href)
  expect(led('zh-CN;q=0, *;q=0.5')).toBe(pip.href)
  expect(led('nonsense;;;q=7')).toBe(pip.href)
  expect(get(`${item}?linkType=gs1:pip`, { 'accept-language': 'zh-CN' }).headers.location).toBe(
    `${pipZh.href}?linkType=gs1:pip`,
  )
})

test('§5.21 §5.22 §3 [rdFile] the description says root, keys and link types', () => {
  const { status, headers, body } = get('/.well-known/gs1resolver')
  expect([status, headers['content-type']]).toEqual([200, 'application/json'])
  expect(JSON.parse(body)).toEqual({
    name: 'Kapok',
    resolverRoot: 'https://id.kapok.example',
    supportedPrimaryKeys: ['all'],
    supportedLinkType: [{ namespace: 'https://ref.gs1.org/voc/', prefix: 'gs1:' }],
    linkTypeDefaultCanBeLinkset: false,
    supportedContextValuesEnumerated: ['CN'],
    jsonLdContextLocation: 'https://ref.gs1.org/standards/resolver/linkset-context',
  })
})

test('§5.23 §2.5.9 rule 2 links of a serial number are registered without lot and variant, and found with them', () => {
  const anchor = (path: string) => registeredAnchor(`https://id.kapok.example${path}`)
  expect(anchor(`${item}/22/2A/10/LOT01/21/7?17=261231`)).toBe(`${gtin}/21/7`)
  expect(anchor(`${item}/22/2A/10/LOT01`)).toBe(`${gtin}/22/2A/10/LOT01`)
  expect(anchor(`${item}/235/7`)).toBe(`${gtin}/235/7`)
  expect(get(`${item}/22/2A/10/OTHER/21/7`).headers.location).toBe(dpp.href)
  expect(() => anchor('/foo')).toThrow('a primary key')
})

test('§5.25 [trailingSlash] §2.13 a slash at the end changes nothing', () => {
  for (const path of [item, `${item}/10/LOT01`, '/01/09506000134352'])
    expect(get(`${path}/`).status).toBe(get(path).status)
  expect(get(`${item}/`).headers.location).toBe(get(item).headers.location)
})

test('§2.8 what another resolver has all of is led there as gs1:handledBy, uncompressed', () => {
  const { status, headers } = get('/8004/0614141ABC%2F1?a=1')
  expect([status, headers.location]).toEqual([307, 'https://other.example/id/8004/0614141ABC%2F1?a=1'])
  expect(headers.link).toBe(`<https://other.example/id/8004/0614141ABC%2F1>; rel="${voc('handledBy')}"; title="Other"`)
})
