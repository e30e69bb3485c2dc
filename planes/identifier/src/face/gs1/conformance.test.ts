import { expect, test } from 'vitest'
import { compressedDigitalLink, parseDigitalLink } from '../../name/name.ts'
import type { Link } from './link.ts'
import { answerGs1, type Gs1Resolver, type ResolverRequest } from './resolve.ts'

// The rules of GS1-Conformant Resolver 1.2.1, each with its number: § 2.x is the clause, § 5.x the conformance statement. In brackets
// the name of the test in GS1's resolver test suite, where it has one.
const gtin = 'https://id.gs1.org/01/09506000134376'
const pip: Link = {
  linkType: 'gs1:pip',
  href: 'https://brand.example/en',
  title: 'Product',
  type: 'text/html',
  hreflang: ['en'],
  default: true,
}
const pipZh: Link = { ...pip, href: 'https://brand.example/zh', title: '产品', hreflang: ['zh-CN'], default: undefined }
const pdf: Link = {
  linkType: 'gs1:instructions',
  href: 'https://brand.example/m.pdf',
  title: 'Manual',
  type: 'application/pdf',
}
const dpp: Link = {
  linkType: 'gs1:dpp',
  href: 'https://brand.example/dpp?v=1#top',
  title: 'Passport',
  type: 'application/vc',
}
const recall: Link = { linkType: 'gs1:recallStatus', href: 'https://brand.example/lot', title: 'Recall', default: true }
const twin: Link = { linkType: 'gs1:traceability', href: 'https://trace.example/a', title: 'Trace A' }

const links: Readonly<Record<string, readonly Link[]>> = {
  [gtin]: [pip, pipZh, pdf, twin, { ...twin, href: 'https://trace.example/b', title: 'Trace B' }],
  [`${gtin}/10/LOT01`]: [recall],
  [`${gtin}/21/7`]: [{ ...dpp, default: true }],
}

const resolver: Gs1Resolver = {
  root: 'https://id.kapok.example',
  name: 'Kapok',
  contexts: ['CN'],
  linksOf: (anchor) => links[anchor],
  itemDescriptionOf: (anchor) => (anchor === gtin ? 'Pump' : undefined),
  handledBy: ({ value }) =>
    /^1?0614141/.test(value) ? { root: 'https://other.example/id', title: 'Other' } : undefined,
}

const get = (path: string, headers: ResolverRequest['headers'] = {}, method = 'GET') =>
  answerGs1(resolver, { method, uri: `https://id.kapok.example${path}`, headers })
const item = '/01/09506000134376'
const linksetOf = (path: string, headers: ResolverRequest['headers'] = {}) =>
  JSON.parse(get(path, headers).body).linkset
const voc = (word: string) => `https://ref.gs1.org/voc/${word}`

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

test('§5.10 §2.5.9 the linkset has the links of each level up to the primary key, anchored at uncompressed URIs', () => {
  expect(linksetOf(`${item}/10/LOT01/21/7?linkType=linkset`).map(({ anchor }: { anchor: string }) => anchor)).toEqual([
    `https://id.kapok.example${item}/21/7`,
    `https://id.kapok.example${item}/10/LOT01`,
    `https://id.kapok.example${item}`,
  ])
  const compressed = compressedDigitalLink(parseDigitalLink(`https://id.kapok.example${item}`))
  const { body } = answerGs1(resolver, { method: 'GET', uri: `${compressed}?linkType=linkset`, headers: {} })
  expect(JSON.parse(body).linkset[0].anchor).toBe(`https://id.kapok.example${item}`)
})

test('§5.11 [linkMetadata] every link has target, type and title, under one URI for a type', () => {
  const [level] = linksetOf(`${item}?linkType=linkset`)
  expect(level).toEqual({
    anchor: `https://id.kapok.example${item}`,
    itemDescription: 'Pump',
    [voc('pip')]: [
      { href: pip.href, title: 'Product', type: 'text/html', hreflang: ['en'] },
      { href: pipZh.href, title: '产品', type: 'text/html', hreflang: ['zh-CN'] },
    ],
    [voc('instructions')]: [{ href: pdf.href, title: 'Manual', type: 'application/pdf' }],
    [voc('traceability')]: [
      { href: 'https://trace.example/a', title: 'Trace A' },
      { href: 'https://trace.example/b', title: 'Trace B' },
    ],
    [voc('defaultLink')]: [{ href: pip.href, title: 'Product' }],
  })
  for (const link of (get(item).headers.link ?? '').split(', '))
    expect(link).toMatch(/^<https:.*>; rel=".+"; title=".+"/)
})

test('§5.12 §5.14 §2.5.8 one default link a level, its title alone, and under its own type too', () => {
  for (const level of linksetOf(`${item}/10/LOT01/21/7?linkType=linkset`)) {
    const [standard, ...more] = level[voc('defaultLink')]
    expect([Object.keys(standard), more]).toEqual([['href', 'title'], []])
    expect(
      Object.values(level)
        .flat()
        .filter((each) => (each as { href?: string }).href === standard.href).length,
    ).toBe(2)
  }
})

test('§5.13 §2.10 a linkset in JSON tells the JSON-LD context in its Link header', () => {
  for (const accept of [undefined, '*/*', 'application/json', 'application/linkset+json'])
    expect(get(`${item}?linkType=linkset`, { accept }).headers.link).toContain(
      '<https://ref.gs1.org/standards/resolver/linkset-context>; rel="http://www.w3.org/ns/json-ld#context"',
    )
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

test('§5.25 [trailingSlash] §2.13 a slash at the end changes nothing', () => {
  for (const path of [item, `${item}/10/LOT01`, '/01/09506000134352'])
    expect(get(`${path}/`).status).toBe(get(path).status)
  expect(get(`${item}/`).headers.location).toBe(get(item).headers.location)
})

test('§2.6.3 (7) a request that does not decide between links of a type is answered 300, with a linkset of them', () => {
  const { status, body, headers } = get(`${item}?linkType=gs1:traceability`)
  expect([status, headers['content-type'], headers.location]).toEqual([300, 'application/linkset+json', undefined])
  const { linkset } = JSON.parse(body)
  expect(linkset[0][voc('traceability')].map(({ title }: { title: string }) => title)).toEqual(['Trace A', 'Trace B'])
  expect(Object.keys(linkset[0])).not.toContain(voc('pip'))
})

test('§2.8 what another resolver has all of is led there as gs1:handledBy, uncompressed', () => {
  const { status, headers } = get('/8004/0614141ABC%2F1?a=1')
  expect([status, headers.location]).toEqual([307, 'https://other.example/id/8004/0614141ABC%2F1?a=1'])
  expect(headers.link).toBe(`<https://other.example/id/8004/0614141ABC%2F1>; rel="${voc('handledBy')}"; title="Other"`)
})

test('§2.9 the linkset is answered for linkType=linkset, linkType=all of old, and its media type in Accept', () => {
  for (const [query, accept] of [
    ['?linkType=linkset', undefined],
    ['?linkType=all', undefined],
    ['', 'application/linkset+json'],
    ['', 'application/linkset+json, */*;q=0.1'],
  ] as const)
    expect(get(item + query, { accept })).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/linkset+json' },
    })
  for (const accept of ['text/html, application/linkset+json;q=0.5', '*/*', 'application/linkset+json;q=0'])
    expect(get(item, { accept }).status).toBe(307)
  expect(get(`${item}?linkType=gs1:pip`, { accept: 'application/linkset+json' }).status).not.toBe(200)
})

test('§2.10 [varyAccept, listAsJSON, listAsJSONLD] the linkset comes in the form that Accept prefers', () => {
  const as = (accept: string) => get(`${item}?linkType=linkset`, { accept })
  expect(as('application/json').headers).toMatchObject({
    'content-type': 'application/json',
    vary: 'Accept, Accept-Language',
  })
  expect(JSON.parse(as('application/ld+json').body)['@context']).toBe(
    'https://ref.gs1.org/standards/resolver/linkset-context',
  )
  expect(as('application/linkset').body).toContain(
    `<${pdf.href}>; anchor="https://id.kapok.example${item}"; rel="${voc('instructions')}"; title="Manual"`,
  )
  const page = as('text/html,application/xhtml+xml,*/*;q=0.8')
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
  expect(page.body).toContain('<script type="application/ld+json">{"@context"')
  expect(as('image/png').headers['content-type']).toBe('application/linkset+json')
})

test('[linkOnRedirect] a redirect tells the linkset in its Link header', () => {
  expect(get(item).headers.link).toContain(`<https://id.kapok.example${item}?linkType=linkset>; rel="linkset"`)
})
