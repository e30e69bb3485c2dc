import { flowOf } from '@kapok/contracts/machine-model'
import { stringify } from 'yaml'
import type { TagType } from '../driver.ts'

/** A tag as it is written in a tag table. What is undefined is left to the device. */
export interface WrittenTag {
  property: string
  address: string
  type: TagType
  unit?: string
  scale?: number
  offset?: number
  values?: Record<string, string>
  rollOver?: number
  periodMs?: number
  report?: string
  deadBand?: number
  deadBandPercent?: number
  heartbeatMs?: number
}

export interface WrittenDevice {
  name: string
  protocol: string
  connection: Record<string, unknown>
  periodMs?: number
  heartbeatMs?: number
  tags: WrittenTag[]
}

/** What was made of another form of a table, and what of it could not be taken, each in a sentence with its place. */
export interface ImportedTable {
  devices: WrittenDevice[]
  notTaken: string[]
}

/** The tag table in YAML, one line a tag. */
export function tableYaml(devices: readonly WrittenDevice[]): string {
  // The lines of tags are written one by one: a document of 10^5 tags as one tree takes minutes.
  const lines = ['devices:']
  for (const { tags, ...device } of devices) {
    const head = stringify(defined(device), { lineWidth: 0 }).trimEnd().split('\n')
    lines.push(...head.map((line, i) => `  ${i === 0 ? '-' : ' '} ${line}`), '    tags:')
    for (const tag of tags) lines.push(`      - ${flowOf(tag)}`)
  }
  return `${lines.join('\n')}\n`
}

const defined = (mapping: object) =>
  Object.fromEntries(Object.entries(mapping).filter(([, value]) => value !== undefined))

/** A name as a property can have it: other characters than letters, digits and . : / - become _. */
export function propertyOf(name: string): string {
  const clean = name.replace(/[^\w.:/-]+/g, '_').slice(0, 64)
  return /^[A-Za-z_]/.test(clean) ? clean : `_${clean}`.slice(0, 64)
}
