import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { get as httpGet } from 'node:http'
import { get as httpsGet } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import pg from 'pg'
import { type Config, type Mode, readConfig } from '../config.ts'
import { folderFormat, runningOn } from './data-folder.ts'

interface Finding {
  ok: boolean
  about: string
  says: string
}

/** `kapok doctor`: looks and changes nothing; exit code 1 when something needs a person. */
export async function doctor(): Promise<void> {
  const findings: Finding[] = []
  const find = (ok: boolean, about: string, says: string) => findings.push({ ok, about, says })
  const [major = 0] = process.versions.node.split('.').map(Number)
  find(major === 24, 'Node', `${process.version}${major === 24 ? '' : '; start by npm, which brings Node 24 along'}`)
  const mode = modeOf(readConfig('platform').dataFolder)
  const config = readConfig(mode ?? 'platform')
  lookAtFolder(config, find)
  const running = runningOn(config.dataFolder)
  find(true, 'supervisor', running === undefined ? 'not running' : `running, process ${running}`)
  for (const [name, port] of [
    ['HTTP', config.httpPort],
    ['MQTT', config.mqttPort],
  ] as const) {
    const answers = await accepts(port)
    const fits = answers === (running !== undefined)
    find(
      fits,
      `${name} port ${port}`,
      answers ? (fits ? 'answers' : 'is taken by another program') : fits ? 'free' : 'does not answer',
    )
  }
  if (running !== undefined) await lookAtReadiness(config, find)
  if (config.databaseUrl !== undefined) await lookAtDatabase(config.databaseUrl, find)
  for (const { ok, about, says } of findings) process.stdout.write(`${ok ? '✔' : '✖'} ${about}: ${says}\n`)
  process.exitCode = findings.every(({ ok }) => ok) ? 0 : 1
}

type Find = (ok: boolean, about: string, says: string) => void

function modeOf(folder: string): Mode | undefined {
  const stamp = join(folder, 'kapok.json')
  return existsSync(stamp) ? (JSON.parse(readFileSync(stamp, 'utf8')) as { kapok: Mode }).kapok : undefined
}

function lookAtFolder({ dataFolder }: Config, find: Find): void {
  const stampFile = join(dataFolder, 'kapok.json')
  if (!existsSync(stampFile)) {
    find(true, 'data folder', `${dataFolder} is not made yet; the first start makes it`)
    return
  }
  const { kapok, format } = JSON.parse(readFileSync(stampFile, 'utf8')) as { kapok: Mode; format: number }
  find(format <= folderFormat, 'data folder', `${dataFolder}, a ${kapok}, format ${format}`)
  const { bavail, bsize } = statfsSync(dataFolder)
  const freeGiB = (bavail * bsize) / 2 ** 30
  find(freeGiB > 2, 'disk', `${freeGiB.toFixed(1)} GiB free${freeGiB > 2 ? '' : '; free some space soon'}`)
  const location = join(dataFolder, 'postgres.location')
  if (existsSync(location)) {
    const elsewhere = readFileSync(location, 'utf8').trim()
    find(existsSync(elsewhere), 'database', `lives in ${elsewhere}, since its user may not enter the data folder`)
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 2_000 })
    socket.once('connect', () => done(true))
    socket.once('error', () => done(false))
    socket.once('timeout', () => done(false))
    socket.once('connect', () => socket.destroy())
  })
}

async function lookAtReadiness(config: Config, find: Find): Promise<void> {
  try {
    const { checks } = JSON.parse(await readyz(config)) as { checks: { name: string; ok: boolean }[] }
    for (const { name, ok } of checks) find(ok, name, ok ? 'answers' : 'does not answer; see the log')
  } catch (error) {
    find(false, 'readiness', error instanceof Error ? error.message : String(error))
  }
}

/** Asked on this machine, where the certificate's name is another one and nothing secret is said. */
function readyz({ tls, httpPort }: Config): Promise<string> {
  const get = tls === undefined ? httpGet : httpsGet
  const options = { host: '127.0.0.1', port: httpPort, path: '/readyz', timeout: 5_000, rejectUnauthorized: false }
  return new Promise((done, fail) => {
    const asked = get(options, (reply) => void text(reply).then(done, fail))
    asked.once('timeout', () => asked.destroy(new Error('no answer within 5 s')))
    asked.once('error', fail)
  })
}

async function lookAtDatabase(url: string, find: Find): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  try {
    await client.connect()
    const { rows } = await client.query<{ version: string; bypass: boolean }>(
      `SELECT current_setting('server_version') AS version, rolsuper OR rolbypassrls AS bypass FROM pg_roles WHERE rolname = current_user`,
    )
    const [row] = rows
    find(
      row?.bypass === false,
      'DATABASE_URL',
      `PostgreSQL ${row?.version}${row?.bypass ? '; its role passes by row-level security' : ''}`,
    )
  } catch (error) {
    find(false, 'DATABASE_URL', error instanceof Error ? error.message : String(error))
  } finally {
    await client.end().catch(() => {})
  }
}
