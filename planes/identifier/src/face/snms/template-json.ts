import { templateTypes } from '../../template/template.ts'
import { isObject, type Json, ValueJsonError } from '../handle-rest/json.ts'

/** Classes of GB/T 4754 as SNMS names them, the finest last. */
const classes = ['industryCategory', 'industrySpecific', 'industryTrade', 'industrySubclass'] as const
const kinds: Record<string, string> = {
  string: 'text',
  text: 'text',
  number: 'number',
  date: 'date',
  dateTime: 'dateTime',
  boolean: 'boolean',
  url: 'link',
  reference: 'reference',
}

/** Where the template of a prefix and a version is. */
export const templateHandle = (prefix: string, version: string): string => `${prefix}/template/${version}`

/** Prefix and version of a template’s handle; undefined when SNMS has no name for it. */
export function templateName(handle: string): { prefix: string; version: string } | undefined {
  const [, prefix, version] = /^([^/]+)\/template\/(.+)$/.exec(handle) ?? []
  return prefix === undefined || version === undefined ? undefined : { prefix, version }
}

/** A template of SNMS (`/snms/api/v5/template`) as a value of a record. Throws ValueJsonError. */
export function templateFromSnms(body: Json): { handle: string; values: Json[] } {
  const { prefix, version, description, type, items } = body
  if (typeof prefix !== 'string' || typeof version !== 'string') throw new ValueJsonError('prefix, version', 'texts')
  if (!Array.isArray(items)) throw new ValueJsonError('items', 'a list of fields')
  if (type !== undefined && type !== 1 && type !== 2) throw new ValueJsonError('type', '1 (active carrier) or 2')
  const industry = classes.map((name) => body[name]).findLast((each) => each !== undefined && each !== '')
  const template = {
    version,
    title: typeof description === 'string' && description !== '' ? description : version,
    state: 'published',
    ...(industry !== undefined && { industry }),
    ...(type !== undefined && { carrier: type === 1 ? 'active' : 'passive' }),
    fields: items.map((item: unknown, i) => fieldFromSnms(item, `items[${i}]`)),
  }
  return {
    handle: templateHandle(prefix, version),
    values: [{ index: 1_000, type: templateTypes.definition, data: JSON.stringify(template) }],
  }
}

function fieldFromSnms(item: unknown, at: string): Json {
  if (!isObject(item)) throw new ValueJsonError(at, 'an object')
  const { name, idType, idIndex, required, metadata = {} } = item
  if (!isObject(metadata)) throw new ValueJsonError(`${at}.metadata`, 'an object')
  const kind = kinds[typeof metadata.type === 'string' ? metadata.type : 'string']
  if (kind === undefined) throw new ValueJsonError(`${at}.metadata.type`, Object.keys(kinds).join(', '))
  const { minLength, maxLength } = metadata
  return {
    index: idIndex,
    name: typeof idType === 'string' ? idType.toUpperCase() : idType,
    title: name,
    kind,
    required: required === true || required === 1,
    ...(kind === 'text' && minLength !== undefined && { minLength }),
    ...(kind === 'text' && maxLength !== undefined && { maxLength }),
  }
}

/** As SNMS shows a template that we keep. */
export function templateToSnms(
  prefix: string,
  template: {
    version: string
    title: string
    industry?: string
    carrier?: string
    state: string
    fields: readonly Json[]
  },
): Json {
  const { version, title, industry, carrier, state, fields } = template
  return {
    prefix,
    version,
    description: title,
    ...(industry !== undefined && { [classes[industryLevel(industry)] ?? '']: industry }),
    type: carrier === 'active' ? 1 : 2,
    state,
    items: fields.map(({ index, name, title: label, kind, required, minLength, maxLength }) => ({
      name: label,
      idType: name,
      idIndex: index,
      required,
      metadata: {
        type: kind === 'text' ? 'string' : kind === 'link' ? 'url' : kind,
        ...(minLength !== undefined && { minLength }),
        ...(maxLength !== undefined && { maxLength }),
      },
    })),
  }
}

/** A letter is a section; two, three and four digits a division, a group and a class. */
const industryLevel = (industry: string): number => (/^[A-T]$/.test(industry) ? 0 : industry.length - 1)
