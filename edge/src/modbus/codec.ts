/**
 * Modbus application protocol over TCP (MODBUS Messaging on TCP/IP Implementation Guide V1.0b; Application Protocol
 * V1.1b3): the frames that a reading gateway and its simulator need. Pure: bytes to values and back.
 */

/** Function codes of the four areas that can be read. */
export const readFunctions = { coil: 1, discrete: 2, holding: 3, input: 4 } as const
export type Area = keyof typeof readFunctions

/** Largest read in one request, by the protocol (§6.1–6.4). */
export const readMax: Record<Area, number> = { coil: 2000, discrete: 2000, holding: 125, input: 125 }

export const headerBytes = 7
/** A Modbus TCP frame has at most 260 bytes. */
export const frameBytesMax = 260

export const exceptionNames: Record<number, string> = {
  1: 'illegal function',
  2: 'illegal data address',
  3: 'illegal data value',
  4: 'server device failure',
  5: 'acknowledge',
  6: 'server device busy',
  8: 'memory parity error',
  10: 'gateway path unavailable',
  11: 'gateway target device failed to respond',
}

export interface ReadRequest {
  transaction: number
  unit: number
  area: Area
  address: number
  count: number
}

/** MBAP header and a read request. Throws a RangeError outside the protocol's limits. */
export function encodeReadRequest(request: ReadRequest): Buffer {
  const { transaction, unit, area, address, count } = request
  if (count < 1 || count > readMax[area])
    throw new RangeError(`a read of ${area} takes 1 to ${readMax[area]}, not ${count}`)
  if (address < 0 || address + count > 65_536)
    throw new RangeError(`addresses run from 0 to 65535, not ${address}+${count}`)
  const frame = Buffer.alloc(12)
  frame.writeUInt16BE(transaction, 0)
  frame.writeUInt16BE(6, 4)
  frame.writeUInt8(unit, 6)
  frame.writeUInt8(readFunctions[area], 7)
  frame.writeUInt16BE(address, 8)
  frame.writeUInt16BE(count, 10)
  return frame
}

/** A request as the server side reads it; undefined for a function we do not serve. */
export function decodeReadRequest(frame: Buffer): ReadRequest | undefined {
  if (frame.length < 12) return undefined
  const area = (Object.keys(readFunctions) as Area[]).find((each) => readFunctions[each] === frame[7])
  if (area === undefined) return undefined
  return {
    transaction: frame.readUInt16BE(0),
    unit: frame.readUInt8(6),
    area,
    address: frame.readUInt16BE(8),
    count: frame.readUInt16BE(10),
  }
}

/** The answer to a read of registers. */
export function encodeRegisters(request: ReadRequest, registers: Uint16Array): Buffer {
  const frame = Buffer.alloc(headerBytes + 2 + registers.length * 2)
  writeHeader(frame, request, readFunctions[request.area])
  frame.writeUInt8(registers.length * 2, 8)
  for (const [i, value] of registers.entries()) frame.writeUInt16BE(value, 9 + i * 2)
  return frame
}

/** The answer to a read of bits, the first in the lowest bit. */
export function encodeBits(request: ReadRequest, bits: readonly boolean[]): Buffer {
  const bytes = Math.ceil(bits.length / 8)
  const frame = Buffer.alloc(headerBytes + 2 + bytes)
  writeHeader(frame, request, readFunctions[request.area])
  frame.writeUInt8(bytes, 8)
  for (const [i, bit] of bits.entries()) if (bit) frame[9 + (i >> 3)]! |= 1 << (i & 7)
  return frame
}

export function encodeException(frame: Buffer, code: number): Buffer {
  const answer = Buffer.alloc(9)
  frame.copy(answer, 0, 0, 7)
  answer.writeUInt16BE(3, 4)
  answer.writeUInt8((frame[7] ?? 0) | 0x80, 7)
  answer.writeUInt8(code, 8)
  return answer
}

function writeHeader(frame: Buffer, request: ReadRequest, code: number): void {
  frame.writeUInt16BE(request.transaction, 0)
  frame.writeUInt16BE(frame.length - 6, 4)
  frame.writeUInt8(request.unit, 6)
  frame.writeUInt8(code, 7)
}

export class ModbusError extends Error {
  override name = 'ModbusError'
}

/** Takes whole frames off the front of a stream; a frame may be torn at any byte. Throws ModbusError on what is none. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0)

  push(chunk: Buffer): Buffer[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const frames: Buffer[] = []
    while (this.#rest.length >= headerBytes) {
      if (this.#rest.readUInt16BE(2) !== 0)
        throw new ModbusError('the protocol identifier is not 0: this is no Modbus TCP')
      const bytes = 6 + this.#rest.readUInt16BE(4)
      if (bytes < headerBytes + 1 || bytes > frameBytesMax) throw new ModbusError(`a frame of ${bytes} bytes`)
      if (this.#rest.length < bytes) break
      frames.push(this.#rest.subarray(0, bytes))
      this.#rest = this.#rest.subarray(bytes)
    }
    return frames
  }
}

/** The data bytes of a read answer. Throws ModbusError for an exception or an answer that does not fit the request. */
export function decodeReadAnswer(frame: Buffer, request: ReadRequest): Buffer {
  const code = frame[7] ?? 0
  if (code === (readFunctions[request.area] | 0x80)) {
    const exception = frame[8] ?? 0
    throw new ModbusError(
      `${request.area} ${request.address}: ${exceptionNames[exception] ?? `exception ${exception}`}`,
    )
  }
  if (code !== readFunctions[request.area]) throw new ModbusError(`answered with function ${code}`)
  const isBits = request.area === 'coil' || request.area === 'discrete'
  const expected = isBits ? Math.ceil(request.count / 8) : request.count * 2
  if (frame[8] !== expected || frame.length !== 9 + expected)
    throw new ModbusError(`answered with ${frame.length - 9} data bytes instead of ${expected}`)
  return frame.subarray(9)
}

/** Value types of a tag, with their size in registers. */
export const registersOf = { int16: 1, uint16: 1, int32: 2, uint32: 2, float32: 2, float64: 4 } as const
export type NumberType = keyof typeof registersOf

/**
 * Order of the bytes of a value over its registers, as makers write it: ABCD is big-endian (the protocol's own), CDAB
 * has the words swapped, BADC the bytes of each word, DCBA both.
 */
export const wordOrders = ['ABCD', 'CDAB', 'BADC', 'DCBA'] as const
export type WordOrder = (typeof wordOrders)[number]

/** Reads a number that begins at byte `offset` of register data. */
export function readNumber(data: Buffer, offset: number, type: NumberType, order: WordOrder): number {
  const bytes = registersOf[type] * 2
  const value = inOrder(data.subarray(offset, offset + bytes), order)
  switch (type) {
    case 'int16':
      return value.readInt16BE()
    case 'uint16':
      return value.readUInt16BE()
    case 'int32':
      return value.readInt32BE()
    case 'uint32':
      return value.readUInt32BE()
    case 'float32':
      return value.readFloatBE()
    case 'float64':
      return value.readDoubleBE()
  }
}

/** The registers of a number; the inverse of `readNumber` (numbers outside the type's range throw). */
export function writeNumber(value: number, type: NumberType, order: WordOrder): Uint16Array {
  const plain = Buffer.alloc(registersOf[type] * 2)
  switch (type) {
    case 'int16':
      plain.writeInt16BE(value)
      break
    case 'uint16':
      plain.writeUInt16BE(value)
      break
    case 'int32':
      plain.writeInt32BE(value)
      break
    case 'uint32':
      plain.writeUInt32BE(value)
      break
    case 'float32':
      plain.writeFloatBE(value)
      break
    case 'float64':
      plain.writeDoubleBE(value)
      break
  }
  const ordered = inOrder(plain, order)
  return Uint16Array.from({ length: registersOf[type] }, (_, i) => ordered.readUInt16BE(i * 2))
}

/** Each order is its own inverse. */
function inOrder(bytes: Buffer, order: WordOrder): Buffer {
  const swapped = Buffer.from(bytes)
  if (order === 'CDAB' || order === 'DCBA')
    for (let i = 0; i < bytes.length; i += 2) bytes.copy(swapped, i, bytes.length - 2 - i, bytes.length - i)
  if (order === 'BADC' || order === 'DCBA') swapped.swap16()
  return swapped
}

export function readBit(data: Buffer, index: number): boolean {
  return (((data[index >> 3] ?? 0) >> (index & 7)) & 1) === 1
}
