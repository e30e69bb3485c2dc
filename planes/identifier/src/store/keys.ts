import { hash } from 'node:crypto'
import { storeLimits } from './limits.ts'

/**
 * Key of a record, from its handle in canonical form as UTF-8. LMDB's keys are shorter than handles may be: of a long one it
 * is the head and the SHA-256 of the whole, and by its length no other handle's own key.
 */
export function recordKey(canonical: Buffer): Buffer {
  if (canonical.length <= storeLimits.plainKeyBytes) return canonical
  const { keyHeadBytes } = storeLimits
  const key = Buffer.allocUnsafe(keyHeadBytes + 32)
  canonical.copy(key, 0, 0, keyHeadBytes)
  sha256(canonical).copy(key, keyHeadBytes)
  return key
}

/** Keys from here on may belong to names that begin with `start`; the names decide, since long ones are cut. */
export function keyStart(start: Buffer): Buffer {
  return start.subarray(0, storeLimits.keyHeadBytes)
}

/** The least key after all keys that begin with these bytes (which are no 0xff alone: UTF-8 has none). */
export function keyEnd(start: Buffer): Buffer {
  const end = Buffer.from(keyStart(start))
  end[end.length - 1] = (end.at(-1) ?? 0) + 1
  return end
}

/** A number up to 2^48 as a key that sorts by it. */
export function numberKey(number: number): Buffer {
  const key = Buffer.allocUnsafe(6)
  key.writeUIntBE(number, 0, 6)
  return key
}

export function numberOfKey(key: Uint8Array): number {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).readUIntBE(0, 6)
}

export function sha256(bytes: Uint8Array): Buffer {
  // By way of a string it makes no memory of its own for 32 bytes, and takes a third of the time.
  return Buffer.from(hash('sha256', bytes, 'binary'), 'binary')
}
