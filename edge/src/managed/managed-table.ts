import type { ConfigurationProblem } from '@kapok/contracts/gateway-talk'
import { TagTableError } from '../check.ts'
import { type EdgeConfig, readTagTable } from '../tag-table.ts'

/** Reads a configuration of the platform. Throws TagTableError. */
export async function readManagedTable(yaml: string): Promise<EdgeConfig> {
  const table = await readTagTable(yaml)
  for (const key of ['platform', 'token'] as const)
    if (table[key] !== undefined)
      throw new TagTableError(`table.${key}: nothing is expected, the gateway has it from its enrolment`)
  return table
}

/** The problems of a table, each with its device and tag by name where its path leads to one. */
export function problemsOf({ problems }: TagTableError, names: unknown): ConfigurationProblem[] {
  return problems.map((problem) => {
    const [, d, t, key, why] = /^table\.devices\[(\d+)\](?:\.tags\[(\d+)\])?\.?([^\s:]*): (.*)$/s.exec(problem) ?? []
    if (d === undefined || why === undefined) return { where: '', why: problem }
    const device = at(at(names, 'devices'), Number(d))
    const tag = t === undefined ? undefined : at(at(device, 'tags'), Number(t))
    const parts = [at(device, 'name') ?? `devices[${d}]`, t && (at(tag, 'property') ?? `tags[${t}]`), key]
    return { where: parts.filter((part) => part !== undefined && part !== '').join(' · '), why }
  })
}

function at(value: unknown, key: string | number): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[key] : undefined
}
