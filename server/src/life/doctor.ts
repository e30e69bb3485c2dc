import { existsSync, readdirSync, readFileSync, statfsSync } from 'node:fs'
import { get as httpGet } from 'node:http'
import { get as httpsGet } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Config, readConfig } from '../config.ts'
import { folderFormat, readStamp, runningOn, type Stamp } from './data-folder.ts'
import { type DatabaseUrls, lookAtOwnDatabase } from './own-database.ts'

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
  const config = configOfFolder()
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
  const { databaseUrl: appUrl, databaseOwnerUrl: ownerUrl } = config
  if (appUrl !== undefined && ownerUrl !== undefined) await lookAtDatabase({ appUrl, ownerUrl }, find)
  for (const { ok, about, says } of findings) process.stdout.write(`${ok ? '✔' : '✖'} ${about}: ${says}\n`)
  process.exitCode = findings.every(({ ok }) => ok) ? 0 : 1
}

type Find = (ok: boolean, about: string, says: string) => void

/** Of the folder that KAPOK_DATA names, else of the default folder that runs, else of one that is there. */
function configOfFolder(): Config {
  const [platform, world] = [
    readConfig('platform'),
    readConfig('world', { ...process.env, KAPOK_TLS_CERT: '', KAPOK_TLS_KEY: '' }),
  ]
  if (platform.dataFolder === world.dataFolder)
    return stampOf(platform.dataFolder)?.kapok === 'world' ? world : platform
  const isThere = ({ dataFolder }: Config) => existsSync(join(dataFolder, 'kapok.json'))
  const both = [platform, world]
  return both.find(({ dataFolder }) => runningOn(dataFolder) !== undefined) ?? both.find(isThere) ?? platform
}

function stampOf(folder: string): Stamp | undefined {
  try {
    return readStamp(folder)
  } catch {
    return undefined
  }
}

function lookAtFolder({ dataFolder, databaseUrl }: Config, find: Find): void {
  let stamp: Stamp | undefined
  try {
    stamp = readStamp(dataFolder)
  } catch (error) {
    find(false, 'data folder', error instanceof Error ? error.message : String(error))
    return
  }
  if (stamp === undefined) {
    find(true, 'data folder', `${dataFolder} is not made yet; the first start makes it`)
    return
  }
  const isNewer = stamp.format > folderFormat
  const says = `${dataFolder}, a ${stamp.kapok}, format ${stamp.format}`
  find(!isNewer, 'data folder', isNewer ? `${says}, made by a newer version of Kapok; install that version` : says)
  const { bavail, bsize } = statfsSync(dataFolder)
  const freeGiB = (bavail * bsize) / 2 ** 30
  find(freeGiB > 2, 'disk', `${freeGiB.toFixed(1)} GiB free${freeGiB > 2 ? '' : '; free some space soon'}`)
  if (databaseUrl === undefined && existsSync(join(dataFolder, 'postgres.secret'))) lookAtCluster(dataFolder, find)
  lookAtSegments(join(dataFolder, 'data', 'log'), find)
}

function lookAtCluster(dataFolder: string, find: Find): void {
  const location = join(dataFolder, 'postgres.location')
  const isElsewhere = existsSync(location)
  const home = isElsewhere ? readFileSync(location, 'utf8').trim() : join(dataFolder, 'postgres')
  const isThere = existsSync(join(home, 'cluster', 'PG_VERSION'))
  if (!isThere) find(false, 'database', `stood in ${home} and is gone; bring it back from a backup`)
  else find(true, 'database', `in ${home}${isElsewhere ? ', since its user may not enter the data folder' : ''}`)
}

/** Acknowledged points that are not in the store. */
function lookAtSegments(folder: string, find: Find): void {
  const count = (each: string) =>
    existsSync(each) ? readdirSync(each).filter((name) => /\.(rows|open)$/.test(name)).length : 0
  const waiting = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.rows')).length : 0
  find(true, 'log of points', waiting === 0 ? 'all in the store' : `${waiting} segments wait for the store`)
  for (const [place, about, why] of [
    ['set-aside', 'segments set aside', 'the log says why the store refused them'],
    ['damaged', 'damaged segments', 'their whole blocks were loaded; look at the disk'],
  ] as const) {
    const n = count(join(folder, place))
    if (n > 0) find(false, about, `${n} in ${join(folder, place)}; ${why}`)
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
    for (const { name, ok } of checks) find(ok, name, ok ? 'answers' : 'does not answer or has no room; see the log')
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

async function lookAtDatabase(urls: DatabaseUrls, find: Find): Promise<void> {
  try {
    await lookAtOwnDatabase(urls)
    find(true, 'DATABASE_URL', 'answers, and its role cannot pass by row-level security')
  } catch (error) {
    find(false, 'DATABASE_URL', error instanceof Error ? error.message : String(error))
  }
}
