import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import type { Log } from '@kapok/kit/log'
import { type EmbeddedPostgres, startPostgres } from '@kapok/kit-store/engine/postgres'
import { migrate, readMigrations } from '@kapok/kit-store/migrate'
import { type Config, SetupError } from '../config.ts'
import { migrationsOfAll } from '../planes.ts'
import { storeDatabase } from '../roles/engine-kit.ts'
import { buildPortalIfStale } from './build-portal.ts'
import type { Lock } from './data-folder.ts'
import { grantApplicationRole, lookAtOwnDatabase } from './own-database.ts'
import { RoleFailed, Supervisor } from './supervisor.ts'

export interface RunningPlatform {
  supervisor: Supervisor
  /** Environment of an inner role; what the world's own roles are started with. */
  env: Record<string, string>
  stop(): Promise<void>
}

export interface PlatformOptions {
  config: Config
  log: Log
  /** Held on the data folder; released when everything has ended. */
  lock: Lock
  /** File descriptor of the roles' log; without it they write to our standard error. */
  output?: number | undefined
  entry: string
  say(words: string): void
  /** A world's time at its start; a platform has the system's and nobody can set it. */
  clock?: { atMs: number; running: boolean }
  /** The database ended although nobody asked it to: the platform cannot go on. */
  onFatal(error: Error): void
}

/** Brings a whole platform up: engines, migrations, roles. Whatever was started is ended again when a step fails. */
export async function startPlatform(options: PlatformOptions): Promise<RunningPlatform> {
  const { config, log, say } = options
  const undo: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    undo.push(async () => options.lock.release())
    await portsAreFree(config)

    const supervisor = new Supervisor({ log, entry: options.entry, say, output: options.output })
    undo.push(() => supervisor.stop())
    if (options.clock !== undefined) await supervisor.setClock(options.clock.atMs, options.clock.running)
    say('正在启动数据库与时序库 · starting the database and the store …')
    const [database, storeUrl] = await allOf([
      startDatabase(options, undo),
      startStore(config, supervisor),
      buildPortalIfStale(say),
    ])
    const env = {
      KAPOK_MODE: config.mode,
      KAPOK_INNER_DATABASE: database.appUrl,
      KAPOK_INNER_STORE: storeUrl,
      KAPOK_INNER_FOLDER: config.dataFolder,
      KAPOK_INNER_URL: config.baseUrl,
      KAPOK_INNER_DEVICE_PORT: String(await freePort()),
      KAPOK_INNER_DEVICE_SECRET: randomBytes(24).toString('base64url'),
      ...(config.mode === 'world' && { KAPOK_INNER_IDENTIFIER_SECRET: randomBytes(24).toString('base64url') }),
    }
    say('正在启动接入与门户 · starting ingest and the portal …')
    const roles = [['ingest'], ['server'], ...(config.mode === 'world' ? [['resolver', '--sim']] : [])]
    await Promise.all(roles.map((args) => supervisor.start({ name: args[0] ?? '', args: ['run', ...args], env })))
    return { supervisor, env, stop }
  } catch (error) {
    await stop()
    if (error instanceof RoleFailed)
      throw new SetupError(`${error.message} Look with “npm run kapok doctor”; the log says more.`, { cause: error })
    throw error
  }
}

/** Like Promise.all, but waits for the others when one fails: what they start is then there to be ended. */
async function allOf<T extends readonly Promise<unknown>[]>(steps: [...T]) {
  await Promise.allSettled(steps)
  return Promise.all(steps)
}

async function startDatabase(
  { config, log, onFatal }: PlatformOptions,
  undo: (() => Promise<unknown>)[],
): Promise<{ appUrl: string }> {
  let urls: { appUrl: string; ownerUrl: string }
  if (config.databaseUrl !== undefined && config.databaseOwnerUrl !== undefined) {
    urls = { appUrl: config.databaseUrl, ownerUrl: config.databaseOwnerUrl }
    await lookAtOwnDatabase(urls)
  } else {
    const postgres: EmbeddedPostgres = await startPostgres({ dataFolder: config.dataFolder, log }).catch(
      (cause: unknown) => {
        const why = cause instanceof Error ? cause.message : String(cause)
        throw new SetupError(
          `The database did not start: ${why.replace(/\s*\n\s*/g, ' ').replace(/\.?$/, '.')} Check the permissions and the space of ${config.dataFolder}.`,
          { cause },
        )
      },
    )
    let stopping = false
    // The database ends after every role, so its step stands before the supervisor's.
    undo.splice(1, 0, () => {
      stopping = true
      return postgres.stop()
    })
    void postgres.exited.then((code) => {
      if (!stopping) onFatal(new Error(`PostgreSQL ended by itself (${code})`))
    })
    urls = postgres
  }
  const applied = await migrate(urls.ownerUrl, readMigrations(migrationsOfAll), Date.now()).catch((error: unknown) => {
    if (error instanceof Error && /newer version/.test(error.message)) throw new SetupError(error.message)
    throw error
  })
  if (applied.length > 0) log.info({ applied }, 'migrations applied')
  if (config.databaseUrl !== undefined) await grantApplicationRole(urls)
  return urls
}

async function startStore(config: Config, supervisor: Supervisor): Promise<string> {
  let url = config.clickhouseUrl
  if (url === undefined) {
    const secret = randomBytes(24).toString('base64url')
    const port = await freePort()
    await supervisor.start({
      name: 'store',
      args: ['run', 'store'],
      env: {
        KAPOK_MODE: config.mode,
        KAPOK_INNER_FOLDER: config.dataFolder,
        KAPOK_STORE_PORT: String(port),
        KAPOK_STORE_SECRET: secret,
      },
    })
    url = `http://kapok:${secret}@127.0.0.1:${port}`
  }
  const client = createClient({ url, request_timeout: 10_000, log: { level: ClickHouseLogLevel.OFF } })
  try {
    await client.command({ query: `CREATE DATABASE IF NOT EXISTS ${storeDatabase}` })
  } catch (error) {
    if (config.clickhouseUrl === undefined) throw error
    throw new SetupError(
      `CLICKHOUSE_URL does not answer: ${error instanceof Error ? error.message : String(error)}. Check host, port, user and password.`,
      { cause: error },
    )
  } finally {
    await client.close()
  }
  return url
}

/** A port that is free now on loopback. The store keeps it over restarts, so that its URL stays true. */
function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer()
    probe.once('error', fail)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => done(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

async function portsAreFree(config: Config): Promise<void> {
  for (const [name, port] of [
    ['KAPOK_HTTP_PORT', config.httpPort],
    ['KAPOK_MQTT_PORT', config.mqttPort],
    ...(config.mode === 'world'
      ? ([
          ['KAPOK_HANDLE_PORT', config.handlePort],
          ['KAPOK_RESOLVER_HTTP_PORT', config.resolverHttpPort],
        ] as const)
      : []),
  ] as const)
    for (const host of config.hosts) {
      const code = await tryListen(port, host)
      if (code === undefined || code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL') continue
      if (code === 'EACCES')
        throw new SetupError(`Port ${port} may not be used without privileges. Set ${name} to a port above 1023.`)
      throw new SetupError(
        `Port ${port} is taken by another program. Stop that program, or set ${name} to a free port.`,
      )
    }
}

function tryListen(port: number, host: string): Promise<string | undefined> {
  return new Promise((done) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? 'unknown'))
    probe.listen({ port, host, ipv6Only: true }, () => probe.close(() => done(undefined)))
  })
}

export const entryOf = (root: string) => join(root, 'server/src/kapok.ts')
