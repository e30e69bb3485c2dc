import { inLanguage, joined, type Said, SaidError } from './sentence.ts'

/** Checks of what stands in a tag table: each takes a value with the path to it, and gives it back typed. */
export type Check<T> = (value: unknown, path: string) => T

/** What is wrong with a tag table, with the path to it. */
export class TagTableError extends SaidError {
  override name = 'TagTableError'
  /** Each thing that is wrong, where there are several; the same in Chinese, in their order. */
  readonly problems: readonly string[]
  readonly problemsZh: readonly string[]

  constructor(said: Said, problems: readonly Said[] = [said]) {
    super(said)
    this.problems = problems.map((each) => inLanguage(each, 'en'))
    this.problemsZh = problems.map((each) => inLanguage(each, 'zh'))
  }
}

export function fail(path: string, expected: Said): never {
  throw new TagTableError(joined`${path}: ${expected}`)
}

const aMapping = { zh: '应为键值对', en: 'a mapping is expected' }

export const text: Check<string> = (value, path) =>
  typeof value === 'string' && value !== '' && value.length <= 200
    ? value
    : fail(path, { zh: '应为 1 至 200 个字符的文本', en: 'a text of 1 to 200 characters is expected' })

export const integer =
  (min: number, max: number): Check<number> =>
  (value, path) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? (value as number)
      : fail(path, { zh: `应为 ${min} 至 ${max} 的整数`, en: `a whole number from ${min} to ${max} is expected` })

export const finite: Check<number> = (value, path) =>
  typeof value === 'number' && Number.isFinite(value)
    ? value
    : fail(path, { zh: '应为数字', en: 'a number is expected' })

export const isOneOf = (words: readonly string[]) => ({
  zh: `应为 ${words.join('、')} 之一`,
  en: `one of ${words.join(', ')} is expected`,
})

export const oneOf =
  <T extends string>(words: readonly T[]): Check<T> =>
  (value, path) =>
    words.includes(value as T) ? (value as T) : fail(path, isOneOf(words))

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
      fail(path, { zh: `应为 1 至 ${max} 项的列表`, en: `a list of 1 to ${max} is expected` })
    return (value as unknown[]).map((each, i) => check(each, `${path}[${i}]`))
  }

/** A mapping of any keys, all to the same kind of thing. */
export const mapOf =
  <T>(check: Check<T>, max: number): Check<Record<string, T>> =>
  (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(path, aMapping)
    const entries = Object.entries(value as object)
    if (entries.length === 0 || entries.length > max)
      fail(path, { zh: `应为 1 至 ${max} 个键值对`, en: `1 to ${max} entries are expected` })
    return Object.fromEntries(entries.map(([key, each]) => [key, check(each, `${path}.${key}`)]))
  }

export const isThereTwice = (name: string) => ({ zh: `“${name}”出现了两次`, en: `“${name}” is there twice` })

export const isTrueOrFalse = { zh: '应为 true 或 false', en: 'true or false is expected' }

export const certificateWithKey = { zh: '证书与私钥应同时给出', en: 'certificate and key are expected together' }

const unknownKey = (known: readonly string[]) => ({
  zh: `没有这个键；可用的键：${known.join('、')}`,
  en: `unknown key; known are ${known.join(', ')}`,
})

/** A mapping with exactly these keys: an unknown key is an error, so that a misspelt one is never silently nothing. */
export function shape<T>(checks: { [K in keyof T]: Check<T[K]> }): Check<T> {
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(path, aMapping)
    for (const key of Object.keys(value as object))
      if (!(key in checks)) fail(`${path}.${key}`, unknownKey(Object.keys(checks)))
    const entries = Object.entries(checks) as [keyof T & string, Check<T[keyof T]>][]
    return Object.fromEntries(
      entries.map(([key, check]) => [key, check((value as Record<string, unknown>)[key], `${path}.${key}`)]),
    ) as T
  }
}
