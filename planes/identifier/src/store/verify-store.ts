import { setImmediate as turn } from 'node:timers/promises'
import { ed25519Holds, openNote, sizeOf } from '@kapok/kit/signed-note'
import { canonicalHandle, HandleFormatError } from '../handle/handle.ts'
import { numberKey, recordKey } from './keys.ts'
import { storeLimits } from './limits.ts'
import { assertSealed, contentOf, handleOf, seqOf } from './record-bytes.ts'
import { StoreFault } from './refusal.ts'
import { bytesAt, type Tables } from './tables.ts'
import { decodeTransaction, type Transaction } from './transaction.ts'
import { appendLeaf, leafHash, type Peaks, rootOfPeaks } from './tree.ts'
import { lastSeq } from './write-record.ts'

export type Verdict =
  | { ok: true; transactions: number; records: number; checkpoints: number }
  /** The first that differs: its transaction, its handle where one is known, and a sentence. */
  | { ok: false; seq: number | undefined; handle: string | undefined; message: string }

/**
 * Walks the whole log and all records: each transaction is in the tree whose root was signed, and each record is what its
 * last transaction made of it. The store may be written to meanwhile; what comes after the beginning is not looked at.
 * Reads a slice at a time, so that others have their turn.
 */
export async function verifyStore(tables: Tables, verifierKeys: readonly string[]): Promise<Verdict> {
  try {
    const size = lastSeq(tables)
    const checkpoints = await walkLog(tables, size, verifierKeys)
    return { ok: true, transactions: size, records: await walkRecords(tables), checkpoints }
  } catch (error) {
    if (error instanceof Differs) return { ok: false, seq: error.seq, handle: error.handle, message: error.message }
    throw error
  }
}

class Differs extends Error {
  readonly seq: number | undefined
  readonly handle: string | undefined

  constructor(message: string, seq?: number, handle?: string) {
    super(message)
    this.seq = seq
    this.handle = handle
  }
}

async function walkLog(tables: Tables, size: number, verifierKeys: readonly string[]): Promise<number> {
  let peaks: Peaks = []
  let checkpoints = 0
  for (let seq = 1; seq <= size; seq++) {
    if (seq % storeLimits.walkItems === 0) await turn()
    const bytes = bytesAt(tables.log, numberKey(seq))
    if (bytes === undefined) throw new Differs(`transaction ${seq} is gone from the log`, seq)
    const transaction = readTransaction(bytes, seq)
    peaks = appendLeaf(peaks, seq - 1, leafHash(bytes), (key, node) => {
      if (!bytesAt(tables.tree, key)?.equals(node))
        throw new Differs(`transaction ${seq}, or one of those before it, is not the one that was logged`, seq)
    })
    const note = bytesAt(tables.checkpoints, numberKey(seq))
    if (note) {
      compareCheckpoint(note.toString('utf8'), seq, rootOfPeaks(peaks), verifierKeys)
      checkpoints++
    }
    compareRecord(tables, transaction)
  }
  return checkpoints
}

function readTransaction(bytes: Buffer, seq: number): Transaction {
  try {
    const transaction = decodeTransaction(bytes)
    if (transaction.seq === seq) return transaction
    throw new Differs(`in the place of transaction ${seq} lies ${transaction.seq}`, seq, transaction.handle)
  } catch (error) {
    if (error instanceof HandleFormatError)
      throw new Differs(`transaction ${seq} cannot be read: ${error.message}`, seq)
    throw error
  }
}

function compareCheckpoint(note: string, size: number, root: Buffer, verifierKeys: readonly string[]): void {
  try {
    const opened = openNote(note)
    const isSigned = verifierKeys.some((key) => ed25519Holds(opened, key))
    if (sizeOf(opened) === size && isSigned && root.equals(opened.hash)) return
  } catch {
    // Said below: a note that cannot be read holds as little as a wrong one.
  }
  throw new Differs(`the log up to transaction ${size} is not the one that was signed`, size)
}

function compareRecord(tables: Tables, { seq, handle, after }: Transaction): void {
  const key = recordKey(Buffer.from(canonicalHandle(handle), 'utf8'))
  const sealed = bytesAt(tables.records, key)
  if (sealed === undefined) {
    const gone = bytesAt(tables.deleted, key)?.readUIntBE(0, 6) ?? 0
    if (after === undefined ? gone < seq : gone <= seq)
      throw new Differs(`the record of ${handle} is gone, and no transaction deletes it`, seq, handle)
    return
  }
  try {
    assertSealed(key, sealed)
  } catch (error) {
    if (error instanceof StoreFault) throw new Differs(error.message, seq, handle)
    throw error
  }
  const last = seqOf(sealed)
  if (last > seq) return
  if (last < seq || after === undefined || !contentOf(sealed).equals(after))
    throw new Differs(`the record of ${handle} is not what transaction ${seq} made of it`, seq, handle)
}

/** Every record has a transaction of its own; `compareRecord` looked at what it says. */
async function walkRecords(tables: Tables): Promise<number> {
  let records = 0
  let start: Buffer | undefined
  for (;;) {
    const slice = [...tables.records.getRange({ start, limit: storeLimits.walkItems })]
    for (const { key, value } of slice) {
      if (start?.equals(key)) continue
      records++
      const seq = seqOf(value)
      const bytes = bytesAt(tables.log, numberKey(seq))
      const transaction = bytes && readTransaction(bytes, seq)
      if (transaction === undefined || !recordKey(Buffer.from(canonicalHandle(transaction.handle))).equals(key)) {
        const handle = handleOf(contentOf(value))
        throw new Differs(`no transaction made the record of ${handle}`, seq, handle)
      }
    }
    if (slice.length < storeLimits.walkItems) return records
    start = slice.at(-1)?.key
    await turn()
  }
}
