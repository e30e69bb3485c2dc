import { instantOf } from './event.ts'
import { epcisLimits } from './limits.ts'
import { EpcisProblem } from './problem.ts'

/** A value of a query: JSON of a named query or of a body; in an address text, where `|` separates the items of a list. */
export type QueryValue = string | number | boolean | null | readonly (string | number)[]

export const wrongParameter = (name: string, expected: string): EpcisProblem =>
  new EpcisProblem('QueryParameterException', `${name}: ${expected} expected`)

export function textsOf(name: string, value: QueryValue): string[] {
  const texts = Array.isArray(value) ? value : typeof value === 'string' ? value.split('|') : [value]
  if (texts.length > epcisLimits.queryValues) throw wrongParameter(name, `at most ${epcisLimits.queryValues} values`)
  if (texts.length === 0) throw wrongParameter(name, 'at least one value')
  return texts.map((text) => {
    if ((typeof text !== 'string' && typeof text !== 'number') || text === '') throw wrongParameter(name, 'texts')
    if (String(text).length > epcisLimits.uriCharacters)
      throw wrongParameter(name, `texts of at most ${epcisLimits.uriCharacters} characters`)
    return String(text)
  })
}

export function timeOf(name: string, value: QueryValue): number {
  // In an address a + that nobody encoded has become a blank.
  const at = typeof value === 'string' ? instantOf(value.replace(' ', '+')) : undefined
  if (at === undefined) throw wrongParameter(name, 'a time with its zone, such as 2026-11-28T09:30:00.000+08:00,')
  return at
}

export function numberOf(name: string, value: QueryValue): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isFinite(number)) throw wrongParameter(name, 'a number')
  return number
}

export function countOf(name: string, value: QueryValue, atMost: number): number {
  const number = numberOf(name, value)
  if (!Number.isInteger(number) || number < 1 || number > atMost)
    throw wrongParameter(name, `a whole number from 1 to ${atMost}`)
  return number
}

export type Comparison = 'EQ' | 'GT' | 'GE' | 'LT' | 'LE'

export const compares = (comparison: Exclude<Comparison, 'EQ'>, a: number, b: number): boolean =>
  comparison === 'GT' ? a > b : comparison === 'GE' ? a >= b : comparison === 'LT' ? a < b : a <= b

/** Number or time of a value that is compared, else undefined. */
export const magnitudeOf = (value: unknown): { kind: 'number' | 'time'; at: number } | undefined => {
  if (typeof value === 'number') return { kind: 'number', at: value }
  if (typeof value !== 'string') return undefined
  const time = instantOf(value)
  if (time !== undefined) return { kind: 'time', at: time }
  const number = value.trim() === '' ? Number.NaN : Number(value)
  return Number.isFinite(number) ? { kind: 'number', at: number } : undefined
}
