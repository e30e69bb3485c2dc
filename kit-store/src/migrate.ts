import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { txOn } from './db.ts'

/** The migrations of one plane: files `0001-words.sql` in a folder, applied in the order of their names. */
export interface Migrations {
  plane: string
  folder: string
}

export interface Migration {
  plane: string
  file: string
  sql: string
  sha256: string
}

/** Everything under the folders, planes in the given order. Throws when a file name has no number. */
export function readMigrations(sets: readonly Migrations[]): Migration[] {
  return sets.flatMap(({ plane, folder }) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.sql'))
      .sort()
      .map((file) => {
        if (!/^\d{4}-[a-z0-9-]+\.sql$/.test(file)) throw new Error(`${folder}/${file}: name it 0001-words.sql`)
        const sql = readFileSync(join(folder, file), 'utf8')
        return { plane, file, sql, sha256: createHash('sha256').update(sql).digest('hex') }
      }),
  )
}

/**
 * Brings the database up to date as its owner: one transaction a migration, one migrator at a time. Refuses a database
 * made by a newer version (a migration it knows and we do not) and an applied file that was edited since.
 */
export async function migrate(ownerUrl: string, migrations: readonly Migration[], nowMs: number): Promise<string[]> {
  const client = new pg.Client({ connectionString: ownerUrl })
  await client.connect()
  const applied: string[] = []
  try {
    const tx = txOn(client)
    await tx.run('SELECT pg_advisory_lock(5280)')
    await tx.run(`CREATE TABLE IF NOT EXISTS public.migration
      (plane text, file text, sha256 text NOT NULL, applied_at timestamptz NOT NULL, PRIMARY KEY (plane, file))`)
    const known = new Map(migrations.map((migration) => [`${migration.plane}/${migration.file}`, migration]))
    const done = new Map<string, string>()
    for (const row of await tx.rows<{ plane: string; file: string; sha256: string }>(
      'SELECT * FROM public.migration',
    )) {
      const name = `${row.plane}/${row.file}`
      const migration = known.get(name)
      if (migration === undefined)
        throw new Error(
          `This data was made by a newer version of Kapok (it has migration ${name}). Install that version.`,
        )
      if (migration.sha256 !== row.sha256) throw new Error(`Migration ${name} was changed after it was applied.`)
      done.set(name, row.sha256)
    }
    for (const migration of migrations) {
      const name = `${migration.plane}/${migration.file}`
      if (done.has(name)) continue
      await tx.run('BEGIN')
      try {
        await client.query(migration.sql)
        await tx.run('INSERT INTO public.migration VALUES ($1, $2, $3, $4)', [
          migration.plane,
          migration.file,
          migration.sha256,
          new Date(nowMs),
        ])
        await tx.run('COMMIT')
      } catch (error) {
        await tx.run('ROLLBACK')
        throw new Error(`Migration ${name} failed: ${String(error)}`, { cause: error })
      }
      applied.push(name)
    }
  } finally {
    await client.end()
  }
  return applied
}
