import { builtIn, numberOfBuiltIn } from './built-in.ts'

/** A structure as the library decodes it: its fields by name, and beside them what it is made of (OPC 10000-3 §8.48). */
interface Structure {
  schema: { name: string; fields: readonly Field[] }
  [field: string]: unknown
}

interface Field {
  /** As the library writes it, with a small first letter. */
  name: string
  originalName?: string
  category?: string
  fieldType: string
  schema?: { name?: string; subType?: string; enumValues?: Record<string, unknown> }
}

/** A value within a structure, with its built-in type; the words of its enumeration where it is one. */
export interface MemberValue {
  value: unknown
  dataType: number
  words?: ReadonlyMap<number, string>
}

const isStructure = (value: unknown): value is Structure =>
  typeof value === 'object' && value !== null && Array.isArray((value as Structure).schema?.fields)

const namesOf = ({ schema }: Structure) => schema.fields.map(({ name, originalName }) => originalName ?? name)

/** The value at the end of a way into a structure; a sentence where the way does not lead to one. */
export function memberOf(value: unknown, members: readonly (string | number)[]): MemberValue | string {
  let at: unknown = value
  let field: Field | undefined
  let named = 'the node'
  for (const member of members) {
    if (typeof member === 'number') {
      if (!isList(at)) return `${named} is no array`
      if (member >= at.length) return `${named} has ${at.length} elements`
      at = at[member]
      named = `${named}[${member}]`
      continue
    }
    if (isList(at)) return lacksElement(named, at)
    if (!isStructure(at)) return whyNoStructure(named, at)
    field = at.schema.fields.find(({ name, originalName }) => (originalName ?? name) === member)
    if (field === undefined)
      return `the structure ${at.schema.name} has no member ${member}: it has ${namesOf(at).join(', ')}`
    at = at[field.name]
    named = member
  }
  if (isList(at)) return lacksElement(named, at)
  if (isStructure(at) && numberOfField(field) === undefined) return lacksMember(named, at)
  return fieldValueOf(field, at, named)
}

const leavesMax = 200
const depthMax = 5

/** Every value within a structure with the way to it, the first 200. */
export function* leavesOf(value: unknown): Generator<MemberValue & { members: (string | number)[] }> {
  let count = 0
  function* below(
    at: unknown,
    members: (string | number)[],
  ): Generator<MemberValue & { members: (string | number)[] }> {
    if (members.length > depthMax) return
    for (const [member, each] of partsOf(at)) {
      if (count >= leavesMax) return
      const way = [...members, member]
      const found = memberOf(value, way)
      if (typeof found === 'string') yield* below(each, way)
      else {
        count++
        yield { ...found, members: way }
      }
    }
  }
  if (isStructure(value)) yield* below(value, [])
}

function* partsOf(at: unknown): Generator<[string | number, unknown]> {
  if (isList(at)) yield* Array.from(at).entries()
  else if (isStructure(at))
    for (const { name, originalName } of at.schema.fields) yield [originalName ?? name, at[name]]
}

/** What to write instead where a node holds a structure as a whole. */
export function structureAsWhole(value: unknown): string {
  return isStructure(value)
    ? `the node holds the structure ${value.schema.name}: add ${namesOf(value)
        .map((name) => `#${name}`)
        .join(' or ')}`
    : whyNoStructure('the node', value)
}

const lacksElement = (named: string, list: ArrayLike<unknown>) =>
  `${named} is an array of ${list.length}: add [0] to [${Math.max(0, list.length - 1)}]`

const lacksMember = (named: string, structure: Structure) =>
  `${named} is the structure ${structure.schema.name}: add ${namesOf(structure)
    .map((name) => `.${name}`)
    .join(' or ')}`

function whyNoStructure(named: string, value: unknown): string {
  if (value === null || value === undefined) return `${named} holds nothing`
  return (value as { constructor?: { name?: string } }).constructor?.name === 'OpaqueStructure'
    ? `the server does not tell what the structure in ${named} is made of`
    : `${named} is no structure`
}

function fieldValueOf(field: Field | undefined, value: unknown, named: string): MemberValue | string {
  // An optional field, or a member of a union, that is not there now.
  if (value === null || value === undefined) return `${named} has no value now`
  if (field?.category === 'enumeration' && typeof value === 'number')
    return { value, dataType: builtIn.Int32, words: wordsOf(field.schema?.enumValues) }
  const ofItself = value as { dataType?: unknown; value?: unknown }
  if (field?.fieldType === 'Variant' || field?.fieldType === 'BaseDataType')
    return typeof ofItself.dataType === 'number'
      ? { value: ofItself.value, dataType: ofItself.dataType }
      : `${named} has no value now`
  const dataType = numberOfField(field)
  return dataType === undefined
    ? `${named} is a ${field?.fieldType}, which this driver does not read`
    : { value, dataType }
}

const numberOfField = (field: Field | undefined) =>
  field === undefined
    ? undefined
    : (numberOfBuiltIn(field.fieldType) ??
      numberOfBuiltIn(field.schema?.name ?? '') ??
      numberOfBuiltIn(field.schema?.subType ?? ''))

function wordsOf(values: Record<string, unknown> | undefined): Map<number, string> | undefined {
  if (values === undefined) return undefined
  const words = new Map<number, string>()
  for (const [word, number] of Object.entries(values)) if (typeof number === 'number') words.set(number, word)
  return words
}

export const isList = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !Buffer.isBuffer(value))
