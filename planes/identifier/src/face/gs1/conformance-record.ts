import type { Link } from './link.ts'
import { answerGs1, type Gs1Resolver, type ResolverRequest } from './resolve.ts'

// A product in two languages, its batch and one of it with a passport, as a resolver has them; for the tests of conformance.
export const gtin = 'https://id.gs1.org/01/09506000134376'
export const pip: Link = {
  linkType: 'gs1:pip',
  href: 'https://brand.example/en',
  title: 'Product',
  type: 'text/html',
  hreflang: ['en'],
  default: true,
}
export const pipZh: Link = {
  ...pip,
  href: 'https://brand.example/zh',
  title: '产品',
  hreflang: ['zh-CN'],
  default: undefined,
}
export const pdf: Link = {
  linkType: 'gs1:instructions',
  href: 'https://brand.example/m.pdf',
  title: 'Manual',
  type: 'application/pdf',
}
export const dpp: Link = {
  linkType: 'gs1:dpp',
  href: 'https://brand.example/dpp?v=1#top',
  title: 'Passport',
  type: 'application/vc',
}
export const recall: Link = {
  linkType: 'gs1:recallStatus',
  href: 'https://brand.example/lot',
  title: 'Recall',
  default: true,
}
export const twin: Link = { linkType: 'gs1:traceability', href: 'https://trace.example/a', title: 'Trace A' }

export const links: Readonly<Record<string, readonly Link[]>> = {
  [gtin]: [pip, pipZh, pdf, twin, { ...twin, href: 'https://trace.example/b', title: 'Trace B' }],
  [`${gtin}/10/LOT01`]: [recall],
  [`${gtin}/21/7`]: [{ ...dpp, default: true }],
}

export const resolver: Gs1Resolver = {
  root: 'https://id.kapok.example',
  name: 'Kapok',
  contexts: ['CN'],
  linksOf: (anchor) => links[anchor],
  itemDescriptionOf: (anchor) => (anchor === gtin ? 'Pump' : undefined),
  handledBy: ({ value }) =>
    /^1?0614141/.test(value) ? { root: 'https://other.example/id', title: 'Other' } : undefined,
}

export const get = (path: string, headers: ResolverRequest['headers'] = {}, method = 'GET') =>
  answerGs1(resolver, { method, uri: `https://id.kapok.example${path}`, headers })
export const item = '/01/09506000134376'
export const linksetOf = (path: string, headers: ResolverRequest['headers'] = {}) =>
  JSON.parse(get(path, headers).body).linkset
export const voc = (word: string) => `https://ref.gs1.org/voc/${word}`
