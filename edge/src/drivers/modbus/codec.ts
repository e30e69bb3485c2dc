/**
 * Modbus: the protocol data units that a reading and writing gateway and its simulator need (Application Protocol
 * V1.1b3), in their two wrappings: the MBAP header over TCP (Messaging on TCP/IP V1.0b §3) and address with CRC, as on
 * a serial line (Serial Line V1.02 §2.5). Pure: bytes to values and back.
 */
import { DeviceError, RefusedRequest } from '../../driver.ts'
import type { FrameReader } from '../../line.ts'
import { joined, type Words } from '../../sentence.ts'

/** Function codes of the four areas that can be read. */
export const readFunctions = { coil: 1, discrete: 2, holding: 3, input: 4 } as const
export type Area = keyof typeof readFunctions
export const areas = Object.keys(readFunctions) as Area[]
export const isBitArea = (area: Area) => area === 'coil' || area === 'discrete'

export const writeFunctions = { coil: 5, registers: 16, register: 6, mask: 22 } as const

/** Largest read in one request, by the protocol (§6.1–6.4). */
export const readMax: Record<Area, number> = { coil: 2000, discrete: 2000, holding: 125, input: 125 }

/** The names of §7, and of GB/T 19582.1. */
const exceptionNames: Record<number, Words> = {
  1: { zh: '非法功能', en: 'illegal function' },
  2: { zh: '非法数据地址', en: 'illegal data address' },
  3: { zh: '非法数据值', en: 'illegal data value' },
  4: { zh: '从站设备故障', en: 'server device failure' },
  5: { zh: '确认', en: 'acknowledge' },
  6: { zh: '从属设备忙', en: 'server device busy' },
  8: { zh: '存储奇偶性差错', en: 'memory parity error' },
  10: { zh: '不可用网关路径', en: 'gateway path unavailable' },
  11: { zh: '网关目标设备响应失败', en: 'gateway target device failed to respond' },
}
export const exception = { illegalFunction: 1, illegalDataAddress: 2, deviceFailure: 4 } as const
const exceptionBit = 0x80

export interface ReadRequest {
  area: Area
  address: number
  count: number
}

/** One message of either wrapping. On a serial line there is no transaction; it is 0 there. */
export interface Frame {
  transaction: number
  unit: number
  pdu: Buffer
}

/** How messages are wrapped on the wire. */
export interface Framing {
  encode(frame: Frame): Buffer
  reader(from: 'client' | 'server'): FrameReader<Frame>
  /** Answers can be told apart, so that several requests may be on the way. */
  hasTransactions: boolean
}

/** A read request. Throws a RangeError outside the protocol's limits. */
export function encodeRead({ area, address, count }: ReadRequest): Buffer {
  if (count < 1 || count > readMax[area])
    throw new RangeError(`a read of ${area} takes 1 to ${readMax[area]}, not ${count}`)
  if (address < 0 || address + count > 65_536)
    throw new RangeError(`addresses run from 0 to 65535, not ${address}+${count}`)
  const pdu = Buffer.alloc(5)
  pdu.writeUInt8(readFunctions[area], 0)
  pdu.writeUInt16BE(address, 1)
  pdu.writeUInt16BE(count, 3)
  return pdu
}

/** A read request as the server sees it; undefined for another function or a wrong length. */
export function decodeRead(pdu: Buffer): ReadRequest | undefined {
  const area = areas.find((each) => readFunctions[each] === pdu[0])
  if (area === undefined || pdu.length !== 5) return undefined
  return { area, address: pdu.readUInt16BE(1), count: pdu.readUInt16BE(3) }
}

/** The answer to a read: registers as they are in `data`, or bits, the first in the lowest bit. */
export function encodeReadAnswer(area: Area, data: Buffer): Buffer {
  return Buffer.concat([Buffer.of(readFunctions[area], data.length), data])
}

export function packBits(bits: readonly boolean[]): Buffer {
  const data = Buffer.alloc(Math.ceil(bits.length / 8))
  for (const [i, bit] of bits.entries()) if (bit) data[i >> 3] = (data[i >> 3] ?? 0) | (1 << (i & 7))
  return data
}

export const bitOf = (data: Buffer, index: number) => (((data[index >> 3] ?? 0) >> (index & 7)) & 1) === 1

export const encodeException = (pdu: Buffer, code: number) => Buffer.of((pdu[0] ?? 0) | exceptionBit, code)

/**
 * The data bytes of a read answer. Throws RefusedRequest for an exception, DeviceError for an answer that does not fit
 * the request.
 */
export function decodeReadAnswer(pdu: Buffer, request: ReadRequest): Buffer {
  const { area, address, count } = request
  checkAnswer(pdu, readFunctions[area], `${area}/${address}`)
  const expected = isBitArea(area) ? Math.ceil(count / 8) : count * 2
  if (pdu[1] !== expected || pdu.length !== 2 + expected)
    throw new DeviceError({
      zh: `${area}/${address}: 应答了 ${pdu.length - 2} 个数据字节，应为 ${expected} 个`,
      en: `${area}/${address}: answered with ${pdu.length - 2} data bytes instead of ${expected}`,
    })
  return pdu.subarray(2)
}

/** Write of one coil (§6.5), of one register (§6.6) or of several (§6.12). Throws a RangeError past 123 registers. */
export function encodeWrite(area: 'coil' | 'holding', address: number, value: boolean | Buffer): Buffer {
  const head = Buffer.alloc(3)
  head.writeUInt16BE(address, 1)
  if (typeof value === 'boolean') {
    head[0] = writeFunctions.coil
    return Buffer.concat([head, Buffer.of(value ? 0xff : 0, 0)])
  }
  if (area === 'coil' || value.length < 2 || value.length > 246 || value.length % 2 === 1)
    throw new RangeError(`a write takes 1 to 123 whole registers, not ${value.length} bytes`)
  head[0] = value.length === 2 ? writeFunctions.register : writeFunctions.registers
  if (value.length === 2) return Buffer.concat([head, value])
  return Buffer.concat([head, Buffer.of(0, value.length / 2, value.length), value])
}

/** Mask write (§6.16): sets or clears one bit of a holding register without reading it first. */
export function encodeMaskWrite(address: number, bit: number, value: boolean): Buffer {
  const pdu = Buffer.alloc(7)
  pdu[0] = writeFunctions.mask
  pdu.writeUInt16BE(address, 1)
  pdu.writeUInt16BE(0xffff & ~(1 << bit), 3)
  pdu.writeUInt16BE(value ? 1 << bit : 0, 5)
  return pdu
}

/** An answer repeats the head of a write. Throws as `decodeReadAnswer` does. */
export function checkWriteAnswer(pdu: Buffer, sent: Buffer, what: string): void {
  checkAnswer(pdu, sent[0] ?? 0, what)
  const head = sent[0] === writeFunctions.mask ? 7 : 5
  if (!pdu.equals(sent.subarray(0, head)))
    throw new DeviceError({ zh: `${what}: 设备确认的是另一次写入`, en: `${what}: the device confirmed another write` })
}

function checkAnswer(pdu: Buffer, code: number, what: string): void {
  if (pdu[0] === (code | exceptionBit) && pdu.length === 2) {
    const number = pdu[1] ?? 0
    throw new RefusedRequest(
      joined`${what}: ${exceptionNames[number] ?? { zh: `异常码 ${number}`, en: `exception ${number}` }}`,
    )
  }
  if (pdu[0] !== code)
    throw new DeviceError({
      zh: `${what}: 应答的功能码为 ${pdu[0]}，应为 ${code}`,
      en: `${what}: answered with function ${pdu[0]} instead of ${code}`,
    })
}
