import { isUri, ownNamespaces } from './context.ts'
import type { EpcisDocument } from './document.ts'
import { epcisLimits } from './limits.ts'
import { EpcisProblem } from './problem.ts'
import { type XmlElement, xmlTreeOf } from './xml-tree.ts'

// Documents in XML of EPCIS 2.0 and 1.2 (and 1.1) to the members that JSON has; the check of events is the same for both.
// In 1.2 what came later lies in `extension` and `baseExtension` elements: what is in them is as if it were beside them.

const documentNamespace = /^urn:epcglobal:epcis(-query)?:xsd:[12]$/

const wrong = (path: string, expected: string): EpcisProblem =>
  new EpcisProblem('ValidationException', `${path}: ${expected} expected`, { misfits: [{ path, expected }] })

/** The events of a document; throws EpcisProblem for what is none. */
export function xmlDocumentOf(body: Uint8Array): EpcisDocument {
  const root = xmlTreeOf(body)
  if (!documentNamespace.test(root.namespace) || !/^EPCIS(Query)?Document$/.test(root.local))
    throw wrong('document', 'EPCISDocument or EPCISQueryDocument of urn:epcglobal:epcis:xsd:1 or :2')
  if (!/^(1(\.[0-2])?|2(\.\d+)*)$/.test(root.attributes.schemaVersion ?? '')) throw wrong('schemaVersion', '1.2 or 2.0')
  const body_ = child(root, 'EPCISBody') ?? root
  const holder = body_.children.find(({ local }) => local === 'QueryResults')
  const list =
    holder === undefined ? child(body_, 'EventList') : child(child(holder, 'resultsBody') ?? holder, 'EventList')
  if (list === undefined) throw wrong('EPCISBody', 'an EventList')
  const elements = flattened(list)
  if (elements.length > epcisLimits.captureEvents)
    throw new EpcisProblem(
      'CaptureLimitExceededException',
      `a document has at most ${epcisLimits.captureEvents} events, this one ${elements.length}; send it in parts`,
    )
  const prefixes = new Prefixes()
  return {
    events: elements.map((element) => eventOf(element, prefixes)),
    namespaces: prefixes.namespaces,
    path: 'EventList',
    bytes: body.length,
  }
}

const child = (element: XmlElement, name: string): XmlElement | undefined =>
  element.children.find(({ local }) => local === name)

/** Children, with those of `extension` and `baseExtension` in their place. */
function flattened(element: XmlElement): XmlElement[] {
  return element.children.flatMap((each) =>
    isStandard(each) && (each.local === 'extension' || each.local === 'baseExtension') ? flattened(each) : [each],
  )
}

/** Elements of EPCIS stand without a prefix in no namespace (the schema's elements are unqualified), or in EPCIS's own. */
const isStandard = ({ namespace }: XmlElement): boolean => namespace === '' || documentNamespace.test(namespace)

/** Prefixes for the namespaces of a document's extensions; one prefix, one namespace in all of it. */
class Prefixes {
  readonly namespaces: Record<string, string> = {}
  readonly #byNamespace = new Map<string, string>(
    Object.entries(ownNamespaces).map(([prefix, namespace]) => [namespace, prefix]),
  )

  member(element: { namespace: string; local: string; prefix: string }): string {
    if (element.local === '__proto__') throw wrong('document', 'other names than __proto__')
    if (element.namespace === '') return element.local
    let prefix = this.#byNamespace.get(element.namespace)
    if (prefix === undefined) {
      if (!isUri(element.namespace)) throw wrong(element.local, 'a namespace that is a URI')
      if (this.#byNamespace.size > epcisLimits.namespaces + Object.keys(ownNamespaces).length)
        throw wrong('document', `at most ${epcisLimits.namespaces} namespaces`)
      prefix = element.prefix === '' ? 'ns1' : element.prefix
      for (let n = 2; Object.hasOwn(this.namespaces, prefix) || Object.hasOwn(ownNamespaces, prefix); n++)
        prefix = `${element.prefix === '' ? 'ns' : element.prefix}${n}`
      this.#byNamespace.set(element.namespace, prefix)
      this.namespaces[prefix] = element.namespace
    }
    return `${prefix}:${element.local}`
  }
}

type Members = Record<string, unknown>
type Read = (element: XmlElement, prefixes: Prefixes) => unknown

const text: Read = (element) => element.text
const list =
  (item: string, read: Read = text): Read =>
  (element, prefixes) =>
    element.children.filter(({ local }) => local === item).map((each) => read(each, prefixes))
const typed =
  (member: string): Read =>
  (element) => ({
    ...(element.attributes.type === undefined ? {} : { type: element.attributes.type }),
    [member]: element.text,
  })

/** A number where the text is one; any other text stays, so that the check of the event refuses it with its place. */
const number = (value: string): unknown =>
  /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(value) ? Number(value) : value

const quantities = list('quantityElement', (element) => {
  const members: Members = {}
  for (const { local, text: value } of flattened(element)) members[local] = local === 'quantity' ? number(value) : value
  return members
})

const place: Read = (element, prefixes) => membersOf(element, { id: text }, prefixes)

const numbers = new Set(['value', 'minValue', 'maxValue', 'meanValue', 'sDev', 'percRank', 'percValue'])
const truths: Readonly<Record<string, boolean | undefined>> = { true: true, 1: true, false: false, 0: false }
/** Sensor metadata and reports: attributes are the members. */
const measured: Read = (element, prefixes) => {
  const members: Members = {}
  for (const [name, value] of Object.entries(element.attributes)) {
    if (numbers.has(name)) members[name] = number(value)
    else if (name === 'booleanValue') members[name] = truths[value] ?? value
    else members[name] = value
  }
  for (const each of element.foreign) members[prefixes.member(each)] = each.text
  return { ...members, ...membersOf(element, {}, prefixes) }
}

const sensorElement: Read = (element, prefixes) => {
  const reports = element.children.filter((each) => isStandard(each) && each.local === 'sensorReport')
  const rest = { ...element, children: element.children.filter((each) => !reports.includes(each)) }
  return {
    ...(membersOf(rest, { sensorMetadata: measured }, prefixes) as Members),
    sensorReport: reports.map((each) => measured(each, prefixes)),
  }
}

const dispositions: Read = (element) => {
  const of = (name: string) => element.children.filter(({ local }) => local === name).map((each) => each.text)
  const [set, unset] = [of('set'), of('unset')]
  return { ...(set.length > 0 ? { set } : {}), ...(unset.length > 0 ? { unset } : {}) }
}

const members: Readonly<Record<string, Read>> = {
  eventTime: text,
  recordTime: text,
  eventTimeZoneOffset: text,
  eventID: text,
  certificationInfo: text,
  errorDeclaration: (element, prefixes) =>
    membersOf(
      element,
      { declarationTime: text, reason: text, correctiveEventIDs: list('correctiveEventID') },
      prefixes,
    ),
  epcList: list('epc'),
  childEPCs: list('epc'),
  inputEPCList: list('epc'),
  outputEPCList: list('epc'),
  quantityList: quantities,
  childQuantityList: quantities,
  inputQuantityList: quantities,
  outputQuantityList: quantities,
  parentID: text,
  action: text,
  transformationID: text,
  bizStep: text,
  disposition: text,
  persistentDisposition: dispositions,
  readPoint: place,
  bizLocation: place,
  bizTransactionList: list('bizTransaction', typed('bizTransaction')),
  sourceList: list('source', typed('source')),
  destinationList: list('destination', typed('destination')),
  sensorElementList: list('sensorElement', sensorElement),
  ilmd: (element, prefixes) => membersOf(element, {}, prefixes),
}

function eventOf(element: XmlElement, prefixes: Prefixes): Members {
  const event = { type: element.local, ...membersOf(element, members, prefixes) }
  // An empty text says nothing: `<parentID/>`.
  for (const [name, value] of Object.entries(event)) if (value === '') delete (event as Members)[name]
  return event
}

/** Members by their readers; what is in another namespace is an extension. */
function membersOf(element: XmlElement, readers: Readonly<Record<string, Read>>, prefixes: Prefixes): Members {
  const found: Members = {}
  for (const each of flattened(element)) {
    const read = isStandard(each) && Object.hasOwn(readers, each.local) ? readers[each.local] : undefined
    const name = read === undefined ? prefixes.member(isStandard(each) ? { ...each, namespace: '' } : each) : each.local
    const value = read === undefined ? extensionOf(each, prefixes) : read(each, prefixes)
    if (!Object.hasOwn(found, name)) found[name] = value
    else if (read === undefined) found[name] = [found[name], value].flat()
    else throw wrong(`EventList…${each.local}`, 'one such element only')
  }
  return found
}

/** An extension: its text, or an object of its elements and attributes. */
function extensionOf(element: XmlElement, prefixes: Prefixes): unknown {
  const plain = Object.entries(element.attributes)
  if (element.children.length + element.foreign.length + plain.length === 0) return element.text
  const found: Members = Object.fromEntries(plain)
  for (const each of element.foreign) found[prefixes.member(each)] = each.text
  for (const each of element.children) {
    const name = prefixes.member(each)
    const value = extensionOf(each, prefixes)
    found[name] = Object.hasOwn(found, name) ? [found[name], value].flat() : value
  }
  if (element.text !== '') found['#text'] = element.text
  return found
}
