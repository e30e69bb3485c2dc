import { epcisLimits } from './limits.ts'
import type { Misfit } from './problem.ts'

/** Prefix of an extension to the URI of its namespace. */
export type Namespaces = Readonly<Record<string, string>>

/** The context that we write. */
export const epcisContext = 'https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld'

// With any version between, and the address at which the draft stood and many documents still name it.
const gs1Context =
  /^https?:\/\/(?:ref\.gs1\.org\/standards\/epcis\/(?:\d+(?:\.\d+){0,2}\/)?|gs1\.github\.io\/EPCIS\/)epcis-context\.jsonld$/

/** What the GS1 context itself defines, and what no document may define otherwise (it is protected). */
export const ownNamespaces: Namespaces = {
  epcis: 'https://ref.gs1.org/epcis/',
  cbv: 'https://ref.gs1.org/cbv/',
  gs1: 'https://ref.gs1.org/voc/',
  cbvmda: 'urn:epcglobal:cbv:mda',
  rdfs: 'http://www.w3.org/2000/01/rdf-schema#',
  owl: 'http://www.w3.org/2002/07/owl#',
  xsd: 'http://www.w3.org/2001/XMLSchema#',
  dcterms: 'http://purl.org/dc/terms/',
}

/** A prefix: an XML name without a colon, since the same event must be writable as XML. */
const prefixForm = /^[A-Za-z_][\w.-]{0,62}$/

/**
 * The extension namespaces of an `@context`. The GS1 context must be there; other remote contexts are not loaded and
 * give nothing; a definition that is not prefix → URI is refused. Wrong places go into `misfits`.
 */
export function namespacesOf(context: unknown, path: string, misfits: Misfit[]): Namespaces {
  const parts = context === undefined ? [] : Array.isArray(context) ? context : [context]
  if (parts.length > epcisLimits.namespaces) {
    misfits.push({ path, expected: `at most ${epcisLimits.namespaces} parts` })
    return {}
  }
  const found: Record<string, string> = {}
  let hasGs1 = false
  for (const [i, part] of parts.entries()) {
    const here = Array.isArray(context) ? `${path}[${i}]` : path
    if (typeof part === 'string') hasGs1 ||= gs1Context.test(part)
    else if (typeof part === 'object' && part !== null && !Array.isArray(part)) collect(part, here, found, misfits)
    else misfits.push({ path: here, expected: 'the address of a context or an object of prefixes' })
  }
  if (!hasGs1) misfits.push({ path, expected: `the GS1 EPCIS context, ${epcisContext},` })
  return found
}

function collect(part: object, path: string, found: Record<string, string>, misfits: Misfit[]): void {
  for (const [prefix, namespace] of Object.entries(part)) {
    const here = `${path}.${prefix}`
    // JSON-LD keywords such as @version or @vocab define no prefix.
    if (prefix.startsWith('@')) continue
    if (!prefixForm.test(prefix))
      misfits.push({ path: here, expected: 'a prefix of letters, digits, ".", "_" and "-"' })
    else if (typeof namespace !== 'string' || !isUri(namespace))
      misfits.push({ path: here, expected: 'the URI of a namespace' })
    else if (Object.hasOwn(ownNamespaces, prefix) && !sameNamespace(ownNamespaces[prefix] ?? '', namespace))
      misfits.push({
        path: here,
        expected: `the namespace that the GS1 context gives the prefix, ${ownNamespaces[prefix]},`,
      })
    else if (Object.hasOwn(ownNamespaces, prefix)) continue
    else if (Object.keys(found).length >= epcisLimits.namespaces)
      misfits.push({ path: here, expected: `at most ${epcisLimits.namespaces} prefixes` })
    else found[prefix] = namespace
  }
}

const sameNamespace = (a: string, b: string): boolean => {
  const plain = (text: string) => text.replace(/^https?:\/\/(ns\.|ref\.|www\.)?/, '').replace(/[:/#]$/, '')
  return plain(a) === plain(b)
}

/** An absolute URI: a scheme, a colon, and no white space, within the limit. */
export function isUri(text: string): boolean {
  if (text.length > epcisLimits.uriCharacters || !text.isWellFormed()) return false
  return /^[A-Za-z][A-Za-z0-9+.-]*:[^\s"<>\\^`{|}]+$/.test(text)
}

/** Namespace and local name of a member such as `ex:field`; undefined when its prefix is not defined. */
export function expandMember(member: string, namespaces: Namespaces): { namespace: string; local: string } | undefined {
  const colon = member.indexOf(':')
  if (colon <= 0) return undefined
  const prefix = member.slice(0, colon)
  const namespace = Object.hasOwn(namespaces, prefix)
    ? namespaces[prefix]
    : Object.hasOwn(ownNamespaces, prefix)
      ? ownNamespaces[prefix]
      : undefined
  return namespace === undefined ? undefined : { namespace, local: member.slice(colon + 1) }
}
