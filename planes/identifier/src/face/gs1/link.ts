import { gs1FaceLimits } from './limits.ts'

/** Where a resolver leads from an identified thing. */
export interface Link {
  /** A URI, or a word of the GS1 Web Vocabulary as `gs1:pip`. */
  readonly linkType: string
  /** An absolute http or https URL. */
  readonly href: string
  /** For people, in the language of the target. */
  readonly title: string
  /** Media type of the target. */
  readonly type?: string
  /** BCP 47. */
  readonly hreflang?: readonly string[]
  /** What the link is for: values that the resolver's description states. */
  readonly context?: readonly string[]
  /** The one to which a request leads that asks for no link type. */
  readonly default?: boolean
}

/** The namespace of the GS1 Web Vocabulary (Resolver 1.2 §2.14). */
export const gs1Vocabulary = 'https://ref.gs1.org/voc/'

export const linkTypes = {
  defaultLink: `${gs1Vocabulary}defaultLink`,
  /** Variants of the default, by language, media type or context (§2.5.8). */
  defaultLinkMulti: `${gs1Vocabulary}defaultLinkMulti`,
  handledBy: `${gs1Vocabulary}handledBy`,
  dpp: `${gs1Vocabulary}dpp`,
} as const

/** Other names of the same link type: older addresses of the vocabulary, the relation `dpp` of IANA, schema.org's. */
const sameNamespaces = /^(?:https?:\/\/(?:www\.)?gs1\.org\/voc\/|http:\/\/ref\.gs1\.org\/voc\/|gs1:)/
const sameTypes: Readonly<Record<string, string>> = {
  dpp: linkTypes.dpp,
  'https://www.iana.org/assignments/relation/dpp': linkTypes.dpp,
  'https://schema.org/hasDigitalProductPassport': linkTypes.dpp,
  'http://schema.org/hasDigitalProductPassport': linkTypes.dpp,
}

/** The one URI of a link type, however it is written: `gs1:pip`, `https://gs1.org/voc/pip` → `https://ref.gs1.org/voc/pip`. */
export function linkTypeUri(linkType: string): string {
  return sameTypes[linkType] ?? linkType.replace(sameNamespaces, gs1Vocabulary)
}

/** What is wrong with the links of an anchor: which of them, and what had to be. */
export interface LinkFault {
  readonly index: number
  readonly expected: string
}

/**
 * Checks the links of one anchor before they are written: at most one default (§2.5.8), each with URL, link type and title
 * (§2.5.1–2.5.3), a type of the GS1 vocabulary by its own name (§2.14), well-formed languages and media type. No faults: may be written.
 */
export function linkFaults(links: readonly Link[]): readonly LinkFault[] {
  const faults: LinkFault[] = []
  if (links.length > gs1FaceLimits.links)
    faults.push({ index: gs1FaceLimits.links, expected: `at most ${gs1FaceLimits.links} links` })
  let defaults = 0
  for (const [index, link] of links.slice(0, gs1FaceLimits.links).entries()) {
    if (link.default === true) defaults++
    if (link.default === true && defaults > 1)
      faults.push({ index, expected: 'one default link; another one is the default already' })
    for (const { holds, expected } of rules) if (!holds(link)) faults.push({ index, expected })
  }
  return faults
}

const rules: readonly { holds(link: Link): boolean; expected: string }[] = [
  {
    holds: ({ href }) => isWebUrl(href),
    expected: `an http or https URL of at most ${gs1FaceLimits.hrefLength} characters`,
  },
  {
    holds: ({ title }) => title.trim() !== '' && title.length <= gs1FaceLimits.titleLength && !/\p{Cc}/u.test(title),
    expected: `a title of at most ${gs1FaceLimits.titleLength} characters in one line`,
  },
  { holds: ({ linkType }) => isType(linkType), expected: 'a link type: gs1: and a word, or a URI' },
  {
    holds: ({ linkType }) => !(linkType in sameTypes) || linkTypeUri(linkType) === linkType,
    expected: 'the link type of the GS1 vocabulary, which means the same',
  },
  {
    holds: ({ linkType }) => linkTypeUri(linkType) !== linkTypes.defaultLink,
    expected: 'what the target is, such as gs1:pip; default: true makes it the default',
  },
  {
    holds: ({ type }) => type === undefined || (type.length <= 256 && /^[!#$&^_.+\-\w]+\/[!#$&^_.+\-\w]+$/.test(type)),
    expected: 'a media type such as text/html',
  },
  {
    holds: ({ hreflang = [] }) =>
      fewTags(hreflang) && hreflang.every((tag) => /^[A-Za-z]{2,8}(-[0-9A-Za-z]{1,8})*$/.test(tag)),
    expected: 'languages as BCP 47 tags such as zh-CN',
  },
  {
    holds: ({ context = [] }) => fewTags(context) && context.every((value) => value !== '' && value.length <= 256),
    expected: 'contexts that are not empty',
  },
]

const fewTags = (tags: readonly string[]) => tags.length <= gs1FaceLimits.tags

function isType(linkType: string): boolean {
  const uri = linkTypeUri(linkType)
  return (
    uri.length <= 1_024 && uri !== gs1Vocabulary && /^[A-Za-z][A-Za-z0-9+.-]*:[!#$%&'()*+,\-./:;=?@\w~]+$/.test(uri)
  )
}

function isWebUrl(href: string): boolean {
  // Parsed alone a URL with blanks or line breaks would pass: it drops them.
  return (
    href.length <= gs1FaceLimits.hrefLength &&
    /^https?:\/\/[!-~]+$/i.test(href) &&
    !/[<>"]/.test(href) &&
    URL.canParse(href)
  )
}
