import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Database, RootDatabase } from 'lmdb'
import { assertNotTorn } from './file-check.ts'
import { binary, openDatabase } from './open-database.ts'
import { StoreFault } from './refusal.ts'
import { syncPath } from './sync-path.ts'

export type Table = Database<Buffer, Buffer>

/** The tables of one store, all in one LMDB file, so that a change of several is one transaction. */
export interface Tables {
  root: RootDatabase<Buffer, Buffer>
  /** recordKey → sealed record (record-bytes.ts). */
  records: Table
  /** recordKey → seq of the delete, for names that had a record. */
  deleted: Table
  /** seq → transaction (transaction.ts). */
  log: Table
  /** level ‖ index → node of the Merkle tree (tree.ts). */
  tree: Table
  /** SHA-256 of an alias → recordKey. */
  aliases: Table
  /** SHA-256 of the canonical target ‖ recordKey of the source ‖ index of its value → nothing. */
  references: Table
  /** SHA-256 of signer and batch id → what came and what came out (batch.ts). */
  batches: Table
  /** Number → key in `batches`, in the order in which they came. */
  batchOrder: Table
  /** Tree size → signed note. */
  checkpoints: Table
}

const names = [
  'records',
  'deleted',
  'log',
  'tree',
  'aliases',
  'references',
  'batches',
  'batchOrder',
  'checkpoints',
] as const

export const dataFile = (folder: string): string => join(folder, 'records.mdb')

export function makeFolder(folder: string): void {
  const first = mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (first !== undefined) for (const path of [first, resolve(folder)]) syncPath(dirname(path))
}

/** Throws StoreFault when the folder has no store (readers), or one that cannot be read. */
export function openTables(folder: string, { readOnly }: { readOnly: boolean }): Tables {
  const file = dataFile(folder)
  if (readOnly && !existsSync(file)) throw new StoreFault(`${folder} has no store of records`)
  if (existsSync(file)) assertNotTorn(file)
  try {
    const root = openDatabase(file, { tables: names.length, readOnly })
    const tables = Object.fromEntries(names.map((name) => [name, root.openDB({ ...binary, name })]))
    return { root, ...tables } as unknown as Tables
  } catch (error) {
    if (error instanceof StoreFault) throw error
    throw new StoreFault(`the store in ${folder} cannot be opened: ${(error as Error).message}`, error)
  }
}

/** A copy of what is kept under a key. */
export function bytesAt(table: Table, key: Buffer): Buffer | undefined {
  const bytes = table.getBinaryFast(key)
  // What comes lies in a buffer that the next read uses; its length is what was read, not what it could hold.
  if (bytes === undefined) return undefined
  const copy = Buffer.allocUnsafe(bytes.length)
  copy.set(bytes.subarray(0, copy.length))
  return copy
}

export function countOf(table: Table): number {
  return (table.getStats() as { entryCount: number }).entryCount
}
