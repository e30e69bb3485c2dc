import type { Check } from './check.ts'
import { SaidError } from './sentence.ts'

/** Types of a tag, in every driver's tag table. A driver refuses those that its protocol does not have. */
export const tagTypes = [
  'bool',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'float32',
  'float64',
  'text',
] as const
export type TagType = (typeof tagTypes)[number]

export type TagValue = number | boolean | string

/**
 * Quality of a value, by the severity of an OPC UA status code (OPC 10000-4 §7.39). The numbers are those of the
 * platform's wire form (OPC classic): they also order the three.
 */
export const quality = { good: 192, uncertain: 64, bad: 0 } as const
export type Quality = (typeof quality)[keyof typeof quality]

/** What a device said of a tag. */
export interface Sample {
  /** As the device holds it, before scaling. None when the quality is bad. */
  value: TagValue | undefined
  quality: Quality
  /** Why it is not good, in words for a person at the machine. */
  reason?: string
  /** The reason in Chinese, where the gateway says it in both languages. */
  zh?: string
  /** Unix ms, where the device itself says when the value was taken. */
  at?: number
}

/** A tag as a driver sees it. */
export interface DriverTag<A> {
  address: A
  type: TagType
}

/** One request to the device, which brings several tags. A driver adds to it what it needs to send it. */
export interface Request<A> {
  tags: readonly DriverTag<A>[]
}

/** The units (registers, words, bytes) `from` to `to`, not included, of an area. */
export interface Place {
  area: string
  from: number
  to: number
}

/**
 * A protocol of machines. `S` are the settings of a device (host, unit, …), `A` a parsed address, `R` a planned
 * request. One driver is one folder: codec (pure), client, simulator, address, driver, README.
 */
export interface Driver<S, A, R extends Request<A>> {
  /** Its name in a tag table. */
  readonly protocol: string
  /** Reads a device's settings, with their defaults. */
  readonly settings: Check<S>
  /** Parses an address. Throws AddressError with position and expected form, also when the type does not fit. */
  parseAddress(address: string, type: TagType, settings: S): A
  /** Where a tag lies, so that two which share a part of it are told. Absent: its addresses are names. */
  place?(tag: DriverTag<A>): Place
  /** Merges neighbouring tags into as few requests as the protocol's limits allow; each tag is in exactly one. */
  plan(tags: readonly DriverTag<A>[], settings: S): R[]
  /** Begins to talk to a device. Connects when first asked, and again by itself after a break. */
  open(settings: S): DeviceConnection<A, R>
}

export interface DeviceConnection<A, R extends Request<A>> {
  /**
   * A sample for each tag of the request, in their order. A tag that the device refuses by itself is a bad sample.
   * Rejects with RefusedRequest when the device refused the request as a whole, because of one of its tags perhaps, and
   * with DeviceError when it gave no usable answer. Always settles within the time-out of the settings.
   */
  read(request: R): Promise<Sample[]>
  /** Writes one value, as the device holds it. Rejects as `read` does. Absent: the driver cannot write. */
  write?(tag: DriverTag<A>, value: TagValue): Promise<void>
  /**
   * Has the device tell of changes instead of being asked. Resolves when every tag is subscribed or named as bad; rejects
   * with DeviceError. After a break the driver subscribes again by itself. Absent: the driver polls.
   */
  subscribe?(tags: readonly DriverTag<A>[], options: SubscribeOptions<A>): Promise<void>
  /** What the device offers, for a tag table. Absent: the protocol cannot say. */
  browse?(): AsyncIterable<BrowsedTag>
  /**
   * The machines that the device itself says it is, of the kind to which these addresses belong, where addresses can say a
   * kind. Rejects with DeviceError. Absent: the protocol knows no kinds.
   */
  machines?(addresses: readonly string[]): Promise<FoundMachine[]>
  /** Ends connection, timers and whatever waits (which rejects with DeviceError). */
  close(): Promise<void>
}

export interface SubscribeOptions<A> {
  /** How often the device shall look, ms. */
  periodMs: number
  /** Every value that the device sent, in its order; never called twice for one. */
  deliver(tag: DriverTag<A>, sample: Sample): void
  /** The connection broke (`error`) or is whole again (undefined). */
  state(error: DeviceError | undefined): void
}

export interface BrowsedTag {
  /** In the driver's own grammar, so that it goes into a tag table as it is. */
  address: string
  name: string
  type: TagType
  unit?: string
  /** Words of an enumeration. */
  values?: Record<string, string>
  writable: boolean
}

/** A machine that was recognised, with those of the tags of its kind that it has. */
export interface FoundMachine {
  name: string
  /** What it stands on: two kinds of one machine have the same. */
  root: string
  /** `address` is the one that was asked, for this machine; `plain` is what browsing gives for the same. */
  tags: { asked: string; address: string; plain: string; unit: string | undefined }[]
}

/** The device gave no usable answer: not there, silent, broken off, or talking nonsense. */
export class DeviceError extends SaidError {
  override name = 'DeviceError'
}

/** The device answered, and refused. Reading fewer tags at once may help. */
export class RefusedRequest extends DeviceError {
  override name = 'RefusedRequest'
}

/** Any driver, for those who only pass its own things back to it. */
export type AnyDriver = Driver<unknown, unknown, Request<unknown>>
