import { ed25519Holds, type OpenedNote, openNote, sizeOf } from '@kapok/kit/signed-note'
import { HandleFormatError } from '../handle/handle.ts'
import { numberKey } from './keys.ts'
import { StoreRefusal } from './refusal.ts'
import { bytesAt, type Tables } from './tables.ts'
import { decodeTransaction, type Transaction } from './transaction.ts'
import { rootOfPeaks } from './tree.ts'
import type { RecordWriter } from './write-record.ts'

/** What a mirror pulls: transactions in their order, and the note that signs the log up to the last of them. */
export interface Feed {
  transactions: readonly Uint8Array[]
  checkpoint: string
}

/** Throws StoreRefusal when the note is not of this log or not of a size. */
export function openCheckpoint(note: string, verifierKey: string): { size: number; note: OpenedNote } {
  try {
    const opened = openNote(note)
    if (ed25519Holds(opened, verifierKey)) return { size: sizeOf(opened), note: opened }
  } catch (error) {
    throw new StoreRefusal('notTheLog', `the checkpoint cannot be read: ${(error as Error).message}`)
  }
  throw new StoreRefusal('notTheLog', 'the checkpoint is not signed by the key of the log that is mirrored')
}

/**
 * Writes what is new of a feed; what came before is compared. Throws StoreRefusal with the sequence number when a
 * transaction is not the one that was there, does not follow, or when the whole is not what was signed; some may be written
 * then, so the commit must be undone.
 */
export function replayFeed(
  tables: Tables,
  writer: RecordWriter,
  feed: Feed,
  checkpoint: { size: number; note: OpenedNote },
): { applied: number; size: number } {
  const before = writer.draft.size
  for (const bytes of feed.transactions) {
    const transaction = readTransaction(bytes, writer.draft.size + 1)
    if (transaction.seq <= writer.draft.size) compareKept(tables, transaction)
    else writer.replay(transaction)
  }
  const { size, peaks } = writer.draft
  if (checkpoint.size !== size)
    throw new StoreRefusal(
      'notTheLog',
      `the checkpoint signs ${checkpoint.size} transactions, with these there are ${size}`,
      Math.min(size, checkpoint.size) + 1,
    )
  if (!rootOfPeaks(peaks).equals(checkpoint.note.hash))
    throw new StoreRefusal(
      'notTheLog',
      before === size
        ? `the log was rewritten: its ${size} transactions are not those that are here`
        : `the log was rewritten: what was signed is neither these transactions from ${before + 1} on nor those that are here before them`,
      before + 1,
    )
  return { applied: size - before, size }
}

function compareKept(tables: Tables, { seq, bytes }: Transaction): void {
  if (!bytesAt(tables.log, numberKey(seq))?.equals(bytes))
    throw new StoreRefusal('notTheLog', `transaction ${seq} was rewritten: here is another`, seq)
}

function readTransaction(bytes: Uint8Array, seq: number): Transaction {
  try {
    return decodeTransaction(bytes)
  } catch (error) {
    if (error instanceof HandleFormatError)
      throw new StoreRefusal('notTheLog', `transaction ${seq} cannot be read: ${error.message}`, seq)
    throw error
  }
}
