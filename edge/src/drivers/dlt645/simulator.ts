import type { TagType, TagValue } from '../../driver.ts'
import { serveTcp } from '../../serve-tcp.ts'
import { noFaults, type Simulate, type SimulatorFaults } from '../../simulator.ts'
import { type Dlt645Address, parseAddress } from './address.ts'
import {
  dataBytesMax,
  decodeFrame,
  decodeValue,
  type Edition,
  editions,
  encodeFrame,
  encodeValue,
  type Frame,
  frameReader,
  functions,
  reversedHex,
  wildcard,
} from './codec.ts'
import { namesOf } from './table.ts'

const meter = '000000000161'
const ownAddress = '04000401'

/**
 * A meter of both editions at once, which answers each function code by the edition that has it. An address that is
 * written with a name of the table is set in every edition that has the name.
 */
export const simulate: Simulate = async (options = {}) => {
  const faults = noFaults()
  const data = new Map<string, Buffer>([[ownAddress, Buffer.from(meter, 'hex').reverse()]])
  const server = await serveTcp(options, (socket) => {
    const reader = frameReader()
    const answer = answerer(data, faults)
    return (chunk) => {
      for (const raw of reader.push(chunk)) {
        const reply = answer(raw)
        if (reply !== undefined) socket.write(Buffer.concat([Buffer.alloc(4, 0xfe), reply]))
      }
    }
  })
  return {
    settings: { host: server.host, port: server.port, meter },
    faults,
    set(text, type, value) {
      const [first, ...others] = addressesOf(text, type)
      put(data, first, value)
      for (const address of others)
        try {
          put(data, address, value)
        } catch {
          // The other edition has fewer digits, or no sign.
        }
    },
    get(text, type) {
      const [{ identifier = ownAddress, offset, format, bit }] = addressesOf(text, type)
      const bytes = data.get(identifier)?.subarray(offset) ?? Buffer.alloc(format.bytes)
      const value = decodeValue(bytes, format) ?? ''
      return bit === undefined ? value : ((Number(value) >> bit) & 1) === 1
    },
    stop: server.stop,
  }
}

function put(data: Map<string, Buffer>, address: Dlt645Address, value: TagValue): void {
  const { identifier = ownAddress, offset, format, dataBytes, isBlock } = address
  const old = data.get(identifier) ?? Buffer.alloc(0)
  const length = isBlock ? Math.ceil((offset + format.bytes) / dataBytes) * dataBytes : dataBytes
  const bytes = Buffer.concat([old, Buffer.alloc(Math.max(0, length - old.length))])
  valueBytes(value, bytes.subarray(offset), address).copy(bytes, offset)
  data.set(identifier, bytes)
}

/** The address in each edition that has it. Throws AddressError when none has. */
function addressesOf(text: string, type: TagType): [Dlt645Address, ...Dlt645Address[]] {
  const parsed = editions.flatMap((edition) => {
    try {
      return [parseAddress(text, type, edition, meter)]
    } catch {
      return []
    }
  })
  const [first, ...more] = parsed
  return first === undefined ? [parseAddress(text, type, '2007', meter)] : [first, ...more]
}

function valueBytes(value: TagValue, old: Buffer, { format, bit }: Dlt645Address): Buffer {
  if (bit === undefined) return encodeValue(typeof value === 'boolean' ? Number(value) : value, format)
  const word = old.readUIntLE(0, format.bytes)
  return encodeValue(value ? word | (1 << bit) : word & ~(1 << bit), format)
}

/** Answers one connection, whose last answer may have more to follow. */
function answerer(data: ReadonlyMap<string, Buffer>, faults: SimulatorFaults): (raw: Buffer) => Buffer | undefined {
  let following: Buffer = Buffer.alloc(0)
  return (raw) => {
    const request = readable(raw)
    if (request === undefined) return undefined
    if (faults.silent || request.isAnswer || (request.address !== meter && request.address !== wildcard))
      return undefined
    const edition: Edition = request.function < 0x10 ? '1997' : '2007'
    const { read, readFollowing, readAddress, identifierBytes, sequenced } = functions[edition]
    const reply = (data: Buffer, flags: Partial<Frame> = {}) =>
      encodeFrame({
        address: faults.answersForAnother ? '999999999998' : meter,
        function: request.function,
        isAnswer: true,
        isRefusal: false,
        hasMore: false,
        data,
        ...flags,
      })
    const refuse = (word: number) => reply(Buffer.of(word), { isRefusal: true })
    if (faults.refusesAll) return refuse(1)
    if (request.function === readAddress) return reply(Buffer.from(meter, 'hex').reverse())
    const sent = request.data.subarray(0, identifierBytes)
    const identifier = reversedHex(sent)
    if (request.function === read) following = data.get(identifier) ?? Buffer.alloc(0)
    else if (request.function !== readFollowing) return refuse(1)
    if (following.length === 0 || isMissing(identifier, edition, faults)) return refuse(2)
    const room = dataBytesMax - identifierBytes - 1
    const now = following.subarray(0, room)
    following = following.subarray(room)
    const sequence =
      sequenced && request.function === readFollowing ? request.data.subarray(identifierBytes) : Buffer.alloc(0)
    return reply(Buffer.concat([sent, now, sequence]), { hasMore: following.length > 0 })
  }
}

/** A meter is silent about a frame that came damaged. */
function readable(raw: Buffer): Frame | undefined {
  try {
    return decodeFrame(raw)
  } catch {
    return undefined
  }
}

function isMissing(identifier: string, edition: Edition, { missing }: SimulatorFaults): boolean {
  return [...missing].some((text) => {
    const [word = ''] = text.split(/[/.:]/)
    const named = [...namesOf[edition]].find(([name]) => name.toUpperCase() === word.toUpperCase())
    return (named?.[1] ?? word.toUpperCase()) === identifier
  })
}
