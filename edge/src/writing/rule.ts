import { type Check, fail, finite, integer, optional, otherwise, shape, text } from '../check.ts'
import type { Expression } from '../derive/expression.ts'
import type { Series } from '../derive/plan.ts'

/** How a tag may be written, as it stands in the table. A tag without a rule is read-only. */
export interface WrittenRule {
  /** In the tag's unit; both for a number, none for anything else. */
  min: number | undefined
  max: number | undefined
  /** Must hold for a write to be sent: CEL over tags. */
  interlock: string | undefined
  /** How old a value may be that the interlock looks at, ms. */
  maxAgeMs: number
}

export interface WriteRule extends WrittenRule {
  /** The interlock, compiled. There is one when there is an interlock. */
  condition: Expression<Series> | undefined
}

const shapeOfRule = shape<WrittenRule>({
  min: optional(finite),
  max: optional(finite),
  interlock: optional((value, path) => (typeof value === 'string' && value.length > 200 ? value : text(value, path))),
  maxAgeMs: otherwise(integer(100, 600_000), 5_000),
})

export const writtenRule: Check<WrittenRule> = (value, path) => {
  const rule = shapeOfRule(value, path)
  if (rule.min !== undefined && rule.max !== undefined && rule.min > rule.max)
    fail(`${path}.min`, { zh: '应为不大于 max 的数字', en: 'a number that is not above max is expected' })
  return rule
}

/** A number has a range, and nothing else has one. */
export function checkRange(rule: WrittenRule, isNumber: boolean, path: string): void {
  for (const end of ['min', 'max'] as const) {
    if (isNumber && rule[end] === undefined)
      fail(`${path}.${end}`, {
        zh: '应为数字：可写的测点要有范围',
        en: 'a number is expected: what is written has a range',
      })
    if (!isNumber && rule[end] !== undefined)
      fail(`${path}.${end}`, { zh: '请删去：只有数字才有范围', en: 'nothing is expected: only a number has a range' })
  }
}
