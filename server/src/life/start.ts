import { join } from 'node:path'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { accessPlane } from '@kapok/access'
import { makeBus } from '@kapok/kit/bus'
import { systemClock } from '@kapok/kit/clock'
import { randomIds } from '@kapok/kit/ids'
import { type Log, makeLog } from '@kapok/kit/log'
import { openDb } from '@kapok/kit-store/db'
import { worldClockAtStart } from '@kapok/world/state'
import { type Config, type Mode, readConfig, repositoryRoot, SetupError } from '../config.ts'
import { lockDataFolder, openDataFolder } from './data-folder.ts'
import { openLogFile } from './log-file.ts'
import { whenParentsGo } from './parents.ts'
import { entryOf, type RunningPlatform, startPlatform } from './platform.ts'

/** `npm start`: brings the platform up, prints its address, and drains when told to stop. */
export async function start(mode: Mode): Promise<void> {
  const config = readConfig(mode)
  openDataFolder(config.dataFolder, mode, Date.now())
  const lock = lockDataFolder(config.dataFolder)
  const logFile = config.logTo === 'file' ? openLogFile(join(config.dataFolder, 'logs')) : undefined
  const log = makeLog('supervisor', process.env.KAPOK_LOG ?? 'info', logFile && { fd: logFile.fd })
  const say = (words: string) => process.stdout.write(`${words}\n`)
  let starting: Promise<RunningPlatform> | undefined
  let stopping = false
  const stop = async (why: string, code: number) => {
    if (stopping) return
    stopping = true
    say(`正在停止 · stopping (${why}) …`)
    // What is still starting is brought to its end first: only then is all known that must end with us.
    await (await starting?.catch(() => undefined))?.stop()
    process.exit(code)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(signal, 0))
  whenParentsGo(() => void stop('npm is gone', 0))
  // A closed terminal must not keep us from draining.
  process.stdout.on('error', () => {})
  process.stderr.on('error', () => {})

  const began = performance.now()
  if (logFile !== undefined) say(`日志 · the log: ${logFile.path}`)
  starting = startPlatform({
    config,
    log,
    say,
    lock,
    output: logFile?.fd,
    entry: entryOf(repositoryRoot),
    ...(mode === 'world' && { clock: worldClockAtStart(config.dataFolder, process.env.KAPOK_WORLD_TODAY) }),
    onFatal: (error) => {
      log.fatal({ err: error }, 'the platform cannot go on')
      void stop(error.message, 1)
    },
  })
  let platform: RunningPlatform
  try {
    platform = await starting
  } catch (error) {
    if (error instanceof SetupError) throw error
    log.fatal({ err: error }, 'the platform did not start')
    const why = error instanceof Error ? error.message : String(error)
    throw new SetupError(`Kapok did not start: ${why.replace(/\.?$/, '.')} The log says more; please report it.`, {
      cause: error,
    })
  }
  if (stopping) return
  // A fault of the supervisor itself: what it started ends with it.
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught')
    void stop(error.message, 1)
  })
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  say(`Kapok 木棉 已就绪 · is serving at ${config.baseUrl}  (MQTT ${config.mqttPort}, ${seconds} s)`)
  if (config.tls === undefined && mode === 'platform')
    say(
      '提示：传输未加密。设置 KAPOK_TLS_CERT 与 KAPOK_TLS_KEY 启用 TLS · Traffic is plain; set both to switch on TLS.',
    )
  const firstLink = await firstAdministratorLink(platform, log)
  if (mode === 'world') {
    try {
      await startProvince(platform, config, firstLink)
    } catch (error) {
      log.fatal({ err: error }, 'the province did not start')
      await stop('the province did not start; see the log', 1)
    }
    return
  }
  if (firstLink !== undefined)
    say(`首位管理员请打开此一次性链接 · The first administrator joins by this one-time link:\n  ${firstLink}`)
}

/** The world is one more role, the only one that may ask the supervisor to set the clock. */
async function startProvince(platform: RunningPlatform, config: Config, firstLink: string | undefined): Promise<void> {
  platform.supervisor.clockSetter = 'world'
  await platform.supervisor.start({
    name: 'world',
    args: ['run', 'world'],
    env: {
      ...platform.env,
      KAPOK_HTTP_PORT: String(config.httpPort),
      KAPOK_MQTT_PORT: String(config.mqttPort),
      KAPOK_RESOLVER_HTTP_PORT: String(config.resolverHttpPort),
      KAPOK_FIRST_LINK: firstLink ?? '',
    },
  })
}

async function firstAdministratorLink(platform: RunningPlatform, log: Log): Promise<string | undefined> {
  const { KAPOK_INNER_DATABASE: url = '', KAPOK_INNER_STORE: store = '', KAPOK_INNER_URL: baseUrl = '' } = platform.env
  const db = openDb(url, () => {}, 2)
  const clickhouse = createClient({ url: store, log: { level: ClickHouseLogLevel.OFF } })
  try {
    const kit = {
      clock: systemClock,
      ids: randomIds,
      log,
      bus: makeBus(),
      db,
      clickhouse,
      dataFolder: '',
      baseUrl,
    }
    return await accessPlane(kit, { sessionHours: 1, secure: false }).firstAdministratorLink()
  } finally {
    await db.stop()
    await clickhouse.close()
  }
}
