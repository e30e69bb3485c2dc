import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { makeLog } from '@kapok/kit/log'
import { startPostgres } from '@kapok/kit-store/engine/postgres'
import pg from 'pg'
import { freePort, waitFor } from './platform.ts'

const root = join(import.meta.dirname, '../..')

export interface OwnPostgres {
  /** URL of a role on a database, by TCP. */
  url(role: string, database: string, password?: string): string
  /** One statement as superuser, on `database`. */
  sql(statement: string, database?: string): Promise<void>
  stop(): Promise<void>
}

/** A PostgreSQL that somebody else runs: on TCP, in its own folder. Every role's password is its own name. */
export async function startOwnPostgres(folder: string): Promise<OwnPostgres> {
  const port = await freePort()
  const postgres = await startPostgres({ dataFolder: folder, log: makeLog('test', 'warn'), fsync: false, port })
  const sql = async (statement: string, database = 'postgres') => {
    const url = new URL(postgres.ownerUrl)
    url.pathname = `/${database}`
    const client = new pg.Client({ connectionString: url.toString() })
    await client.connect()
    await client.query(statement).finally(() => client.end())
  }
  // Nothing of ours stands in a PostgreSQL of somebody else.
  for (const ours of ['DATABASE kapok', 'ROLE kapok_app']) await sql(`DROP ${ours}`)
  return {
    url: (role, database, password = role) => `postgres://${role}:${password}@127.0.0.1:${port}/${database}`,
    sql,
    stop: postgres.stop,
  }
}

export interface OwnStore {
  url: string
  child: ChildProcess
  stop(): Promise<void>
}

/** `kapok run store` by itself, as somebody would run it on another machine's behalf. */
export async function startOwnStore(folder: string): Promise<OwnStore> {
  const [port, secret] = [await freePort(), randomBytes(16).toString('hex')]
  const child = spawn(process.execPath, [join(root, 'server/src/kapok.ts'), 'run', 'store'], {
    stdio: 'inherit',
    env: {
      PATH: process.env.PATH ?? '',
      KAPOK_INNER_FOLDER: folder,
      KAPOK_STORE_PORT: String(port),
      KAPOK_STORE_SECRET: secret,
      KAPOK_LOG: 'error',
    },
  })
  const url = `http://kapok:${secret}@127.0.0.1:${port}`
  await waitFor('the store', async () => {
    if (child.exitCode !== null) throw new Error(`the store ended with ${child.exitCode}`)
    return (await fetch(`http://127.0.0.1:${port}/ping`).catch(() => undefined))?.ok === true
  })
  return {
    url,
    child,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = new Promise((done) => child.once('exit', done))
      child.kill('SIGTERM')
      await ended
    },
  }
}
