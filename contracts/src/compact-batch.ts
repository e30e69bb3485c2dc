/**
 * The compact batch: many devices × properties × points in one binary message, specified in docs/compact-batch.md.
 * Encoder and reference decoder; ingest has a faster reader of its own, tested against this one.
 */
export interface BatchPoint {
  /** Device id or name; empty for the sender itself. Only a gateway may name others. */
  device: string
  property: string
  /** Unix ms; undefined in every point of the batch: the sender has no clock and the receive time applies. */
  at: number | undefined
  /** Numbers and integers as float64. JSON values go as their text. */
  value: number | boolean | string
  /** 192 good (default), 64 uncertain, 0 bad. */
  quality?: number
}

export const batchMagic = [0x4b, 0x42, 0x01] as const
export const batchFlagNoTimes = 1
export const batchTypes = { float: 0, bool: 1, text: 2 } as const
export const batchShape = { timeIndices: 1, qualities: 2 } as const
/** Bytes of a batch at most; the endpoint takes no larger payload. */
export const batchBytesMax = 1 << 20

const utf8 = new TextEncoder()
const good = 192

interface Column {
  device: number
  property: Uint8Array
  type: number
  times: number[]
  values: BatchPoint['value'][]
  qualities: number[] | undefined
}

/** Throws a RangeError when some points have a time and others none, or a number is not finite or a time not an integer. */
export function encodeCompactBatch(points: Iterable<BatchPoint>): Uint8Array {
  const devices = new Map<string, number>()
  const columns = new Map<string, Column>()
  const times = new Map<number, number>()
  let timed: boolean | undefined
  for (const point of points) {
    timed ??= point.at !== undefined
    if (timed !== (point.at !== undefined)) throw new RangeError('either every point of a batch has a time, or none')
    const device = devices.get(point.device) ?? devices.set(point.device, devices.size).size - 1
    const type = typeOf(point.value)
    const key = `${device} ${type} ${point.property}`
    let column = columns.get(key)
    if (column === undefined) {
      column = { device, property: utf8.encode(point.property), type, times: [], values: [], qualities: undefined }
      columns.set(key, column)
    }
    if (point.at !== undefined) {
      if (!Number.isSafeInteger(point.at)) throw new RangeError(`not a time in milliseconds: ${point.at}`)
      let index = times.get(point.at)
      if (index === undefined) {
        index = times.size
        times.set(point.at, index)
      }
      column.times.push(index)
    }
    if (point.quality !== undefined && point.quality !== good)
      column.qualities ??= new Array<number>(column.values.length).fill(good)
    column.qualities?.push(point.quality ?? good)
    column.values.push(point.value)
  }
  const out = new Writer()
  out.bytes(batchMagic)
  out.byte(timed === false ? batchFlagNoTimes : 0)
  const lengthAt = out.skip(4)
  writeDictionary(out, devices, columns)
  out.uint32At(lengthAt, out.length - lengthAt - 4)
  if (timed !== false) writeTimes(out, times)
  for (const column of columns.values()) writeColumn(out, column)
  return out.done()
}

function typeOf(value: BatchPoint['value']): number {
  if (typeof value === 'boolean') return batchTypes.bool
  if (typeof value === 'string') return batchTypes.text
  if (!Number.isFinite(value)) throw new RangeError('a batch holds finite numbers only')
  return batchTypes.float
}

function writeDictionary(out: Writer, devices: Map<string, number>, columns: Map<string, Column>): void {
  out.varint(devices.size)
  for (const name of devices.keys()) out.text(utf8.encode(name))
  out.varint(columns.size)
  for (const column of columns.values()) {
    out.varint(column.device)
    out.text(column.property)
    out.byte(column.type)
  }
}

function writeTimes(out: Writer, times: Map<number, number>): void {
  out.varint(times.size)
  let before = 0
  for (const at of times.keys()) {
    out.zigzag(at - before)
    before = at
  }
}

function writeColumn(out: Writer, column: Column): void {
  const inOrder = column.times.every((index, i) => index === i)
  out.varint(column.values.length)
  out.byte((inOrder ? 0 : batchShape.timeIndices) | (column.qualities === undefined ? 0 : batchShape.qualities))
  if (!inOrder) for (const index of column.times) out.varint(index)
  if (column.qualities !== undefined) out.bytes(column.qualities)
  for (const value of column.values) {
    if (typeof value === 'number') out.float64(value)
    else if (typeof value === 'boolean') out.byte(value ? 1 : 0)
    else out.text(utf8.encode(value))
  }
}

/** The points of a batch, column by column. Throws a RangeError that says what is wrong and at which byte. */
export function decodeCompactBatch(bytes: Uint8Array): BatchPoint[] {
  const read = new BatchReader(bytes)
  const flags = read.head()
  const dictionaryEnd = read.uint32() + read.at
  const devices = Array.from({ length: read.count() }, () => read.text())
  const heads = Array.from({ length: read.count() }, () => ({
    device: read.indexed(devices),
    property: read.text(),
    type: read.byte(),
  }))
  if (read.at !== dictionaryEnd) read.fail('the dictionary does not end where its length says')
  const times: number[] = []
  if ((flags & batchFlagNoTimes) === 0) {
    const n = read.count()
    let at = 0
    for (let i = 0; i < n; i++) {
      at = read.step(at)
      times.push(at)
    }
  }
  const points: BatchPoint[] = []
  for (const { device, property, type } of heads) {
    const n = read.count()
    const shape = read.byte()
    const indices =
      (shape & batchShape.timeIndices) === 0 ? undefined : Array.from({ length: n }, () => read.indexed(times))
    const qualities = (shape & batchShape.qualities) === 0 ? undefined : Array.from({ length: n }, () => read.byte())
    for (let i = 0; i < n; i++) {
      const at = flags & batchFlagNoTimes ? undefined : (indices?.[i] ?? times[i])
      if (at === undefined && times.length > 0) read.fail('more points than times')
      const point: BatchPoint = { device, property, at, value: read.value(type) }
      if (qualities !== undefined && qualities[i] !== good) point.quality = qualities[i]
      points.push(point)
    }
  }
  if (read.at !== bytes.length) read.fail('bytes after the end')
  return points
}

/** The same batch with every time moved by `ms`. Only the first time is stored whole, so that little is touched. */
export function shiftTimes(bytes: Uint8Array, ms: number): Uint8Array {
  const read = new BatchReader(bytes)
  if ((read.head() & batchFlagNoTimes) !== 0) return bytes
  const dictionaryBytes = read.uint32()
  read.at += dictionaryBytes
  if (read.count() === 0) return bytes
  const began = read.at
  const first = read.step(0)
  const out = new Writer()
  out.bytes(bytes.subarray(0, began))
  out.zigzag(first + ms)
  out.bytes(bytes.subarray(read.at))
  return out.done()
}

const textDecoder = new TextDecoder('utf-8', { fatal: true })

/** Reads the words of a batch, never past its end. Shared with the reader in ingest. */
export class BatchReader {
  at = 0
  readonly #bytes: Uint8Array
  readonly #view: DataView

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  fail(what: string): never {
    throw new RangeError(`${what} (byte ${this.at})`)
  }

  /** Checks magic and version; the flags. */
  head(): number {
    for (const byte of batchMagic) if (this.byte() !== byte) this.fail('not a compact batch of version 1')
    const flags = this.byte()
    if (flags > batchFlagNoTimes) this.fail('unknown flags')
    return flags
  }

  byte(): number {
    const byte = this.#bytes[this.at]
    if (byte === undefined) this.fail('the batch ends too early')
    this.at++
    return byte
  }

  uint32(): number {
    if (this.at + 4 > this.#bytes.length) this.fail('the batch ends too early')
    this.at += 4
    return this.#view.getUint32(this.at - 4, true)
  }

  /** Unsigned LEB128, at most 2^53. */
  varint(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) break
      if (scale > 2 ** 46) this.fail('a number is too long')
    }
    if (!Number.isSafeInteger(value)) this.fail('a number is too large')
    return value
  }

  /** A number of things each of at least one byte, so that it can be no more than the bytes that are left. */
  count(): number {
    const n = this.varint()
    if (n > this.#bytes.length - this.at) this.fail('a count is larger than the rest of the batch')
    return n
  }

  indexed<T>(list: readonly T[]): T {
    const index = this.varint()
    if (index >= list.length) this.fail('an index points past its list')
    return list[index] as T
  }

  /** The next time: `before` plus a zigzag step. */
  step(before: number): number {
    const zigzag = this.varint()
    const at = before + (zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2)
    if (!Number.isSafeInteger(at)) this.fail('a time is out of range')
    return at
  }

  text(): string {
    const length = this.varint()
    if (length > this.#bytes.length - this.at) this.fail('a text is longer than the rest of the batch')
    const slice = this.#bytes.subarray(this.at, this.at + length)
    try {
      const text = textDecoder.decode(slice)
      this.at += length
      return text
    } catch {
      this.fail('a text is not UTF-8')
    }
  }

  value(type: number): number | boolean | string {
    if (type === batchTypes.float) {
      if (this.at + 8 > this.#bytes.length) this.fail('the batch ends too early')
      this.at += 8
      return this.#view.getFloat64(this.at - 8, true)
    }
    if (type === batchTypes.bool) return this.byte() !== 0
    if (type === batchTypes.text) return this.text()
    return this.fail('unknown type')
  }
}

/** A byte array that grows. */
class Writer {
  length = 0
  #bytes = new Uint8Array(4096)
  #view = new DataView(this.#bytes.buffer)

  #room(n: number): void {
    if (this.length + n <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + n))
    larger.set(this.#bytes)
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }

  byte(value: number): void {
    this.#room(1)
    this.#bytes[this.length++] = value
  }

  bytes(values: ArrayLike<number>): void {
    this.#room(values.length)
    this.#bytes.set(values, this.length)
    this.length += values.length
  }

  text(encoded: Uint8Array): void {
    this.varint(encoded.length)
    this.bytes(encoded)
  }

  float64(value: number): void {
    this.#room(8)
    this.#view.setFloat64(this.length, value, true)
    this.length += 8
  }

  varint(value: number): void {
    let rest = value
    while (rest >= 128) {
      this.byte((rest % 128) | 0x80)
      rest = Math.floor(rest / 128)
    }
    this.byte(rest)
  }

  /** The sign goes to the lowest bit, so that small steps back are short too. */
  zigzag(value: number): void {
    this.varint(value >= 0 ? value * 2 : -value * 2 - 1)
  }

  /** Leaves `n` bytes open and says where. */
  skip(n: number): number {
    this.#room(n)
    this.length += n
    return this.length - n
  }

  uint32At(at: number, value: number): void {
    this.#view.setUint32(at, value, true)
  }

  done(): Uint8Array {
    return this.#bytes.slice(0, this.length)
  }
}
