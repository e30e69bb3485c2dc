import { isUtf8 } from 'node:buffer'
import type { Decoded, DecodedPoint } from '../intake.ts'
import { messagePointsMax, PayloadError, TooManyPoints } from '../payload-error.ts'

/** What a dialect may ask about, and do to, the session that a message came through. */
export interface DialectSession {
  /** State that a dialect keeps for as long as the session lives, made at first use. */
  state<T extends object>(make: () => T): T
  /** Last known values of a device's properties, by id or name; undefined: the sender's own. */
  last(device?: string): Record<string, number | string | boolean>
  /** Sends to the device, when it has subscribed to the topic. */
  send(topic: string, payload: Buffer): void
  /** Monotonic ms. */
  nowMs(): number
}

/**
 * How some kind of firmware speaks: which topics are its, and what a payload means. One small file each. Throws a
 * `PayloadError` for a payload that cannot be read at all.
 */
export interface Dialect {
  name: string
  takes(topic: string): boolean
  decode(topic: string, payload: Buffer, session: DialectSession): DialectDecoded
}
export interface DialectDecoded extends Decoded {
  /** Devices (ids or names, empty: the sender) whose values are stale from now on. */
  stale?: string[]
}

/** The JSON value of a payload; refuses bad UTF-8 before it can turn into replacement characters. */
export function jsonOf(payload: Buffer): unknown {
  if (!isUtf8(payload)) throw new PayloadError('不是 UTF-8 文本', 'it is not UTF-8')
  try {
    return JSON.parse(payload.toString('utf8'))
  } catch (error) {
    const where = error instanceof Error ? error.message.slice(0, 80) : ''
    throw new PayloadError(`不是合法的 JSON（${where}）`, `it is not JSON (${where})`)
  }
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Adds the members of `values` as points. Throws when the message has more points than one may have. */
export function addValues(
  to: DecodedPoint[],
  device: string,
  at: unknown,
  values: Record<string, unknown>,
  skipNull: boolean,
): void {
  const time = at === undefined ? undefined : typeof at === 'number' ? at : Number.NaN
  for (const property in values) {
    const value = values[property]
    if (value === null && skipNull) continue
    to.push({ device, property, at: time, value, quality: 192 })
    if (to.length > messagePointsMax) throw new TooManyPoints()
  }
}
