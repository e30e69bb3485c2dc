/**
 * S7 communication: setup communication, read var and write var with addresses of the kind S7ANY. Siemens publishes none of
 * it; the source is Wireshark’s packet-s7comm.c and its sample captures. Pure: bytes to values and back.
 */
import { DeviceError } from '../../driver.ts'
import { type Area, areas } from './address.ts'
import { itemWords } from './errors.ts'

export const functions = { setup: 0xf0, read: 0x04, write: 0x05 } as const
/** Kinds of a PDU: a request, an answer without data, an answer with data. */
export const kinds = { job: 1, ack: 2, ackData: 3 } as const

/** A PDU: header, parameters, data. */
export interface Pdu {
  kind: number
  reference: number
  /** Error class and code of an answer, 0 for none. */
  error: number
  parameters: Buffer
  data: Buffer
}

/** What is read or written: bytes, or one bit. */
export interface Item {
  area: Area
  db: number
  byte: number
  bit: number
  unit: 'byte' | 'bit'
  count: number
}

/** What came of one item of a read: its bytes, or the return code that it was refused with. */
export type ItemAnswer = { data: Buffer } | { refused: number }

const itemBytes = 12
const success = 0xff
/** Transport sizes of an item, with the bytes of each (packet-s7comm.c, “Transport sizes in item data”). */
const itemSizes: Record<number, number> = { 1: 1, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 4, 8: 4 }
/** Transport sizes of data: these count bits, the others bytes. */
const dataSizes = { bit: 3, bytes: 4 } as const
const countsBits = (size: number) => size >= 3 && size <= 5

export function encodePdu({ kind, reference, error, parameters, data }: Pdu): Buffer {
  const header = Buffer.alloc(kind === kinds.job ? 10 : 12)
  header.set([0x32, kind])
  header.writeUInt16BE(reference, 4)
  header.writeUInt16BE(parameters.length, 6)
  header.writeUInt16BE(data.length, 8)
  if (kind !== kinds.job) header.writeUInt16BE(error, 10)
  return Buffer.concat([header, parameters, data])
}

/** Throws DeviceError on what is no PDU of S7. */
export function decodePdu(bytes: Buffer): Pdu {
  if (bytes.length < 10 || bytes[0] !== 0x32) throw new DeviceError('what came is no S7 communication')
  const kind = bytes[1]!
  const header = kind === kinds.ack || kind === kinds.ackData ? 12 : 10
  const end = header + bytes.readUInt16BE(6)
  if (bytes.length < header || end + bytes.readUInt16BE(8) !== bytes.length)
    throw new DeviceError('the PDU is not as long as it says')
  return {
    kind,
    reference: bytes.readUInt16BE(4),
    error: header === 12 ? bytes.readUInt16BE(10) : 0,
    parameters: bytes.subarray(header, end),
    data: bytes.subarray(end),
  }
}

/** `pduSize` in bytes; one job at a time in either direction. */
export function setupParameters(pduSize: number): Buffer {
  const parameters = Buffer.from([functions.setup, 0, 0, 1, 0, 1, 0, 0])
  parameters.writeUInt16BE(pduSize, 6)
  return parameters
}

/** The PDU size of a setup. Throws DeviceError on what is none. */
export function decodeSetup(parameters: Buffer): number {
  if (parameters.length !== 8 || parameters[0] !== functions.setup) throw new DeviceError('no setup of communication')
  return parameters.readUInt16BE(6)
}

export function itemParameters(kind: 'read' | 'write', items: readonly Item[]): Buffer {
  const parameters = Buffer.alloc(2 + items.length * itemBytes)
  parameters.set([functions[kind], items.length])
  for (const [i, { area, db, byte, bit, unit, count }] of items.entries()) {
    const at = 2 + i * itemBytes
    parameters.set([0x12, 0x0a, 0x10, unit === 'bit' ? 1 : 2], at)
    parameters.writeUInt16BE(count, at + 4)
    parameters.writeUInt16BE(db, at + 6)
    parameters.writeUInt8(areas[area], at + 8)
    parameters.writeUIntBE(byte * 8 + bit, at + 9, 3)
  }
  return parameters
}

/** Items of a request as a CPU reads them. Throws DeviceError. */
export function decodeItems(parameters: Buffer): Item[] {
  if (parameters.length < 2 || parameters.length !== 2 + parameters[1]! * itemBytes)
    throw new DeviceError('items that are not as many as they say')
  return Array.from({ length: parameters[1]! }, (_, i) => {
    const at = 2 + i * itemBytes
    const size = itemSizes[parameters[at + 3]!]
    const area = (Object.keys(areas) as Area[]).find((each) => areas[each] === parameters[at + 8])
    if (parameters[at] !== 0x12 || parameters[at + 2] !== 0x10 || size === undefined || area === undefined)
      throw new DeviceError('an item of a kind that is not served')
    const start = parameters.readUIntBE(at + 9, 3)
    return {
      area,
      db: parameters.readUInt16BE(at + 6),
      byte: start >> 3,
      bit: start & 7,
      unit: parameters[at + 3] === 1 ? 'bit' : 'byte',
      count: parameters.readUInt16BE(at + 4) * size,
    }
  })
}

/** Values one after the other, each but the last filled up to an even number of bytes. */
export function encodeValues(values: readonly { code: number; unit: Item['unit']; data: Buffer }[]): Buffer {
  return Buffer.concat(
    values.flatMap(({ code, unit, data }, i) => {
      const head = Buffer.alloc(4)
      head.writeUInt8(code)
      if (data.length > 0) {
        head.writeUInt8(dataSizes[unit === 'bit' ? 'bit' : 'bytes'], 1)
        head.writeUInt16BE(unit === 'bit' ? data.length : data.length * 8, 2)
      }
      const fill = i < values.length - 1 ? data.length % 2 : 0
      return [head, data, Buffer.alloc(fill)]
    }),
  )
}

/** The values of an answer or a write request: return code and bytes of each. Throws DeviceError. */
export function decodeValues(data: Buffer, count: number): { code: number; data: Buffer }[] {
  const values: { code: number; data: Buffer }[] = []
  let at = 0
  for (let i = 0; i < count; i++) {
    if (at + 4 > data.length) throw new DeviceError('an answer with too few values')
    const length = data.readUInt16BE(at + 2)
    const bytes = countsBits(data[at + 1]!) ? Math.ceil(length / 8) : length
    if (at + 4 + bytes > data.length) throw new DeviceError('a value beyond the end of the answer')
    values.push({ code: data[at]!, data: data.subarray(at + 4, at + 4 + bytes) })
    at += 4 + bytes + (bytes % 2)
  }
  // The last value may be filled up, too.
  if (at < data.length) throw new DeviceError('more came than was asked for')
  return values
}

/** What came of each item of a read. Throws DeviceError for an answer that does not fit. */
export function decodeRead({ parameters, data }: Pdu, items: readonly Item[]): ItemAnswer[] {
  checkCount(parameters, functions.read, items.length)
  return decodeValues(data, items.length).map(({ code, data: bytes }, i) => {
    if (code !== success) return { refused: code }
    if (bytes.length !== items[i]!.count)
      throw new DeviceError(`a value of ${bytes.length} bytes came instead of ${items[i]!.count}`)
    return { data: bytes }
  })
}

/** What a write was refused with, in words; undefined when it was done. Throws DeviceError. */
export function decodeWrite({ parameters, data }: Pdu): string | undefined {
  checkCount(parameters, functions.write, 1)
  if (data.length !== 1) throw new DeviceError(`an answer of ${data.length} bytes came instead of 1`)
  return data[0] === success ? undefined : itemWords(data[0]!)
}

function checkCount(parameters: Buffer, code: number, count: number): void {
  if (parameters.length !== 2 || parameters[0] !== code || parameters[1] !== count)
    throw new DeviceError('an answer to another request came')
}
