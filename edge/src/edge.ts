import { hostname } from 'node:os'
import { join } from 'node:path'
import { type Clock, SettableClock } from '@kapok/kit/clock'
import type { Log } from '@kapok/kit/log'
import { EdgeBuffer } from './buffer/buffer.ts'
import { TagTableError } from './check.ts'
import { enrol, type Identity } from './identity.ts'
import { HealthReports } from './managed/health.ts'
import type { KeptConfiguration } from './managed/kept-configuration.ts'
import type { LogTail } from './managed/log-tail.ts'
import { readManagedTable } from './managed/managed-table.ts'
import { Management, runningOf } from './managed/management.ts'
import { Northbounds } from './northbound/northbounds.ts'
import { startPage } from './page/page.ts'
import type { DeviceState } from './reading/reader.ts'
import { Readers } from './reading/readers.ts'
import { wordsOf } from './sentence.ts'
import { type ClockStep, SteadyClock } from './steady-clock.ts'
import { type EdgeConfig, readTagTable } from './tag-table.ts'
import type { Updater } from './update/updater.ts'
import { startUplink, type Uplink, type UplinkState } from './uplink.ts'
import { WriteLog } from './writing/write-log.ts'

export interface EdgeOptions {
  /** The tag table, YAML text; or where the configuration is kept that the platform gave. */
  configuration: string | KeptConfiguration
  /** Of an enrolled gateway; without it the tag table says the platform and the token. */
  identity?: Identity | undefined
  /** Folder of key, password and record of writes. */
  home: string
  /** File of the buffer. */
  bufferFile: string
  clock: Clock
  /** Monotonic ms, where time runs at another pace. */
  monotonic?: (() => number) | undefined
  log: Log
  /** The newest lines of that log. */
  logTail: LogTail
  /** Outlives this run. */
  updater: Updater
  /** The platform wants this run to end and the next to begin. */
  restart(): void
  /** How long a configuration of the platform is tried. */
  trialMs?: number
}

export interface Edge {
  /** Where the gateway's own page is served. */
  statusUrl: string
  stop(): Promise<void>
}

const trialMs = 60_000

// driver → normalise → derive → buffer → uplink
export async function runEdge(options: EdgeOptions): Promise<Edge> {
  const { configuration, home, bufferFile, clock, monotonic, log, logTail, updater, restart } = options
  const beganAt = performance.now()
  const kept = typeof configuration === 'string' ? undefined : configuration
  const table =
    typeof configuration === 'string' ? await readTagTable(configuration) : await goodTable(configuration, clock, log)
  const buffer = new EdgeBuffer(bufferFile)
  const clockSteps: ClockStep[] = []
  // A world's clock is set by its owner and on purpose; a plant's by accident, or by NTP that found the time.
  const steady = clock instanceof SettableClock ? undefined : new SteadyClock(clock, clockWasSet, monotonic)
  function clockWasSet(step: ClockStep): void {
    log.warn({ ...step, alarm: 'clock.set' }, 'the clock of this box was set; values that wait are moved with it')
    clockSteps.splice(0, clockSteps.length, ...clockSteps.slice(-9), step)
    keepStep(step)
    readers.derivation?.clockWasSet(step.after - step.before)
  }
  /** A disk that takes nothing just now must not end the gateway, and the step must not be lost. */
  function keepStep(step: ClockStep): void {
    try {
      buffer.clockWasSet(step)
    } catch (error) {
      log.warn({ err: error }, 'the step of the clock could not be written yet')
      pendingStep = setTimeout(() => keepStep(step), 1_000)
    }
  }
  let pendingStep: NodeJS.Timeout | undefined
  const time = steady ?? clock
  buffer.beginRun(time.now())
  const writeLog = new WriteLog(join(home, 'writes.jsonl'))
  const readers = new Readers(buffer, writeLog, time, log)
  let identity = options.identity
  const machines = () => readers.devices.map((device, i) => ({ device, state: readers.states[i] as DeviceState }))
  const northbounds = new Northbounds({
    ...{ name: identity?.name ?? hostname(), buffer, clock: time, log, machines },
    derive: () => readers.table.derive,
    write: (request) => readers.writer.write(request),
  })
  readers.onRun = (running) => northbounds.run(running)
  await readers.run(table)
  const link = () =>
    startLink({
      ...{ identity, table, readers, northbounds, buffer, kept, time, beganAt, log, logTail, updater, restart },
      trialMs: options.trialMs ?? trialMs,
    })
  let current = link()
  const uplinkState = () => current?.uplink.state ?? noUplink
  const page = await startPage({
    ...{ port: table.statusPort, beyond: table.page, home, log },
    status: {
      get devices() {
        return readers.states
      },
      get uplink() {
        return uplinkState()
      },
      get northbound() {
        return northbounds.states
      },
      buffer,
    },
    source: {
      identity: () => identity && { name: identity.name, fingerprint: identity.key.fingerprint },
      platform: () => (identity ?? table).platform,
      uplink: uplinkState,
      machines,
      northbound: () => northbounds.states,
      alarms: () => readers.derivation?.alarms() ?? [],
      ...{ buffer, clock: time, clockSteps, logTail, writeLog },
      get writer() {
        return readers.writer
      },
      async enrol(address, code) {
        identity = await enrol(home, { platform: address, code, firstSequence: firstSequenceIn(buffer) })
        await current?.stop()
        current = link()
      },
    },
  })
  return {
    statusUrl: page.url,
    async stop() {
      page.stop()
      await current?.quiet()
      // What is read from now on they get when the gateway runs again.
      await northbounds.stop()
      await readers.stop()
      buffer.flush()
      await current?.stop()
      steady?.stop()
      clearTimeout(pendingStep)
      writeLog.close()
      buffer.close()
    },
  }
}

const noUplink: UplinkState = { connected: false, lastError: undefined, sentPoints: 0, lastAcknowledged: undefined }

interface Link {
  uplink: Uplink
  /** Takes no more requests and reports no more; values go on. */
  quiet(): Promise<void>
  stop(): Promise<void>
}

interface LinkParts {
  identity: Identity | undefined
  table: EdgeConfig
  readers: Readers
  northbounds: Northbounds
  buffer: EdgeBuffer
  kept: KeptConfiguration | undefined
  time: Clock
  beganAt: number
  log: Log
  logTail: LogTail
  updater: Updater
  restart(): void
  trialMs: number
}

/** The way to the platform: values up, and what the platform asks; undefined for a gateway that has no platform yet. */
function startLink(parts: LinkParts): Link | undefined {
  const { identity, table, readers, northbounds, buffer, kept, time, beganAt, log, logTail, updater } = parts
  const { restart, trialMs } = parts
  const { platform, token } = identity ?? table
  if (platform === undefined || token === undefined) {
    log.warn('this gateway has no platform yet: values are kept; enrol it on its own page')
    return undefined
  }
  const key = identity?.key
  let management: Management | undefined
  const onRequest = (payload: Uint8Array) => management?.take(payload)
  const uplink = startUplink({ url: platform, token, key, buffer, log, ...(key === undefined ? {} : { onRequest }) })
  const reports = new HealthReports(
    {
      ...{ devices: () => readers.states, northbound: () => northbounds.states },
      ...{ buffer, clock: time, beganAt, configuration: () => runningOf(kept), updater },
    },
    uplink,
  )
  management = new Management({ readers, uplink, reports, kept, clock: time, log, logTail, updater, restart, trialMs })
  const quiet = async () => {
    await management?.stop()
    reports.stop()
  }
  return {
    uplink,
    quiet,
    async stop() {
      await quiet()
      await uplink.stop()
    },
  }
}

/** The configuration that ran last. One that this version of the gateway cannot read is told, and nothing is read meanwhile. */
async function goodTable(kept: KeptConfiguration, clock: Clock, log: Log): Promise<EdgeConfig> {
  const none: EdgeConfig = {
    platform: undefined,
    token: undefined,
    statusPort: 0,
    devices: [],
    derive: undefined,
    page: undefined,
    northbound: [],
  }
  const { good } = kept
  if (good === undefined) return none
  try {
    return await readManagedTable(good.text)
  } catch (error) {
    if (!(error instanceof TagTableError)) throw error
    log.error({ version: good.version, error: error.message }, 'the kept configuration cannot be read')
    kept.cannotRead(wordsOf(error), clock.now())
    return none
  }
}

/** The first batch that a key will sign that is enrolled now. */
export function firstSequenceOf(bufferFile: string): number {
  const buffer = new EdgeBuffer(bufferFile)
  const first = firstSequenceIn(buffer)
  buffer.close()
  return first
}

function firstSequenceIn(buffer: EdgeBuffer): number {
  buffer.flush()
  const [oldest] = buffer.waiting(0, Number.MAX_SAFE_INTEGER, 1)
  return oldest?.seq ?? buffer.nextSeq()
}
