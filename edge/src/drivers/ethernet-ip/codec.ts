import { DeviceError } from '../../driver.ts'
import type { Segment } from './address.ts'
import type { StoredValue } from './values.ts'

/** Services (CIP Volume 1 §A-3; Logix 5000 Controllers Data Access, 1756-PM020). */
export const services = {
  multiple: 0x0a,
  readTag: 0x4c,
  writeTag: 0x4d,
  readModifyWrite: 0x4e,
  unconnectedSend: 0x52,
  instanceAttributeList: 0x55,
} as const

/** Path of a tag: an ANSI extended symbol for each name, a member segment for each element (1756-PM020, “Segment encoding”). */
export function encodePath(segments: readonly Segment[]): Buffer {
  return Buffer.concat(
    segments.map((segment) => (typeof segment === 'string' ? symbolOf(segment) : elementOf(segment))),
  )
}

function symbolOf(name: string): Buffer {
  const bytes = Buffer.alloc(2 + name.length + (name.length % 2))
  bytes.writeUInt8(0x91, 0)
  bytes.writeUInt8(name.length, 1)
  bytes.write(name, 2, 'latin1')
  return bytes
}

function elementOf(element: number): Buffer {
  if (element < 0x100) return Buffer.from([0x28, element])
  const bytes = Buffer.alloc(element < 0x1_0000 ? 4 : 6)
  bytes.writeUInt8(element < 0x1_0000 ? 0x29 : 0x2a, 0)
  if (element < 0x1_0000) bytes.writeUInt16LE(element, 2)
  else bytes.writeUInt32LE(element, 2)
  return bytes
}

/** A request to a path, which is counted in words. */
export function encodeRequest(service: number, path: Buffer, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([service, path.length / 2]), path, data])
}

export const encodeRead = (path: Buffer) => encodeRequest(services.readTag, path, Buffer.from([1, 0]))

/** Several requests in one, to the message router (1756-PM020, “Multiple Service Packet Service”). */
export function encodeMultiple(requests: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(2 + 2 * requests.length)
  head.writeUInt16LE(requests.length, 0)
  let at = head.length
  for (const [i, request] of requests.entries()) {
    head.writeUInt16LE(at, 2 + 2 * i)
    at += request.length
  }
  return encodeRequest(services.multiple, Buffer.from([0x20, 0x02, 0x24, 0x01]), Buffer.concat([head, ...requests]))
}

/** Hands a request on to the processor in a slot of the chassis (CIP Volume 1 §3-5.5.2, Unconnected_Send). */
export function encodeUnconnectedSend(request: Buffer, slot: number): Buffer {
  const head = Buffer.alloc(4)
  // 2^10 ms × 5: how long the chassis may take.
  head.writeUInt8(0x0a, 0)
  head.writeUInt8(0x05, 1)
  head.writeUInt16LE(request.length, 2)
  const padding = Buffer.alloc(request.length % 2)
  const route = Buffer.from([1, 0, 1, slot])
  return encodeRequest(
    services.unconnectedSend,
    Buffer.from([0x20, 0x06, 0x24, 0x01]),
    Buffer.concat([head, request, padding, route]),
  )
}

export interface Reply {
  service: number
  status: number
  extended: number | undefined
  data: Buffer
}

/** Throws DeviceError for what is no reply to `service`. */
export function decodeReply(message: Buffer, service: number): Reply {
  if (message.length < 4) throw new DeviceError(`a reply of ${message.length} bytes`)
  const dataAt = 4 + 2 * message.readUInt8(3)
  if (message.length < dataAt) throw new DeviceError('a reply that ends in its status')
  const reply = {
    service: message.readUInt8(0),
    status: message.readUInt8(2),
    extended: dataAt > 4 ? message.readUInt16LE(4) : undefined,
    data: message.subarray(dataAt),
  }
  // What the chassis could not hand on it answers itself, in the name of Unconnected_Send.
  const isUnrouted = reply.service === (services.unconnectedSend | 0x80) && reply.status !== 0
  if (reply.service !== (service | 0x80) && !isUnrouted)
    throw new DeviceError(
      `answered with service 0x${reply.service.toString(16)} instead of 0x${(service | 0x80).toString(16)}`,
    )
  return reply
}

/** The replies in that of a multiple service packet. Throws DeviceError where they are not `count`. */
export function decodeMultiple({ data }: Reply, count: number): Buffer[] {
  if (data.length < 2 + 2 * count || data.readUInt16LE(0) !== count)
    throw new DeviceError(`answered with ${data.length < 2 ? 'no' : data.readUInt16LE(0)} replies instead of ${count}`)
  const at = Array.from({ length: count }, (_, i) => data.readUInt16LE(2 + 2 * i))
  return at.map((from, i) => {
    const to = at[i + 1] ?? data.length
    if (from < 2 + 2 * count || to < from || to > data.length) throw new DeviceError('replies that overlap')
    return data.subarray(from, to)
  })
}

const statusNames: Record<number, string> = {
  1: 'connection failure: no such slot, or no way to it',
  2: 'resource unavailable',
  3: 'invalid parameter',
  4: 'path segment error: there is no such tag',
  5: 'path destination unknown: there is no such tag',
  6: 'partial transfer: the value is too large for one answer',
  8: 'service not supported',
  12: 'object state conflict',
  15: 'privilege violation',
  16: 'device state conflict: the controller does not take it now',
  17: 'reply data too large',
  19: 'not enough data',
  21: 'too much data',
  30: 'embedded service error',
  38: 'path size invalid',
}
const extendedNames: Record<number, string> = {
  515: 'time-out',
  516: 'unconnected send timed out',
  786: 'link address not valid: there is no such slot',
  8452: 'offset beyond the end of the tag',
  8453: 'element beyond the end of the array',
  8455: 'another type than the tag has',
}

/** Words for a status that is not 0 (CIP Volume 1 appendix B; 1756-PM020, error codes of each service). */
export function wordsOf({ status, extended }: Reply): string {
  const more =
    extended === undefined || extended === 0
      ? undefined
      : (extendedNames[extended] ?? `extended 0x${extended.toString(16)}`)
  // 255: only the extended status says what it is.
  const [first, second] = [
    status === 255 && more !== undefined ? undefined : (statusNames[status] ?? `status 0x${status.toString(16)}`),
    more,
  ]
  return [first, second].filter((each) => each !== undefined).join(', ')
}

export function encodeWrite(path: Buffer, { type, handle, bytes }: StoredValue): Buffer {
  const head = Buffer.alloc(handle === undefined ? 4 : 6)
  head.writeUInt16LE(type, 0)
  if (handle !== undefined) head.writeUInt16LE(handle, 2)
  head.writeUInt16LE(1, head.length - 2)
  return encodeRequest(services.writeTag, path, Buffer.concat([head, bytes]))
}

/** Sets or clears one bit without touching the others (1756-PM020, “Read Modify Write Tag Service”). */
export function encodeSetBit(path: Buffer, bit: number, value: boolean, bytes: number): Buffer {
  const mask = 1n << BigInt(bit)
  const all = (1n << BigInt(bytes * 8)) - 1n
  const data = Buffer.alloc(2 + 16)
  data.writeUInt16LE(bytes, 0)
  data.writeBigUInt64LE(value ? mask : 0n, 2)
  const and = Buffer.alloc(8)
  and.writeBigUInt64LE(value ? all : all & ~mask, 0)
  and.copy(data, 2 + bytes, 0, bytes)
  return encodeRequest(services.readModifyWrite, path, data.subarray(0, 2 + 2 * bytes))
}
