import type { Json } from '@kapok/kit/canonical-json'
import { expandMember, type Namespaces } from './context.ts'
import type { EpcisEvent, EventInContext, SensorElement } from './event.ts'
import { type Comparison, compares, magnitudeOf, type QueryValue, textsOf, wrongParameter } from './query-values.ts'

// The families of parameters over members that no index knows: extensions, ILMD, error declarations, sensor elements
// (EPCIS 2.0 §8.2.7.1).

/** Of an event that is kept, with its hash. */
export type EventTest = (of: EventInContext & { hash: Buffer }) => boolean

interface Name {
  namespace: string
  local: string
}

type Members = Record<string, Json>
/** Objects of an event in which a family looks for its field. */
type Where = (event: EpcisEvent) => readonly (Members | undefined)[]

const sensors = (event: EpcisEvent): readonly SensorElement[] => event.sensorElementList ?? []

const wheres: Readonly<Record<string, Where>> = {
  '': (event) => [event as unknown as Members],
  ILMD: (event) => [event.ilmd],
  ERROR_DECLARATION: (event) => [event.errorDeclaration as Members | undefined],
  readPoint: (event) => [event.readPoint],
  bizLocation: (event) => [event.bizLocation],
  SENSORELEMENT: (event) => sensors(event) as readonly Members[],
  SENSORMETADATA: (event) => sensors(event).map(({ sensorMetadata }) => sensorMetadata),
  SENSORREPORT: (event) => sensors(event).flatMap(({ sensorReport }) => sensorReport),
}

const familyForm =
  /^(?:(EQ|GT|GE|LT|LE|EXISTS)_)(INNER_)?(?:(ILMD|ERROR_DECLARATION|SENSORELEMENT|SENSORMETADATA|SENSORREPORT|readPoint|bizLocation)_)?([A-Za-z_][\w.-]*:[^\s:]+)$/

/**
 * The test of a parameter such as `EQ_example:myField`, `GE_INNER_ILMD_ex:weight`, `EXISTS_ERROR_DECLARATION_ex:by`;
 * undefined for other names. Its prefix is one of `namespaces`. Throws QueryParameterException.
 */
export function extensionTest(name: string, value: QueryValue, namespaces: Namespaces): EventTest | undefined {
  const form = familyForm.exec(name)
  if (form === null) return undefined
  const [, verb = '', inner, family = '', field = ''] = form
  const wanted = expandMember(field, namespaces)
  if (wanted === undefined) throw wrongParameter(name, 'a prefix that @context or GS1-Extensions defines')
  const where = wheres[family] as Where
  const holds = verb === 'EXISTS' ? () => true : valueTest(name, verb as Comparison, value)
  return ({ event, namespaces: own }) =>
    where(event).some((members) => {
      if (members === undefined) return false
      const values = inner === undefined ? fieldsOf(members, wanted, own) : innerFieldsOf(members, wanted, own)
      return values.some(holds)
    })
}

/** `HASATTR_ex:field` = names of attributes, `EQATTR_ex:field_ex:attribute` (also `EQ_ATTR_…`): the attributes of an XML extension. */
export function attributeTest(name: string, value: QueryValue, namespaces: Namespaces): EventTest | undefined {
  const has = /^HASATTR_([A-Za-z_][\w.-]*:[^\s:]+)$/.exec(name)
  const equals = /^EQ_?ATTR_([A-Za-z_][\w.-]*:[^\s:_]+)_([^\s]+)$/.exec(name)
  const field = (has ?? equals)?.[1]
  if (field === undefined) return undefined
  const wanted = expandMember(field, namespaces)
  if (wanted === undefined) throw wrongParameter(name, 'a prefix that @context or GS1-Extensions defines')
  const texts = textsOf(name, value)
  const attribute = equals?.[2]
  return ({ event, namespaces: own }) =>
    fieldsOf(event as unknown as Members, wanted, own).some((found) => {
      if (typeof found !== 'object' || found === null || Array.isArray(found)) return false
      if (attribute === undefined) return texts.some((text) => Object.hasOwn(found, text))
      return Object.hasOwn(found, attribute) && texts.includes(String(found[attribute]))
    })
}

/** EQ: equal to one of the texts, as number when both are; the others: numbers or times on both sides. */
export function valueTest(name: string, verb: Comparison, value: QueryValue): (found: Json) => boolean {
  if (verb === 'EQ') {
    const texts = typeof value === 'boolean' ? [String(value)] : textsOf(name, value)
    const magnitudes = texts.map(magnitudeOf)
    return (found) => {
      if (found === null || typeof found === 'object') return false
      if (texts.includes(String(found))) return true
      const own = magnitudeOf(found)
      return (
        own !== undefined &&
        magnitudes.some((each) => each !== undefined && each.kind === own.kind && each.at === own.at)
      )
    }
  }
  const limit = magnitudeOf(typeof value === 'string' ? value.replace(/ (?=\d\d:\d\d$)/, '+') : value)
  if (limit === undefined) throw wrongParameter(name, 'a number or a time with its zone')
  return (found) => {
    const own = magnitudeOf(found)
    return own !== undefined && own.kind === limit.kind && compares(verb, own.at, limit.at)
  }
}

/** Values of a field directly in an object; a list gives each of its items. */
export function fieldsOf(members: Members, wanted: Name, namespaces: Namespaces): Json[] {
  const found: Json[] = []
  for (const [name, value] of Object.entries(members))
    if (isNamed(name, wanted, namespaces)) found.push(...[value].flat())
  return found
}

function isNamed(name: string, wanted: Name, namespaces: Namespaces): boolean {
  if (!name.endsWith(wanted.local)) return false
  const own = expandMember(name, namespaces)
  return own !== undefined && own.local === wanted.local && own.namespace === wanted.namespace
}

/** The same anywhere inside its extensions. */
function innerFieldsOf(members: Members, wanted: Name, namespaces: Namespaces): Json[] {
  const found: Json[] = []
  const walk = (value: Json): void => {
    if (Array.isArray(value)) for (const item of value) walk(item)
    else if (typeof value === 'object' && value !== null) {
      found.push(...fieldsOf(value, wanted, namespaces))
      for (const inside of Object.values(value)) walk(inside)
    }
  }
  for (const [name, value] of Object.entries(members)) if (name.includes(':')) walk(value)
  return found
}

const metadata: Where = wheres.SENSORMETADATA as Where
const reports: Where = wheres.SENSORREPORT as Where
const both: Where = (event) => [...metadata(event), ...reports(event)]

/** Members of sensor elements that have parameters of their own, and where they stand. */
const sensorMembers: Readonly<Record<string, Where>> = {
  type: reports,
  exception: reports,
  component: reports,
  deviceID: both,
  deviceMetadata: both,
  rawData: both,
  dataProcessingMethod: both,
  bizRules: metadata,
  microorganism: reports,
  chemicalSubstance: reports,
  stringValue: reports,
  booleanValue: reports,
  hexBinaryValue: reports,
  uriValue: reports,
  percRank: reports,
  time: both,
  startTime: metadata,
  endTime: metadata,
}

/** `EQ_type`, `GE_percRank`, `LT_time` …, `GE_value_CEL` …; undefined for other names. Values in another unit never match. */
export function sensorTest(
  name: string,
  value: QueryValue,
  normal: (member: string, text: string) => string,
): EventTest | undefined {
  const measured = /^(EQ|GT|GE|LT|LE)_(value|minValue|maxValue|meanValue|sDev|percValue)_([A-Z0-9]{2,4})$/.exec(name)
  if (measured !== null) {
    const [, verb = '', member = '', unit = ''] = measured
    const holds = valueTest(name, verb as Comparison, value)
    return ({ event }) =>
      reports(event).some((each) => each?.uom === unit && each[member] !== undefined && holds(each[member]))
  }
  const [, verb = '', member = ''] = /^(EQ|GT|GE|LT|LE)_(\w+)$/.exec(name) ?? []
  const where = Object.hasOwn(sensorMembers, member) ? sensorMembers[member] : undefined
  if (where === undefined) return undefined
  const given =
    verb === 'EQ' && typeof value !== 'boolean' ? textsOf(name, value).map((text) => normal(member, text)) : value
  const holds = valueTest(name, verb as Comparison, given)
  return ({ event }) =>
    where(event).some((each) => {
      const found = each?.[member]
      if (found === undefined) return false
      return holds(typeof found === 'string' && verb === 'EQ' ? normal(member, found) : found)
    })
}

/** `GE_quantity` … over all lists of quantities; with a unit (`GE_quantity_KGM`) only those in it. */
export function quantityTest(name: string, value: QueryValue): EventTest | undefined {
  const [, verb, unit] = /^(EQ|GT|GE|LT|LE)_quantity(?:_([A-Z0-9]{2,4}))?$/.exec(name) ?? []
  if (verb === undefined) return undefined
  const holds = valueTest(name, verb as Comparison, value)
  return ({ event }) =>
    [event.quantityList, event.childQuantityList, event.inputQuantityList, event.outputQuantityList].some((list) =>
      list?.some(
        ({ quantity, uom }) => quantity !== undefined && (unit === undefined || uom === unit) && holds(quantity),
      ),
    )
}
