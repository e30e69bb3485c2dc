import { parseDocument } from 'yaml'
import { type Area, type NumberType, readFunctions, registersOf, type WordOrder, wordOrders } from './modbus/codec.ts'

/** One value of a machine: where it stands, how it is written, and when it is worth sending. */
export interface Tag {
  property: string
  area: Area
  address: number
  type: NumberType | 'bool'
  order: WordOrder
  scale: number
  offset: number
  /** Sent when it differs from the last sent value by more than this. */
  deadBand: number
}

export interface EdgeDevice {
  /** Name or id of the device on the platform. */
  name: string
  host: string
  port: number
  unit: number
  periodMs: number
  /** An unchanged value is sent again after this time. */
  heartbeatMs: number
  tags: Tag[]
}

export interface EdgeConfig {
  platform: string
  token: string
  statusPort: number
  devices: EdgeDevice[]
}

/** What is wrong with a tag table, with the path to it. */
export class TagTableError extends Error {
  override name = 'TagTableError'
}

type Check<T> = (value: unknown, path: string) => T

function fail(path: string, expected: string): never {
  throw new TagTableError(`${path}: ${expected}`)
}

const text: Check<string> = (value, path) =>
  typeof value === 'string' && value !== '' && value.length <= 200
    ? value
    : fail(path, 'a text of 1 to 200 characters is expected')

const platformUrl: Check<string> = (value, path) =>
  /^mqtts?:\/\/[^/]/.test(text(value, path)) && URL.canParse(value as string)
    ? (value as string)
    : fail(path, 'an address that begins with mqtt:// or mqtts:// is expected')

const integer =
  (min: number, max: number): Check<number> =>
  (value, path) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? (value as number)
      : fail(path, `a whole number from ${min} to ${max} is expected`)

const finite: Check<number> = (value, path) =>
  typeof value === 'number' && Number.isFinite(value) ? value : fail(path, 'a number is expected')

const oneOf =
  <T extends string>(words: readonly T[]): Check<T> =>
  (value, path) =>
    words.includes(value as T) ? (value as T) : fail(path, `one of ${words.join(', ')} is expected`)

const otherwise =
  <T>(check: Check<T>, fallback: T): Check<T> =>
  (value, path) =>
    value === undefined ? fallback : check(value, path)

const listOf =
  <T>(check: Check<T>, max: number): Check<T[]> =>
  (value, path) => {
    if (!Array.isArray(value) || value.length === 0 || value.length > max)
      fail(path, `a list of 1 to ${max} is expected`)
    return (value as unknown[]).map((each, i) => check(each, `${path}[${i}]`))
  }

/** A mapping with exactly these keys: an unknown key is an error, so that a misspelt one is never silently nothing. */
function shape<T>(checks: { [K in keyof T]: Check<T[K]> }): Check<T> {
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(path, 'a mapping is expected')
    for (const key of Object.keys(value as object))
      if (!(key in checks)) fail(`${path}.${key}`, `unknown key; known are ${Object.keys(checks).join(', ')}`)
    const entries = Object.entries(checks) as [keyof T & string, Check<T[keyof T]>][]
    return Object.fromEntries(
      entries.map(([key, check]) => [key, check((value as Record<string, unknown>)[key], `${path}.${key}`)]),
    ) as T
  }
}

const tag = shape<Tag>({
  property: text,
  area: oneOf(Object.keys(readFunctions) as Area[]),
  address: integer(0, 65_535),
  type: oneOf([...(Object.keys(registersOf) as NumberType[]), 'bool'] as const),
  order: otherwise(oneOf(wordOrders), 'ABCD'),
  scale: otherwise(finite, 1),
  offset: otherwise(finite, 0),
  deadBand: otherwise(finite, 0),
})

const config = shape<EdgeConfig>({
  platform: platformUrl,
  token: text,
  statusPort: otherwise(integer(0, 65_535), 0),
  devices: listOf(
    shape<EdgeDevice>({
      name: text,
      host: text,
      port: otherwise(integer(1, 65_535), 502),
      unit: otherwise(integer(0, 255), 1),
      periodMs: otherwise(integer(50, 3_600_000), 1_000),
      heartbeatMs: otherwise(integer(1_000, 86_400_000), 60_000),
      tags: listOf(tag, 2_000),
    }),
    500,
  ),
})

/** Reads a tag table (YAML). Throws TagTableError with line or path and what is expected there. */
export function readTagTable(yaml: string): EdgeConfig {
  const document = parseDocument(yaml, { uniqueKeys: true, maxAliasCount: 0 } as object)
  const [problem] = document.errors
  if (problem !== undefined) throw new TagTableError(problem.message)
  const table = config(document.toJS({ maxAliasCount: 0 }), 'table')
  for (const [d, device] of table.devices.entries()) {
    const seen = new Set<string>()
    for (const [t, { property, type, area }] of device.tags.entries()) {
      const path = `table.devices[${d}].tags[${t}]`
      if (seen.has(property)) fail(`${path}.property`, `“${property}” is there twice`)
      seen.add(property)
      const isBits = area === 'coil' || area === 'discrete'
      if (isBits !== (type === 'bool'))
        fail(`${path}.type`, `the area ${area} ${isBits ? 'takes' : 'does not take'} bool`)
    }
  }
  return table
}
