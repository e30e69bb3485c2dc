import { createHash } from 'node:crypto'
import { type EventTermKind, termKinds } from './event-terms.ts'

// Index keys: kind (1 byte), term, 0, event time (6 bytes), sequence number (6 bytes): the events of a term lie in the
// order of their times. A term longer than LMDB's keys like is cut and its digest stands behind it.

const termBytesMax = 400
const tailBytes = 12
/** Times from the year −260 on, as a positive number of 48 bits. */
const timeShift = 2 ** 46
const kindText = Object.fromEntries(Object.entries(termKinds).map(([name, byte]) => [byte, name])) as Record<
  number,
  EventTermKind
>
const timeKind = 0x54

export interface IndexEntry {
  /** Event time, Unix ms. */
  time: number
  seq: number
  roles: number
}

/** Bytes of a term as they stand in keys. NUL, which no URI has, ends it. */
export function termBytes(text: string): Buffer {
  const bytes = Buffer.from(text.includes('\0') ? text.replaceAll('\0', '') : text, 'utf8')
  if (bytes.length <= termBytesMax) return bytes
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 40)
  return Buffer.concat([bytes.subarray(0, termBytesMax), Buffer.from(`\x01${digest}`)])
}

export function termKey(kind: EventTermKind, text: string, time: number, seq: number): Buffer {
  const term = termBytes(text)
  const key = Buffer.allocUnsafe(2 + term.length + tailBytes)
  key[0] = termKinds[kind]
  term.copy(key, 1)
  key[1 + term.length] = 0
  writeTail(key, 2 + term.length, time, seq)
  return key
}

/** All events by their time alone. */
export function timeKey(time: number, seq: number): Buffer {
  const key = Buffer.allocUnsafe(1 + tailBytes)
  key[0] = timeKind
  writeTail(key, 1, time, seq)
  return key
}

function writeTail(key: Buffer, at: number, time: number, seq: number): void {
  key.writeUIntBE(Math.min(Math.max(time + timeShift, 0), 2 ** 48 - 1), at, 6)
  key.writeUIntBE(seq, at + 6, 6)
}

/** Time and sequence number at the end of a key. */
export function entryOf(key: Buffer, roles: number): IndexEntry {
  const at = key.length - tailBytes
  return { time: key.readUIntBE(at, 6) - timeShift, seq: key.readUIntBE(at + 6, 6), roles }
}

/** The term of a key; of a long one only its beginning is known. */
export function termOfKey(key: Buffer): { kind: EventTermKind; text: string } | undefined {
  const kind = kindText[key[0] ?? 0]
  if (kind === undefined) return undefined
  const text = key.subarray(1, key.length - tailBytes - 1).toString('utf8')
  const cut = text.indexOf('\x01')
  return { kind, text: cut < 0 ? text : text.slice(0, cut) }
}

/** Beyond all keys of a term. */
export function behindTerm(kind: EventTermKind, text: string): Buffer {
  return Buffer.concat([Buffer.from([termKinds[kind]]), termBytes(text), Buffer.from([1])])
}

/** All keys of terms that begin so: from the first, and beyond the last. */
export function prefixRange(kind: EventTermKind, prefix: string): { start: Buffer; end: Buffer } {
  const start = Buffer.concat([Buffer.from([termKinds[kind]]), termBytes(prefix)])
  return { start, end: Buffer.concat([start, Buffer.from([0xff])]) }
}
