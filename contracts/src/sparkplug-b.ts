// Payloads of Sparkplug B (Eclipse Sparkplug 3.0.0 §6.4, org.eclipse.tahu.protobuf.Payload), by hand: ingest reads them, the gateway
// writes them and reads commands. What carries no point (templates, data sets, metadata) is skipped unread.

/** Datatypes of §6.4.16 that are written here. */
export const sparkplugTypes = { int32: 3, int64: 4, uint64: 8, float: 9, double: 10, boolean: 11, string: 12 } as const

/** What is wrong with a payload. */
export class SparkplugError extends RangeError {
  override name = 'SparkplugError'
  readonly what: 'early' | 'long' | 'foreign' | 'length' | 'many'

  constructor(what: SparkplugError['what']) {
    super(words[what])
    this.what = what
  }
}
const words = {
  early: 'the Sparkplug payload ends too early',
  long: 'a Sparkplug number is too long',
  foreign: 'it is not a Sparkplug payload',
  length: 'a Sparkplug metric is longer than it says',
  many: 'the Sparkplug payload has too many metrics',
}

export interface SparkplugMetric {
  name: string | undefined
  alias: number | undefined
  timestamp: number | undefined
  datatype: number | undefined
  isNull: boolean
  /** Raw bits of integer kinds. */
  bits: bigint | number | undefined
  number: number | undefined
  boolean: boolean | undefined
  text: string | undefined
}

export interface SparkplugPayload {
  metrics: SparkplugMetric[]
  seq: number | undefined
  timestamp: number | undefined
}

/** Throws SparkplugError; `many` when there are more metrics than `metricsMax`. */
export function decodeSparkplug(bytes: Buffer, metricsMax: number): SparkplugPayload {
  const read = new WireReader(bytes)
  const payload: SparkplugPayload = { metrics: [], seq: undefined, timestamp: undefined }
  while (read.at < bytes.length) {
    const key = read.varint()
    if (key === 0x12) {
      payload.metrics.push(decodeMetric(read, read.lengthEnd()))
      if (payload.metrics.length > metricsMax) throw new SparkplugError('many')
    } else if (key === 0x08) payload.timestamp = read.varint()
    else if (key === 0x18) payload.seq = read.varint()
    else read.skip(key & 7)
  }
  return payload
}

function decodeMetric(read: WireReader, end: number): SparkplugMetric {
  const metric: SparkplugMetric = {
    name: undefined,
    alias: undefined,
    timestamp: undefined,
    datatype: undefined,
    isNull: false,
    bits: undefined,
    number: undefined,
    boolean: undefined,
    text: undefined,
  }
  while (read.at < end) {
    const key = read.varint()
    if (key === 0x0a) metric.name = read.text()
    else if (key === 0x10) metric.alias = read.varint()
    else if (key === 0x18) metric.timestamp = read.varint()
    else if (key === 0x20) metric.datatype = read.varint()
    else if (key === 0x38) metric.isNull = read.varint() !== 0
    else if (key === 0x50 || key === 0x58) metric.bits = read.bits()
    else if (key === 0x65) metric.number = read.float32()
    else if (key === 0x69) metric.number = read.float64()
    else if (key === 0x70) metric.boolean = read.varint() !== 0
    else if (key === 0x7a) metric.text = read.text()
    else read.skip(key & 7)
  }
  if (read.at !== end) throw new SparkplugError('length')
  return metric
}

/** The value of a metric; undefined for one without. Signed kinds travel as two's complement in an unsigned field (§6.4.16). */
export function sparkplugValue(metric: SparkplugMetric, datatype: number): number | boolean | string | undefined {
  if (metric.bits !== undefined) {
    const signedBits = [0, 8, 16, 32, 64][datatype] ?? 0
    if (typeof metric.bits === 'number' && signedBits === 0) return metric.bits
    const wide = BigInt(metric.bits)
    return Number(signedBits > 0 ? BigInt.asIntN(signedBits, wide) : wide)
  }
  return metric.number ?? metric.boolean ?? metric.text
}

/** Protocol buffers' wire format. */
class WireReader {
  at = 0
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  varint(): number {
    const bits = this.bits()
    return typeof bits === 'number' ? bits : Number(bits)
  }

  /** A varint; a bigint beyond 2^53. */
  bits(): number | bigint {
    const start = this.at
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) break
      if (this.at - start >= 10) throw new SparkplugError('long')
    }
    if (value <= Number.MAX_SAFE_INTEGER) return value
    let exact = 0n
    for (let i = this.at - 1; i >= start; i--) exact = (exact << 7n) | BigInt((this.#bytes[i] ?? 0) & 0x7f)
    return BigInt.asUintN(64, exact)
  }

  #byte(): number {
    const byte = this.#bytes[this.at++]
    if (byte === undefined) throw new SparkplugError('early')
    return byte
  }

  #take(n: number): number {
    if (n > this.#bytes.length - this.at) throw new SparkplugError('early')
    this.at += n
    return this.at - n
  }

  lengthEnd(): number {
    const length = this.varint()
    const from = this.#take(length)
    this.at = from
    return from + length
  }

  text(): string {
    const end = this.lengthEnd()
    const text = this.#bytes.toString('utf8', this.at, end)
    this.at = end
    return text
  }

  float32(): number {
    return this.#bytes.readFloatLE(this.#take(4))
  }

  float64(): number {
    return this.#bytes.readDoubleLE(this.#take(8))
  }

  skip(wireType: number): void {
    if (wireType === 0) this.bits()
    else if (wireType === 1) this.#take(8)
    else if (wireType === 2) this.at = this.lengthEnd()
    else if (wireType === 5) this.#take(4)
    else throw new SparkplugError('foreign')
  }
}

/** A metric to be written. Whatever is undefined is left out. */
export interface WrittenMetric {
  name?: string
  alias?: number
  timestamp: number
  /**
   * Written in data too, though a host has it from the birth (tck-id-payloads-metric-datatype-not-req: should not): decoders that
   * keep no births, as sparkplug-payload, read null otherwise.
   */
  datatype: number
  isHistorical?: boolean
  /** Undefined: is_null. */
  value: number | bigint | boolean | string | undefined
  properties?: readonly [name: string, value: number | boolean | string][]
}

/** `seq` is undefined for an NDEATH and a command alone. */
export function encodeSparkplug(payload: {
  timestamp: number
  seq?: number
  metrics: readonly WrittenMetric[]
}): Uint8Array {
  const out = new WireWriter()
  out.field(0x08, payload.timestamp)
  for (const metric of payload.metrics) out.message(0x12, () => writeMetric(out, metric))
  if (payload.seq !== undefined) out.field(0x18, payload.seq)
  return out.done()
}

function writeMetric(out: WireWriter, metric: WrittenMetric): void {
  const { name, alias, timestamp, datatype, isHistorical, value, properties = [] } = metric
  if (name !== undefined) out.text(0x0a, name)
  if (alias !== undefined) out.field(0x10, alias)
  out.field(0x18, timestamp)
  out.field(0x20, datatype)
  if (isHistorical === true) out.field(0x28, 1)
  if (value === undefined) out.field(0x38, 1)
  if (properties.length > 0) out.message(0x4a, () => writeProperties(out, properties))
  if (value !== undefined) writeValue(out, datatype, value)
}

/** A PropertySet (§6.4.8): its keys, then its values. Numbers are Int32. */
function writeProperties(out: WireWriter, properties: NonNullable<WrittenMetric['properties']>): void {
  for (const [name] of properties) out.text(0x0a, name)
  for (const [, value] of properties)
    out.message(0x12, () => {
      const { int32, boolean, string } = sparkplugTypes
      out.field(0x08, typeof value === 'number' ? int32 : typeof value === 'boolean' ? boolean : string)
      if (typeof value === 'number') out.field(0x18, value >>> 0)
      else if (typeof value === 'boolean') out.field(0x38, Number(value))
      else out.text(0x42, value)
    })
}

function writeValue(out: WireWriter, datatype: number, value: NonNullable<WrittenMetric['value']>): void {
  if (datatype === sparkplugTypes.int32) out.field(0x50, Number(value) >>> 0)
  else if (datatype === sparkplugTypes.int64 || datatype === sparkplugTypes.uint64)
    out.field(0x58, BigInt.asUintN(64, BigInt(value)))
  else if (datatype === sparkplugTypes.float) out.float32(0x65, Number(value))
  else if (datatype === sparkplugTypes.double) out.float64(0x69, Number(value))
  else if (datatype === sparkplugTypes.boolean) out.field(0x70, value === true ? 1 : 0)
  else out.text(0x7a, String(value))
}

/** A byte array that grows. */
class WireWriter {
  #length = 0
  #bytes = Buffer.alloc(512)

  #room(n: number): number {
    const at = this.#length
    if (at + n > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(this.#bytes.length * 2, at + n))
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    this.#length += n
    return at
  }

  #byte(byte: number): void {
    const at = this.#room(1)
    this.#bytes[at] = byte
  }

  #varint(value: number | bigint): void {
    let rest = value
    while (typeof rest === 'bigint' && rest > 0x7fffffffn) {
      this.#byte(Number(rest & 0x7fn) | 0x80)
      rest >>= 7n
    }
    let small = Number(rest)
    while (small >= 128) {
      this.#byte((small % 128) | 0x80)
      small = Math.floor(small / 128)
    }
    this.#byte(small)
  }

  field(key: number, value: number | bigint): void {
    this.#varint(key)
    this.#varint(value)
  }

  text(key: number, value: string): void {
    const length = Buffer.byteLength(value)
    this.field(key, length)
    const at = this.#room(length)
    this.#bytes.write(value, at)
  }

  float32(key: number, value: number): void {
    this.#varint(key)
    const at = this.#room(4)
    this.#bytes.writeFloatLE(value, at)
  }

  float64(key: number, value: number): void {
    this.#varint(key)
    const at = this.#room(8)
    this.#bytes.writeDoubleLE(value, at)
  }

  /** A message in a field: its length is known when it is written, and its bytes are then moved to make room for it. */
  message(key: number, write: () => void): void {
    this.#varint(key)
    const lengthAt = this.#room(1)
    const from = this.#length
    write()
    const length = this.#length - from
    const more = length < 0x80 ? 0 : length < 0x4000 ? 1 : length < 0x200000 ? 2 : 3
    this.#room(more)
    this.#bytes.copyWithin(from + more, from, from + length)
    const end = this.#length
    this.#length = lengthAt
    this.#varint(length)
    this.#length = end
  }

  done(): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#bytes, 0, this.#length)
  }
}
