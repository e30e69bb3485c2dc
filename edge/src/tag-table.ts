import { parseDocument } from 'yaml'
import { type Check, fail, finite, integer, listOf, oneOf, otherwise, shape, TagTableError, text } from './check.ts'
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

const platformUrl: Check<string> = (value, path) =>
  /^mqtts?:\/\/[^/]/.test(text(value, path)) && URL.canParse(value as string)
    ? (value as string)
    : fail(path, 'an address that begins with mqtt:// or mqtts:// is expected')

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
