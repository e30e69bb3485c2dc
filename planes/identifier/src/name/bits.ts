/** Writes numbers one behind another, the highest bit first. */
export class BitWriter {
  #bits = ''

  number(value: number, width: number): void {
    this.#bits += value.toString(2).padStart(width, '0')
  }

  big(value: bigint, width: number): void {
    this.#bits += value.toString(2).padStart(width, '0')
  }

  /** Hexadecimal digits, four bits each. */
  hex(digits: string): void {
    for (const digit of digits) this.number(Number.parseInt(digit, 16), 4)
  }

  get length(): number {
    return this.#bits.length
  }

  /** All bits as characters of an alphabet of 16 or 64, zeros behind to a whole one. */
  text(alphabet: string): string {
    const width = Math.log2(alphabet.length)
    const whole = this.#bits.padEnd(Math.ceil(this.#bits.length / width) * width, '0')
    let text = ''
    for (let at = 0; at < whole.length; at += width) text += alphabet[Number.parseInt(whole.slice(at, at + width), 2)]
    return text
  }
}

/** Reads numbers from text in an alphabet of 16 or 64 characters. `refuse` is told the index of the character and what had to be. */
export class BitReader {
  readonly #bits: string
  readonly #width: number
  readonly #refuse: (index: number, expected: string) => never
  #at = 0

  constructor(text: string, alphabet: string, refuse: (index: number, expected: string) => never) {
    this.#width = Math.log2(alphabet.length)
    this.#refuse = refuse
    this.#bits = [...text]
      .map((character, index) => {
        const value = alphabet.indexOf(character)
        return value === -1 ? refuse(index, `a character of ${alphabet}`) : value.toString(2).padStart(this.#width, '0')
      })
      .join('')
  }

  get left(): number {
    return this.#bits.length - this.#at
  }

  number(width: number): number {
    return Number.parseInt(this.#take(width) || '0', 2)
  }

  big(width: number): bigint {
    return BigInt(`0b${this.#take(width) || '0'}`)
  }

  hex(digits: number): string {
    const found = this.peekHex(digits)
    this.#take(4 * digits)
    return found
  }

  /** The next hexadecimal digits, fewer when there are fewer; they stay to be read. */
  peekHex(digits: number): string {
    const bits = this.#bits.slice(this.#at, this.#at + 4 * digits)
    return (bits.match(/.{4}/g) ?? []).map((each) => Number.parseInt(each, 2).toString(16).toUpperCase()).join('')
  }

  refuse(expected: string): never {
    return this.#refuse(Math.floor(this.#at / this.#width), expected)
  }

  #take(width: number): string {
    if (width > this.left) this.#refuse(Math.ceil(this.#bits.length / this.#width), `${width - this.left} more bits`)
    const bits = this.#bits.slice(this.#at, this.#at + width)
    this.#at += width
    return bits
  }
}
