import { DeviceError } from '../../driver.ts'

/** Commands of EtherNet/IP (CIP Networks Library Volume 2, §2-3.2). */
export const commands = { registerSession: 0x65, unregisterSession: 0x66, sendRrData: 0x6f } as const

export interface Frame {
  command: number
  session: number
  status: number
  /** Eight bytes that an answer repeats, as a number. */
  context: bigint
  data: Buffer
}

const headerBytes = 24
/** The driver asks for answers of some 500 bytes; no other device sends it more. */
const dataBytesMax = 4096

export function encodeFrame({ command, session, status, context, data }: Frame): Buffer {
  const header = Buffer.alloc(headerBytes)
  header.writeUInt16LE(command, 0)
  header.writeUInt16LE(data.length, 2)
  header.writeUInt32LE(session, 4)
  header.writeUInt32LE(status, 8)
  header.writeBigUInt64LE(context, 12)
  return Buffer.concat([header, data])
}

/** Takes whole frames off the front of a stream; a frame may be torn at any byte. Throws DeviceError on what is none. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0)

  push(chunk: Buffer): Frame[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const frames: Frame[] = []
    while (this.#rest.length >= headerBytes) {
      const bytes = this.#rest.readUInt16LE(2)
      if (bytes > dataBytesMax) throw new DeviceError(`a frame of ${bytes} bytes`)
      if (this.#rest.readUInt32LE(20) !== 0) throw new DeviceError('a frame with options: this is no EtherNet/IP')
      if (this.#rest.length < headerBytes + bytes) break
      frames.push({
        command: this.#rest.readUInt16LE(0),
        session: this.#rest.readUInt32LE(4),
        status: this.#rest.readUInt32LE(8),
        context: this.#rest.readBigUInt64LE(12),
        data: this.#rest.subarray(headerBytes, headerBytes + bytes),
      })
      this.#rest = this.#rest.subarray(headerBytes + bytes)
    }
    return frames
  }
}

/** Data of SendRRData: a null address and an unconnected message (Volume 2, §2-4.7 and §2-6). */
export function encodeUnconnected(message: Buffer, timeoutSeconds = 0): Buffer {
  const head = Buffer.alloc(16)
  head.writeUInt16LE(timeoutSeconds, 4)
  head.writeUInt16LE(2, 6)
  head.writeUInt16LE(0xb2, 12)
  head.writeUInt16LE(message.length, 14)
  return Buffer.concat([head, message])
}

/** The message in it. Throws DeviceError where there is none. */
export function decodeUnconnected(data: Buffer): Buffer {
  const items = data.length < 8 ? 0 : data.readUInt16LE(6)
  let at = 8
  for (let i = 0; i < Math.min(items, 8) && at + 4 <= data.length; i++) {
    const length = data.readUInt16LE(at + 2)
    if (data.readUInt16LE(at) === 0xb2 && at + 4 + length <= data.length) return data.subarray(at + 4, at + 4 + length)
    at += 4 + length
  }
  throw new DeviceError('an answer without a message')
}
