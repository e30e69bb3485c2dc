import { isUtf8 } from 'node:buffer'
import { handleLimits } from './limits.ts'

/** Bytes that are no Handle message, or a message that has no bytes: where, and what had to stand there. */
export class HandleFormatError extends Error {
  /** From the start of what was given to the decoder; of the encoder's output when a message could not be written. */
  readonly offset: number
  readonly expected: string

  constructor(offset: number, expected: string, found: string) {
    super(`at byte ${offset}: expected ${expected}, found ${found}`)
    this.name = 'HandleFormatError'
    this.offset = offset
    this.expected = expected
  }
}

/** What a peer sent, read, or undefined when it is malformed: for where that proves nothing and has nobody to be told. */
export function readOrUndefined<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof HandleFormatError) return undefined
    throw error
  }
}

/**
 * Reads big-endian fields one after another. A declared length or count is compared with what is there before anything is
 * made for it; byte fields are views of the input, not copies.
 */
export class HandleReader {
  readonly #bytes: Buffer
  readonly #end: number
  /** Where the bytes stood in what the caller has, for the errors. */
  readonly #origin: number
  #at: number

  constructor(bytes: Uint8Array, from = 0, to = bytes.length, origin = 0) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#at = from
    this.#end = to
    this.#origin = origin
  }

  get offset(): number {
    return this.#origin + this.#at
  }

  get left(): number {
    return this.#end - this.#at
  }

  u8(what: string): number {
    return this.#bytes.readUInt8(this.#take(1, what))
  }

  u16(what: string): number {
    return this.#bytes.readUInt16BE(this.#take(2, what))
  }

  u32(what: string): number {
    return this.#bytes.readUInt32BE(this.#take(4, what))
  }

  raw(length: number, what: string): Buffer {
    const from = this.#take(length, what)
    return this.#bytes.subarray(from, from + length)
  }

  rest(): Buffer {
    return this.raw(this.left, 'the rest')
  }

  /** The next `length` bytes with their own end. */
  within(length: number, what: string): HandleReader {
    const from = this.#take(length, what)
    return new HandleReader(this.#bytes, from, from + length, this.#origin)
  }

  /** A length of four bytes and so many bytes. */
  bytes(what: string, lengthMax: number = handleLimits.messageBytes): Buffer {
    const at = this.offset
    const length = this.u32(`the length of ${what}`)
    if (length > lengthMax || length > this.left)
      throw new HandleFormatError(at, `${what} of at most ${Math.min(lengthMax, this.left)} bytes`, `length ${length}`)
    return this.raw(length, what)
  }

  /** UTF-8; other bytes are refused, since two names that differ must stay different as text. */
  text(what: string, lengthMax: number = handleLimits.nameBytes): string {
    const at = this.offset + 4
    const bytes = this.bytes(what, lengthMax)
    if (!isUtf8(bytes)) throw new HandleFormatError(at, `${what} in UTF-8`, 'other bytes')
    return bytes.toString('utf8')
  }

  /** Items after a count of four bytes, each at least `itemBytes` long. */
  list<T>(what: string, itemsMax: number, itemBytes: number, item: () => T): T[] {
    const at = this.offset
    const count = this.u32(`the number of ${what}`)
    const possible = Math.min(itemsMax, Math.floor(this.left / itemBytes))
    if (count > possible) throw new HandleFormatError(at, `at most ${possible} ${what}`, `${count}`)
    const items: T[] = []
    for (let i = 0; i < count; i++) items.push(item())
    return items
  }

  refuse(expected: string, found: string, offset: number = this.offset): never {
    throw new HandleFormatError(offset, expected, found)
  }

  #take(length: number, what: string): number {
    if (length > this.left)
      throw new HandleFormatError(this.offset, `${length} bytes of ${what}`, `${this.left} bytes until the end`)
    const from = this.#at
    this.#at += length
    return from
  }
}

/** Writes big-endian fields one after another and refuses what the protocol cannot carry. */
export class HandleWriter {
  #bytes: Buffer
  #at = 0

  /** `bytes`: about how many will come, so that it need not grow. */
  constructor(bytes = 256) {
    this.#bytes = Buffer.allocUnsafe(bytes)
  }

  get offset(): number {
    return this.#at
  }

  u8(value: number, what: string): this {
    this.#number(value, 0xff, what)
    const at = this.#grow(1)
    this.#bytes[at] = value
    return this
  }

  u16(value: number, what: string): this {
    this.#number(value, 0xffff, what)
    const at = this.#grow(2)
    this.#bytes.writeUInt16BE(value, at)
    return this
  }

  u32(value: number, what: string): this {
    this.#number(value, 0xffff_ffff, what)
    const at = this.#grow(4)
    this.#bytes.writeUInt32BE(value, at)
    return this
  }

  raw(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length)
    this.#bytes.set(bytes, at)
    return this
  }

  bytes(bytes: Uint8Array, what: string, lengthMax: number = handleLimits.messageBytes): this {
    if (bytes.length > lengthMax) this.refuse(`${what} of at most ${lengthMax} bytes`, `${bytes.length}`)
    return this.u32(bytes.length, what).raw(bytes)
  }

  text(text: string, what: string, lengthMax: number = handleLimits.nameBytes): this {
    if (!text.isWellFormed()) this.refuse(`${what} that has a UTF-8 form`, 'a lone surrogate')
    const length = Buffer.byteLength(text, 'utf8')
    if (length > lengthMax) this.refuse(`${what} of at most ${lengthMax} bytes`, `${length}`)
    const at = this.u32(length, what).#grow(length)
    this.#bytes.write(text, at, length, 'utf8')
    return this
  }

  list<T>(items: readonly T[], what: string, itemsMax: number, item: (item: T) => void): this {
    if (items.length > itemsMax) this.refuse(`at most ${itemsMax} ${what}`, `${items.length}`)
    this.u32(items.length, what)
    for (const each of items) item(each)
    return this
  }

  refuse(expected: string, found: string): never {
    throw new HandleFormatError(this.#at, expected, found)
  }

  done(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  #number(value: number, max: number, what: string): void {
    if (!Number.isInteger(value) || value < 0 || value > max) this.refuse(`${what} from 0 to ${max}`, `${value}`)
  }

  #grow(length: number): number {
    const at = this.#at
    const needed = at + length
    if (needed > handleLimits.messageBytes)
      this.refuse(`a message of at most ${handleLimits.messageBytes} bytes`, `${needed}`)
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2))
      this.#bytes.copy(larger, 0, 0, at)
      this.#bytes = larger
    }
    this.#at = needed
    return at
  }
}
