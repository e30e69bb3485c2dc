import { type HandleValue, isObject, partsOf } from '../handle/handle.ts'
import type { User } from '../registration/authentication.ts'
import { templateLimits } from './limits.ts'
import { PatternError, readPattern } from './pattern.ts'

/** Types of the values by which a record is a template, has one, and says who else may read what. */
export const templateTypes = {
  /** A Template as JSON, in the record of the template. */
  definition: 'TEMPLATE',
  /** Handle of the template that a record follows; the value's reference points there. */
  used: 'TEMPLATE_USED',
  /** Indexes of values as a JSON list; the value's references are the groups and users that may read them. */
  readers: 'READERS',
} as const

export const fieldKinds = ['text', 'number', 'date', 'dateTime', 'boolean', 'link', 'reference'] as const
export type FieldKind = (typeof fieldKinds)[number]

const accessClasses = ['public', 'group', 'private'] as const
export type AccessClass = (typeof accessClasses)[number]

/** One field of a record: a value with this index and this type. */
export interface TemplateField {
  /** From 2000 on, where fields of enterprises are by custom. */
  index: number
  /** Type of the value: capital letters, digits, `_` and `.`. */
  name: string
  title: string
  titleEn?: string
  kind: FieldKind
  required: boolean
  /** Code of the unit, UN/ECE Recommendation 20 or UCUM. */
  unit?: string
  /** Of a number. */
  minimum?: number
  maximum?: number
  /** Characters of a text. */
  minLength?: number
  maxLength?: number
  /** See `readPattern`. */
  pattern?: string
  choices?: readonly string[]
  /** Who reads it: everybody, the readers and the administrators, the administrators alone. */
  access: AccessClass
  /** Groups (HS_VLIST) and users (keys) that read a field of the class `group`. */
  readers?: readonly User[]
}

export interface Template {
  version: string
  title: string
  titleEn?: string
  state: 'draft' | 'published' | 'withdrawn'
  /** Class of the national economy: a section's letter, or two to four digits (GB/T 4754-2017). */
  industry?: string
  /** What carries the identifier: what reports by itself (主动标识载体), or what is read. */
  carrier?: 'active' | 'passive'
  fields: readonly TemplateField[]
}

/** Where a template is wrong, as a path of JSON, and what had to stand there. */
export class TemplateError extends Error {
  readonly place: string
  readonly expected: string
  constructor(place: string, expected: string) {
    super(`${place}: expected ${expected}`)
    this.place = place
    this.expected = expected
  }
}

type Json = Record<string, unknown>

/** The template that a record defines; undefined when it defines none. Throws TemplateError. */
export function templateIn(values: readonly HandleValue[]): { index: number; template: Template } | undefined {
  const value = values.find(({ type }) => type.toUpperCase() === templateTypes.definition)
  return value && { index: value.index, template: readTemplate(value.data) }
}

/** As `templateIn`; of a record that holds no whole template, as another program may have written it, undefined. */
export function knownTemplate(values: readonly HandleValue[]): { index: number; template: Template } | undefined {
  try {
    return templateIn(values)
  } catch (error) {
    if (error instanceof TemplateError) return undefined
    throw error
  }
}

/** Reads a template from its JSON in UTF-8. Throws TemplateError with the place of what is wrong. */
export function readTemplate(data: Uint8Array): Template {
  if (data.length > templateLimits.templateBytes)
    throw new TemplateError('template', `at most ${templateLimits.templateBytes} bytes`)
  let json: unknown
  try {
    json = JSON.parse(Buffer.from(data).toString('utf8'))
  } catch {
    throw new TemplateError('template', 'JSON')
  }
  if (!isObject(json)) throw new TemplateError('template', 'an object')
  onlyMembers(json, '', ['version', 'title', 'titleEn', 'state', 'industry', 'carrier', 'fields'])
  const { fields, industry } = json
  if (!Array.isArray(fields) || fields.length === 0 || fields.length > templateLimits.fields)
    throw new TemplateError('fields', `a list of 1 to ${templateLimits.fields} fields`)
  const template: Template = {
    version: text(json, 'version', /^\d{1,4}(\.\d{1,4}){0,2}$/, 'a version such as 1.0'),
    title: title(json, 'title', ''),
    ...(json.titleEn !== undefined && { titleEn: title(json, 'titleEn', '') }),
    state: oneOf(json, 'state', ['draft', 'published', 'withdrawn'] as const, ''),
    ...(industry !== undefined && {
      industry: text(
        json,
        'industry',
        /^([A-T]|\d{2,4})$/,
        'a class of GB/T 4754: a letter from A to T, or 2 to 4 digits',
      ),
    }),
    ...(json.carrier !== undefined && { carrier: oneOf(json, 'carrier', ['active', 'passive'] as const, '') }),
    fields: fields.map((field, i) => readField(field, `fields[${i}]`)),
  }
  refuseTwins(template.fields)
  return template
}

function refuseTwins(fields: readonly TemplateField[]): void {
  const indexes = new Set<number>()
  const names = new Set<string>()
  for (const [i, { index, name }] of fields.entries()) {
    if (indexes.has(index)) throw new TemplateError(`fields[${i}].index`, 'an index that no other field has')
    if (names.has(name)) throw new TemplateError(`fields[${i}].name`, 'a name that no other field has')
    indexes.add(index)
    names.add(name)
  }
}

function readField(json: unknown, place: string): TemplateField {
  if (!isObject(json)) throw new TemplateError(place, 'an object')
  onlyMembers(json, place, fieldMembers)
  const { index, required = false, titleEn, unit, readers } = json
  if (typeof index !== 'number' || !Number.isInteger(index) || index < 2_000 || index > 0x7fff_ffff)
    throw new TemplateError(`${place}.index`, 'a whole number from 2000 on')
  if (typeof required !== 'boolean') throw new TemplateError(`${place}.required`, 'true or false')
  const kind = oneOf(json, 'kind', fieldKinds, place)
  const access = json.access === undefined ? 'public' : oneOf(json, 'access', accessClasses, place)
  if (readers !== undefined && access !== 'group')
    throw new TemplateError(`${place}.readers`, 'readers of the class group alone')
  return {
    index,
    name: text(
      json,
      'name',
      /^(?!HS_|TEMPLATE|READERS$)[A-Z][A-Z0-9_.]{0,63}$/,
      'capital letters, digits, _ and ., not HS_, TEMPLATE or READERS',
      place,
    ),
    title: title(json, 'title', place),
    ...(titleEn !== undefined && { titleEn: title(json, 'titleEn', place) }),
    kind,
    required,
    ...(unit !== undefined && { unit: text(json, 'unit', /^[^\s]{1,16}$/u, 'the code of a unit', place) }),
    ...rangeOf(json, kind, place),
    ...lengthsOf(json, kind, place),
    ...patternOf(json, kind, place),
    ...choicesOf(json, kind, place),
    access,
    ...(readers !== undefined && { readers: readReaders(readers, `${place}.readers`) }),
  }
}

const fieldMembers = [
  'index',
  'name',
  'title',
  'titleEn',
  'kind',
  'required',
  'unit',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'pattern',
  'choices',
  'access',
  'readers',
]

function rangeOf(
  { minimum, maximum }: Json,
  kind: FieldKind,
  place: string,
): Pick<TemplateField, 'minimum' | 'maximum'> {
  for (const [name, limit] of [
    ['minimum', minimum],
    ['maximum', maximum],
  ] as const) {
    if (limit === undefined) continue
    if (kind !== 'number' || typeof limit !== 'number')
      throw new TemplateError(`${place}.${name}`, 'a number, of a field of numbers')
  }
  const range = { ...(typeof minimum === 'number' && { minimum }), ...(typeof maximum === 'number' && { maximum }) }
  if (range.minimum !== undefined && range.maximum !== undefined && range.minimum > range.maximum)
    throw new TemplateError(`${place}.maximum`, 'at least the minimum')
  return range
}

function lengthsOf(
  { minLength, maxLength }: Json,
  kind: FieldKind,
  place: string,
): Pick<TemplateField, 'minLength' | 'maxLength'> {
  for (const [name, limit] of [
    ['minLength', minLength],
    ['maxLength', maxLength],
  ] as const) {
    if (limit === undefined) continue
    const isLength =
      typeof limit === 'number' && Number.isInteger(limit) && limit >= 0 && limit <= templateLimits.textCharacters
    if (kind !== 'text' || !isLength)
      throw new TemplateError(
        `${place}.${name}`,
        `a number of characters up to ${templateLimits.textCharacters}, of a text`,
      )
  }
  const lengths = {
    ...(typeof minLength === 'number' && { minLength }),
    ...(typeof maxLength === 'number' && { maxLength }),
  }
  if (lengths.minLength !== undefined && lengths.maxLength !== undefined && lengths.minLength > lengths.maxLength)
    throw new TemplateError(`${place}.maxLength`, 'at least minLength')
  return lengths
}

function patternOf({ pattern }: Json, kind: FieldKind, place: string): Pick<TemplateField, 'pattern'> {
  if (pattern === undefined) return {}
  if (kind !== 'text' || typeof pattern !== 'string')
    throw new TemplateError(`${place}.pattern`, 'a pattern, of a text')
  try {
    readPattern(pattern)
  } catch (error) {
    if (error instanceof PatternError) throw new TemplateError(`${place}.pattern`, error.message)
    throw error
  }
  return { pattern }
}

function choicesOf({ choices }: Json, kind: FieldKind, place: string): Pick<TemplateField, 'choices'> {
  if (choices === undefined) return {}
  const areTexts =
    Array.isArray(choices) &&
    choices.length > 0 &&
    choices.length <= templateLimits.choices &&
    choices.every((each) => typeof each === 'string' && each !== '' && each.length <= templateLimits.titleCharacters)
  if (kind !== 'text' || !areTexts || new Set(choices).size !== choices.length)
    throw new TemplateError(`${place}.choices`, `1 to ${templateLimits.choices} different texts, of a text`)
  return { choices: choices as string[] }
}

function readReaders(json: unknown, place: string): User[] {
  const isReader = (each: unknown): each is User =>
    isObject(each) &&
    typeof each.handle === 'string' &&
    partsOf(each.handle).suffix !== '' &&
    typeof each.index === 'number' &&
    Number.isInteger(each.index) &&
    each.index >= 0
  if (!Array.isArray(json) || json.length === 0 || json.length > templateLimits.readers || !json.every(isReader))
    throw new TemplateError(place, `1 to ${templateLimits.readers} of {handle, index}`)
  return json.map(({ handle, index }) => ({ handle, index }))
}

function onlyMembers(json: Json, place: string, members: readonly string[]): void {
  const surplus = Object.keys(json).find((name) => !members.includes(name))
  if (surplus !== undefined)
    throw new TemplateError(
      `${place ? `${place}.` : ''}${surplus.slice(0, 64)}`,
      `no such member; there are ${members.join(', ')}`,
    )
}

function text(json: Json, name: string, form: RegExp, expected: string, place = ''): string {
  const value = json[name]
  if (typeof value !== 'string' || !form.test(value))
    throw new TemplateError(place ? `${place}.${name}` : name, expected)
  return value
}

const title = (json: Json, name: string, place: string): string =>
  text(
    json,
    name,
    new RegExp(`^(?=.*\\S).{1,${templateLimits.titleCharacters}}$`, 'u'),
    `1 to ${templateLimits.titleCharacters} characters in one line`,
    place,
  )

function oneOf<T extends string>(json: Json, name: string, words: readonly T[], place: string): T {
  const found = words.find((word) => word === json[name])
  if (found === undefined) throw new TemplateError(place ? `${place}.${name}` : name, words.join(', '))
  return found
}
