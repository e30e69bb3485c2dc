import type { HandleValue } from '../../handle/value.ts'
import { linkIn, linkType } from '../../record/check-record.ts'
import { isPublic } from '../../resolution/records.ts'
import { type Face, flatHeaders } from '../http.ts'
import { descriptionPath } from './description.ts'
import { answerGs1, type Link } from './gs1.ts'

/** The record that has another name, a canonical Digital Link; of one node or of many. */
export type FindByName = (name: string) => { handle: string; values: readonly HandleValue[] } | undefined

/** Paths of Digital Links: the number of a primary key and its value somewhere, or one compressed part alone. */
const digitalLink = /^\/(?:(?:.*\/)?\d{2,4}\/[^/]+|[A-Za-z0-9_-]{8,}\/?$)/

/**
 * The GS1-conformant resolver of a node (Resolver 1.2): links of a record are its values of type GS1_LINK; a record without one
 * leads to its first URL.
 */
export function gs1Face(options: {
  /** Without it the address by which the node was asked. */
  root?: string | undefined
  name: string
  findByName: FindByName
}): Face {
  const { name, findByName } = options
  return ({ method, url, target, headers }) => {
    if (url.pathname !== descriptionPath && !digitalLink.test(url.pathname)) return undefined
    const root = options.root ?? url.origin
    // Each is looked up once for a request: for its links, and for its name.
    const found = new Map<string, readonly HandleValue[] | undefined>()
    const linksOf = (anchor: string) => {
      const record = findByName(anchor)
      const open = record?.values.filter(isPublic)
      found.set(anchor, open)
      return record && open && linksIn(record.handle, open)
    }
    const itemDescriptionOf = (anchor: string) => textOf(found.get(anchor), 'NAME')
    return answerGs1(
      { root, name, linksOf, itemDescriptionOf },
      {
        method,
        uri: `${root}${target}`,
        headers: flatHeaders({ accept: headers.accept, 'accept-language': headers['accept-language'] }),
      },
    )
  }
}

function linksIn(handle: string, values: readonly HandleValue[]): readonly Link[] {
  const links = values.flatMap((value) => (value.type.toUpperCase() === linkType ? (linkIn(value) ?? []) : []))
  if (links.length > 0) return links
  const url = textOf(values, 'URL')
  return url === undefined
    ? []
    : [{ linkType: 'gs1:pip', href: url, title: textOf(values, 'NAME') ?? handle, default: true }]
}

function textOf(values: readonly HandleValue[] | undefined, type: string): string | undefined {
  const value = values?.find((each) => each.type.toUpperCase() === type)
  return value && Buffer.from(value.data).toString('utf8')
}
