import { parse } from 'yaml'
import { TagTableError } from '../check.ts'
import { type Overlap, overlapsIn } from '../overlaps.ts'
import { readTagTable } from '../tag-table.ts'
import { type ImportedTable, tableYaml, type WrittenDevice } from './written-table.ts'

/**
 * The tag table in a file: an Excel file (.xlsx), or ThingsBoard's modbus.json or opcua.json; which of them its name and
 * its content say. Throws TagTableError when it is none of these.
 */
export async function importTable(name: string, bytes: Buffer): Promise<ImportedTable> {
  if (/\.xlsx$/i.test(name)) return (await import('./excel.ts')).readExcel(bytes)
  const config = jsonOf(bytes.toString('utf8'), name)
  if ('master' in config) return (await import('./thingsboard-modbus.ts')).readThingsBoardModbus(config)
  if ('server' in config) return (await import('./thingsboard-opcua.ts')).readThingsBoardOpcua(config)
  throw new TagTableError(
    `${name}: neither “master” of ThingsBoard’s modbus.json nor “server” of its opcua.json is there.`,
  )
}

/**
 * The imported table as YAML which a gateway takes, and those of its tags that share a part of their place. Throws
 * TagTableError when nothing could be taken.
 */
export async function yamlOfImported({ devices }: ImportedTable): Promise<{ yaml: string; overlaps: Overlap[] }> {
  if (devices.length === 0) throw new TagTableError('Nothing could be taken.')
  const yaml = tableYaml(devices)
  return { yaml, overlaps: overlapsIn((await readTagTable(yaml)).devices) }
}

function jsonOf(text: string, name: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new TagTableError(
      `${name} is neither an .xlsx file nor JSON: ${cause instanceof Error ? cause.message : String(cause)}`,
    )
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new TagTableError(`${name}: a JSON object is expected.`)
}

/** A tag table (YAML) as an Excel file. Throws TagTableError for what is no tag table. */
export async function excelOfTable(yaml: string): Promise<Buffer> {
  await readTagTable(yaml)
  const { writeExcel } = await import('./excel.ts')
  return writeExcel((parse(yaml) as { devices: WrittenDevice[] }).devices)
}
