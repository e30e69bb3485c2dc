import { copyFileSync, existsSync } from 'node:fs'
import { hasLogKey, logKeyFile } from './log-key.ts'
import { StoreRefusal } from './refusal.ts'
import { syncPath } from './sync-path.ts'
import { dataFile, makeFolder, type Tables } from './tables.ts'

/** One consistent state, and on the disk when it resolves. Throws StoreRefusal when a store is there already. */
export async function backupStore(tables: Tables, from: string, to: string): Promise<void> {
  const file = dataFile(to)
  if (existsSync(file))
    throw new StoreRefusal('invalidBatch', `${to} has a store already: a backup goes into a new folder`)
  makeFolder(to)
  await tables.root.backup(file, false)
  if (hasLogKey(from)) copyFileSync(logKeyFile(from), logKeyFile(to))
  for (const path of [file, ...(hasLogKey(to) ? [logKeyFile(to)] : []), to]) syncPath(path)
}
