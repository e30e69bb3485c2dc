import { serveTcp } from '../../serve-tcp.ts'
import { noFaults, type Simulate } from '../../simulator.ts'
import { booleanOf, type NumberType, readNumber, readText, writeNumber, writeText } from '../../values.ts'
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

/** A CPU whose data blocks are those that were set. */
export const simulate: Simulate = async (options = {}) => {
  const memory = new Map<string, Buffer>()
  const faults = noFaults()
  const make = ({ area, db }: Pick<Item, 'area' | 'db'>) => {
    const bytes = memory.get(`${area}${db}`) ?? Buffer.alloc(areaBytes)
    memory.set(`${area}${db}`, bytes)
    return bytes
  }
  for (const area of ['I', 'Q', 'M'] as const satisfies Area[]) make({ area, db: 0 })

  const server = await serveTcp(options, (socket) => {
    const frames = new TpduReader()
    const peer = { pduSize: 0 }
    return (chunk) => {
      for (const tpdu of frames.push(chunk)) {
        const answer = faults.silent ? undefined : answerTo(tpdu, peer)
        if (answer !== undefined) socket.write(answer)
      }
    }
  })

  function answerTo({ type, data, source, called, calling }: Tpdu, peer: { pduSize: number }): Buffer | undefined {
    if (type === tpduTypes.connectionRequest)
      return encodeConnection(tpduTypes.connectionConfirm, { destination: source, source: 7, called, calling })
    if (type !== tpduTypes.data) return undefined
    const job = decodePdu(data)
    const reference = faults.answersForAnother ? (job.reference + 1) & 0xffff : job.reference
    const answer = encodePdu({ ...serve(job, peer), reference })
    if (peer.pduSize > 0 && Math.max(data.length, answer.length) > peer.pduSize)
      return encodeData(
        encodePdu({ ...job, kind: kinds.ack, reference, error: 0x8500, parameters: noData, data: noData }),
      )
    return encodeData(answer)
  }

  function serve(job: Pdu, peer: { pduSize: number }): Pdu {
    const answer = (parameters: Buffer, data: Buffer): Pdu => ({
      ...job,
      kind: kinds.ackData,
      error: 0,
      parameters,
      data,
    })
    const refuse = (error: number): Pdu => ({ ...answer(noData, noData), kind: kinds.ack, error })
    const code = job.parameters[0]
    if (code === functions.setup) {
      peer.pduSize = Math.min(pduSizeMax, decodeSetup(job.parameters))
      return answer(setupParameters(peer.pduSize), noData)
    }
    if (faults.refusesAll || (code !== functions.read && code !== functions.write)) return refuse(0x8104)
    const items = decodeItems(job.parameters)
    if (code === functions.write) {
      const values = decodeValues(job.data, items.length)
      const codes = items.map((item, i) => store(item, values[i]!.data))
      return answer(Buffer.from([code, items.length]), Buffer.from(codes))
    }
    return answer(Buffer.from([code, items.length]), encodeValues(items.map(load)))
  }

  /** The return code that an item is refused with. */
  function refusal({ area, db, byte, count }: Item): number | undefined {
    if (!memory.has(`${area}${db}`)) return 0x0a
    if (count < 1 || byte + count > areaBytes) return 0x05
    for (const missing of faults.missing) {
      const gone = plain(missing)
      if (gone?.area === area && gone.db === db && gone.byte < byte + count && gone.byte + gone.bytes > byte)
        return 0x05
    }
    return undefined
  }

  function load(item: Item): { code: number; unit: Item['unit']; data: Buffer } {
    const code = refusal(item)
    if (code !== undefined) return { code, unit: item.unit, data: noData }
    const bytes = make(item)
    const data =
      item.unit === 'bit'
        ? Buffer.from([(bytes[item.byte]! >> item.bit) & 1])
        : Buffer.from(bytes.subarray(item.byte, item.byte + item.count))
    return { code: success, unit: item.unit, data }
  }

  function store(item: Item, data: Buffer): number {
    const code = refusal(item)
    if (code !== undefined) return code
    if (data.length !== item.count) return 0x07
    if (item.unit === 'bit') setBit(make(item), item, data[0] === 1)
    else data.copy(make(item), item.byte)
    return success
  }

  const parse = (address: string, type: Parameters<typeof parseAddress>[1]) =>
    parseAddress(address, type, { pduSize: pduSizeMax })
  return {
    settings: { host: server.host, port: server.port },
    faults,
    set(text, type, value) {
      const address = parse(text, type)
      const bytes = make(address)
      if (type === 'bool') setBit(bytes, address, booleanOf(value))
      else if (type !== 'text') writeNumber(value, type as NumberType).copy(bytes, address.byte)
      else if (address.isString) {
        const characters = writeText(value, address.bytes - 2, 'utf-8')
        const end = characters.indexOf(0)
        bytes.set([address.bytes - 2, end === -1 ? characters.length : end], address.byte)
        characters.copy(bytes, address.byte + 2)
      } else writeText(value, address.bytes, 'utf-8').copy(bytes, address.byte)
    },
    get(text, type) {
      const address = parse(text, type)
      const bytes = make(address).subarray(address.byte, address.byte + address.bytes)
      if (type === 'bool') return ((bytes[0]! >> address.bit) & 1) === 1
      if (type !== 'text') return readNumber(bytes, type).value ?? Number.NaN
      return readText(address.isString ? bytes.subarray(2, 2 + bytes[1]!) : bytes, 'utf-8').value ?? ''
    },
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
      return parseAddress(address, type, { pduSize: pduSizeMax })
    } catch {
      // Of the next type, perhaps.
    }
  return undefined
}
