import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { tooLong } from './document.ts'
import { epcisLimits } from './limits.ts'
import { EpcisProblem } from './problem.ts'

/** An element with its names resolved. */
export interface XmlElement {
  namespace: string
  local: string
  /** As it stood there, empty for none. */
  prefix: string
  /** Those without a prefix, and no declarations of namespaces. */
  attributes: Readonly<Record<string, string>>
  /** Those with a prefix. */
  foreign: readonly { namespace: string; local: string; prefix: string; text: string }[]
  children: readonly XmlElement[]
  /** Text directly in it, without blanks around. */
  text: string
}

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: epcisLimits.documentDepth,
})

type Node = Record<string, unknown>
type Scope = Readonly<Record<string, string>>

const wrong = (detail: string): EpcisProblem => new EpcisProblem('ValidationException', detail)

/**
 * The root of an XML document in UTF-8. Throws EpcisProblem: too long, another encoding, a document type declaration
 * (entities are what it would be for), not well-formed, too deep, a prefix without namespace.
 */
export function xmlTreeOf(body: Uint8Array): XmlElement {
  if (body.length > epcisLimits.captureBytes) throw tooLong()
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch (cause) {
    throw wrong(`the body is not UTF-8: ${String(cause)}`)
  }
  const encoding = /^<\?xml[^>]*\sencoding=["']([^"']*)["']/.exec(text)?.[1]
  if (encoding !== undefined && !/^(utf-?8|us-ascii)$/i.test(encoding))
    throw wrong(`XML in UTF-8 expected, not ${encoding.slice(0, 40)}`)
  if (/<!(DOCTYPE|ENTITY)/i.test(text)) throw wrong('the XML declares a document type, which no EPCIS document has')
  const valid = XMLValidator.validate(text)
  if (valid !== true) throw wrong(`not well-formed XML, line ${valid.err.line}: ${valid.err.msg.slice(0, 200)}`)
  let nodes: Node[]
  try {
    nodes = parser.parse(text) as Node[]
  } catch (cause) {
    throw wrong(`not readable as XML: ${cause instanceof Error ? cause.message.slice(0, 200) : String(cause)}`)
  }
  const root = nodes.flatMap((node) => elementOf(node, {}))[0]
  if (root === undefined) throw wrong('the body has no XML element')
  return root
}

function elementOf(node: Node, outer: Scope): XmlElement[] {
  const name = Object.keys(node).find((key) => key !== ':@' && key !== '#text')
  if (name === undefined) return []
  const given = (node[':@'] ?? {}) as Record<string, string>
  const scope = scopeOf(given, outer)
  const { prefix, local } = partsOf(name)
  const attributes: Record<string, string> = {}
  const foreign: { namespace: string; local: string; prefix: string; text: string }[] = []
  for (const [key, value] of Object.entries(given)) {
    if (key === 'xmlns' || key.startsWith('xmlns:')) continue
    const parts = partsOf(key)
    if (parts.prefix === '') attributes[key] = String(value)
    else foreign.push({ ...parts, namespace: namespaceOf(parts.prefix, scope), text: String(value) })
  }
  const inner = Array.isArray(node[name]) ? (node[name] as Node[]) : []
  return [
    {
      namespace: prefix === '' ? (scope[''] ?? '') : namespaceOf(prefix, scope),
      local,
      prefix,
      attributes,
      foreign,
      children: inner.flatMap((each) => elementOf(each, scope)),
      text: inner
        .map((each) => (typeof each['#text'] === 'string' ? each['#text'] : ''))
        .join('')
        .trim(),
    },
  ]
}

function scopeOf(attributes: Readonly<Record<string, string>>, outer: Scope): Scope {
  let scope: Record<string, string> | undefined
  for (const [key, value] of Object.entries(attributes)) {
    if (key !== 'xmlns' && !key.startsWith('xmlns:')) continue
    scope ??= { ...outer }
    scope[key === 'xmlns' ? '' : key.slice(6)] = String(value)
  }
  return scope ?? outer
}

function partsOf(name: string): { prefix: string; local: string } {
  const colon = name.indexOf(':')
  return colon < 0 ? { prefix: '', local: name } : { prefix: name.slice(0, colon), local: name.slice(colon + 1) }
}

function namespaceOf(prefix: string, scope: Scope): string {
  if (prefix === 'xml') return 'http://www.w3.org/XML/1998/namespace'
  const namespace = Object.hasOwn(scope, prefix) ? scope[prefix] : undefined
  if (namespace === undefined) throw wrong(`the prefix ${prefix.slice(0, 60)} has no namespace`)
  return namespace
}
