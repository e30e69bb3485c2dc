import type { DigitalLink, Element } from '../../name/name.ts'
import { canonicalUri, digitalLinkPath, digitalLinkUri, IdentifierError } from '../../name/name.ts'
import { anchorsOf, readDigitalLink } from './anchors.ts'
import { descriptionPath, type ResolverSettings, resolverDescription } from './description.ts'
import { gs1FaceLimits } from './limits.ts'
import { type Link, linkTypes, linkTypeUri } from './link.ts'
import { type AnchoredLinks, defaultOf, headerUrl, linkText } from './linkset.ts'
import { linksetBody, linksetWanted } from './linkset-answer.ts'
import { bestLinks, isWished, rangesOf, type Wishes } from './negotiation.ts'

/** A request as the server has it: the URI as it was sent, headers by names in small letters. */
export interface ResolverRequest {
  readonly method: string
  /** Absolute, with the domain by which the resolver was asked. */
  readonly uri: string
  readonly headers: Readonly<Record<string, string | undefined>>
}

export interface ResolverResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Gs1Resolver extends ResolverSettings {
  /** The links of a thing by its canonical URI (`https://id.gs1.org/01/…`); undefined or none when nothing is known of it. */
  linksOf(anchor: string): readonly Link[] | undefined
  itemDescriptionOf?(anchor: string): string | undefined
  /** Another resolver that has all things of a key's company prefix, where this one knows nothing: its root, without a slash at the end. */
  handledBy?(key: Element): { readonly root: string; readonly title: string } | undefined
}

const methods = 'GET, HEAD, OPTIONS'

const always: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': methods,
  'access-control-allow-headers': 'Accept, Accept-Language',
  'access-control-expose-headers': 'Link, Location',
  vary: 'Accept, Accept-Language',
}

/**
 * Answers a request as a GS1-Conformant Resolver 1.2 does: 307 to the link that fits, 300 when the request does not decide, 404 when
 * there is none, 400 for what is no Digital Link, 200 for linkset and description alone. Never throws for a request.
 */
export function answerGs1(resolver: Gs1Resolver, request: ResolverRequest): ResolverResponse {
  const response = answerAnyMethod(resolver, request)
  return request.method === 'HEAD' ? { ...response, body: '' } : response
}

function answerAnyMethod(resolver: Gs1Resolver, request: ResolverRequest): ResolverResponse {
  if (request.method === 'OPTIONS') return { status: 204, headers: { ...always, allow: methods }, body: '' }
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return problem(405, 'Only GET, HEAD and OPTIONS', `${methods} are answered here.`, { allow: methods })
  if (request.uri.length > gs1FaceLimits.uriLength)
    return problem(414, 'The URI is too long', `A URI of at most ${gs1FaceLimits.uriLength} characters is read.`)
  if (/^[^?#]*?:\/\/[^/?#]*/.exec(request.uri)?.[0] + descriptionPath === request.uri.split(/[?#]/)[0])
    return json(200, 'application/json', resolverDescription(resolver))
  try {
    return answerLink(resolver, request, readDigitalLink(request.uri))
  } catch (error) {
    if (!(error instanceof IdentifierError)) throw error
    return problem(400, 'This is no GS1 Digital Link', error.message)
  }
}

function answerLink(
  resolver: Gs1Resolver,
  request: ResolverRequest,
  { link, compressed }: ReturnType<typeof readDigitalLink>,
) {
  const bare = { ...link, attributes: [], parameters: [] }
  const asked = askedOf(request, link)
  const levels = levelsWithLinks(resolver, bare)
  const self = digitalLinkUri(bare)
  const about = [
    linkText({ href: `${self}?linkType=linkset`, title: 'All links', type: 'application/linkset+json' }, 'linkset'),
    ...(compressed
      ? [linkText({ href: digitalLinkUri({ ...link, parameters: [] }), title: 'Uncompressed' }, 'owl:sameAs')]
      : []),
  ]
  if (asked.linkset) {
    const all = [...levels].map((level) => anchored(resolver, level))
    if (all.length === 0) return handledElsewhere(resolver, request.uri, link, compressed)
    return linksetAnswer(200, all, asked.wishes, about)
  }
  const found = linksFor(levels, asked.linkType, asked.wishes)
  if (found === 'nothing known') return handledElsewhere(resolver, request.uri, link, compressed)
  if (found === undefined)
    return notFound(
      'This link type is not there',
      `Nothing of the type ${asked.linkType} is linked; what is, linkType=linkset tells.`,
      about,
    )
  const [only, ...others] = found.links
  if (only === undefined || others.length > 0)
    return linksetAnswer(300, [anchored(resolver, found)], asked.wishes, about)
  return redirect(only.href, queryOf(request.uri, link, compressed), [
    ...about,
    linkText(only, relationOf(only, asked.linkType)),
  ])
}

interface Level {
  readonly level: DigitalLink
  readonly canonical: string
  readonly links: readonly Link[]
}

/** What has links, the finest first; each is looked up when it is come to. */
function* levelsWithLinks(resolver: Gs1Resolver, link: DigitalLink): Generator<Level> {
  for (const level of anchorsOf(link)) {
    const canonical = canonicalUri(level)
    const links = resolver.linksOf(canonical)
    if (links !== undefined && links.length > 0) yield { level, canonical, links: links.slice(0, gs1FaceLimits.links) }
  }
}

function anchored(resolver: Gs1Resolver, { level, canonical, links }: Level): AnchoredLinks {
  return { anchor: digitalLinkUri(level), itemDescription: resolver.itemDescriptionOf?.(canonical), links }
}

/** What a request asks for beside the thing. */
function askedOf({ headers }: ResolverRequest, { parameters }: DigitalLink) {
  const parameter = (wanted: string) => parameters.find(({ name, value }) => name === wanted && value !== '')?.value
  const linkType = parameter('linkType')
  const wishes: Wishes = {
    types: rangesOf(headers.accept),
    languages: rangesOf(headers['accept-language']),
    context: parameter('context'),
  }
  // `all` is what the versions before 1.2 said.
  const linkset =
    linkType === 'linkset' || linkType === 'all' || (linkType === undefined && linksetWanted(wishes.types))
  return { linkType: linkType === undefined ? undefined : linkTypeUri(linkType), linkset, wishes }
}

/**
 * The links of the finest level that has what is asked for: of a link type those that fit best; without one the default link, unless
 * a variant of it (another link of its type, or a defaultLinkMulti) states what is wished (§2.6.1, §2.5.8).
 */
function linksFor(
  levels: Iterable<Level>,
  linkType: string | undefined,
  wishes: Wishes,
): Level | 'nothing known' | undefined {
  let isKnown = false
  for (const level of levels) {
    isKnown = true
    const links =
      linkType === undefined || linkType === linkTypes.defaultLink
        ? defaultLinks(level.links, wishes)
        : typed(level.links, linkType, wishes)
    if (links.length > 0) return { ...level, links }
  }
  return isKnown ? undefined : 'nothing known'
}

function typed(links: readonly Link[], linkType: string, wishes: Wishes): readonly Link[] {
  const best = bestLinks(
    links.filter((link) => linkTypeUri(link.linkType) === linkType),
    wishes,
  )
  return preferDefault(best)
}

function preferDefault(best: readonly Link[]): readonly Link[] {
  const standard = best.find((link) => link.default === true)
  return standard === undefined ? best : [standard]
}

function defaultLinks(links: readonly Link[], wishes: Wishes): readonly Link[] {
  const standard = defaultOf(links)
  const variants = links.filter((link) => {
    const type = linkTypeUri(link.linkType)
    return (
      link !== standard &&
      (type === linkTypes.defaultLinkMulti || (standard !== undefined && type === linkTypeUri(standard.linkType)))
    )
  })
  if (standard === undefined) return variants.length > 0 ? bestLinks(variants, wishes) : bestLinks(links, wishes)
  if (!variants.some((link) => isWished(link, wishes))) return [standard]
  return preferDefault(bestLinks([standard, ...variants], wishes))
}

function relationOf(link: Link, linkType: string | undefined): string {
  return linkType ?? (link.default === true ? linkTypes.defaultLink : linkTypeUri(link.linkType))
}

/** The query as it was sent (§2.12); of a compressed URI with what was compressed. */
function queryOf(uri: string, link: DigitalLink, compressed: boolean): string {
  const sent = /^[^?#]*\?([^#]*)/.exec(uri)?.[1] ?? ''
  if (!compressed) return sent
  const whole = digitalLinkUri({
    ...link,
    parameters: link.parameters.filter(({ name }) => !new URLSearchParams(sent).has(name)),
  })
  return [/\?(.*)$/.exec(whole)?.[1] ?? '', sent].filter((part) => part !== '').join('&')
}

function redirect(href: string, query: string, links: readonly string[]): ResolverResponse {
  const [target = '', fragment] = headerUrl(href).split('#', 2)
  const joined = query === '' ? target : `${target}${target.includes('?') ? '&' : '?'}${query}`
  const location = fragment === undefined ? joined : `${joined}#${fragment}`
  return { status: 307, headers: { ...always, location, link: links.join(', ') }, body: '' }
}

/** Where another resolver has all of a company prefix, to it with the uncompressed URI (§2.8). */
function handledElsewhere(
  resolver: Gs1Resolver,
  uri: string,
  link: DigitalLink,
  compressed: boolean,
): ResolverResponse {
  const other = resolver.handledBy?.(link.key)
  if (other === undefined)
    return notFound('Nothing is known of this', 'No link is registered for this identifier or what it belongs to.', [])
  const href = other.root + digitalLinkPath(link)
  return redirect(href, queryOf(uri, link, compressed), [linkText({ href, title: other.title }, linkTypes.handledBy)])
}

function linksetAnswer(
  status: 200 | 300,
  levels: readonly AnchoredLinks[],
  wishes: Wishes,
  about: readonly string[],
): ResolverResponse {
  const { type, body, links } = linksetBody(levels, wishes)
  return { status, headers: { ...always, 'content-type': type, link: [...about, ...links].join(', ') }, body }
}

function notFound(title: string, detail: string, links: readonly string[]): ResolverResponse {
  return problem(404, title, detail, links.length === 0 ? {} : { link: links.join(', ') })
}

function json(
  status: number,
  type: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): ResolverResponse {
  return { status, headers: { ...always, ...headers, 'content-type': type }, body: JSON.stringify(body) }
}

/** An error as RFC 9457 tells it. */
function problem(
  status: number,
  title: string,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): ResolverResponse {
  return json(status, 'application/problem+json', { status, title, detail }, headers)
}
