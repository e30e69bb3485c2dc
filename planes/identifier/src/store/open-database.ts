import { chmodSync } from 'node:fs'
import { dirname } from 'node:path'
import { open, type RootDatabase, type RootDatabaseOptionsWithPath } from 'lmdb'
import { syncPath } from './sync-path.ts'

/** Keys and values of every table. */
export const binary = { encoding: 'binary', keyEncoding: 'binary' } as const

/**
 * An LMDB file for a CommitQueue: a promise settles after fsync, and nobody sees what is not on the disk
 * (docs/decisions/0012). Readable by its owner alone. Throws what LMDB says.
 */
export function openDatabase(
  file: string,
  { tables, readOnly = false }: { tables: number; readOnly?: boolean },
): RootDatabase<Buffer, Buffer> {
  const options: RootDatabaseOptionsWithPath & { noReadAhead: boolean } = {
    ...binary,
    path: file,
    noSubdir: true,
    maxDbs: tables + 1,
    pageSize: 4096,
    readOnly,
    overlappingSync: false,
    // With it a commit that the disk refuses rejects a promise that nobody can hold, which ends the process.
    eventTurnBatching: false,
    // Names come in no order: what lies beside a record is not read next.
    noReadAhead: true,
  }
  const root = open<Buffer, Buffer>(options)
  if (!readOnly) {
    chmodSync(file, 0o600)
    // LMDB syncs what is in the file; that the file is there is said by its folder.
    syncPath(dirname(file))
  }
  return root
}
