import type { RegistryFacts } from '@kapok/contracts/registry'
import { type RegistryField, type RegistryFieldKey, registryFields } from '@kapok/contracts/registry-fields'
import type { RestValue } from '../node/node-client.ts'
import { beijingTimeOf, instantOf } from './beijing-time.ts'

/** Values of users begin here; below stand those by which a record is administered. */
const firstIndex = 2_000

const recordFields = (registryFields as readonly (RegistryField & { key: RegistryFieldKey })[]).flatMap((field) =>
  field.type === undefined ? [] : [{ ...field, type: field.type }],
)

/** The values of a new record, or those to put into one that has `current`: their indexes, rights and TTL stay. */
export function valuesOf(facts: RegistryFacts, current: readonly RestValue[] = []): RestValue[] {
  const taken = new Set(current.map(({ index }) => index))
  return recordFields.flatMap(({ key, type, kind }, i) => {
    const fact = facts[key]
    if (fact === undefined || fact === '') return []
    const before = valueOfType(current, type)
    const index = before?.index ?? freeIndex(taken, firstIndex + i)
    taken.add(index)
    const { permissions, ttl } = before ?? {}
    return [
      {
        index,
        type,
        data: { format: 'string', value: kind === 'instant' ? instantOf(fact) : fact },
        ...(permissions !== undefined && { permissions }),
        ...(ttl !== undefined && { ttl }),
        ...(kind === 'machine' && { references: [{ handle: fact, index: 0 }] }),
      },
    ]
  })
}

/** What a record says of the fields; values of other types are nothing of ours. */
export function factsOf(handle: string, values: readonly RestValue[]): RegistryFacts {
  const facts: RegistryFacts = { suffix: handle.slice(handle.indexOf('/') + 1) }
  for (const { key, type, kind } of recordFields) {
    const text = textOf(valueOfType(values, type))
    if (text === undefined) continue
    const atMs = kind === 'instant' ? Date.parse(text) : Number.NaN
    facts[key] = Number.isNaN(atMs) ? text : beijingTimeOf(atMs)
  }
  return facts
}

/** What is to be put and what is to be removed so that a record says `facts`. */
export function changesTo(facts: RegistryFacts, current: readonly RestValue[]) {
  const wanted = valuesOf(facts, current)
  const types = new Set(wanted.map(({ type }) => type))
  const removed = recordFields.flatMap(({ type }) => {
    const before = types.has(type) ? undefined : valueOfType(current, type)
    return before === undefined ? [] : [before.index]
  })
  const put = wanted.filter((value) => textOf(value) !== textOf(valueOfType(current, value.type)))
  return { put, removed }
}

/** Whether a record says these facts, whatever else it says. */
export function saysTheSame(facts: RegistryFacts, current: readonly RestValue[]): boolean {
  const { put, removed } = changesTo(facts, current)
  return put.length === 0 && removed.length === 0
}

/** When the record was written last, Unix ms. */
export function writtenAt(values: readonly RestValue[], nowMs: number): number {
  const times = values.map(({ timestamp = '' }) => Date.parse(timestamp)).filter((each) => !Number.isNaN(each))
  return times.length === 0 ? nowMs : Math.max(...times)
}

/** The first of a type: a record may have more names than a form has fields. */
const valueOfType = (values: readonly RestValue[], type: string) =>
  values.find((value) => value.type.toUpperCase() === type)

const textOf = (value: RestValue | undefined) => (typeof value?.data.value === 'string' ? value.data.value : undefined)

function freeIndex(taken: ReadonlySet<number>, wanted: number): number {
  let index = wanted
  while (taken.has(index)) index++
  return index
}
