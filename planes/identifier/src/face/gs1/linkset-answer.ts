import {
  type AnchoredLinks,
  linksetContext,
  linksetHtml,
  linksetJson,
  linksetJsonLd,
  linksetText,
  linkText,
} from './linkset.ts'
import { languageWeight, mediaTypeWeight, type Range, type Wishes } from './negotiation.ts'

/** The forms of a linkset, the first for whoever does not say (Resolver 1.2 §2.10). */
const forms: readonly {
  readonly type: string
  write(levels: readonly AnchoredLinks[], language: 'zh-CN' | 'en'): string
}[] = [
  { type: 'application/linkset+json', write: (levels) => JSON.stringify(linksetJson(levels)) },
  { type: 'application/json', write: (levels) => JSON.stringify(linksetJson(levels)) },
  { type: 'application/ld+json', write: (levels) => JSON.stringify(linksetJsonLd(levels)) },
  { type: 'application/linkset', write: linksetText },
  { type: 'text/html', write: linksetHtml },
]

/** Whether Accept asks for a linkset rather than for what it leads to: by its own media type, which nothing else outweighs. */
export function linksetWanted(types: readonly Range[] | undefined): boolean {
  const own =
    types?.filter(({ range }) => range === 'application/linkset+json' || range === 'application/linkset') ?? []
  const best = Math.max(0, ...own.map(({ q }) => q))
  return best > 0 && types?.every(({ q }) => q <= best) === true
}

/** A linkset in the form that Accept prefers, a page in Chinese or English, and the links that its header has beside. */
export function linksetBody(levels: readonly AnchoredLinks[], { types, languages = [] }: Wishes) {
  const weight = (type: string) => (types === undefined ? 1 : mediaTypeWeight(types, type))
  const [first] = forms
  const form = forms.reduce(
    (best, each) => (weight(each.type) > weight(best.type) ? each : best),
    first as (typeof forms)[number],
  )
  const isJson = form.type === 'application/linkset+json' || form.type === 'application/json'
  const context = { href: linksetContext, title: 'JSON-LD context', type: 'application/ld+json' }
  return {
    type: form.type === 'text/html' ? 'text/html; charset=utf-8' : form.type,
    body: form.write(levels, languageWeight(languages, 'zh-CN') > languageWeight(languages, 'en') ? 'zh-CN' : 'en'),
    links: isJson ? [linkText(context, 'http://www.w3.org/ns/json-ld#context')] : [],
  }
}
