import { type Check, finite, integer, listOf, oneOf, optional, otherwise, shape, text } from '../check.ts'
import { reportWays } from '../reading/report.ts'
import { severities } from './alarm.ts'

// How derived tags and alarms stand in a tag table. What their expressions say is read by plan.ts, on first use.

/** A longer text than a name: its expression's own check names the place of what is wrong. */
const expression: Check<string> = (value, path) =>
  typeof value === 'string' && value.length > 200 ? value : text(value, path)

export interface WrittenDerived {
  property: string
  expression: string
  unit: string | undefined
  report: (typeof reportWays)[number]
  deadBand: number
  deadBandPercent: number
  heartbeatMs: number | undefined
}

export interface WrittenAlarm {
  name: string
  /** The property of the device that says its state to the platform. */
  property: string
  /** What the property is: true and false, or the words `raised` and `cleared`. */
  type: 'bool' | 'text'
  when: string
  forSeconds: number
  severity: (typeof severities)[number]
  message: { zh: string; en: string }
}

const writtenDerived = shape<WrittenDerived>({
  property: text,
  expression,
  unit: optional(text),
  report: otherwise(oneOf(reportWays), 'change'),
  deadBand: otherwise(finite, 0),
  deadBandPercent: otherwise(finite, 0),
  heartbeatMs: optional(integer(1_000, 86_400_000)),
})

const writtenAlarm = shape<WrittenAlarm>({
  name: text,
  property: text,
  type: otherwise(oneOf(['bool', 'text'] as const), 'bool'),
  when: expression,
  forSeconds: otherwise(integer(0, 86_400), 0),
  severity: oneOf(severities),
  message: shape<WrittenAlarm['message']>({ zh: text, en: text }),
})

export const derivedList = otherwise(listOf(writtenDerived, 10_000), [])
export const alarmList = otherwise(listOf(writtenAlarm, 1_000), [])
