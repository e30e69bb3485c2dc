import { type Check, integer, oneOf, optional, otherwise, shape } from '../../check.ts'
import {
  type DeviceConnection,
  DeviceError,
  type Driver,
  type DriverTag,
  quality,
  type Sample,
  type TagValue,
} from '../../driver.ts'
import { checkLineEnd, Line, type LineEnd, lineSettings, nameOfLine, sharedLine } from '../../line.ts'
import { LineTurns } from '../../line-turns.ts'
import { type ModbusAddress, parseAddress } from './address.ts'
import {
  bitOf,
  checkWriteAnswer,
  decodeReadAnswer,
  encodeMaskWrite,
  encodeRead,
  encodeWrite,
  type Frame,
  type Framing,
  type ReadRequest,
} from './codec.ts'
import { rtuFraming, tcpFraming } from './framing.ts'
import { type Block, planBlocks } from './plan.ts'
import { isNumberType, readNumber, readText, type WordOrder, wordOrders, writeNumber, writeText } from './registers.ts'

export interface ModbusSettings extends LineEnd {
  unit: number
  /** The order of the device's values; an address may say another. */
  order: WordOrder
  /** `tcp` with the MBAP header; `rtu` with CRC, the only one on a serial port. By default as the line suggests. */
  framing: 'tcp' | 'rtu' | undefined
  /** Requests on the way at once over TCP; 1 for a device that cannot pipeline. */
  inFlightMax: number
  /** Largest read, for a device that takes less than the protocol allows. */
  registersMax: number
}

const shapeOfSettings = shape<ModbusSettings>({
  ...lineSettings({ port: 502, baudRate: 9_600, parity: 'none' }),
  unit: otherwise(integer(0, 255), 1),
  order: otherwise(oneOf(wordOrders), 'ABCD'),
  framing: optional(oneOf(['tcp', 'rtu'] as const)),
  inFlightMax: otherwise(integer(1, 64), 4),
  registersMax: otherwise(integer(1, 125), 125),
})
const settings: Check<ModbusSettings> = (value, path) => checkLineEnd(shapeOfSettings(value, path), path)

/** Modbus TCP, RTU over TCP, and RTU on a serial line. */
export const driver: Driver<ModbusSettings, ModbusAddress, Block> = {
  protocol: 'modbus',
  settings,
  parseAddress: (address, type, { order }) => parseAddress(address, type, order),
  place: ({ address: { area, address, count } }) => ({ area, from: address, to: address + count }),
  plan: (tags, { registersMax }) => planBlocks(tags, registersMax),
  open: (opened) => new ModbusConnection(opened),
}

class ModbusConnection implements DeviceConnection<ModbusAddress, Block> {
  readonly #unit: number
  readonly #framing: Framing
  readonly #line: Line<Frame>
  readonly #release: () => Promise<void>
  /** On a serial line: one request at a time, whose time runs from its turn. */
  readonly #turns: LineTurns | undefined
  #transaction = 0

  constructor(settings: ModbusSettings) {
    const isTcp = (settings.framing ?? (settings.serialPort === undefined ? 'tcp' : 'rtu')) === 'tcp'
    const framing = isTcp ? tcpFraming : rtuFraming
    this.#unit = settings.unit
    this.#framing = framing
    const make = () =>
      new Line({
        end: settings,
        frames: () => framing.reader('server'),
        inFlightMax: framing.hasTransactions ? settings.inFlightMax : 1,
      })
    // Units on one serial line take turns. Over Modbus TCP each device has a connection of its own.
    if (isTcp) {
      this.#line = make()
      this.#release = () => this.#line.close()
    } else {
      ;({ line: this.#line, release: this.#release } = sharedLine(`modbus ${nameOfLine(settings)}`, make))
      this.#turns = new LineTurns(this.#line)
    }
  }

  async read(block: Block): Promise<Sample[]> {
    const data = await this.#ask(encodeRead(block), (pdu) => decodeReadAnswer(pdu, block))
    return block.tags.map(({ address, type }) => sampleOf(data, block, address, type))
  }

  async write(tag: DriverTag<ModbusAddress>, value: TagValue): Promise<void> {
    const { area, address } = tag.address
    const pdu = encodeTagWrite(tag, value)
    await this.#ask(pdu, (answer) => checkWriteAnswer(answer, pdu, `${area}/${address}`) ?? true)
  }

  close(): Promise<void> {
    this.#turns?.close()
    return this.#release()
  }

  #ask<T>(pdu: Buffer, decode: (answer: Buffer) => T): Promise<T> {
    return this.#turns === undefined ? this.#exchange(pdu, decode) : this.#turns.take(() => this.#exchange(pdu, decode))
  }

  #exchange<T>(pdu: Buffer, decode: (answer: Buffer) => T): Promise<T> {
    this.#transaction = (this.#transaction + 1) & 0xffff
    const sent: Frame = {
      transaction: this.#framing.hasTransactions ? this.#transaction : 0,
      unit: this.#unit,
      pdu,
    }
    return this.#line.request(this.#framing.encode(sent), (frame) => {
      if (frame.transaction !== sent.transaction) return undefined
      if (frame.unit !== sent.unit)
        throw new DeviceError({
          zh: `应答来自站号 ${frame.unit}，应为站号 ${sent.unit}`,
          en: `unit ${frame.unit} answered instead of unit ${sent.unit}`,
        })
      return decode(frame.pdu)
    })
  }
}

function sampleOf(data: Buffer, block: ReadRequest, address: ModbusAddress, type: DriverTag<unknown>['type']): Sample {
  const at = address.address - block.address
  if (address.bit !== undefined) {
    const word = Number(readNumber(data, 'uint16', address.order, at * 2).value)
    return { value: ((word >> address.bit) & 1) === 1, quality: quality.good }
  }
  if (isNumberType(type)) return readNumber(data, type, address.order, at * 2)
  if (type === 'bool') return { value: bitOf(data, at), quality: quality.good }
  return readText(data.subarray(at * 2, (at + address.count) * 2), address.order)
}

/** Throws a RangeError for a value that the tag cannot take. */
function encodeTagWrite({ address, type }: DriverTag<ModbusAddress>, value: TagValue): Buffer {
  const { area, address: at, bit, order, count } = address
  if (area === 'discrete' || area === 'input') throw new RangeError(`the area ${area} can only be read`)
  if (type === 'bool') {
    if (typeof value !== 'boolean') throw new RangeError(`true or false is expected, not ${JSON.stringify(value)}`)
    return bit === undefined ? encodeWrite('coil', at, value) : encodeMaskWrite(at, bit, value)
  }
  return encodeWrite(
    'holding',
    at,
    isNumberType(type) ? writeNumber(value, type, order) : writeText(value, count * 2, order),
  )
}
