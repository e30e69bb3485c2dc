import type { RegistryFacts } from '@kapok/contracts/registry'
import { checkFacts, isFault, type Registrant } from '../record/check-facts.ts'
import { type FactFault, faultSentence, type Sentence } from '../record/fact-fault.ts'

export interface CheckedRow {
  row: number
  handle: string
  facts: RegistryFacts
  fault: Sentence | null
}

/** Every row as it would be registered, or with what is wrong with it: by itself, or because an earlier row has the same name. */
export function checkRows(
  rows: readonly { row: number; facts: RegistryFacts }[],
  registrant: Registrant,
): CheckedRow[] {
  const rowOf = { suffix: new Map<string, number>(), gs1: new Map<string, number>() }
  return rows.map(({ row, facts: given }) => {
    const bad = (fault: FactFault): CheckedRow => ({
      row,
      handle: given.suffix ?? '',
      facts: given,
      fault: faultSentence(fault),
    })
    const checked = checkFacts(given, registrant)
    if (isFault(checked)) return bad(checked)
    for (const key of ['suffix', 'gs1'] as const) {
      const name = checked.facts[key]
      if (name === undefined) continue
      const before = rowOf[key].get(name)
      if (before !== undefined) return bad({ key, expected: twice(key, before) })
      rowOf[key].set(name, row)
    }
    return { row, ...checked, fault: null }
  })
}

function twice(key: 'suffix' | 'gs1', before: number): Sentence {
  return key === 'suffix'
    ? { zh: `与第 ${before} 行相同`, en: `the same as in row ${before}` }
    : {
        zh: `与第 ${before} 行相同；单件请再填序列号`,
        en: `the same as in row ${before}; single pieces need a serial number`,
      }
}
