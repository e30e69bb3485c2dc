import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gs1FaceLimits } from './limits.ts'
import { type Link, linkFaults, linkTypeUri } from './link.ts'
import { linksetJson, linksetText, linkText } from './linkset.ts'
import { bestLinks, rangesOf } from './negotiation.ts'
import { answerGs1 } from './resolve.ts'

const link: Link = { linkType: 'gs1:pip', href: 'https://a.example/x', title: 'Product' }

test('links that are in order may be written', () => {
  const full: Link = { ...link, type: 'text/html', hreflang: ['zh-Hant-CN'], context: ['CN'], default: true }
  expect(linkFaults([full, link, { ...link, linkType: 'https://schema.org/url' }])).toEqual([])
  expect(linkFaults([])).toEqual([])
})

test('two default links are refused, with the second', () => {
  const standard = { ...link, default: true }
  expect(linkFaults([standard, link, standard])).toEqual([
    { index: 2, expected: 'one default link; another one is the default already' },
  ])
})

test('each fault of a link is told with what had to be', () => {
  const wrong: readonly (readonly [Partial<Link>, string])[] = [
    [{ href: 'ftp://a.example' }, 'http or https'],
    [{ href: 'https://' }, 'http or https'],
    [{ href: 'https://[a' }, 'http or https'],
    [{ href: 'https://a.example/a b' }, 'http or https'],
    [{ href: 'https://a.example/\r\nX: y' }, 'http or https'],
    [{ href: `https://a.example/${'x'.repeat(gs1FaceLimits.hrefLength)}` }, 'http or https'],
    [{ href: 'javascript:alert(1)' }, 'http or https'],
    [{ title: ' ' }, 'a title'],
    [{ title: 'a\nb' }, 'a title'],
    [{ title: 'x'.repeat(gs1FaceLimits.titleLength + 1) }, 'a title'],
    [{ linkType: 'pip' }, 'a link type'],
    [{ linkType: 'gs1:' }, 'a link type'],
    [{ linkType: 'https://a.example/"x' }, 'a link type'],
    [{ linkType: 'https://schema.org/hasDigitalProductPassport' }, 'the GS1 vocabulary'],
    [{ linkType: 'gs1:defaultLink' }, 'default: true'],
    [{ type: 'html' }, 'a media type'],
    [{ type: 'text/html; charset="x"' }, 'a media type'],
    [{ hreflang: ['zh_CN'] }, 'BCP 47'],
    [{ hreflang: Array(gs1FaceLimits.tags + 1).fill('zh') }, 'BCP 47'],
    [{ context: [''] }, 'contexts'],
  ]
  for (const [part, expected] of wrong) {
    const [fault, ...more] = linkFaults([link, { ...link, ...part }])
    expect([fault?.index, fault?.expected.includes(expected), more], JSON.stringify(part)).toEqual([1, true, []])
  }
  expect(linkFaults(Array(gs1FaceLimits.links + 1).fill(link))).toEqual([
    { index: gs1FaceLimits.links, expected: `at most ${gs1FaceLimits.links} links` },
  ])
})

test('a link type has one URI', () => {
  for (const name of [
    'gs1:pip',
    'https://gs1.org/voc/pip',
    'http://www.gs1.org/voc/pip',
    'https://ref.gs1.org/voc/pip',
  ])
    expect(linkTypeUri(name)).toBe('https://ref.gs1.org/voc/pip')
  expect(linkTypeUri('dpp')).toBe('https://ref.gs1.org/voc/dpp')
  expect(linkTypeUri('https://schema.org/url')).toBe('https://schema.org/url')
})

test('media type decides before language, language before context; what is not said stands between fit and unfit', () => {
  const variants: readonly Link[] = [
    { ...link, title: 'html zh', type: 'text/html', hreflang: ['zh'] },
    { ...link, title: 'html en', type: 'text/html', hreflang: ['en'] },
    { ...link, title: 'pdf zh', type: 'application/pdf', hreflang: ['zh'] },
    { ...link, title: 'html en CN', type: 'text/html', hreflang: ['en'], context: ['CN'] },
    { ...link, title: 'bare' },
  ]
  const best = (accept?: string, language?: string, context?: string) =>
    bestLinks(variants, { types: rangesOf(accept), languages: rangesOf(language), context }).map(({ title }) => title)
  expect(best('application/pdf', 'en')).toEqual(['pdf zh'])
  expect(best('text/*, application/pdf;q=0.4', 'en')).toEqual(['html en'])
  expect(best('text/html', 'en-GB', 'CN')).toEqual(['html en CN'])
  expect(best(undefined, 'fr;q=0.5, zh;q=0.4')).toEqual(['html zh', 'pdf zh'])
  expect(best('image/png')).toEqual(['bare'])
  expect(best(undefined, 'fr')).toEqual(['bare'])
  expect(best('*/*')).toEqual(['html zh', 'html en', 'pdf zh', 'bare'])
})

test('headers that are too long or say nothing are as none, weights beyond 0 to 1 are left out', () => {
  expect(rangesOf(undefined)).toBe(undefined)
  expect(rangesOf('x'.repeat(gs1FaceLimits.headerLength + 1))).toBe(undefined)
  expect(rangesOf(',;q=1,')).toBe(undefined)
  expect(rangesOf('zh;q=2, en;q=x, de; q=0.5')).toEqual([{ range: 'de', q: 0.5 }])
  expect(rangesOf('a,'.repeat(100))?.length).toBe(gs1FaceLimits.ranges)
})

test('a title beyond ASCII is in a header for old and new readers', () => {
  expect(linkText({ href: 'https://a.example', title: '"产品"' }, 'x')).toBe(
    `<https://a.example>; rel="x"; title="\\"??\\""; title*=UTF-8''%22%E4%BA%A7%E5%93%81%22`,
  )
})

test('JSON and text of a linkset have the same links', () => {
  const levels = [
    { anchor: 'https://id.example/01/09506000134376', links: [link, { ...link, linkType: 'gs1:dpp', default: true }] },
  ]
  const [level] = linksetJson(levels).linkset
  const types = Object.keys(level ?? {}).filter((key) => key.startsWith('https:'))
  expect(
    linksetText(levels)
      .split(',\n')
      .map((text) => /rel="([^"]*)"/.exec(text)?.[1]),
  ).toEqual(types)
})

test('what a page shows of links stays text', () => {
  const resolver = {
    root: 'https://id.example',
    name: 'x',
    linksOf: () => [{ ...link, title: '</script><b>"&', hreflang: ['en'] }],
  }
  const { body } = answerGs1(resolver, {
    method: 'GET',
    uri: 'https://id.example/01/09506000134376?linkType=linkset',
    headers: { accept: 'text/html' },
  })
  expect(body).not.toContain('<b>')
  expect(body.match(/<\/script>/g)?.length).toBe(1)
})

test('any request is answered with a status of the standard, headers in one line, and 200 for linkset and description alone', () => {
  const texts = fc.oneof(
    fc.constantFrom(
      '/01/09506000134376',
      '/01/09506000134376/10/A%2FB/21/7/',
      '/ARFKk4XB0CDKWcnpq',
      '/.well-known/gs1resolver',
      '/8010/1',
    ),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.webPath(),
  )
  const query = fc.oneof(
    fc.constantFrom('', '?linkType=linkset', '?linkType=gs1:dpp', '?linkType=gs1:pip&context=CN', '?17=261231', '#x?y'),
    fc.string({ unit: 'binary', maxLength: 20 }).map((text) => `?${text}`),
  )
  const header = fc.oneof(
    fc.constantFrom(undefined, 'application/linkset+json', 'text/html,*/*;q=0.8', 'zh-CN,zh;q=0.9', '*;q=0'),
    fc.string({ unit: 'binary', maxLength: 40 }),
  )
  const linkList = fc.array(
    fc.record({
      linkType: fc.constantFrom('gs1:pip', 'gs1:dpp', 'gs1:defaultLinkMulti'),
      href: fc.oneof(fc.webUrl({ withFragments: true, withQueryParameters: true }), fc.string({ unit: 'binary' })),
      title: fc.oneof(fc.constantFrom('a', '产品, "x"'), fc.string({ unit: 'binary' })),
      hreflang: fc.option(fc.constantFrom(['zh'], ['en', 'de'], []), { nil: undefined }),
      type: fc.option(fc.constantFrom('text/html', 'application/pdf'), { nil: undefined }),
      default: fc.option(fc.boolean(), { nil: undefined }),
    }),
    { maxLength: 4 },
  )
  fc.assert(
    fc.property(
      texts,
      query,
      header,
      header,
      linkList,
      fc.constantFrom('GET', 'HEAD', 'OPTIONS', 'PUT'),
      (path, search, accept, language, links, method) => {
        const answer = answerGs1(
          { root: 'https://id.example', name: 'x', linksOf: () => links },
          { method, uri: `https://id.example${path}${search}`, headers: { accept, 'accept-language': language } },
        )
        expect([200, 204, 300, 307, 400, 404, 405]).toContain(answer.status)
        expect((answer.headers.location !== undefined) === (answer.status === 307)).toBe(true)
        for (const value of Object.values(answer.headers)) expect(value).toMatch(/^[ -~]*$/)
        if (answer.status === 200 && method === 'GET') expect(answer.body).toMatch(/anchor=?"|resolverRoot|<!doctype/)
      },
    ),
    { numRuns: Number(process.env.KAPOK_FUZZ_RUNS ?? 300) },
  )
})
