import type { ConfigurationProblem } from '@kapok/contracts/gateway-talk'
import { fail, type TagTableError } from '../check.ts'
import { besideEnglish } from '../sentence.ts'
import { type EdgeConfig, readTagTable } from '../tag-table.ts'

/** Reads a configuration of the platform. Throws TagTableError. */
export async function readManagedTable(yaml: string): Promise<EdgeConfig> {
  const table = await readTagTable(yaml)
  for (const key of ['platform', 'token'] as const)
    if (table[key] !== undefined)
      fail(`table.${key}`, {
        zh: '请删去：网关登记时已得到它',
        en: 'nothing is expected, the gateway has it from its enrolment',
      })
  return table
}

/** The problems of a table, each with its device and tag by name where its path leads to one. */
export function problemsOf({ problems, problemsZh }: TagTableError, names: unknown): ConfigurationProblem[] {
  return problems.map((problem, i) => {
    const zh = problemsZh[i] ?? problem
    const [, path, d, t, key, why] =
      /^(table\.devices\[(\d+)\](?:\.tags\[(\d+)\])?\.?([^\s:]*): )(.*)$/s.exec(problem) ?? []
    if (path === undefined || why === undefined)
      return { where: '', why: problem, ...besideEnglish({ zh, en: problem }) }
    const device = at(at(names, 'devices'), Number(d))
    const tag = t === undefined ? undefined : at(at(device, 'tags'), Number(t))
    const parts = [at(device, 'name') ?? `devices[${d}]`, t && (at(tag, 'property') ?? `tags[${t}]`), key]
    const where = parts.filter((part) => part !== undefined && part !== '').join(' · ')
    // The path is the same in both languages.
    return { where, why, ...besideEnglish({ zh: zh.slice(path.length), en: why }) }
  })
}

function at(value: unknown, key: string | number): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[key] : undefined
}
