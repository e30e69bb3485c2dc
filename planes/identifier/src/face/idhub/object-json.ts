import type { HandleValue } from '../../handle/handle.ts'
import { templateTypes } from '../../template/template.ts'
import { isObject, type Json, ValueJsonError } from '../handle-rest/json.ts'
import { valuesFromJson, valueToJson } from '../handle-rest/value-json.ts'

/** Kinds of data of IDHub: 1 text, 2 number, 3 date, 4 file, 5 reference, 6 audio, 7 video, 8 image. */
const referenceKind = 5

/** Index of the value that says which meta handle an object follows. */
const typeIndex = 1_001

/** An object of IDHub, `{id, type, attributes: {elements}}`, as the values of a record. Throws ValueJsonError. */
export function valuesFromObject(object: Json, nowSeconds: number): HandleValue[] {
  const { type, attributes } = object
  if (!isObject(attributes) || !Array.isArray(attributes.elements))
    throw new ValueJsonError('attributes.elements', 'a list of index, type, data')
  const elements = attributes.elements.map((each: unknown, i) => elementToJson(each, `attributes.elements[${i}]`))
  if (type !== undefined && typeof type !== 'string') throw new ValueJsonError('type', 'the handle of a template')
  const used = type
    ? [{ index: typeIndex, type: templateTypes.used, data: type, references: [{ handle: type, index: 0 }] }]
    : []
  return valuesFromJson([...used, ...elements], nowSeconds)
}

function elementToJson(element: unknown, at: string): Json {
  if (!isObject(element)) throw new ValueJsonError(at, 'an object')
  const { index, type, name, data, dataType = 1, permissions } = element
  if (typeof dataType !== 'number' || !Number.isInteger(dataType) || dataType < 1 || dataType > 8)
    throw new ValueJsonError(
      `${at}.dataType`,
      '1 text, 2 number, 3 date, 4 file, 5 reference, 6 audio, 7 video or 8 image',
    )
  const isReference = dataType === referenceKind
  if (isReference && typeof data !== 'string') throw new ValueJsonError(`${at}.data`, 'a handle')
  return {
    index,
    type: type ?? name,
    data: typeof data === 'number' ? `${data}` : data,
    ...(permissions !== undefined && { permissions }),
    ...(isReference && { references: [{ handle: data, index: 0 }] }),
  }
}

/** A record as IDHub shows it. */
export function objectFromValues(handle: string, values: readonly HandleValue[]): Json {
  const used = values.find(({ type }) => type === templateTypes.used)
  return {
    id: handle,
    type: used ? Buffer.from(used.data).toString('utf8') : '',
    attributes: { elements: values.filter((value) => value !== used).map(elementOf) },
  }
}

function elementOf(value: HandleValue): Json {
  const { index, type, data, ...more } = valueToJson(value)
  const isText = isObject(data) && data.format === 'string'
  const isReference = value.references.length > 0 && isText && value.references[0]?.handle === data.value
  return {
    index,
    type,
    name: type,
    data: isText ? data.value : data,
    dataType: isReference ? referenceKind : 1,
    ...more,
  }
}
