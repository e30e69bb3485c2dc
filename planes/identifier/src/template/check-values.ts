import { isUtf8 } from 'node:buffer'
import { type HandleValue, partsOf, valuePermissions } from '../handle/handle.ts'
import type { User } from '../registration/authentication.ts'
import { isPublic } from '../resolution/records.ts'
import { templateLimits } from './limits.ts'
import { readPattern } from './pattern.ts'
import { type FieldKind, type Template, type TemplateField, templateTypes } from './template-json.ts'

/** Where a record does not follow its template: the index of the value, or of the field that is missing. */
export interface FieldFault {
  index: number
  field: string
  expected: string
}

/** The template that a record follows. */
interface TemplateReference {
  index: number
  handle: string
}

/** Which template a record follows; undefined when it follows none. What names none is a fault of the record. */
export function templateOf(values: readonly HandleValue[]): TemplateReference | FieldFault | undefined {
  const value = values.find(({ type }) => type.toUpperCase() === templateTypes.used)
  if (value === undefined) return undefined
  const { index, data, references } = value
  const handle = textOf(data)
  const [reference] = references
  if (handle === undefined || partsOf(handle).suffix === '' || reference?.handle !== handle)
    return {
      index,
      field: templateTypes.used,
      expected: 'the handle of a template, as text and as the reference of the value',
    }
  return { index, handle }
}

/**
 * What is wrong with a record by its template, first things first; empty when it follows it. Values that the template does not
 * name may be there.
 */
export function recordFaults(template: Template, values: readonly HandleValue[]): FieldFault[] {
  const faults: FieldFault[] = []
  const byIndex = new Map(values.map((value) => [value.index, value]))
  for (const field of template.fields) {
    const { index, name } = field
    const value = byIndex.get(index)
    const expected =
      value === undefined
        ? field.required
          ? `a value: “${field.title}” is required`
          : undefined
        : faultOf(field, value)
    if (expected !== undefined) faults.push({ index, field: name, expected })
    if (faults.length === templateLimits.faultsTold) break
  }
  return faults
}

function faultOf(field: TemplateField, value: HandleValue): string | undefined {
  if (value.type !== field.name) return `the type ${field.name} at this index`
  return accessFault(field, value) ?? dataFault(field, value)
}

function accessFault({ access }: TemplateField, value: HandleValue): string | undefined {
  const isForAdministrators = (value.permissions & valuePermissions.adminRead) !== 0
  if (access === 'public') return isPublic(value) ? undefined : 'permissions 1110: everybody may read it'
  return !isPublic(value) && isForAdministrators ? undefined : 'permissions 1100: not everybody may read it'
}

function dataFault(field: TemplateField, { data, references }: HandleValue): string | undefined {
  const text = textOf(data)
  if (text === undefined) return 'text in UTF-8'
  if (Array.from(text).length > templateLimits.textCharacters)
    return `at most ${templateLimits.textCharacters} characters`
  const fault = kinds[field.kind](text, field)
  if (fault !== undefined || field.kind !== 'reference') return fault
  return references.some(({ handle }) => handle === text) ? undefined : 'the handle as a reference of the value too'
}

const kinds: Record<FieldKind, (text: string, field: TemplateField) => string | undefined> = {
  text(text, { minLength = 0, maxLength = templateLimits.textCharacters, pattern, choices }) {
    const { length } = Array.from(text)
    if (length < minLength || length > maxLength) return `${minLength} to ${maxLength} characters`
    if (choices && !choices.includes(text)) return `one of ${choices.join(', ')}`
    if (pattern === undefined) return undefined
    if (length > templateLimits.patternTextCharacters)
      return `at most ${templateLimits.patternTextCharacters} characters`
    return readPattern(pattern)(text) ? undefined : `the form ${pattern}`
  },
  number(text, { minimum = -Infinity, maximum = Infinity, unit }) {
    const number = /^-?\d+(\.\d+)?([eE][+-]?\d{1,3})?$/.test(text) ? Number(text) : Number.NaN
    if (!Number.isFinite(number)) return `a number${unit === undefined ? '' : ` in ${unit}, without the unit`}`
    if (number >= minimum && number <= maximum) return undefined
    if (maximum === Infinity) return `at least ${minimum}`
    return minimum === -Infinity ? `at most ${maximum}` : `a number from ${minimum} to ${maximum}`
  },
  date: (text) => (isDate(text) ? undefined : 'a date such as 2026-11-28'),
  dateTime(text) {
    const [, date = '', hours, minutes] =
      /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/.exec(text) ?? []
    const isTime = isDate(date) && Number(hours) < 24 && Number(minutes) < 60 && !Number.isNaN(Date.parse(text))
    return isTime ? undefined : 'a time with its zone such as 2026-11-28T08:30:00+08:00'
  },
  boolean: (text) => (text === 'true' || text === 'false' ? undefined : 'true or false'),
  link: (text) =>
    ['http:', 'https:'].includes(URL.parse(text)?.protocol ?? '') ? undefined : 'an address of http or https',
  reference: (text) => (/^[^\s/]+\/.+$/su.test(text) ? undefined : 'a handle: prefix, slash, suffix'),
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}

const textOf = (data: Uint8Array): string | undefined => (isUtf8(data) ? Buffer.from(data).toString('utf8') : undefined)

/**
 * Groups and users that may read the value with this index beside the administrators: those of the record's values of readers,
 * and those of the template's field.
 */
export function readersOf(index: number, values: readonly HandleValue[], template: Template | undefined): User[] {
  const named = values.flatMap(({ type, data, references }) =>
    type.toUpperCase() === templateTypes.readers && indexesIn(data)?.includes(index) ? [...references] : [],
  )
  return [...named, ...(template?.fields.find((field) => field.index === index)?.readers ?? [])]
}

/** Indexes that a value of readers lists; undefined when it is none in form. */
export function indexesIn(data: Uint8Array): number[] | undefined {
  try {
    const list: unknown = JSON.parse(Buffer.from(data).toString('utf8'))
    return Array.isArray(list) && list.every((each) => Number.isInteger(each)) ? (list as number[]) : undefined
  } catch {
    return undefined
  }
}
