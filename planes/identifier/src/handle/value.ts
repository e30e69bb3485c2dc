import { type HandleReader, HandleWriter } from './bytes.ts'
import { handleLimits } from './limits.ts'

/** A value of a record: another handle's value, by its index. Index 0 means the handle itself. */
export interface ValueReference {
  handle: string
  index: number
}

/** Who may do what with a value (RFC 3651 §3.1); bits of one byte. */
export const valuePermissions = { publicWrite: 1, publicRead: 2, adminWrite: 4, adminRead: 8 } as const

/** Everybody reads, administrators read and write: what hdllib gives a value when nothing is said. */
export const defaultPermissions = 0x0e

export interface HandleValue {
  index: number
  /** Compared without regard to case, kept as written. */
  type: string
  data: Uint8Array
  /** Seconds from now, or the second since 1970 at which the value expires. */
  ttl: { kind: 'relative' | 'absolute'; seconds: number }
  permissions: number
  /** Last change, seconds since 1970. */
  timestamp: number
  references: ValueReference[]
}

/** A value as hdllib makes it when nothing is said: a day to live, read by everybody, written by administrators, no references. */
export const newValue = (
  index: number,
  type: string,
  data: Uint8Array,
  more: Partial<HandleValue> = {},
): HandleValue => ({
  index,
  type,
  data,
  ttl: { kind: 'relative', seconds: 86_400 },
  permissions: defaultPermissions,
  timestamp: 0,
  references: [],
  ...more,
})

const smallestValue = 4 + 4 + 1 + 4 + 1 + 4 + 4 + 4
export const smallestReference = 8

export function readReference(reader: HandleReader): ValueReference {
  return { handle: reader.text('the handle of a reference'), index: reader.u32('the index of a reference') }
}

export function writeReference(writer: HandleWriter, { handle, index }: ValueReference): void {
  writer.text(handle, 'the handle of a reference').u32(index, 'the index of a reference')
}

/** One handle value (RFC 3652 §2.3.1, RFC 3651 §3.1). Throws HandleFormatError. */
export function readValue(reader: HandleReader): HandleValue {
  const index = reader.u32('the index of a value')
  const timestamp = reader.u32('the timestamp of a value')
  const ttlAt = reader.offset
  const ttlKind = reader.u8('the TTL type of a value')
  if (ttlKind > 1) reader.refuse('TTL type 0 (relative) or 1 (absolute)', `${ttlKind}`, ttlAt)
  const seconds = reader.u32('the TTL of a value')
  const permissions = reader.u8('the permissions of a value')
  const type = reader.text('the type of a value', handleLimits.typeBytes)
  const data = reader.bytes('the data of a value')
  const references = reader.list('references', handleLimits.references, smallestReference, () => readReference(reader))
  return {
    index,
    type,
    data,
    ttl: { kind: ttlKind === 1 ? 'absolute' : 'relative', seconds },
    permissions,
    timestamp,
    references,
  }
}

export function writeValue(writer: HandleWriter, value: HandleValue): void {
  writer
    .u32(value.index, 'the index of a value')
    .u32(value.timestamp, 'the timestamp of a value')
    .u8(value.ttl.kind === 'absolute' ? 1 : 0, 'the TTL type')
    .u32(value.ttl.seconds, 'the TTL of a value')
    .u8(value.permissions, 'the permissions of a value')
    .text(value.type, 'the type of a value', handleLimits.typeBytes)
    .bytes(value.data, 'the data of a value')
    .list(value.references, 'references', handleLimits.references, (each) => writeReference(writer, each))
}

export function readValues(reader: HandleReader): HandleValue[] {
  return reader.list('values', handleLimits.values, smallestValue, () => readValue(reader))
}

export function writeValues(writer: HandleWriter, values: readonly HandleValue[]): void {
  writer.list(values, 'values', handleLimits.values, (each) => writeValue(writer, each))
}

/** The bytes of one value, as answers carry them and as signatures cover them. */
export function encodeValue(value: HandleValue): Buffer {
  const writer = new HandleWriter()
  writeValue(writer, value)
  return writer.done()
}
