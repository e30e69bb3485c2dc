import type { TagType, TagValue } from '../../driver.ts'
import { serveTcp } from '../../serve-tcp.ts'
import { noFaults, type Simulate } from '../../simulator.ts'
import { booleanOf, readNumber, readText, writeNumber, writeText } from '../../values.ts'
import { type Area, parseAddress, type S7Address } from './address.ts'
import {
  decodeItems,
  decodePdu,
  decodeSetup,
  decodeValues,
  encodePdu,
  encodeValues,
  functions,
  type Item,
  kinds,
  type Pdu,
  setupParameters,
} from './codec.ts'
import { encodeConnection, encodeData, type Tpdu, TpduReader, tpduTypes } from './transport.ts'

const areaBytes = 0x10000
const pduSizeMax = 480
const success = 0xff
const noData = Buffer.alloc(0)

const parse = (address: string, type: TagType) => parseAddress(address, type, { pduSize: pduSizeMax })

/** The memory of a CPU, whose data blocks are those that were set, and what it answers to a job. */
class Cpu {
  readonly faults = noFaults()
  readonly #memory = new Map<string, Buffer>()

  constructor() {
    for (const area of ['I', 'Q', 'M'] as const satisfies Area[]) this.#bytesOf({ area, db: 0 })
  }

  /** `pduSize`: what was agreed on with this peer, 0 before. */
  answer(tpdu: Tpdu, peer: { pduSize: number }): Buffer | undefined {
    const { type, data, source, called, calling } = tpdu
    if (this.faults.silent) return undefined
    if (type === tpduTypes.connectionRequest)
      return encodeConnection(tpduTypes.connectionConfirm, { destination: source, source: 7, called, calling })
    if (type !== tpduTypes.data) return undefined
    const job = decodePdu(data)
    const reference = this.faults.answersForAnother ? (job.reference + 0x4001) & 0xffff : job.reference
    const answer = encodePdu({ ...this.#serve(job, peer), reference })
    const isTooLarge = peer.pduSize > 0 && Math.max(data.length, answer.length) > peer.pduSize
    return encodeData(isTooLarge ? encodePdu({ ...refusing(job, 0x8500), reference }) : answer)
  }

  set(text: string, type: TagType, value: TagValue): void {
    const address = parse(text, type)
    const bytes = this.#bytesOf(address)
    if (type === 'bool') setBit(bytes, address, booleanOf(value))
    else if (type !== 'text') writeNumber(value, type).copy(bytes, address.byte)
    else if (address.isString) {
      const characters = writeText(value, address.bytes - 2, 'utf-8')
      const end = characters.indexOf(0)
      bytes.set([address.bytes - 2, end === -1 ? characters.length : end], address.byte)
      characters.copy(bytes, address.byte + 2)
    } else writeText(value, address.bytes, 'utf-8').copy(bytes, address.byte)
  }

  get(text: string, type: TagType): TagValue {
    const address = parse(text, type)
    const bytes = this.#bytesOf(address).subarray(address.byte, address.byte + address.bytes)
    if (type === 'bool') return ((bytes[0]! >> address.bit) & 1) === 1
    if (type !== 'text') return readNumber(bytes, type).value ?? Number.NaN
    return readText(address.isString ? bytes.subarray(2, 2 + bytes[1]!) : bytes, 'utf-8').value ?? ''
  }

  #serve(job: Pdu, peer: { pduSize: number }): Pdu {
    const answer = (parameters: Buffer, data: Buffer): Pdu => ({
      ...job,
      kind: kinds.ackData,
      error: 0,
      parameters,
      data,
    })
    const code = job.parameters[0]
    if (code === functions.setup) {
      peer.pduSize = Math.min(pduSizeMax, decodeSetup(job.parameters))
      return answer(setupParameters(peer.pduSize), noData)
    }
    if (this.faults.refusesAll || (code !== functions.read && code !== functions.write)) return refusing(job, 0x8104)
    const items = decodeItems(job.parameters)
    const head = Buffer.from([code, items.length])
    if (code === functions.read) return answer(head, encodeValues(items.map((item) => this.#load(item))))
    const values = decodeValues(job.data, items.length)
    return answer(head, Buffer.from(items.map((item, i) => this.#store(item, values[i]!.data))))
  }

  #bytesOf({ area, db }: Pick<Item, 'area' | 'db'>): Buffer {
    const bytes = this.#memory.get(`${area}${db}`) ?? Buffer.alloc(areaBytes)
    this.#memory.set(`${area}${db}`, bytes)
    return bytes
  }

  /** The return code that an item is refused with. */
  #refusal({ area, db, byte, count }: Item): number | undefined {
    if (!this.#memory.has(`${area}${db}`)) return 0x0a
    if (count < 1 || byte + count > areaBytes) return 0x05
    for (const missing of this.faults.missing) {
      const gone = plain(missing)
      if (gone?.area === area && gone.db === db && gone.byte < byte + count && gone.byte + gone.bytes > byte)
        return 0x05
    }
    return undefined
  }

  #load(item: Item): { code: number; unit: Item['unit']; data: Buffer } {
    const code = this.#refusal(item)
    if (code !== undefined) return { code, unit: item.unit, data: noData }
    const bytes = this.#bytesOf(item)
    const data =
      item.unit === 'bit'
        ? Buffer.from([(bytes[item.byte]! >> item.bit) & 1])
        : Buffer.from(bytes.subarray(item.byte, item.byte + item.count))
    return { code: success, unit: item.unit, data }
  }

  #store(item: Item, data: Buffer): number {
    const code = this.#refusal(item)
    if (code !== undefined) return code
    if (data.length !== item.count) return 0x07
    if (item.unit === 'bit') setBit(this.#bytesOf(item), item, data[0] === 1)
    else data.copy(this.#bytesOf(item), item.byte)
    return success
  }
}

const refusing = (job: Pdu, error: number): Pdu => ({
  ...job,
  kind: kinds.ack,
  error,
  parameters: noData,
  data: noData,
})

export const simulate: Simulate = async (options = {}) => {
  const cpu = new Cpu()
  const server = await serveTcp(options, (socket) => {
    const frames = new TpduReader()
    const peer = { pduSize: 0 }
    return (chunk) => {
      for (const tpdu of frames.push(chunk)) {
        const answer = cpu.answer(tpdu, peer)
        if (answer !== undefined) socket.write(answer)
      }
    }
  })
  return {
    settings: { host: server.host, port: server.port },
    faults: cpu.faults,
    set: (address, type, value) => cpu.set(address, type, value),
    get: (address, type) => cpu.get(address, type),
    stop: server.stop,
  }
}

function setBit(bytes: Buffer, { byte, bit }: Pick<Item, 'byte' | 'bit'>, on: boolean): void {
  bytes[byte] = on ? bytes[byte]! | (1 << bit) : bytes[byte]! & ~(1 << bit)
}

/** An address as it could be of any type. */
function plain(address: string): S7Address | undefined {
  for (const type of ['bool', 'uint8', 'uint16', 'uint32', 'text'] as const)
    try {
      return parse(address, type)
    } catch {
      // Of the next type, perhaps.
    }
  return undefined
}
