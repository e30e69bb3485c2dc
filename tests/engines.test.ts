import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { connectAsync } from 'mqtt'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Person } from '../world/src/people/person.ts'
import { type FirstPlant, firstPlant, temperaturesOf } from './support/first-plant.ts'
import { type OwnPostgres, type OwnStore, startOwnPostgres, startOwnStore } from './support/own-engines.ts'
import { password } from './support/plant.ts'
import { newFolder, processesOf, removeFolder, type Started, startKapok, waitFor } from './support/platform.ts'

async function send(platform: Started, token: string, temperature: number): Promise<void> {
  const device = await connectAsync(`mqtt://127.0.0.1:${platform.mqttPort}`, { protocolVersion: 5, username: token })
  await device.publishAsync('kapok/v1/telemetry', JSON.stringify({ values: { temperature } }), { qos: 1 })
  await device.endAsync()
}

describe('engines of one’s own', () => {
  let postgres: OwnPostgres
  let store: OwnStore
  const engineFolder = newFolder()
  const folder = newFolder()
  let platform: Started | undefined
  beforeAll(async () => {
    ;[postgres, store] = await Promise.all([startOwnPostgres(engineFolder), startOwnStore(engineFolder)])
    // What docs/running.md tells an administrator of databases to do. Every role's password is its name.
    const page = readFileSync(join(import.meta.dirname, '../docs/running.md'), 'utf8')
    const statements = /```sql\n([\s\S]+?)```/.exec(page)?.[1]?.trim().split('\n') ?? []
    expect(statements).toHaveLength(3)
    for (const statement of statements)
      await postgres.sql(statement.replace('…', /ROLE (\w+)/.exec(statement)?.[1] ?? ''))
    await postgres.sql(`CREATE ROLE passing_app LOGIN BYPASSRLS PASSWORD 'passing_app'`)
  })
  afterEach(async () => {
    await platform?.stop()
    expect(processesOf(folder)).toEqual([])
  })
  afterAll(async () => {
    await Promise.all([postgres?.stop(), store?.stop()])
    for (const each of [folder, engineFolder]) removeFolder(each)
  })
  const urls = (app = 'province_app') => ({
    DATABASE_URL: postgres.url(app, 'province'),
    DATABASE_OWNER_URL: postgres.url('province_owner', 'province'),
    CLICKHOUSE_URL: store.url,
  })

  // The other refusals stand beside the code: server/src/life/own-database.test.ts.
  test.each<[string, RegExp, () => Record<string, string>]>([
    [
      'an application role that passes by row-level security',
      /“passing_app” .* passes by row-level security/,
      () => urls('passing_app'),
    ],
    [
      'a store with a wrong secret',
      /CLICKHOUSE_URL does not answer: .*secret of the store is wrong/,
      () => ({ ...urls(), CLICKHOUSE_URL: store.url.replace(/:\/\/kapok:[^@]+/, '://kapok:wrong') }),
    ],
  ])('%s is refused in one sentence', async (_, sentence, env) => {
    platform = await startKapok(['start'], { folder, env: env() })
    expect(await platform.exited).toBe(2)
    expect(platform.said().trim().split('\n').at(-1)).toMatch(sentence)
    expect(platform.said()).not.toMatch(/\n\s+at /)
  })

  test('a platform on them takes a device’s points and answers them, starts no engine, and goes on at its next start', async () => {
    platform = await startKapok(['start'], { folder, env: urls() })
    await platform.ready()
    const plant: FirstPlant = await firstPlant(platform)
    await send(platform, plant.token, 21.5)
    await waitFor('the point to be queryable', async () => (await plant.temperatures()).length > 0)
    expect(await plant.temperatures()).toEqual([21.5])
    const commands = processesOf(folder).map(({ command }) => command)
    expect(commands.filter((command) => /postgres|run store/.test(command))).toEqual([])
    expect(commands.some((command) => command.includes('run ingest'))).toBe(true)
    for (const made of ['postgres', 'store']) expect(existsSync(join(folder, made))).toBe(false)
    // What an ingest that was killed has acknowledged waits in a segment of which the next one knows nothing.
    await send(platform, plant.token, 22)
    const ingest = processesOf(folder).find(({ command }) => command.includes('run ingest'))
    process.kill(ingest?.pid ?? 0, 'SIGKILL')
    await waitFor('the point of the killed ingest', async () => (await plant.temperatures()).length > 1)
    await platform.stop()

    platform = await startKapok(['start'], { folder, env: urls() })
    await platform.ready()
    const again = new Person(platform.url, plant.manager.login)
    await again.signIn(password)
    await send(platform, plant.token, 22.5)
    const temperatures = temperaturesOf(again, plant.deviceId)
    await waitFor('the third point to be queryable', async () => (await temperatures()).length > 2)
    expect(await temperatures()).toEqual([21.5, 22, 22.5])
    expect(platform.said()).not.toContain('/join#')
  })

  test('the official ClickHouse client pings, queries with parameters, commands and inserts', async () => {
    const client = createClient({ url: store.url, log: { level: ClickHouseLogLevel.OFF } })
    try {
      expect(await client.ping()).toEqual({ success: true })
      await client.command({ query: 'CREATE TABLE trial (n UInt32, says String) ENGINE = MergeTree ORDER BY n' })
      const rows = [
        { n: 1, says: '木棉' },
        { n: 2, says: 'tab\tand\nline' },
      ]
      await client.insert({ table: 'trial', values: rows, format: 'JSONEachRow' })
      const asked = await client.query({
        query: 'SELECT n, says FROM trial WHERE n >= {from:UInt32} AND says != {not:String} ORDER BY n',
        query_params: { from: 1, not: `it's "quoted"` },
        format: 'JSONEachRow',
      })
      expect(await asked.json()).toEqual(rows)
      await expect(client.query({ query: 'SELECT nonsense' })).rejects.toThrow(/nonsense/)
    } finally {
      await client.close()
    }
  })
})

describe('inner ports of a platform with its own engines', () => {
  const folder = newFolder()
  let platform: Started
  let environment: Record<string, string>
  beforeAll(async () => {
    platform = await startKapok(['start'], { folder })
    await platform.ready()
    const ingest = processesOf(folder).find(({ command }) => command.includes('run ingest'))
    environment = Object.fromEntries(
      readFileSync(`/proc/${ingest?.pid}/environ`, 'utf8')
        .split('\0')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    )
  })
  afterAll(async () => {
    await platform?.stop()
    removeFolder(folder)
  })
  const storeUrl = () => {
    const { origin, username, password } = new URL(environment.KAPOK_INNER_STORE ?? '')
    const authorization = (secret: string) => `Basic ${Buffer.from(`${username}:${secret}`).toString('base64')}`
    return { origin, right: authorization(password), wrong: authorization('wrong') }
  }
  const ask = (url: string, headers: Record<string, string>) =>
    fetch(url, { method: 'POST', headers, body: 'SELECT 1' }).then((reply) => reply.status)

  test('the store answers its secret alone, and no web page', async () => {
    const { origin, right, wrong } = storeUrl()
    expect(await ask(origin, { Authorization: right })).toBe(200)
    expect(await ask(origin, { Authorization: wrong })).toBe(401)
    expect(await ask(origin, {})).toBe(401)
    expect(await ask(`${origin}/?user=kapok&password=`, {})).toBe(401)
    expect(await ask(origin, { Authorization: right, Origin: 'https://foreign.example' })).toBe(403)
    expect(await ask(`${origin}/ping`, { Origin: 'https://foreign.example' })).toBe(403)
  })

  test('device HTTP of ingest answers the server alone; by the portal’s address the same request is taken', async () => {
    const plant = await firstPlant(platform)
    const port = environment.KAPOK_INNER_DEVICE_PORT
    const sendTo = (address: string, headers: Record<string, string> = {}) =>
      fetch(`${address}/device/v1/telemetry`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${plant.token}`, ...headers },
        body: JSON.stringify({ values: { temperature: 20 } }),
      }).then((reply) => reply.status)
    const inner = `http://127.0.0.1:${port}`
    const secret = { 'x-kapok-inner': environment.KAPOK_INNER_DEVICE_SECRET ?? '' }
    expect(await sendTo(inner)).toBe(403)
    expect(await sendTo(inner, { 'x-kapok-inner': 'wrong' })).toBe(403)
    expect(await sendTo(inner, { ...secret, Origin: 'https://foreign.example' })).toBe(403)
    expect(await sendTo(inner, secret)).toBe(200)
    expect(await sendTo(platform.url)).toBe(200)
  })

  test('PostgreSQL listens on no port and refuses a wrong password', async () => {
    const url = new URL(environment.KAPOK_INNER_DATABASE ?? '')
    const postmaster = processesOf(folder).find(({ command }) => command.includes('bin/postgres -D'))
    expect(listeningPortsOf(postmaster?.pid ?? 0)).toEqual([])
    const connect = async (password: string) => {
      url.password = password
      const client = new pg.Client({ connectionString: url.toString() })
      await client.connect()
      await client.end()
    }
    await connect(url.password)
    await expect(connect('wrong')).rejects.toThrow(/password authentication failed/)
  })

  test.skipIf(process.getuid?.() !== 0)(
    'another local user gets nothing from them (skipped unless root runs the tests: only root can act as another user)',
    () => {
      const { origin } = storeUrl()
      const socket = new URL(environment.KAPOK_INNER_DATABASE ?? '').searchParams.get('host') ?? ''
      const script = `
        const { connect } = require('node:net')
        const environ = (() => { try { return require('node:fs').readFileSync('/proc/${processesOf(folder).find(({ command }) => command.includes('run ingest'))?.pid}/environ').length } catch (error) { return error.code } })()
        const stranger = connect({ path: '${socket}/.s.PGSQL.5432' })
        const database = new Promise((done) => stranger.once('connect', () => done('connected')).once('error', (error) => done(error.code)))
        fetch('${origin}', { method: 'POST', body: 'SELECT 1' })
          .then(async (reply) => console.log(JSON.stringify({ store: reply.status, database: await database, environ })))
          .finally(() => stranger.destroy())`
      // This checkout may lie where others may not enter: the stranger has a Node of its own.
      const home = newFolder()
      chmodSync(home, 0o755)
      copyFileSync(process.execPath, join(home, 'node'))
      chmodSync(join(home, 'node'), 0o755)
      const stranger = spawnSync(join(home, 'node'), ['-e', script], { uid: 12_345, gid: 12_345, env: {}, cwd: '/' })
      removeFolder(home)
      expect(JSON.parse(stranger.stdout.toString() || JSON.stringify(stranger.stderr.toString()))).toEqual({
        store: 401,
        database: 'EACCES',
        environ: 'EACCES',
      })
    },
  )
})

/** TCP ports on which a process listens, from /proc. */
function listeningPortsOf(pid: number): number[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /socket:\[(\d+)\]/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? []
      } catch {
        return []
      }
    }),
  )
  return ['tcp', 'tcp6'].flatMap((kind) =>
    readFileSync(`/proc/net/${kind}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === '0A' && inodes.has(inode ?? ''))
      .map(([, local = '']) => Number.parseInt(local.split(':')[1] ?? '', 16)),
  )
}
