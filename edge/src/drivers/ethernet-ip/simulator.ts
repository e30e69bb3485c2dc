import { type AddressInfo, createServer, type Socket } from 'node:net'
import { quality, type TagType, type TagValue } from '../../driver.ts'
import { noFaults, type Simulate, type SimulatorFaults } from '../../simulator.ts'
import { formatLogixAddress, type LogixAddress, parseLogixAddress, type Segment } from './address.ts'
import { services } from './codec.ts'
import {
  commands,
  decodeUnconnected,
  encodeFrame,
  encodeUnconnected,
  type Frame,
  FrameReader,
} from './encapsulation.ts'
import { bytesOf, cipTypes, encodeValue, type StoredValue, sampleOf, stringHandle } from './values.ts'

const typeOf: Record<TagType, number> = {
  bool: cipTypes.BOOL,
  int8: cipTypes.SINT,
  uint8: cipTypes.USINT,
  int16: cipTypes.INT,
  uint16: cipTypes.UINT,
  int32: cipTypes.DINT,
  uint32: cipTypes.UDINT,
  int64: cipTypes.LINT,
  uint64: cipTypes.ULINT,
  float32: cipTypes.REAL,
  float64: cipTypes.LREAL,
  text: cipTypes.structure,
}

/** A Logix processor in slot 0: read, write, read-modify-write, multiple service packets and its list of symbols. */
export const simulate: Simulate = async (options) => {
  const faults = noFaults()
  const tags = new Tags(faults)
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    const reader = new FrameReader()
    socket.on('data', (chunk) => {
      try {
        for (const frame of reader.push(chunk)) answer(socket, frame, tags, faults)
      } catch {
        socket.destroy()
      }
    })
  })
  const host = options?.host ?? '127.0.0.1'
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(options?.port ?? 0, host, done)
  })
  return {
    settings: { host, port: (server.address() as AddressInfo).port },
    set: (address, type, value) => tags.set(parseLogixAddress(address, type), type, value),
    get: (address, type) => tags.get(parseLogixAddress(address, type), type),
    faults,
    stop: () =>
      new Promise((done) => {
        server.close(() => done())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

const session = 0x4b61706f
/** Of an unconnected message (CIP Volume 1 §3-5.5). */
const messageBytesMax = 504

function answer(socket: Socket, frame: Frame, tags: Tags, faults: SimulatorFaults): void {
  if (faults.silent) return
  const context =
    faults.answersForAnother && frame.command !== commands.registerSession ? frame.context + 0x4001n : frame.context
  const send = (data: Buffer) =>
    socket.write(encodeFrame({ command: frame.command, session, status: 0, context, data }))
  if (frame.command === commands.registerSession) send(frame.data)
  else if (frame.command === commands.unregisterSession) socket.end()
  else if (frame.command === commands.sendRrData)
    send(encodeUnconnected(route(decodeUnconnected(frame.data), tags, faults)))
}

/** What the chassis does with an Unconnected_Send: it hands the request on to the processor in slot 0. */
function route(message: Buffer, tags: Tags, faults: SimulatorFaults): Buffer {
  const { service, data } = requestOf(message)
  if (service !== services.unconnectedSend) return reply(service, 8)
  const bytes = data.readUInt16LE(2)
  const slot = data.readUInt8(4 + bytes + (bytes % 2) + 3)
  if (slot !== 0) return reply(service, 1, 0x0312)
  const inner = data.subarray(4, 4 + bytes)
  const asked = inner.readUInt8(0)
  if (message.length > messageBytesMax) return reply(asked, 21)
  if (faults.refusesAll) return reply(asked, 16)
  const answered = serve(inner, tags)
  return answered.length > messageBytesMax ? reply(asked, 17) : answered
}

function serve(message: Buffer, tags: Tags): Buffer {
  const { service, path, data } = requestOf(message)
  switch (service) {
    case services.multiple: {
      const count = data.readUInt16LE(0)
      const at = Array.from({ length: count }, (_, i) => data.readUInt16LE(2 + 2 * i))
      const replies = at.map((from, i) => serve(data.subarray(from, at[i + 1] ?? data.length), tags))
      const head = Buffer.alloc(2 + 2 * count)
      head.writeUInt16LE(count, 0)
      let next = head.length
      for (const [i, each] of replies.entries()) {
        head.writeUInt16LE(next, 2 + 2 * i)
        next += each.length
      }
      const isFailed = replies.some((each) => each.readUInt8(2) !== 0)
      return Buffer.concat([reply(service, isFailed ? 30 : 0), head, ...replies])
    }
    case services.readTag:
      return tags.read(segmentsOf(path))
    case services.writeTag:
      return tags.write(segmentsOf(path), data)
    case services.readModifyWrite:
      return tags.setBits(segmentsOf(path), data)
    case services.instanceAttributeList:
      return tags.symbols(path)
    default:
      return reply(service, 8)
  }
}

function requestOf(message: Buffer): { service: number; path: Buffer; data: Buffer } {
  const end = 2 + 2 * message.readUInt8(1)
  return { service: message.readUInt8(0), path: message.subarray(2, end), data: message.subarray(end) }
}

function reply(service: number, status: number, extended?: number): Buffer {
  if (extended === undefined) return Buffer.from([service | 0x80, 0, status, 0])
  return Buffer.from([service | 0x80, 0, status, 1, extended & 0xff, extended >> 8])
}

function segmentsOf(path: Buffer): Segment[] {
  const segments: Segment[] = []
  for (let at = 0; at < path.length; ) {
    const kind = path.readUInt8(at)
    const length = path.readUInt8(at + 1)
    if (kind === 0x91) segments.push(path.toString('latin1', at + 2, at + 2 + length))
    else if (kind === 0x28) segments.push(length)
    else if (kind === 0x29) segments.push(path.readUInt16LE(at + 2))
    else if (kind === 0x2a) segments.push(path.readUInt32LE(at + 2))
    else break
    at += kind === 0x91 ? 2 + length + (length % 2) : kind === 0x28 ? 2 : kind === 0x29 ? 4 : 6
  }
  return segments
}

interface Place extends StoredValue {
  segments: readonly Segment[]
}

/** The memory of the processor. */
class Tags {
  readonly #places = new Map<string, Place>()
  readonly #faults: SimulatorFaults

  constructor(faults: SimulatorFaults) {
    this.#faults = faults
  }

  #key(segments: readonly Segment[]): string {
    return formatLogixAddress({ segments, bit: undefined, isBitOfArray: false }).toUpperCase()
  }

  #find(segments: readonly Segment[]): Place | undefined {
    const place = this.#places.get(this.#key(segments))
    if (place === undefined || this.#faults.missing.size === 0) return place
    const isMissing = [...this.#faults.missing].some((address) => {
      const { segments: gone } = parseLogixAddress(address, 'int32')
      return this.#key(gone) === this.#key(segments)
    })
    return isMissing ? undefined : place
  }

  set(address: LogixAddress, type: TagType, value: TagValue): void {
    const isBit = address.bit !== undefined
    const wanted = isBit ? (address.isBitOfArray ? cipTypes.DWORD : cipTypes.DINT) : typeOf[type]
    const key = this.#key(address.segments)
    const found = this.#places.get(key)
    const stored = isBit && found !== undefined ? found.type : wanted
    const handle = stored === cipTypes.structure ? stringHandle : undefined
    if (isBit) {
      const bytes = Buffer.from(found?.bytes ?? Buffer.alloc(bytesOf[stored] ?? 4))
      const [byte, mask] = [(address.bit ?? 0) >> 3, 1 << ((address.bit ?? 0) & 7)]
      bytes[byte] = value === true ? (bytes[byte] ?? 0) | mask : (bytes[byte] ?? 0) & ~mask
      this.#places.set(key, { segments: address.segments, type: stored, handle, bytes })
      return
    }
    const bytes = encodeValue(value, { type: stored, handle })
    if (typeof bytes === 'string') throw new Error(bytes)
    this.#places.set(key, { segments: address.segments, type: stored, handle, bytes })
  }

  get(address: LogixAddress, type: TagType): TagValue {
    const place = this.#places.get(this.#key(address.segments))
    if (place === undefined) throw new Error(`there is no tag ${formatLogixAddress(address)}`)
    const sample = sampleOf(place, type, address)
    if (sample.value === undefined || sample.quality === quality.bad) throw new Error(sample.reason)
    return sample.value
  }

  /** No such tag, or no such element of an array. */
  #absent(service: number, segments: readonly Segment[]): Buffer {
    const isArray = typeof segments.at(-1) === 'number' && this.#find([...segments.slice(0, -1), 0]) !== undefined
    return isArray ? reply(service, 0xff, 0x2105) : reply(service, 4, 0)
  }

  read(segments: readonly Segment[]): Buffer {
    const place = this.#find(segments)
    if (place === undefined) return this.#absent(services.readTag, segments)
    const type = Buffer.alloc(place.handle === undefined ? 2 : 4)
    type.writeUInt16LE(place.type, 0)
    if (place.handle !== undefined) type.writeUInt16LE(place.handle, 2)
    return Buffer.concat([reply(services.readTag, 0), type, place.bytes])
  }

  write(segments: readonly Segment[], data: Buffer): Buffer {
    const place = this.#find(segments)
    if (place === undefined) return this.#absent(services.writeTag, segments)
    if (data.readUInt16LE(0) !== place.type) return reply(services.writeTag, 0xff, 0x2107)
    place.bytes = Buffer.from(data.subarray(place.handle === undefined ? 4 : 6))
    if (place.type === cipTypes.BOOL) place.bytes = Buffer.from([place.bytes[0] === 0 ? 0 : 1])
    return reply(services.writeTag, 0)
  }

  setBits(segments: readonly Segment[], data: Buffer): Buffer {
    const place = this.#find(segments)
    if (place === undefined) return this.#absent(services.readModifyWrite, segments)
    const bytes = data.readUInt16LE(0)
    if (bytes !== place.bytes.length) return reply(services.readModifyWrite, 3)
    place.bytes = Buffer.from(place.bytes.map((byte, i) => (byte | (data[2 + i] ?? 0)) & (data[2 + bytes + i] ?? 0)))
    return reply(services.readModifyWrite, 0)
  }

  /** A few symbols at a time, so that whoever asks has to go on. */
  symbols(path: Buffer): Buffer {
    const scope = segmentsOf(path)[0]
    const from = path.readUInt16LE(path.length - 2)
    const isProgram = (name: Segment | undefined) => typeof name === 'string' && name.startsWith('Program:')
    const symbols = new Map<string, Place>()
    for (const place of this.#places.values()) {
      const [first, second] = place.segments
      if (scope === undefined && isProgram(first)) symbols.set(String(first), { ...place, type: 0x1068, segments: [] })
      else if (scope === undefined) symbols.set(String(first), this.#larger(symbols.get(String(first)), place, 1))
      else if (first === scope) symbols.set(String(second), this.#larger(symbols.get(String(second)), place, 2))
    }
    const all = [...symbols].map(([name, place], i) => ({ instance: i + 1, name, place }))
    const some = all.filter(({ instance }) => instance >= from).slice(0, 3)
    const isMore = (all.at(-1)?.instance ?? 0) > (some.at(-1)?.instance ?? 0)
    const entries = some.map(({ instance, name, place }) => {
      const [element] = place.segments.slice(-1)
      const isArray = typeof element === 'number'
      const entry = Buffer.alloc(20 + name.length)
      entry.writeUInt32LE(instance, 0)
      entry.writeUInt16LE(name.length, 4)
      entry.write(name, 6, 'latin1')
      const type = place.type === cipTypes.structure ? 0x8000 | stringHandle : place.type
      entry.writeUInt16LE(type | (isArray ? 0x2000 : 0), 6 + name.length)
      entry.writeUInt32LE(isArray ? element + 1 : 0, 8 + name.length)
      return entry
    })
    return Buffer.concat([reply(services.instanceAttributeList, isMore ? 6 : 0), ...entries])
  }

  /** The place with the highest element stands for its array; members make it a structure that is no STRING. */
  #larger(known: Place | undefined, place: Place, depth: number): Place {
    const rest = place.segments.slice(depth)
    if (rest.some((each) => typeof each === 'string'))
      return { ...place, type: 0x8123, handle: undefined, segments: [] }
    const elementOf = (each: Place | undefined) => Number(each?.segments.at(-1) ?? -1) || 0
    return known !== undefined && elementOf(known) > elementOf(place) ? known : place
  }
}
