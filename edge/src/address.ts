/** An address that is not in its driver's grammar: where, and what is expected there. */
export class AddressError extends Error {
  override name = 'AddressError'

  /** `position` counts characters from 1. */
  constructor(address: string, position: number, expected: string) {
    super(`“${address}”, position ${position}: ${expected} is expected`)
  }
}

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

  fail(expected: string, at = this.#at): never {
    throw new AddressError(this.#text, at + 1, expected)
  }

  /** Takes what the pattern matches here; undefined when it does not. The pattern needs the flag `y`. */
  optional(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)?.[0]
    this.#at += match?.length ?? 0
    return match
  }

  take(pattern: RegExp, expected: string): string {
    return this.optional(pattern) ?? this.fail(expected)
  }

  /** The first of the words that stands here, longest first, in any case of letters; as it is in the list. */
  word<T extends string>(words: readonly T[], expected = `one of ${words.join(', ')}`): T {
    const rest = this.#text.slice(this.#at).toUpperCase()
    const found = [...words].sort((a, b) => b.length - a.length).find((word) => rest.startsWith(word.toUpperCase()))
    if (found === undefined) this.fail(expected)
    this.#at += found.length
    return found
  }

  /** A whole number without sign, within its limits. */
  number(min: number, max: number, what: string, radix: 8 | 10 | 16 = 10): number {
    const began = this.#at
    const expected = `${what} from ${min.toString(radix).toUpperCase()} to ${max.toString(radix).toUpperCase()}`
    const digits = this.take({ 8: /[0-7]{1,12}/y, 10: /\d{1,12}/y, 16: /[0-9a-f]{1,12}/iy }[radix], expected)
    const value = Number.parseInt(digits, radix)
    if (value < min || value > max) this.fail(expected, began)
    return value
  }

  /** Nothing more may follow. */
  end(): void {
    if (this.#at < this.#text.length) this.fail('the end of the address')
  }
}
