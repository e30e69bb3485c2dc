/** Checks of what stands in a tag table: each takes a value with the path to it, and gives it back typed. */
export type Check<T> = (value: unknown, path: string) => T

/** What is wrong with a tag table, with the path to it. */
export class TagTableError extends Error {
  override name = 'TagTableError'
  /** Each thing that is wrong, where there are several. */
  readonly problems: readonly string[]

  constructor(message: string, problems: readonly string[] = [message]) {
    super(message)
    this.problems = problems
  }
}

export function fail(path: string, expected: string): never {
  throw new TagTableError(`${path}: ${expected}`)
}

export const text: Check<string> = (value, path) =>
  typeof value === 'string' && value !== '' && value.length <= 200
    ? value
    : fail(path, 'a text of 1 to 200 characters is expected')

export const integer =
  (min: number, max: number): Check<number> =>
  (value, path) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? (value as number)
      : fail(path, `a whole number from ${min} to ${max} is expected`)

export const finite: Check<number> = (value, path) =>
  typeof value === 'number' && Number.isFinite(value) ? value : fail(path, 'a number is expected')

export const oneOf =
  <T extends string>(words: readonly T[]): Check<T> =>
  (value, path) =>
    words.includes(value as T) ? (value as T) : fail(path, `one of ${words.join(', ')} is expected`)

export const otherwise =
  <T>(check: Check<T>, fallback: T): Check<T> =>
  (value, path) =>
    value === undefined ? fallback : check(value, path)

export const optional =
  <T>(check: Check<T>): Check<T | undefined> =>
  (value, path) =>
    value === undefined ? undefined : check(value, path)

export const listOf =
  <T>(check: Check<T>, max: number): Check<T[]> =>
  (value, path) => {
    if (!Array.isArray(value) || value.length === 0 || value.length > max)
      fail(path, `a list of 1 to ${max} is expected`)
    return (value as unknown[]).map((each, i) => check(each, `${path}[${i}]`))
  }

/** A mapping of any keys, all to the same kind of thing. */
export const mapOf =
  <T>(check: Check<T>, max: number): Check<Record<string, T>> =>
  (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(path, 'a mapping is expected')
    const entries = Object.entries(value as object)
    if (entries.length === 0 || entries.length > max) fail(path, `1 to ${max} entries are expected`)
    return Object.fromEntries(entries.map(([key, each]) => [key, check(each, `${path}.${key}`)]))
  }

/** A mapping with exactly these keys: an unknown key is an error, so that a misspelt one is never silently nothing. */
export function shape<T>(checks: { [K in keyof T]: Check<T[K]> }): Check<T> {
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(path, 'a mapping is expected')
    for (const key of Object.keys(value as object))
      if (!(key in checks)) fail(`${path}.${key}`, `unknown key; known are ${Object.keys(checks).join(', ')}`)
    const entries = Object.entries(checks) as [keyof T & string, Check<T[keyof T]>][]
    return Object.fromEntries(
      entries.map(([key, check]) => [key, check((value as Record<string, unknown>)[key], `${path}.${key}`)]),
    ) as T
  }
}
