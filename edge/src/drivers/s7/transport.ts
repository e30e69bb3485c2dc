/**
 * ISO transport on TCP: TPKT (RFC 1006 §6) and the TPDUs of COTP class 0 that S7 uses (RFC 905 §13): connection request and
 * confirm, and data. Pure.
 */
import { DeviceError } from '../../driver.ts'
import type { FrameReader } from '../../line.ts'

const tpktBytes = 4
/** Larger than the largest PDU of a CPU (960 bytes) with its headers. */
const tpduBytesMax = 4_096

export const tpduTypes = { connectionRequest: 0xe0, connectionConfirm: 0xd0, data: 0xf0 } as const

export interface Tpdu {
  type: number
  /** Of a connection request or confirm: the references of both ends. */
  destination: number
  source: number
  /** Of a connection request or confirm: called and calling transport selector. */
  called: number
  calling: number
  /** Of data: what was carried. */
  data: Buffer
}

function encodeTpkt(tpdu: Buffer): Buffer {
  const head = Buffer.from([3, 0, 0, 0])
  head.writeUInt16BE(tpktBytes + tpdu.length, 2)
  return Buffer.concat([head, tpdu])
}

export const encodeData = (data: Buffer) => encodeTpkt(Buffer.concat([Buffer.from([2, tpduTypes.data, 0x80]), data]))

/** Connection request or confirm, with a TPDU size of 1,024. */
export function encodeConnection(
  type: 0xe0 | 0xd0,
  { destination, source, called, calling }: Omit<Tpdu, 'type' | 'data'>,
) {
  const tpdu = Buffer.from([17, type, 0, 0, 0, 0, 0, 0xc0, 1, 0x0a, 0xc1, 2, 0, 0, 0xc2, 2, 0, 0])
  tpdu.writeUInt16BE(destination, 2)
  tpdu.writeUInt16BE(source, 4)
  tpdu.writeUInt16BE(calling, 12)
  tpdu.writeUInt16BE(called, 16)
  return encodeTpkt(tpdu)
}

/** Cuts a stream into TPDUs and puts data in fragments together. Throws DeviceError on what is none. */
export class TpduReader implements FrameReader<Tpdu> {
  #rest: Buffer = Buffer.alloc(0)
  #fragments: Buffer = Buffer.alloc(0)

  push(chunk: Buffer): Tpdu[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const tpdus: Tpdu[] = []
    while (this.#rest.length >= tpktBytes) {
      if (this.#rest[0] !== 3 || this.#rest[1] !== 0) throw new DeviceError('what came is no ISO-on-TCP')
      const bytes = this.#rest.readUInt16BE(2)
      if (bytes < tpktBytes + 3 || bytes > tpduBytesMax) throw new DeviceError(`a packet of ${bytes} bytes`)
      if (this.#rest.length < bytes) break
      const tpdu = this.#decode(this.#rest.subarray(tpktBytes, bytes))
      if (tpdu !== undefined) tpdus.push(tpdu)
      this.#rest = this.#rest.subarray(bytes)
    }
    return tpdus
  }

  #decode(bytes: Buffer): Tpdu | undefined {
    const header = bytes[0]! + 1
    if (header < 3 || header > bytes.length) throw new DeviceError('a TPDU with a header beyond its end')
    const type = bytes[1]! & 0xf0
    const tpdu: Tpdu = { type, destination: 0, source: 0, called: 0, calling: 0, data: Buffer.alloc(0) }
    if (type === tpduTypes.data) {
      this.#fragments = Buffer.concat([this.#fragments, bytes.subarray(header)])
      if (this.#fragments.length > tpduBytesMax) throw new DeviceError('data in too many fragments')
      // The highest bit says that nothing more follows.
      if ((bytes[2]! & 0x80) === 0) return undefined
      tpdu.data = this.#fragments
      this.#fragments = Buffer.alloc(0)
    } else if (header >= 7) {
      tpdu.destination = bytes.readUInt16BE(2)
      tpdu.source = bytes.readUInt16BE(4)
      for (let at = 7; at + 2 <= header; at += 2 + bytes[at + 1]!) {
        if (bytes[at + 1] !== 2 || at + 4 > header) continue
        if (bytes[at] === 0xc1) tpdu.calling = bytes.readUInt16BE(at + 2)
        if (bytes[at] === 0xc2) tpdu.called = bytes.readUInt16BE(at + 2)
      }
    }
    return tpdu
  }
}
