import { gs1FaceLimits } from './limits.ts'
import type { Link } from './link.ts'

/** A range of an Accept or Accept-Language header with its weight (RFC 9110 §12.4.2), as small letters. */
export interface Range {
  readonly range: string
  readonly q: number
}

/** The ranges of a header; undefined when it is absent, too long, or has none that can be read. */
export function rangesOf(header: string | undefined): readonly Range[] | undefined {
  if (header === undefined || header.length > gs1FaceLimits.headerLength) return undefined
  const ranges = header.split(',', gs1FaceLimits.ranges).flatMap((part) => {
    const [range = '', ...parameters] = part.split(';').map((each) => each.trim().toLowerCase())
    const weight = parameters.find((each) => each.startsWith('q='))
    const q = weight === undefined ? 1 : Number(weight.slice(2))
    return range === '' || !(q >= 0 && q <= 1) ? [] : [{ range, q }]
  })
  return ranges.length === 0 ? undefined : ranges
}

/** Weight of a media type: that of the most specific range that has it; 0 when none has. */
export function mediaTypeWeight(ranges: readonly Range[], type: string): number {
  const wanted = type.toLowerCase()
  const group = `${wanted.split('/')[0]}/*`
  const found = [wanted, group, '*/*']
    .map((each) => ranges.find(({ range }) => range === each))
    .find((each) => each !== undefined)
  return found?.q ?? 0
}

/** Weight of a language by the best of its ranges: `zh` has `zh-CN` (RFC 4647 §3.3.1), and `zh-CN` falls back to `zh` (§3.4). */
export function languageWeight(ranges: readonly Range[], tag: string): number {
  const wanted = tag.toLowerCase()
  let best = 0
  for (const { range, q } of ranges) {
    const exact = range === wanted || wanted.startsWith(`${range}-`)
    // The language itself is a little less than what was asked for, anything (*) still less.
    const fit = exact ? 1 : range.startsWith(`${wanted}-`) ? 0.99 : range === '*' ? 0.01 : 0
    best = Math.max(best, q * fit)
  }
  return best
}

/** What a request says of what it wants. */
export interface Wishes {
  readonly types: readonly Range[] | undefined
  readonly languages: readonly Range[] | undefined
  readonly context: string | undefined
}

/** How well a link fits each wish: 0 not, above 1 by what it states, between where it states nothing or nothing is wished. */
type Fit = readonly [type: number, language: number, context: number]

const unsaid = 0.001
const unwished = 0.5

function fitOf({ type, hreflang, context }: Link, wishes: Wishes): Fit {
  const said = <T>(value: T | undefined, wish: unknown, weigh: (value: T) => number) => {
    if (wish === undefined) return unwished
    if (value === undefined) return unsaid
    const weight = weigh(value)
    return weight === 0 ? 0 : 1 + weight
  }
  const { types = [], languages = [] } = wishes
  const anything = types.length === 0 || types.every(({ range }) => range === '*/*')
  return [
    said(type, anything ? undefined : types, (each) => mediaTypeWeight(types, each)),
    said(hreflang?.length === 0 ? undefined : hreflang, wishes.languages, (tags) =>
      Math.max(...tags.map((tag) => languageWeight(languages, tag))),
    ),
    // A link for a context is for that context only: without one asked for it stands behind those for all.
    wishes.context === undefined
      ? context === undefined || context.length === 0
        ? unwished
        : unsaid
      : said(context?.length === 0 ? undefined : context, wishes.context, (values) =>
          values.includes(wishes.context ?? '') ? 1 : 0,
        ),
  ]
}

function compare(one: Fit, other: Fit): number {
  for (const [index, value] of one.entries()) {
    const difference = (other[index] ?? 0) - value
    if (difference !== 0) return difference
  }
  return 0
}

/**
 * The links that fit best, by media type, then language, then context (Resolver 1.2 §2.6.3, examples 8–13); more than one when
 * the request does not decide between them.
 */
export function bestLinks(links: readonly Link[], wishes: Wishes): readonly Link[] {
  const fits = links
    .map((link) => ({ link, fit: fitOf(link, wishes) }))
    .sort((one, other) => compare(one.fit, other.fit))
  return fits.filter(({ fit }) => compare(fit, fits[0]?.fit ?? fit) === 0).map(({ link }) => link)
}

/** Whether a link states something that was wished, and nothing else than was wished. */
export function isWished(link: Link, wishes: Wishes): boolean {
  const fit = fitOf(link, wishes)
  return fit.some((value) => value > 1) && fit.every((value) => value > 0)
}
