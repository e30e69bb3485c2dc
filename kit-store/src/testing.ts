import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { makeBus } from '@kapok/kit/bus'
import { SettableClock } from '@kapok/kit/clock'
import { randomIds } from '@kapok/kit/ids'
import { makeLog } from '@kapok/kit/log'
import pg from 'pg'
import { openDb } from './db.ts'
import { type EmbeddedPostgres, startPostgres } from './engine/postgres.ts'
import type { Kit } from './kit.ts'
import { type Migrations, migrate, readMigrations } from './migrate.ts'

/** Engines for one run of tests: a real PostgreSQL and a real store in a temporary folder. */
export interface TestEngines {
  ownerUrl: string
  appUrl: string
  clickhouseUrl: string
  stop(): Promise<void>
}

export async function startTestEngines(): Promise<TestEngines> {
  const folder = mkdtempSync(join(tmpdir(), 'kapok-test-'))
  const [postgres, store] = await Promise.all([
    startPostgres({ dataFolder: folder, log: makeLog('test', 'warn'), fsync: false }),
    startTestStore(join(folder, 'store')),
  ])
  return {
    ownerUrl: postgres.ownerUrl,
    appUrl: postgres.appUrl,
    clickhouseUrl: store.url,
    async stop() {
      await Promise.all([postgres.stop(), store.stop()])
      removeDataFolder(folder)
    },
  }
}

/** Removes a data folder, and what PostgreSQL's unprivileged user keeps outside of it when root runs the tests. */
export function removeDataFolder(folder: string): void {
  const location = join(folder, 'postgres.location')
  if (existsSync(location)) rmSync(dirname(readFileSync(location, 'utf8').trim()), { recursive: true, force: true })
  rmSync(folder, { recursive: true, force: true })
}

/** `kapok run store` by itself, as tests and benchmarks need it. */
export async function startTestStore(
  folder: string,
): Promise<{ url: string; child: ChildProcess; stop(): Promise<void> }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'engine/store-main.ts'), folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, KAPOK_STORE_SECRET: randomBytes(16).toString('hex') },
  })
  const url = await new Promise<string>((done, fail) => {
    child.stdout?.once('data', (chunk: Buffer) => done(chunk.toString().trim()))
    child.once('exit', (code) => fail(new Error(`the store ended with ${code}`)))
  })
  return {
    url,
    child,
    stop: () =>
      new Promise((done) => {
        if (child.exitCode !== null || child.signalCode !== null) return done()
        child.once('exit', () => done())
        child.stdin?.end()
      }),
  }
}

export interface TestKit extends Kit {
  clock: SettableClock
  appUrl: string
  ownerUrl: string
  clickhouseUrl: string
  stop(): Promise<void>
}

/**
 * A kit over a fresh database in each engine. Engines come from the run's global set-up (`KAPOK_TEST_ENGINES`), else
 * they are started for this one kit and end with it.
 */
export async function testKit(options: { migrations: readonly Migrations[] }): Promise<TestKit> {
  const shared = process.env.KAPOK_TEST_ENGINES
  const own = shared === undefined ? await startTestEngines() : undefined
  const engines = own ?? (JSON.parse(shared ?? '') as TestEngines)
  const name = `t_${randomBytes(6).toString('hex')}`
  const admin = new pg.Client({ connectionString: engines.ownerUrl })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${name}`)
  await admin.end()
  const ownerUrl = onDatabase(engines.ownerUrl, name)
  const appUrl = onDatabase(engines.appUrl, name)
  const base = { plane: 'kit', folder: join(import.meta.dirname, 'migrations') }
  await migrate(ownerUrl, readMigrations([base, ...options.migrations]), 0)
  await withClickHouse(engines.clickhouseUrl, (client) => client.command({ query: `CREATE DATABASE ${name}` }))

  const folder = mkdtempSync(join(tmpdir(), 'kapok-kit-'))
  const db = openDb(appUrl)
  const clickhouse = createClient({
    url: engines.clickhouseUrl,
    database: name,
    log: { level: ClickHouseLogLevel.OFF },
  })
  return {
    clock: new SettableClock(),
    ids: randomIds,
    log: makeLog('test', 'warn'),
    bus: makeBus(),
    db,
    clickhouse,
    dataFolder: folder,
    baseUrl: 'http://localhost:8080',
    ownerUrl,
    appUrl,
    clickhouseUrl: onDatabase(engines.clickhouseUrl, name),
    async stop() {
      await Promise.all([db.stop(), clickhouse.close()])
      await own?.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function withClickHouse(url: string, work: (client: ClickHouseClient) => Promise<unknown>): Promise<void> {
  const client = createClient({ url })
  try {
    await work(client)
  } finally {
    await client.close()
  }
}

function onDatabase(url: string, database: string): string {
  const changed = new URL(url)
  changed.pathname = `/${database}`
  return changed.toString()
}

export type { EmbeddedPostgres }
