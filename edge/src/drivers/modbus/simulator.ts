import type { TagType, TagValue } from '../../driver.ts'
import { serveTcp } from '../../serve-tcp.ts'
import { noFaults, type Simulate } from '../../simulator.ts'
import { parseAddress } from './address.ts'
import {
  type Area,
  areas,
  decodeRead,
  encodeException,
  encodeReadAnswer,
  exception,
  packBits,
  readMax,
  writeFunctions,
} from './codec.ts'
import { rtuFraming, tcpFraming } from './framing.ts'
import { isNumberType, readNumber, readText, writeNumber, writeText } from './registers.ts'

const size = 65_536

/** The memory of a device: its four areas, and what it answers to a data unit. */
class Memory {
  readonly faults = noFaults()
  readonly #words = { holding: Buffer.alloc(size * 2), input: Buffer.alloc(size * 2) }
  readonly #bits = { coil: new Uint8Array(size), discrete: new Uint8Array(size) }

  set(text: string, type: TagType, value: TagValue): void {
    const { area, address, bit, order, count } = parseAddress(text, type, 'ABCD')
    if (area === 'coil' || area === 'discrete') this.#bits[area][address] = Number(value)
    else if (bit !== undefined) this.#setBit(area, address, bit, Boolean(value))
    else
      (isNumberType(type) ? writeNumber(value, type, order) : writeText(value, count * 2, order)).copy(
        this.#words[area],
        address * 2,
      )
  }

  get(text: string, type: TagType): TagValue {
    const { area, address, bit, order, count } = parseAddress(text, type, 'ABCD')
    if (area === 'coil' || area === 'discrete') return this.#bits[area][address] === 1
    const words = this.#words[area].subarray(address * 2, (address + count) * 2)
    if (bit !== undefined) return ((words.readUInt16BE() >> bit) & 1) === 1
    return (isNumberType(type) ? readNumber(words, type, order) : readText(words, order)).value ?? Number.NaN
  }

  answer(pdu: Buffer): Buffer {
    if (this.faults.refusesAll) return encodeException(pdu, exception.deviceFailure)
    const read = decodeRead(pdu)
    if (read === undefined) return this.#write(pdu)
    const { area, address, count } = read
    if (count < 1 || count > readMax[area] || address + count > size || this.#isMissing(area, address, count))
      return encodeException(pdu, exception.illegalDataAddress)
    if (area === 'coil' || area === 'discrete')
      return encodeReadAnswer(area, packBits(Array.from(this.#bits[area].subarray(address, address + count), Boolean)))
    return encodeReadAnswer(area, this.#words[area].subarray(address * 2, (address + count) * 2))
  }

  #write(pdu: Buffer): Buffer {
    const address = pdu.length < 5 ? 0 : pdu.readUInt16BE(1)
    switch (pdu.length < 5 ? undefined : pdu[0]) {
      case writeFunctions.coil:
        if (this.#isMissing('coil', address, 1)) break
        this.#bits.coil[address] = pdu[3] === 0xff ? 1 : 0
        return pdu
      case writeFunctions.register:
        if (this.#isMissing('holding', address, 1)) break
        pdu.copy(this.#words.holding, address * 2, 3, 5)
        return pdu
      case writeFunctions.registers: {
        if (this.#isMissing('holding', address, pdu.readUInt16BE(3))) break
        pdu.copy(this.#words.holding, address * 2, 6)
        return pdu.subarray(0, 5)
      }
      case writeFunctions.mask: {
        const before = this.#words.holding.readUInt16BE(address * 2)
        const and = pdu.readUInt16BE(3)
        this.#words.holding.writeUInt16BE(((before & and) | (pdu.readUInt16BE(5) & ~and)) & 0xffff, address * 2)
        return pdu
      }
      default:
        return encodeException(pdu, exception.illegalFunction)
    }
    return encodeException(pdu, exception.illegalDataAddress)
  }

  #isMissing(area: Area, address: number, count: number): boolean {
    return [...this.faults.missing].some((text) => {
      const [name = '', number = ''] = text.toLowerCase().split(/[/.[#]/)
      const at = Number(number)
      return areas.includes(name as Area) && name === area && at >= address && at < address + count
    })
  }

  #setBit(area: 'holding' | 'input', address: number, bit: number, value: boolean): void {
    const words = this.#words[area]
    const before = words.readUInt16BE(address * 2)
    words.writeUInt16BE(value ? before | (1 << bit) : before & ~(1 << bit), address * 2)
  }
}

const serve =
  (framing: typeof tcpFraming, more: Record<string, unknown>): Simulate =>
  async ({ port = 0, host = '127.0.0.1' } = {}) => {
    const memory = new Memory()
    const { faults } = memory
    const server = await serveTcp({ port, host }, (socket) => {
      const reader = framing.reader('client')
      return (chunk) => {
        for (const frame of reader.push(chunk)) {
          if (faults.silent) continue
          // Far from what may be on the way: one that fits another request would be taken for its answer, and rightly so.
          const other = faults.answersForAnother ? 0x4001 : 0
          socket.write(
            framing.encode({
              transaction: (frame.transaction + other) & 0xffff,
              unit: (frame.unit + other) & 0xff,
              pdu: memory.answer(frame.pdu),
            }),
          )
        }
      }
    })
    return {
      settings: { host: server.host, port: server.port, ...more },
      set: (address, type, value) => memory.set(address, type, value),
      get: (address, type) => memory.get(address, type),
      faults,
      stop: server.stop,
    }
  }

/** A Modbus TCP device with all of its four areas. */
export const simulate = serve(tcpFraming, {})
/** The same, spoken to with serial frames over TCP. */
export const simulateRtuOverTcp = serve(rtuFraming, { framing: 'rtu' })
