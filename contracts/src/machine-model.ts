import type { PropertyType } from './data.ts'

/**
 * A machine of the library: what it says and where, as the gateway's files under edge/models have it. The platform has the
 * same rows as data (machine-models.json, made by `npm run docs`) and makes product and tag table of them.
 */
export const machineKinds = [
  'injection-moulding',
  'cnc',
  'stamping',
  'compressor',
  'robot',
  'smt',
  'chiller',
  'furnace',
  'energy-meter',
  'water-meter',
  'heat-meter',
  'gas-meter',
  'drive',
  'temperature-controller',
  'packaging',
  'plc',
  'machine',
  'substation',
] as const
export type MachineKind = (typeof machineKinds)[number]

export interface ModelTag {
  property: string
  zh: string
  en: string
  /** In the driver's grammar. */
  address: string
  type: string
  unit?: string
  scale?: number
  offset?: number
  /** Words of an enumeration. */
  values?: Record<string, string>
}

export interface MachineModel {
  /** Folder and file under edge/models: `energy-meter/eastron-sdm630`. */
  id: string
  kind: MachineKind
  maker: string
  zh: string
  en: string
  /** Whether the addresses are a public table, or an example that the integrator completes. */
  addresses: 'published' | 'template'
  source?: { document: string; url?: string }[]
  note?: { zh: string; en: string }
  protocol: string
  /** `{host}` stands for the machine's address. */
  connection: Record<string, string | number | boolean>
  periodMs?: number
  tags: ModelTag[]
}

/** The properties of the product (物模型) of a model, in the terms of `data.product.create`. */
export function propertiesOf({ tags }: Pick<MachineModel, 'tags'>) {
  return tags.map(({ property, zh, en, unit = '', ...tag }) => ({
    identifier: property,
    name: zh,
    nameEn: en,
    type: propertyTypeOf(tag),
    unit,
  }))
}

function propertyTypeOf({
  type,
  scale,
  offset,
  values,
}: Pick<ModelTag, 'type' | 'scale' | 'offset' | 'values'>): PropertyType {
  if (values !== undefined || type === 'text') return 'text'
  if (type === 'bool') return 'bool'
  const isWhole = !type.startsWith('float') && (scale ?? 1) === 1 && Number.isInteger(offset ?? 0)
  return isWhole ? 'int' : 'float'
}

/** The machine as a device of a tag table: YAML, indented for the list under `devices:`. */
export function deviceTableOf(model: MachineModel, { name, host }: { name: string; host: string }): string {
  const { protocol, connection, periodMs, tags, addresses } = model
  const at = Object.fromEntries(
    Object.entries(connection).map(([key, value]) => [
      key,
      typeof value === 'string' ? value.replace('{host}', host) : value,
    ]),
  )
  const lines = [
    `  # ${model.maker}: ${model.en}${addresses === 'template' ? ' – a template: complete the addresses' : ''}`,
    `  - name: ${JSON.stringify(name)}`,
    `    protocol: ${protocol}`,
    `    connection: ${flowOf(at)}`,
    ...(periodMs === undefined ? [] : [`    periodMs: ${periodMs}`]),
    '    tags:',
    ...tags.map(({ property, address, type, unit, scale, offset, values }) => {
      const row = flowOf({ property, address, type, unit, scale, offset, values })
      return `      - ${row}`
    }),
  ]
  return `${lines.join('\n')}\n`
}

/** A mapping in YAML's flow form, without what is undefined; strings quoted as in JSON, which YAML reads alike. */
export function flowOf(mapping: object): string {
  const entries = Object.entries(mapping).filter(([, value]) => value !== undefined)
  const written = (value: unknown) =>
    typeof value === 'object' && value !== null ? flowOf(value) : JSON.stringify(value)
  return `{ ${entries.map(([key, value]) => `${/^[A-Za-z]\w*$/.test(key) ? key : JSON.stringify(key)}: ${written(value)}`).join(', ')} }`
}
