import { EpcisProblem } from './problem.ts'

/** A schedule of standing queries (EPCIS 2.0 §8.2.5.3): the time in UTC must match every field that is given. */
export interface Schedule {
  matches(at: Date): boolean
}

const fields: readonly { name: string; low: number; high: number; of: (at: Date) => number }[] = [
  { name: 'second', low: 0, high: 59, of: (at) => at.getUTCSeconds() },
  { name: 'minute', low: 0, high: 59, of: (at) => at.getUTCMinutes() },
  { name: 'hour', low: 0, high: 23, of: (at) => at.getUTCHours() },
  { name: 'dayOfMonth', low: 1, high: 31, of: (at) => at.getUTCDate() },
  { name: 'month', low: 1, high: 12, of: (at) => at.getUTCMonth() + 1 },
  // 1 is Monday.
  { name: 'dayOfWeek', low: 1, high: 7, of: (at) => at.getUTCDay() || 7 },
]

export const scheduleFields: readonly string[] = fields.map(({ name }) => name)

/** Fields are numbers, ranges `[2-5]`, steps `0/30`, and lists of these with commas. Throws SubscriptionControlsException. */
export function scheduleOf(controls: Readonly<Record<string, string | undefined>>): Schedule {
  const given = fields.flatMap(({ name, low, high, of }, i) => {
    const text = controls[name]
    // Smaller fields than the smallest that was given are at their beginning: `hour=1` means 01:00:00.
    if (text === undefined) {
      const isBelow = fields.slice(i + 1).some(({ name: larger }) => controls[larger] !== undefined)
      const larger = fields.slice(0, i).some(({ name: smaller }) => controls[smaller] !== undefined)
      return isBelow && !larger && i < 3 ? [{ of, values: new Set([low]) }] : []
    }
    return [{ of, values: valuesOf(name, text, low, high) }]
  })
  if (given.length === 0) throw wrong('schedule', `one of ${scheduleFields.join(', ')}`)
  return { matches: (at) => given.every(({ of, values }) => values.has(of(at))) }
}

function valuesOf(name: string, text: string, low: number, high: number): Set<number> {
  const values = new Set<number>()
  if (text.length > 200) throw wrong(name, 'at most 200 characters')
  for (const part of text.split(',')) {
    const [, from, to] = /^\[?(\d{1,2})-(\d{1,2})\]?$/.exec(part) ?? []
    const [, start, step] = /^(\d{1,2}|\*)\/(\d{1,2})$/.exec(part) ?? []
    if (from !== undefined && to !== undefined) for (let n = Number(from); n <= Number(to); n++) values.add(n)
    else if (step !== undefined && Number(step) > 0)
      for (let n = start === '*' ? low : Number(start); n <= high; n += Number(step)) values.add(n)
    else if (part === '*') for (let n = low; n <= high; n++) values.add(n)
    else if (/^\d{1,2}$/.test(part)) values.add(Number(part))
    else throw wrong(name, 'a number, a range such as [2-5], a step such as 0/30, or a list of these')
  }
  for (const value of values) if (value < low || value > high) throw wrong(name, `numbers from ${low} to ${high}`)
  if (values.size === 0) throw wrong(name, 'at least one number')
  return values
}

const wrong = (name: string, expected: string): EpcisProblem =>
  new EpcisProblem('SubscriptionControlsException', `${name}: ${expected} expected`)
