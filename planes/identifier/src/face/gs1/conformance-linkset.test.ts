import { expect, test } from 'vitest'
import { compressedDigitalLink, parseDigitalLink } from '../../name/name.ts'
import { get, item, linksetOf, pdf, pip, pipZh, resolver, voc } from './conformance-record.ts'
import { answerGs1 } from './resolve.ts'

// Rules of GS1-Conformant Resolver 1.2.1 for linksets; for the numbers see conformance.test.ts.

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

test('§2.6.3 (7) a request that does not decide between links of a type is answered 300, with a linkset of them', () => {
  const { status, body, headers } = get(`${item}?linkType=gs1:traceability`)
  expect([status, headers['content-type'], headers.location]).toEqual([300, 'application/linkset+json', undefined])
  const { linkset } = JSON.parse(body)
  expect(linkset[0][voc('traceability')].map(({ title }: { title: string }) => title)).toEqual(['Trace A', 'Trace B'])
  expect(Object.keys(linkset[0])).not.toContain(voc('pip'))
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
  expect(page.body).toContain('<html lang="en">')
  const chinese = get(`${item}?linkType=linkset`, { accept: 'text/html', 'accept-language': 'zh-CN,en;q=0.5' })
  expect(chinese.body).toContain('<html lang="zh-CN">')
  expect(chinese.body).toContain('<h1>链接</h1>')
  expect(as('image/png').headers['content-type']).toBe('application/linkset+json')
})

test('[linkOnRedirect] a redirect tells the linkset in its Link header', () => {
  expect(get(item).headers.link).toContain(`<https://id.kapok.example${item}?linkType=linkset>; rel="linkset"`)
})
