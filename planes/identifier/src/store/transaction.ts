import { HandleFormatError, HandleReader } from '../handle/bytes.ts'
import { storeLimits } from './limits.ts'
import { handleOf } from './record-bytes.ts'
import { StoreRefusal } from './refusal.ts'

const kinds = ['create', 'replace', 'delete'] as const
export type TransactionKind = (typeof kinds)[number]

/** One change of one record. Its bytes are a leaf of the Merkle log, and what a mirror pulls. */
export interface Transaction {
  /** From 1 on, without gaps. */
  seq: number
  /** Unix milliseconds. */
  at: number
  kind: TransactionKind
  /** As registered. */
  handle: string
  /** SHA-256 of the record's content before; undefined when there was none. */
  before: Buffer | undefined
  /** The record's content after (`decodeContent`); undefined after a delete. */
  after: Buffer | undefined
  /** Who signed it, `index:handle`, or ''. */
  by: string
  bytes: Buffer
}

const format = 1
const none = Buffer.alloc(32)
const byAt = 46

/**
 * `format (1) ‖ kind (1) ‖ seq (6) ‖ at (6) ‖ SHA-256 before, or zeros (32) ‖ length (2) ‖ by ‖ content after`; after a delete
 * the content is the handle alone.
 */
export function encodeTransaction(row: {
  seq: number
  at: number
  kind: TransactionKind
  before: Buffer | undefined
  by: Buffer
  content: Buffer
}): Buffer {
  const bytes = Buffer.allocUnsafe(byAt + 2 + row.by.length + row.content.length)
  bytes[0] = format
  bytes[1] = kinds.indexOf(row.kind) + 1
  bytes.writeUIntBE(row.seq, 2, 6)
  bytes.writeUIntBE(row.at, 8, 6)
  ;(row.before ?? none).copy(bytes, 14)
  bytes.writeUInt16BE(row.by.length, byAt)
  row.by.copy(bytes, byAt + 2)
  row.content.copy(bytes, byAt + 2 + row.by.length)
  return bytes
}

/** What a delete has for a content: the handle alone. */
export function nameContent(handle: Buffer): Buffer {
  const content = Buffer.allocUnsafe(2 + handle.length)
  content.writeUInt16BE(handle.length, 0)
  handle.copy(content, 2)
  return content
}

/** The bytes of who signs. Throws StoreRefusal when they are too many. */
export function signerBytes(by: string): Buffer {
  const bytes = Buffer.from(by, 'utf8')
  if (bytes.length > storeLimits.signerBytes)
    throw new StoreRefusal('invalidHandle', `a signer is “index:handle” of at most ${storeLimits.signerBytes} bytes`)
  return bytes
}

/** Throws HandleFormatError for bytes that are no transaction. */
export function decodeTransaction(given: Uint8Array): Transaction {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength)
  const reader = new HandleReader(bytes)
  if (reader.u8('the format of a transaction') !== format) reader.refuse(`format ${format}`, `${bytes[0]}`, 0)
  const kind = kinds[reader.u8('the kind of a transaction') - 1]
  if (kind === undefined) return reader.refuse('kind 1, 2 or 3', `${bytes[1]}`, 1)
  const seq = reader.raw(6, 'the sequence number').readUIntBE(0, 6)
  const at = reader.raw(6, 'the time').readUIntBE(0, 6)
  const hash = reader.raw(32, 'the hash of what was before')
  const before = hash.equals(none) ? undefined : hash
  if ((before === undefined) !== (kind === 'create'))
    reader.refuse(kind === 'create' ? 'no hash of what was before' : 'a hash of what was before', 'the other', 14)
  const by = reader.raw(reader.u16('the length of the signer'), 'the signer').toString('utf8')
  const content = reader.rest()
  if (content.length < 2 || content.length < 2 + content.readUInt16BE(0))
    throw new HandleFormatError(byAt + 2, 'the handle', `${content.length} bytes until the end`)
  const handle = handleOf(content)
  if (kind === 'delete' && content.length !== 2 + content.readUInt16BE(0))
    throw new HandleFormatError(byAt + 2, 'the handle alone after a delete', `${content.length} bytes`)
  return { seq, at, kind, handle, before, after: kind === 'delete' ? undefined : content, by, bytes }
}
