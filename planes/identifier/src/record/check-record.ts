import { isUtf8 } from 'node:buffer'
import { type Link, linkFaults } from '../face/gs1/gs1.ts'
import type { HandleValue } from '../handle/handle.ts'
import { IdentifierError, parseIdentifier } from '../name/name.ts'
import { aliasTypes } from '../store/store.ts'
import {
  indexesIn,
  readTemplate,
  TemplateError,
  templateLimits,
  templateOf,
  templateTypes,
} from '../template/template.ts'

/** Type of a value that is a link of the GS1 resolver: a Link as JSON. */
export const linkType = 'GS1_LINK'

/** What a record says that no face could answer with. */
export interface RecordFault {
  /** Index of the value. */
  index: number
  message: string
}

/**
 * Checks what the other faces of a record are made from: other names (GS1_DL, EPC, OID, DID, ECODE) stand in their canonical
 * form, so that they are found; links of the GS1 resolver are whole, and one of them at most is the default.
 */
export function recordFault(values: readonly HandleValue[]): RecordFault | undefined {
  const links: { index: number; link: Link }[] = []
  for (const value of values) {
    const type = value.type.toUpperCase()
    if ((aliasTypes as readonly string[]).includes(type)) {
      const message = aliasFault(value)
      if (message !== undefined) return { index: value.index, message }
    }
    const ofTemplate = templateValueFault(value)
    if (ofTemplate !== undefined) return { index: value.index, message: ofTemplate }
    if (type !== linkType) continue
    const link = linkIn(value)
    if (link === undefined)
      return { index: value.index, message: 'a link is a JSON object with linkType, href and title' }
    links.push({ index: value.index, link })
  }
  const used = templateOf(values)
  if (used && 'expected' in used) return { index: used.index, message: `expected ${used.expected}` }
  const [fault] = linkFaults(links.map(({ link }) => link))
  return fault && { index: links[fault.index]?.index ?? 0, message: `expected ${fault.expected}` }
}

/** What is wrong with the form of a template, or of a value that says who may read others. */
function templateValueFault({ type, data, references }: HandleValue): string | undefined {
  const name = type.toUpperCase()
  if (name === templateTypes.readers) {
    const isWhole =
      indexesIn(data) !== undefined && references.length > 0 && references.length <= templateLimits.readers
    return isWhole
      ? undefined
      : `readers are a JSON list of indexes, and 1 to ${templateLimits.readers} references to groups and users`
  }
  if (name !== templateTypes.definition) return undefined
  try {
    readTemplate(data)
    return undefined
  } catch (error) {
    if (error instanceof TemplateError) return error.message
    throw error
  }
}

function aliasFault({ data }: HandleValue): string | undefined {
  if (!isUtf8(data)) return 'another name is text'
  const text = Buffer.from(data).toString('utf8')
  try {
    const { canonical } = parseIdentifier(text)
    return canonical === text ? undefined : `write the name in its canonical form: ${canonical}`
  } catch (error) {
    if (error instanceof IdentifierError) return error.message
    throw error
  }
}

/** The link that a value holds; undefined when it is none in form. Whether it is a good one, `linkFaults` says. */
export function linkIn({ data }: HandleValue): Link | undefined {
  let json: unknown
  try {
    json = JSON.parse(Buffer.from(data).toString('utf8'))
  } catch {
    return undefined
  }
  if (typeof json !== 'object' || json === null) return undefined
  const { linkType: kind, href, title, type, hreflang, context, default: isDefault } = json as Record<string, unknown>
  if (typeof kind !== 'string' || typeof href !== 'string' || typeof title !== 'string') return undefined
  if (!isTextOrNone(type) || !areTexts(hreflang) || !areTexts(context)) return undefined
  if (isDefault !== undefined && typeof isDefault !== 'boolean') return undefined
  return {
    linkType: kind,
    href,
    title,
    ...(type !== undefined && { type }),
    ...(hreflang !== undefined && { hreflang }),
    ...(context !== undefined && { context }),
    ...(isDefault !== undefined && { default: isDefault }),
  }
}

const isTextOrNone = (value: unknown): value is string | undefined => value === undefined || typeof value === 'string'
const areTexts = (value: unknown): value is string[] | undefined =>
  value === undefined || (Array.isArray(value) && value.every((each) => typeof each === 'string'))
