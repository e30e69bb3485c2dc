import { type Link, linkTypes, linkTypeUri } from './link.ts'

/** The links of one identified thing. */
export interface AnchoredLinks {
  /** The uncompressed URI of the thing, without a query. */
  readonly anchor: string
  readonly itemDescription?: string
  readonly links: readonly Link[]
}

/** JSON-LD context that makes RDF of a linkset (Resolver 1.2 §2.10). */
export const linksetContext = 'https://ref.gs1.org/standards/resolver/linkset-context'

interface Target {
  readonly href: string
  readonly title: string
  readonly type?: string
  readonly hreflang?: readonly string[]
  readonly context?: readonly string[]
}

type ContextObject = { anchor: string; itemDescription?: string } & {
  [linkType: string]: string | Target[] | undefined
}

/**
 * A linkset as JSON (RFC 9264 §4.2 as Resolver 1.2 §2.10 wants it): an object for each level with links, the link relation one URI; the
 * default link once more under its own relation, with its title alone (§2.5.8).
 */
export function linksetJson(levels: readonly AnchoredLinks[]): { linkset: readonly ContextObject[] } {
  return { linkset: levels.map(contextObject) }
}

function contextObject({ anchor, itemDescription, links }: AnchoredLinks): ContextObject {
  const object: ContextObject = { anchor }
  if (itemDescription !== undefined) object.itemDescription = itemDescription
  for (const link of links) {
    const type = linkTypeUri(link.linkType)
    const targets = (object[type] ?? []) as Target[]
    object[type] = [...targets, targetOf(link)]
  }
  const standard = defaultOf(links)
  if (standard !== undefined) object[linkTypes.defaultLink] = [{ href: standard.href, title: standard.title }]
  return object
}

function targetOf({ href, title, type, hreflang, context }: Link): Target {
  return {
    href,
    title,
    ...(type === undefined ? {} : { type }),
    ...(hreflang === undefined || hreflang.length === 0 ? {} : { hreflang }),
    ...(context === undefined || context.length === 0 ? {} : { context }),
  }
}

/** The default link of an anchor: the one that says so, or the only one that there is. */
export function defaultOf(links: readonly Link[]): Link | undefined {
  return links.find((link) => link.default === true) ?? (links.length === 1 ? links[0] : undefined)
}

/** The same as JSON-LD: with the context, so that it stands alone. */
export function linksetJsonLd(levels: readonly AnchoredLinks[]): object {
  return { '@context': linksetContext, ...linksetJson(levels) }
}

/** The same as RFC 9264 §4.1: links as in a Link header, each with its anchor. */
export function linksetText(levels: readonly AnchoredLinks[]): string {
  return levels
    .flatMap(({ anchor, links }) => {
      const standard = defaultOf(links)
      const named = links.map((link) => linkText(link, linkTypeUri(link.linkType), anchor))
      return standard === undefined
        ? named
        : [...named, linkText({ ...standard, type: undefined, hreflang: undefined }, linkTypes.defaultLink, anchor)]
    })
    .join(',\n')
}

/** One link as RFC 8288 writes it. Titles beyond ASCII are written after RFC 8187 too. */
export function linkText(
  { href, title, type, hreflang = [] }: Omit<Link, 'linkType'>,
  relation: string,
  anchor?: string,
): string {
  const plain = title.replace(/[^ -~]/g, '?')
  return [
    `<${headerUrl(href)}>`,
    ...(anchor === undefined ? [] : [`anchor="${anchor}"`]),
    `rel="${relation}"`,
    `title="${plain.replace(/["\\]/g, '\\$&')}"`,
    ...(plain === title
      ? []
      : [`title*=UTF-8''${encodeURIComponent(title.toWellFormed()).replace(/['()*]/g, percentOf)}`]),
    ...(type === undefined ? [] : [`type="${type}"`]),
    ...hreflang.map((tag) => `hreflang="${tag}"`),
  ].join('; ')
}

/** A URL as a header may have it, whatever the store had. */
export function headerUrl(href: string): string {
  return href.toWellFormed().replace(/[^!-~]|[<>"]/gu, encodeURIComponent)
}

const percentOf = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`

/** The same as a page for people, with the JSON-LD within. */
export function linksetHtml(levels: readonly AnchoredLinks[], language: 'zh-CN' | 'en'): string {
  const heading = language === 'en' ? 'Links' : '链接'
  const sections = levels.map(
    ({ anchor, itemDescription, links }) =>
      `<section><h2>${html(itemDescription ?? anchor)}</h2><p><code>${html(anchor)}</code></p><ul>${links
        .map(
          ({ href, title, linkType, hreflang = [] }) =>
            `<li><a href="${html(href)}"${hreflang.length === 1 ? ` hreflang="${html(hreflang[0] ?? '')}"` : ''}>${html(title)}</a> <small>${html([linkType, ...hreflang].join(', '))}</small></li>`,
        )
        .join('')}</ul></section>`,
  )
  const data = JSON.stringify(linksetJsonLd(levels)).replaceAll('<', '\\u003c')
  return `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${html(heading)}</title><script type="application/ld+json">${data}</script></head><body><h1>${html(heading)}</h1>${sections.join('')}</body></html>`
}

function html(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
