import { BatchReader, batchFlagNoTimes, batchShape, batchTypes } from '@kapok/contracts/compact-batch'
import { type LiveValue, type PropertyType, quality } from '@kapok/contracts/data'
import type { SignedBatch } from '@kapok/contracts/signed-batch'
import type { Clock } from '@kapok/kit/clock'
import { type Door, doors, receiptRow, rowBytes, sequenceRow, textRow, writeRow } from '../store/point-row.ts'
import type { DeviceEntry, Directory, OrgDirectory, Sender, SeriesEntry } from './directory.ts'
import { messagePointsMax, TooManyPoints } from './payload-error.ts'
import { type Reason, reason } from './reasons.ts'
import type { Receipts } from './receipts.ts'
import type { SegmentLog } from './segment-log.ts'

/** A point as a dialect read it; the product says what it must be. */
export interface DecodedPoint {
  /** Id or name; empty: the sender. */
  device: string
  property: string
  at: number | undefined
  value: unknown
  quality: number
}

/** A payload that could be read: its points, and what was wrong with the rest of it. */
export interface Decoded {
  points: DecodedPoint[]
  problems: Reason[]
  /** A text that is a number may serve a numeric property, and "true" a boolean one (ThingsBoard's rule). */
  lenient?: boolean
}

/** One message on its way in. */
export interface Message {
  sender: Sender
  door: Door
  topic: string
  payload: Buffer
  /** Receive time, Unix ms; points without a time take it. */
  received: number
  /** The same moment on the monotonic clock. */
  arrivedMs: number
  /** What a repetition of this message would carry too (credential, packet id, payload hash); QoS 1 and 2 only. */
  mark?: () => string
}

/** Done, with what must go to quarantine; or to be tried again when `ready` resolves. */
export type Taken = { problems: readonly Reason[]; points: number } | { ready: Promise<unknown> }

export interface IntakeEvents {
  /** A device sent something that was kept, itself or through its gateway; the gateway is told too. */
  onDevice(deviceId: string, received: number): void
  isWatched(orgId: string, deviceId: string): boolean
  onLive(orgId: string, deviceId: string, value: LiveValue): void
}

const pastMsMax = 5 * 366 * 86_400_000
const futureMsMax = 600_000
const textBytesMax = 65_536
const problemsMax = 20

const unknownMax = 10_000
const none: readonly Reason[] = []
const textEncoder = new TextEncoder()

/**
 * From decoded payloads to rows of the log: finds device and series, checks type, range and time by the product, and
 * keeps last values. Whatever cannot be used comes back as a reason; the rest of the message is kept.
 */
export class Intake {
  readonly #directory: Directory
  readonly #log: SegmentLog
  readonly #clock: Clock
  readonly #receipts: Receipts
  readonly #events: IntakeEvents
  #lastHour = Number.NaN

  constructor(directory: Directory, log: SegmentLog, clock: Clock, receipts: Receipts, events: IntakeEvents) {
    this.#directory = directory
    this.#log = log
    this.#clock = clock
    this.#receipts = receipts
    this.#events = events
  }

  take(message: Message, decoded: Decoded): Taken {
    const org = this.#directory.org(message.sender.orgId)
    if (org === undefined) return { ready: this.#directory.loadOrg(message.sender.orgId) }
    const unready = new Set<DeviceEntry>()
    for (const { device } of decoded.points) {
      const entry = org.find(device === '' ? message.sender.deviceId : device)
      if (entry !== undefined && entry.series === undefined) unready.add(entry)
    }
    if (unready.size > 0) return { ready: org.makeReady([...unready]) }
    for (const { device, property } of decoded.points)
      if (this.#maybeNew(message, org, device, property)) return { ready: this.#directory.reload(org) }

    const problems = decoded.problems
    const now = this.#clock.now()
    let kept = 0
    let timeless = false
    for (const point of decoded.points) {
      const found = this.#resolve(message.sender, org, point.device, point.property)
      if ('code' in found) {
        if (problems.length < problemsMax) problems.push(found)
        continue
      }
      const wrong = this.#put(message, found.device, found.series, now, point, decoded.lenient === true)
      if (wrong === undefined) {
        kept++
        timeless ||= point.at === undefined
      } else if (problems.length < problemsMax) problems.push(wrong)
    }
    if (timeless) this.#putReceipt(message)
    if (kept > 0) this.#events.onDevice(message.sender.deviceId, message.received)
    return { problems, points: kept }
  }

  /**
   * Whether a device or property that we do not know could have been made since we read the organisation: then it is
   * read once more before anybody is told that it does not exist.
   */
  #maybeNew(message: Message, org: OrgDirectory, deviceKey: string, property: string): boolean {
    const device = org.find(deviceKey === '' ? message.sender.deviceId : deviceKey)
    if (device?.series?.has(property) === true) return false
    const key = device === undefined ? deviceKey : `${device.id}\n${property}`
    if (org.unknown.has(key)) return false
    if (org.loadedMs <= message.arrivedMs) return true
    if (org.unknown.size < unknownMax) org.unknown.add(key)
    return false
  }

  #resolve(
    sender: Sender,
    org: OrgDirectory,
    deviceKey: string,
    property: string,
  ): { device: DeviceEntry; series: SeriesEntry } | Reason {
    const device = org.find(deviceKey === '' ? sender.deviceId : deviceKey)
    if (device === undefined) return reason('device.unknown', { device: deviceKey })
    if (device.id !== sender.deviceId && sender.kind !== 'gateway')
      return reason('device.foreign', { device: deviceKey })
    if (!device.enabled) return reason('device.disabled', { device: device.name })
    const series = device.series?.get(property)
    if (series === undefined) return reason('property.unknown', { device: device.name, property })
    return { device, series }
  }

  #put(
    message: Message,
    device: DeviceEntry,
    series: SeriesEntry,
    now: number,
    point: DecodedPoint,
    lenient: boolean,
  ): Reason | undefined {
    const at = point.at ?? message.received
    const badTime = timeProblem(at, now)
    if (badTime !== undefined) return badTime
    const value = typed(series.type, point.value, lenient)
    if (value === undefined)
      return reason('value.type', { property: series.property, type: series.type, got: describe(point.value) })
    this.#write(message, device, series, at, value, point.quality)
    return undefined
  }

  #write(
    message: Message,
    device: DeviceEntry,
    series: SeriesEntry,
    at: number,
    value: number | string | boolean,
    given: number,
  ): void {
    const door = message.sender.purpose === 'import' ? doors.import : doors[message.door]
    let level = given
    if (typeof value === 'string') this.#writeText(series, at, value, level, door, message.received)
    else {
      const number = typeof value === 'boolean' ? (value ? 1 : 0) : value
      if ((number < series.min || number > series.max) && level > quality.uncertain) level = quality.uncertain
      const { view, at: to } = this.#log.reserve(rowBytes)
      writeRow(view, to, series.id, at, number, level, door, series.retention, message.received)
    }
    this.#noteHour(at)
    this.#remember(series, at, value, level, message.received)
    this.#events.onDevice(device.id, message.received)
    const { orgId } = message.sender
    if (this.#events.isWatched(orgId, device.id))
      this.#events.onLive(orgId, device.id, [series.property, at, value, level])
  }

  #writeText(series: SeriesEntry, at: number, value: string, level: number, door: number, received: number): void {
    const encoded = textEncoder.encode(value)
    writeTextRow(this.#log, series.id, at, level, door | textRow, series.retention, received, encoded)
    this.#log.holds.texts = true
  }

  #putReceipt(message: Message): void {
    const mark = message.mark?.()
    if (mark === undefined) return
    this.#receipts.add(mark, message.received)
    writeTextRow(this.#log, 0, 0, 0, receiptRow, 0, message.received, textEncoder.encode(mark))
    this.#log.holds.receipts = true
  }

  /** Keeps the sequence of a gateway's batch beside its points, so that both or neither survive. */
  putSequence(message: Message, keyId: string, batch: SignedBatch, mark: string, why: string): void {
    const { kind, sequence, points, firstAt, lastAt } = batch
    const words = [keyId, sequence, kind, points, firstAt, lastAt, mark, why.replace(/[\t\n]/g, ' ')]
    writeTextRow(this.#log, 0, 0, 0, sequenceRow, 0, message.received, textEncoder.encode(words.join('\t')))
    this.#log.holds.sequences = true
  }

  #noteHour(at: number): void {
    const hour = Math.floor(at / 3_600_000)
    const { hours } = this.#log.holds
    if (hour !== this.#lastHour || hours.size === 0) {
      hours.add(hour)
      this.#lastHour = hour
    }
  }

  #remember(series: SeriesEntry, at: number, value: number | string | boolean, level: number, received: number): void {
    const { last } = series
    if (at < last.at) return
    last.at = at
    last.value = value
    last.quality = level
    last.received = received
  }

  /**
   * A compact batch, straight from its bytes to rows. `known` keeps the resolved dictionary of the sender's last
   * batch: most senders send the same one every time. Throws a RangeError for a batch that cannot be read; nothing of
   * it is kept then.
   */
  takeBatch(message: Message, known: KnownDictionary): Taken {
    const org = this.#directory.org(message.sender.orgId)
    if (org === undefined) return { ready: this.#directory.loadOrg(message.sender.orgId) }
    const read = new BatchReader(message.payload)
    const flags = read.head()
    const length = read.uint32()
    const start = read.at
    if (start + length > message.payload.length) read.fail('the dictionary is longer than the batch')
    const bytes = message.payload.subarray(start, start + length)
    if (known.org !== org || !bytes.equals(known.bytes)) {
      const columns = readDictionary(read, start + length)
      const unready = new Set<DeviceEntry>()
      for (const { device } of columns) {
        const entry = org.find(device === '' ? message.sender.deviceId : device)
        if (entry !== undefined && entry.series === undefined) unready.add(entry)
      }
      if (unready.size > 0) return { ready: org.makeReady([...unready]) }
      for (const { device, property } of columns)
        if (this.#maybeNew(message, org, device, property)) return { ready: this.#directory.reload(org) }
      known.columns = columns.map(({ device, property, type }) => {
        const found = this.#resolve(message.sender, org, device, property)
        return { type, ...('code' in found ? { wrong: found } : found) }
      })
      known.bytes = Buffer.from(bytes)
      known.org = org
    }
    read.at = start + length
    return this.#takeColumns(message, read, flags, known.columns)
  }

  #takeColumns(message: Message, read: BatchReader, flags: number, columns: readonly KnownColumn[]): Taken {
    const now = this.#clock.now()
    const times = (flags & batchFlagNoTimes) === 0 ? readTimes(read) : undefined
    const problems: Reason[] = []
    const writes: (() => void)[] = []
    const door = message.sender.purpose === 'import' ? doors.import : doors[message.door]
    const { payload } = message
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
    const timesGood = times?.every((at) => at >= now - pastMsMax && at <= now + futureMsMax) !== false
    const startBytes = this.#log.pendingBytes
    // One reservation for all: a float64 point takes at least eight bytes of the batch.
    const rows = this.#log.reserve(Math.ceil((payload.length - read.at) / 8) * rowBytes)
    const reserved = this.#log.pendingBytes
    let to = rows.at
    let given = 0
    let kept = 0
    let watched = false
    let owner: DeviceEntry | undefined
    // Most batches are one moment of many series: its time is split into two words once.
    const single = times === undefined ? message.received : times.length === 1 ? (times[0] ?? 0) : undefined
    try {
      for (const { device, series, type, wrong } of columns) {
        const n = read.count()
        given += n
        if (given > messagePointsMax) throw new TooManyPoints()
        const shape = read.byte()
        const indices = (shape & batchShape.timeIndices) === 0 ? undefined : readIndices(read, n, times?.length ?? 0)
        const qualitiesAt = read.at
        const hasQualities = (shape & batchShape.qualities) !== 0
        if (hasQualities) for (let i = 0; i < n; i++) read.byte()
        if (times !== undefined && indices === undefined && n > times.length) read.fail('more points than times')
        const plain = type === batchTypes.float && series?.type === 'float' && timesGood
        if (!plain || device === undefined) {
          for (let i = 0; i < n; i++) {
            const value = read.value(type)
            if (wrong !== undefined || device === undefined || series === undefined) continue
            const point: DecodedPoint = {
              device: '',
              property: series.property,
              at: times?.[indices?.[i] ?? i],
              value: series.type === 'json' && typeof value === 'string' ? parsedJson(value) : value,
              quality: hasQualities ? (payload[qualitiesAt + i] ?? 0) : quality.good,
            }
            writes.push(() => {
              const found = this.#put(message, device, series, now, point, false)
              if (found === undefined) kept++
              else if (problems.length < problemsMax) problems.push(found)
            })
          }
          if (wrong !== undefined && n > 0 && problems.length < problemsMax) problems.push(wrong)
          continue
        }
        // The hot loop: float64 values of a float property, times within bounds.
        const from = read.at
        if (from + 8 * n > payload.length) read.fail('the batch ends too early')
        read.at = from + 8 * n
        const { min, max, id, retention, last } = series
        if (device !== owner) {
          owner = device
          watched = this.#events.isWatched(message.sender.orgId, device.id)
          this.#events.onDevice(device.id, message.received)
        }
        for (let i = 0; i < n; i++) {
          const value = view.getFloat64(from + 8 * i, true)
          if (!Number.isFinite(value)) {
            if (problems.length < problemsMax)
              problems.push(reason('value.type', { property: series.property, type: 'float', got: describe(value) }))
            continue
          }
          const at = single ?? times?.[indices === undefined ? i : (indices[i] ?? 0)] ?? 0
          let level: number = hasQualities ? (payload[qualitiesAt + i] ?? 0) : quality.good
          if ((value < min || value > max) && level > quality.uncertain) level = quality.uncertain
          if (single !== undefined && kept > 0) {
            // The row before has the same times, door and retention class or nearly so: only what differs is written.
            rows.bytes.copyWithin(to, to - rowBytes, to)
            rows.view.setUint32(to, id, true)
            rows.view.setFloat64(to + 12, value, true)
            rows.bytes[to + 20] = level
            rows.bytes[to + 22] = retention
          } else {
            writeRow(rows.view, to, id, at, value, level, door, retention, message.received)
            this.#noteHour(at)
          }
          to += rowBytes
          kept++
          if (at >= last.at) {
            last.at = at
            last.value = value
            last.quality = level
            last.received = message.received
          }
          if (watched) this.#events.onLive(message.sender.orgId, device.id, [series.property, at, value, level])
        }
      }
      if (read.at !== payload.length) read.fail('bytes after the end')
    } catch (error) {
      // Nothing of a torn batch is kept: its rows are still the last ones of the block.
      this.#log.giveBack(reserved - startBytes)
      throw error
    }
    this.#log.giveBack(reserved - startBytes - (to - rows.at))
    for (const write of writes) write()
    if (times === undefined && kept > 0) this.#putReceipt(message)
    if (kept > 0) this.#events.onDevice(message.sender.deviceId, message.received)
    return { problems: problems.length === 0 ? none : problems, points: kept }
  }
}

interface KnownColumn {
  type: number
  device?: DeviceEntry
  series?: SeriesEntry
  wrong?: Reason
}
/** The dictionary of a sender's last batch, resolved. */
export interface KnownDictionary {
  org: OrgDirectory | undefined
  bytes: Buffer
  columns: KnownColumn[]
}
export const noDictionary = (): KnownDictionary => ({ org: undefined, bytes: Buffer.alloc(0), columns: [] })

function readDictionary(read: BatchReader, end: number): { device: string; property: string; type: number }[] {
  const devices = Array.from({ length: read.count() }, () => read.text())
  const columns = Array.from({ length: read.count() }, () => ({
    device: read.indexed(devices),
    property: read.text(),
    type: read.byte(),
  }))
  if (read.at !== end) read.fail('the dictionary does not end where its length says')
  return columns
}

function readTimes(read: BatchReader): number[] {
  const n = read.count()
  const times = new Array<number>(n)
  let at = 0
  for (let i = 0; i < n; i++) {
    at = read.step(at)
    times[i] = at
  }
  return times
}

function readIndices(read: BatchReader, n: number, times: number): number[] {
  const indices = new Array<number>(n)
  for (let i = 0; i < n; i++) {
    const index = read.varint()
    if (index >= times) read.fail('an index points past the times')
    indices[i] = index
  }
  return indices
}

function writeTextRow(
  log: SegmentLog,
  series: number,
  at: number,
  level: number,
  door: number,
  retention: number,
  received: number,
  text: Uint8Array,
): void {
  // The fixed part ends with one byte of varint length; a longer text needs up to three.
  const prefix: number[] = []
  for (let rest = text.length; ; rest >>>= 7) {
    prefix.push(rest >= 128 ? (rest & 0x7f) | 0x80 : rest)
    if (rest < 128) break
  }
  const { view, bytes, at: to } = log.reserve(rowBytes - 1 + prefix.length + text.length)
  // The row writer sets one length byte, which these bytes then overwrite.
  writeRow(view, to, series, at, 0, level, door, retention, received)
  bytes.set(prefix, to + rowBytes - 1)
  bytes.set(text, to + rowBytes - 1 + prefix.length)
}

function timeProblem(at: number, now: number): Reason | undefined {
  if (!Number.isSafeInteger(at)) return reason('time.invalid', { at })
  if (at < now - pastMsMax) return reason('time.past', { at: readable(at) })
  if (at > now + futureMsMax) return reason('time.future', { at: readable(at) })
  return undefined
}

const readable = (at: number) => (Math.abs(at) < 8.64e15 ? new Date(at).toISOString() : String(at))

/** The value as its property wants it, or undefined when it is of another type. Nothing is guessed. */
export function typed(type: PropertyType, value: unknown, lenient: boolean): number | string | boolean | undefined {
  switch (type) {
    case 'float':
    case 'int': {
      const number = lenient && typeof value === 'string' && value.trim() !== '' ? Number(value) : value
      if (typeof number !== 'number' || !Number.isFinite(number)) return undefined
      return type === 'float' || Number.isSafeInteger(number) ? number : undefined
    }
    case 'bool':
      if (lenient && (value === 'true' || value === 'false')) return value === 'true'
      return typeof value === 'boolean' ? value : undefined
    case 'text':
      return typeof value === 'string' && value.isWellFormed() && value.length <= textBytesMax ? value : undefined
    case 'json': {
      const text = value === undefined ? undefined : jsonText(value)
      return text !== undefined && text.length <= textBytesMax ? text : undefined
    }
  }
}

/** Undefined for what is nested too deeply to be written. */
function jsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function describe(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'object') return Array.isArray(value) ? 'an array' : 'an object'
  return `${typeof value} ${String(value).slice(0, 40)}`
}
