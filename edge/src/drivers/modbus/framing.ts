import { DeviceError } from '../../driver.ts'
import type { FrameReader } from '../../line.ts'
import type { Frame, Framing } from './codec.ts'

const noModbusTcp = {
  zh: '协议标识不是 0：对方不是 Modbus TCP',
  en: 'the protocol identifier is not 0: this is no Modbus TCP',
}

const mbapBytes = 7
/** A protocol data unit has at most 253 bytes (V1.1b3 §4.1). */
const pduBytesMax = 253

/** MBAP header: transaction, protocol 0, length, unit. */
export const tcpFraming: Framing = {
  hasTransactions: true,
  encode({ transaction, unit, pdu }) {
    const head = Buffer.alloc(mbapBytes)
    head.writeUInt16BE(transaction, 0)
    head.writeUInt16BE(pdu.length + 1, 4)
    head.writeUInt8(unit, 6)
    return Buffer.concat([head, pdu])
  },
  reader: () => new MbapReader(),
}

class MbapReader implements FrameReader<Frame> {
  #rest: Buffer = Buffer.alloc(0)

  /** Throws DeviceError on what is no Modbus TCP. */
  push(chunk: Buffer): Frame[] {
    let rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const frames: Frame[] = []
    while (rest.length >= mbapBytes) {
      if (rest.readUInt16BE(2) !== 0) throw new DeviceError(noModbusTcp)
      const length = rest.readUInt16BE(4)
      if (length < 2 || length > pduBytesMax + 1) throw new DeviceError(`a Modbus TCP frame of ${6 + length} bytes`)
      if (rest.length < 6 + length) break
      frames.push({
        transaction: rest.readUInt16BE(0),
        unit: rest.readUInt8(6),
        pdu: rest.subarray(mbapBytes, 6 + length),
      })
      rest = rest.subarray(6 + length)
    }
    this.#rest = rest
    return frames
  }
}

/** Address, data unit and CRC, as on a serial line; also over TCP to a serial server that only passes bytes on. */
export const rtuFraming: Framing = {
  hasTransactions: false,
  encode({ unit, pdu }) {
    const frame = Buffer.alloc(pdu.length + 3)
    frame[0] = unit
    pdu.copy(frame, 1)
    frame.writeUInt16LE(crc16(frame.subarray(0, -2)), frame.length - 2)
    return frame
  },
  reader: (from) => new RtuReader(from),
}

/**
 * A serial line has no lengths but those that follow from the function code, so that a frame is what has the right
 * CRC at one of them; bytes that begin none are noise and are passed over one by one.
 */
class RtuReader implements FrameReader<Frame> {
  #rest: Buffer = Buffer.alloc(0)
  readonly #from: 'client' | 'server'

  constructor(from: 'client' | 'server') {
    this.#from = from
  }

  push(chunk: Buffer): Frame[] {
    let rest = Buffer.concat([this.#rest, chunk])
    const frames: Frame[] = []
    while (rest.length >= 4) {
      const bytes = rtuBytes(rest, this.#from)
      if (bytes !== undefined && rest.length < bytes) break
      if (bytes !== undefined && crc16(rest.subarray(0, bytes - 2)) === rest.readUInt16LE(bytes - 2)) {
        frames.push({ transaction: 0, unit: rest[0] ?? 0, pdu: rest.subarray(1, bytes - 2) })
        rest = rest.subarray(bytes)
      } else rest = rest.subarray(1)
    }
    this.#rest = rest
    return frames
  }
}

/** Bytes of the frame that begins here, by its function code; undefined when there is none such. */
function rtuBytes(rest: Buffer, from: 'client' | 'server'): number | undefined {
  const code = rest[1] ?? 0
  if (code >= 0x80) return from === 'server' ? 5 : undefined
  const isRead = code >= 1 && code <= 4
  if (isRead && from === 'server') return (rest[2] ?? 0) <= 250 ? 5 + (rest[2] ?? 0) : undefined
  if (isRead || code === 5 || code === 6) return 8
  if (code === 16) {
    if (from === 'server') return 8
    return rest.length < 7 ? 9 : 9 + (rest[6] ?? 0)
  }
  return code === 22 ? 10 : undefined
}

/** CRC-16 of Modbus (Serial Line V1.02 §6.2.2): polynomial 0xA001, begun with 0xFFFF. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0xffff
  for (const byte of bytes) crc = (crc >> 8) ^ (crcTable[(crc ^ byte) & 0xff] ?? 0)
  return crc
}

const crcTable = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1
  return crc
})
