import { inLanguage, type Said, SaidError } from './sentence.ts'

/** An address that is not in its driver's grammar: where, and what is expected there. */
export class AddressError extends SaidError {
  override name = 'AddressError'

  /** `position` counts characters from 1. */
  constructor(address: string, position: number, expected: Said) {
    const zh = inLanguage(expected, 'zh')
    super({
      zh: `“${address}”第 ${position} 个字符处应为${/^[!-~]/.test(zh) ? ' ' : ''}${zh}`,
      en: `“${address}”, position ${position}: ${inLanguage(expected, 'en')} is expected`,
    })
  }
}

/** What stands in the addresses of several protocols. */
export const endOfAddress = { zh: '地址的结尾', en: 'the end of the address' }
export const aBit = { zh: '位号', en: 'a bit' }
export const theBitOfTheWord = { zh: '“.”和字的位号', en: '“.” and the bit of the word' }
export const aNumberOfCharacters = { zh: '字符数', en: 'a number of characters' }
export const bracketAndCharacters = { zh: '“[”和字符数', en: '“[” and the number of characters' }
export const wordTypesOrText = {
  zh: '16、32、64 位的类型、text 或 1 位的类型',
  en: 'a type of 1, 16, 32 or 64 bits, or text,',
}
export const typeBool = { zh: '类型 bool', en: 'the type bool' }

export const oneOfThese = (words: readonly string[]) => ({
  zh: `${words.join('、')} 之一`,
  en: `one of ${words.join(', ')}`,
})

export const oneOfTypes = (types: readonly string[], not: string) => ({
  zh: `类型 ${types.join('、')} 之一，而不是 ${not}`,
  en: `one of the types ${types.join(', ')}, not ${not},`,
})

/** Reads an address from left to right. Every method but `at` and `optional` throws AddressError where nothing fits. */
export class AddressScanner {
  #at = 0
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** Characters read so far. */
  get at(): number {
    return this.#at
  }

  /** What was read from there on. */
  since(began: number): string {
    return this.#text.slice(began, this.#at)
  }

  fail(expected: Said, at = this.#at): never {
    throw new AddressError(this.#text, at + 1, expected)
  }

  /** Takes what the pattern matches here; undefined when it does not. The pattern needs the flag `y`. */
  optional(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)?.[0]
    this.#at += match?.length ?? 0
    return match
  }

  take(pattern: RegExp, expected: Said): string {
    return this.optional(pattern) ?? this.fail(expected)
  }

  /** The first of the words that stands here, longest first, in any case of letters; as it is in the list. */
  word<T extends string>(words: readonly T[], expected: Said = oneOfThese(words)): T {
    const rest = this.#text.slice(this.#at).toUpperCase()
    const found = [...words].sort((a, b) => b.length - a.length).find((word) => rest.startsWith(word.toUpperCase()))
    if (found === undefined) this.fail(expected)
    this.#at += found.length
    return found
  }

  /** A whole number without sign, within its limits. */
  number(min: number, max: number, what: Said, radix: 8 | 10 | 16 = 10): number {
    const began = this.#at
    const [from, to] = [min, max].map((end) => end.toString(radix).toUpperCase())
    const expected = {
      zh: `${from} 至 ${to} 的${inLanguage(what, 'zh')}`,
      en: `${inLanguage(what, 'en')} from ${from} to ${to}`,
    }
    const digits = this.take({ 8: /[0-7]{1,12}/y, 10: /\d{1,12}/y, 16: /[0-9a-f]{1,12}/iy }[radix], expected)
    const value = Number.parseInt(digits, radix)
    if (value < min || value > max) this.fail(expected, began)
    return value
  }

  /** Nothing more may follow. */
  end(): void {
    if (this.#at < this.#text.length) this.fail(endOfAddress)
  }
}
