import { XMLParser } from 'fast-xml-parser'
import { DeviceError, quality, type Sample, type TagType } from '../../driver.ts'
import type { DataItem } from './address.ts'

export interface Observation {
  id: string
  sequence: number
  /** Unix ms. */
  at: number | undefined
  text: string
  /** Of a condition: Normal, Warning, Fault or Unavailable. */
  level: string | undefined
  /** What tells the conditions of one data item apart. */
  code: string
  /** A data set or a table. */
  isSet: boolean
}

export interface StreamsDocument {
  kind: 'streams'
  instanceId: string
  firstSequence: number
  nextSequence: number
  /** Names and uuids of the devices in it. */
  devices: string[]
  /** In the order in which the agent received them. */
  observations: Observation[]
}
export interface DevicesDocument {
  kind: 'devices'
  instanceId: string
  items: DataItem[]
}
export interface ErrorDocument {
  kind: 'error'
  errors: { code: string; message: string }[]
}
export type MtconnectDocument = StreamsDocument | DevicesDocument | ErrorDocument

export const documentBytesMax = 32 * 1024 * 1024
const depthMax = 50
const textCharactersMax = 4096

interface Element {
  name: string
  attributes: Record<string, string>
  children: Element[]
  text: string
}

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: depthMax,
})

/**
 * A response document of an agent (MTConnect Part 1 §6). Throws DeviceError for what is none: other XML, a document type
 * declaration (no agent sends one, and entities are what it would be for), a nesting of more than 50, too many bytes.
 */
export function parseDocument(xml: string): MtconnectDocument {
  if (xml.length > documentBytesMax) throw new DeviceError('the document is too large')
  if (/<!(DOCTYPE|ENTITY)/i.test(xml)) throw new DeviceError('the document declares a document type')
  const root = parseXml(xml)
  switch (root?.name) {
    case 'MTConnectStreams':
      return streamsOf(root)
    case 'MTConnectDevices':
      return {
        kind: 'devices',
        instanceId: instanceOf(root),
        items: descend(root, 'Devices').flatMap(({ children }) => children.flatMap(devicesOf)),
      }
    case 'MTConnectError':
      return { kind: 'error', errors: errorsOf(root) }
    default:
      throw new DeviceError(`no document of an MTConnect agent: ${root?.name?.slice(0, 40) ?? 'no XML'}`)
  }
}

type Node = Record<string, unknown>
function parseXml(xml: string): Element | undefined {
  try {
    return (parser.parse(xml) as Node[]).map(elementOf).find((each) => each !== undefined)
  } catch (error) {
    throw new DeviceError(`not readable as XML: ${error instanceof Error ? error.message.slice(0, 200) : error}`)
  }
}

function elementOf(node: Node): Element | undefined {
  const name = Object.keys(node).find((key) => key !== ':@' && key !== '#text')
  if (name === undefined) return undefined
  const inner = Array.isArray(node[name]) ? (node[name] as Node[]) : []
  return {
    name,
    attributes: (node[':@'] ?? {}) as Record<string, string>,
    children: inner.map(elementOf).filter((each) => each !== undefined),
    text: inner
      .map((each) => (typeof each['#text'] === 'string' ? each['#text'] : ''))
      .join('')
      .trim(),
  }
}

const descend = (element: Element, name: string) => element.children.filter((each) => each.name === name)

const instanceOf = (root: Element) => descend(root, 'Header')[0]?.attributes.instanceId ?? ''

function streamsOf(root: Element): StreamsDocument {
  const header = descend(root, 'Header')[0]?.attributes ?? {}
  const devices = descend(root, 'Streams').flatMap((streams) => descend(streams, 'DeviceStream'))
  const observations = devices
    .flatMap(({ children }) => children)
    .flatMap(({ children }) => children)
    .flatMap(({ name, children }) => children.map((each) => observationOf(each, name === 'Condition')))
    .filter((each) => each !== undefined)
  return {
    kind: 'streams',
    instanceId: instanceOf(root),
    firstSequence: sequenceOf(header.firstSequence, 'firstSequence'),
    nextSequence: sequenceOf(header.nextSequence, 'nextSequence'),
    devices: devices.flatMap(({ attributes }) =>
      [attributes.name, attributes.uuid].filter((each) => each !== undefined),
    ),
    observations: observations.sort((a, b) => a.sequence - b.sequence),
  }
}

function sequenceOf(text: string | undefined, what: string): number {
  const sequence = Number(text)
  if (text === undefined || text === '' || !Number.isSafeInteger(sequence) || sequence < 0)
    throw new DeviceError(`the agent's ${what} is no number`)
  return sequence
}

function observationOf(element: Element, isCondition: boolean): Observation | undefined {
  const { dataItemId, sequence, timestamp, nativeCode, conditionId } = element.attributes
  if (dataItemId === undefined) return undefined
  return {
    id: dataItemId,
    sequence: sequenceOf(sequence, `sequence of ${dataItemId.slice(0, 40)}`),
    at: timeOf(timestamp),
    text: element.text,
    level: isCondition ? element.name : undefined,
    code: conditionId ?? nativeCode ?? '',
    isSet: descend(element, 'Entry').length > 0,
  }
}

/** Times are UTC (Part 1 §3.4); old agents leave the Z out. A duration may follow an @. */
function timeOf(timestamp: string | undefined): number | undefined {
  const text = timestamp?.split('@')[0] ?? ''
  const at = Date.parse(/(Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`)
  return Number.isFinite(at) && at > 0 ? at : undefined
}

function devicesOf(device: Element): DataItem[] {
  const items: DataItem[] = []
  const walk = (component: Element, above: readonly string[]) => {
    const path = [...above, component.attributes.name ?? component.name]
    for (const list of descend(component, 'DataItems'))
      for (const { attributes } of descend(list, 'DataItem'))
        if (attributes.id !== undefined)
          items.push({
            id: attributes.id,
            name: attributes.name,
            category: attributes.category ?? '',
            type: attributes.type ?? '',
            subType: attributes.subType,
            units: attributes.units,
            representation: attributes.representation,
            path,
          })
    for (const list of descend(component, 'Components')) for (const each of list.children) walk(each, path)
  }
  walk(device, [])
  return items
}

function errorsOf(root: Element): ErrorDocument['errors'] {
  // Version 1.0 has one Error in place of Errors; since 2.6 each code is an element of its own.
  const elements = [...descend(root, 'Errors').flatMap(({ children }) => children), ...descend(root, 'Error')]
  return elements.slice(0, 20).map(({ name, attributes, text, children }) => ({
    code: (attributes.errorCode ?? name).slice(0, 60),
    message: (text || (children.find((each) => each.name === 'ErrorMessage')?.text ?? '')).slice(0, 300),
  }))
}

/**
 * What a condition of a data item is now: several may be active at once, told apart by their native codes (Part 3.0 §6).
 * Unavailable, and a Normal without a code, end them all.
 */
export class ConditionState {
  readonly #active = new Map<string, Observation>()
  #isUnavailable = false

  take(observation: Observation): void {
    this.#isUnavailable = observation.level === 'Unavailable'
    if (this.#isUnavailable || (observation.level === 'Normal' && observation.code === '')) this.#active.clear()
    else if (observation.level === 'Normal') this.#active.delete(observation.code)
    else if (this.#active.size < 1000) this.#active.set(observation.code, observation)
  }

  /** `Normal`, or `Fault 417: Motor overload; Warning 12: …`; undefined when unavailable. */
  get text(): string | undefined {
    if (this.#isUnavailable) return undefined
    if (this.#active.size === 0) return 'Normal'
    return [...this.#active.values()]
      .sort((a, b) => (a.level ?? '').localeCompare(b.level ?? ''))
      .map(({ level, code, text }) => `${level}${code === '' ? '' : ` ${code}`}${text === '' ? '' : `: ${text}`}`)
      .join('; ')
  }
}

const bad = (reason: string, at?: number): Sample => ({ value: undefined, quality: quality.bad, reason, at })
const wholeLimits: Partial<Record<TagType, [number, number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32_768, 32_767],
  uint16: [0, 65_535],
  int32: [-2_147_483_648, 2_147_483_647],
  uint32: [0, 4_294_967_295],
  uint64: [0, Number.MAX_VALUE],
}
const words = { true: ['TRUE', 'ON', 'ACTIVE', 'YES', '1'], false: ['FALSE', 'OFF', 'INACTIVE', 'NO', '0'] }

/** A sample of a tag from an observation; `text` is that of its condition where it is one. Never throws. */
export function sampleOf(
  { at, text: own, level, isSet }: Observation,
  type: TagType,
  element?: number,
  conditionText?: string,
): Sample {
  if (isSet) return bad('a data set, which this driver does not read', at)
  const whole = level === undefined ? own : conditionText
  if (whole === undefined || whole === 'UNAVAILABLE') return bad('the agent says UNAVAILABLE', at)
  if (whole.length > textCharactersMax) return bad(`a text of ${whole.length} characters is too long`, at)
  const text = element === undefined ? whole : whole.split(/\s+/)[element]
  if (text === undefined) return bad(`the value has ${whole.split(/\s+/).length} parts`, at)
  if (type === 'text') return { value: text, quality: quality.good, at }
  if (level !== undefined) return bad('a condition is a text', at)
  if (type === 'bool') {
    const isTrue = words.true.includes(text.toUpperCase())
    if (!isTrue && !words.false.includes(text.toUpperCase()))
      return bad(`“${text.slice(0, 40)}” is neither on nor off`, at)
    return { value: isTrue, quality: quality.good, at }
  }
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN
  if (!Number.isFinite(value)) return bad(`“${text.slice(0, 40)}” is no number`, at)
  if (type === 'float32' || type === 'float64') return { value, quality: quality.good, at }
  if (!Number.isInteger(value)) return bad(`${value} is no whole number: take float64`, at)
  const [min, max] = wholeLimits[type] ?? [-Number.MAX_VALUE, Number.MAX_VALUE]
  if (value < min || value > max) return bad(`${value} does not fit ${type}`, at)
  if (Number.isSafeInteger(value)) return { value, quality: quality.good, at }
  return { value, quality: quality.uncertain, reason: `${text} has more digits than a number here can hold`, at }
}
