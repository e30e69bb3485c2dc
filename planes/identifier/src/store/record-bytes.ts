import { crc32 } from 'node:zlib'
import { HandleFormatError, HandleReader, HandleWriter } from '../handle/bytes.ts'
import { type HandleValue, readValues, valuePermissions, writeValues } from '../handle/value.ts'
import { storeLimits } from './limits.ts'
import { StoreFault, StoreRefusal } from './refusal.ts'

/**
 * A record as it lies in the store: `seq (6) ‖ content ‖ CRC-32 (4)`, with
 * `content = length (2) ‖ handle as registered ‖ length (4) ‖ public values ‖ other values`,
 * values as an answer carries them: their number (4), then each in its order of index (RFC 3652 §2.3.1).
 */
export interface StoredRecord {
  /** As registered. */
  handle: string
  /** In order of their indexes. */
  values: readonly HandleValue[]
}

const seqBytes = 6
const checkBytes = 4
/** CRC-32 of bytes and their own CRC-32 behind them, least byte first. */
const wholeCheck = 0x2144df1c

/** The content of a record. Throws StoreRefusal for values that cannot be kept. */
export function encodeContent(handle: string, values: readonly HandleValue[]): Buffer {
  const name = handleBytes(handle)
  const open: HandleValue[] = []
  const closed: HandleValue[] = []
  let last = 0
  for (const value of inOrder(values)) {
    if (value.index === last)
      throw new StoreRefusal(
        'invalidValue',
        last === 0 ? 'the index of a value is a number from 1' : `two values have the index ${last}`,
      )
    last = value.index
    if ((value.permissions & valuePermissions.publicRead) !== 0) open.push(value)
    else closed.push(value)
  }
  try {
    const writer = new HandleWriter(512).u16(name.length, 'the length of the handle').raw(name)
    const lengthAt = writer.offset
    writer.u32(0, 'the length of the public values')
    writeValues(writer, open)
    const openBytes = writer.offset - lengthAt - 4
    writeValues(writer, closed)
    const content = writer.done()
    if (content.length > storeLimits.recordBytes)
      throw new StoreRefusal(
        'invalidValue',
        `a record has at most ${storeLimits.recordBytes} bytes, this one ${content.length}`,
      )
    content.writeUInt32BE(openBytes, lengthAt)
    return content
  } catch (error) {
    if (error instanceof HandleFormatError) throw new StoreRefusal('invalidValue', error.message)
    throw error
  }
}

function inOrder(values: readonly HandleValue[]): readonly HandleValue[] {
  for (let i = 1; i < values.length; i++)
    if ((values[i - 1]?.index ?? 0) > (values[i]?.index ?? 0)) return values.toSorted((a, b) => a.index - b.index)
  return values
}

/** A handle's UTF-8. Throws StoreRefusal for what is no handle. */
export function handleBytes(handle: string): Buffer {
  if (!handle.isWellFormed())
    throw new StoreRefusal('invalidHandle', 'a handle has a UTF-8 form, this one has half a letter')
  const bytes = Buffer.from(handle, 'utf8')
  if (bytes.length === 0 || bytes.length > storeLimits.handleBytes)
    throw new StoreRefusal(
      'invalidHandle',
      `a handle has 1 to ${storeLimits.handleBytes} bytes of UTF-8, this one ${bytes.length}`,
    )
  return bytes
}

export function sealRecord(key: Buffer, seq: number, content: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(seqBytes + content.length + checkBytes)
  bytes.writeUIntBE(seq, 0, seqBytes)
  content.copy(bytes, seqBytes)
  const end = seqBytes + content.length
  bytes.writeUInt32LE(crc32(bytes.subarray(0, end), crc32(key)), end)
  return bytes
}

/** Throws StoreFault when these are not the bytes that were kept under this key. */
export function assertSealed(key: Buffer, bytes: Buffer): void {
  if (bytes.length < seqBytes + checkBytes || crc32(bytes, crc32(key)) !== wholeCheck)
    throw new StoreFault(`the record ${JSON.stringify(key.toString('utf8'))} is damaged on the disk`)
}

export const seqOf = (sealed: Buffer): number => sealed.readUIntBE(0, seqBytes)
export const contentOf = (sealed: Buffer): Buffer => sealed.subarray(seqBytes, sealed.length - checkBytes)

/** The public values of a sealed record, as an answer carries them. */
export function publicBlockOf(sealed: Buffer): Buffer {
  const lengthAt = seqBytes + 2 + sealed.readUInt16BE(seqBytes)
  const from = lengthAt + 4
  return sealed.subarray(from, from + sealed.readUInt32BE(lengthAt))
}

export function handleOf(content: Buffer): string {
  return content.toString('utf8', 2, 2 + content.readUInt16BE(0))
}

/** Throws HandleFormatError for what `encodeContent` does not write. */
export function decodeContent(content: Buffer): StoredRecord {
  const reader = new HandleReader(content)
  const handle = reader.raw(reader.u16('the length of the handle'), 'the handle').toString('utf8')
  const openBytes = reader.u32('the length of the public values')
  const open = readValues(reader.within(openBytes, 'the public values'))
  const closed = readValues(reader)
  if (reader.left > 0) reader.refuse('the end of the record', `${reader.left} bytes more`)
  const values = closed.length === 0 ? open : [...open, ...closed].sort((a, b) => a.index - b.index)
  return { handle, values }
}
