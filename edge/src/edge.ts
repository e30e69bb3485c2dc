import { join } from 'node:path'
import { type Clock, SettableClock } from '@kapok/kit/clock'
import type { Log } from '@kapok/kit/log'
import { EdgeBuffer } from './buffer/buffer.ts'
import type { DerivePlan } from './derive/plan.ts'
import { enrol, type Identity } from './identity.ts'
import { LogTail } from './log-tail.ts'
import { startPage } from './page/page.ts'
import { startReader } from './reading/reader.ts'
import { type ClockStep, SteadyClock } from './steady-clock.ts'
import { readTagTable } from './tag-table.ts'
import { startUplink, type UplinkState } from './uplink.ts'
import { WriteLog } from './writing/write-log.ts'
import { Writer } from './writing/writer.ts'

export interface EdgeOptions {
  /** The tag table, YAML text. */
  tagTable: string
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
}

export interface Edge {
  /** Where the gateway's own page is served. */
  statusUrl: string
  stop(): Promise<void>
}

// driver → normalise → derive → buffer → uplink
export async function runEdge(options: EdgeOptions): Promise<Edge> {
  const { tagTable, home, bufferFile, clock, monotonic } = options
  const logTail = new LogTail()
  const log = logTail.around(options.log)
  const table = await readTagTable(tagTable)
  const buffer = new EdgeBuffer(bufferFile)
  const clockSteps: ClockStep[] = []
  // A world's clock is set by its owner and on purpose; a plant's by accident, or by NTP that found the time.
  const steady = clock instanceof SettableClock ? undefined : new SteadyClock(clock, clockWasSet, monotonic)
  function clockWasSet(step: ClockStep): void {
    log.warn({ ...step, alarm: 'clock.set' }, 'the clock of this box was set; values that wait are moved with it')
    clockSteps.splice(0, clockSteps.length, ...clockSteps.slice(-9), step)
    keepStep(step)
    derivation?.clockWasSet(step.after - step.before)
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
  const derivation = await derivationOf(table.derive, buffer, time)
  const machines = table.devices.map((device) => ({
    device,
    reader: startReader(device, buffer, time, log, derivation),
  }))
  derivation?.show(machines.map(({ reader }) => reader.state))
  let identity = options.identity
  let uplink = uplinkTo(identity ?? table)
  function uplinkTo({ platform, token }: { platform?: string | undefined; token?: string | undefined }) {
    if (platform !== undefined && token !== undefined)
      return startUplink({ url: platform, token, key: identity?.key, buffer, log })
    log.warn('this gateway has no platform yet: values are kept; enrol it on its own page')
    return undefined
  }
  const writeLog = new WriteLog(join(home, 'writes.jsonl'))
  const page = await startPage({
    ...{ port: table.statusPort, beyond: table.page, home, log },
    status: {
      devices: machines.map(({ reader }) => reader.state),
      get uplink() {
        return uplink?.state ?? noUplink
      },
      buffer,
    },
    source: {
      identity: () => identity && { name: identity.name, fingerprint: identity.key.fingerprint },
      platform: () => (identity ?? table).platform,
      uplink: () => uplink?.state ?? noUplink,
      machines: () => machines.map(({ device, reader }) => ({ device, state: reader.state })),
      alarms: () => derivation?.alarms() ?? [],
      ...{ buffer, clock: time, clockSteps, logTail, writeLog },
      writer: new Writer(machines, writeLog, time),
      async enrol(platform, code) {
        identity = await enrol(home, { platform, code, firstSequence: firstSequenceIn(buffer) })
        await uplink?.stop()
        uplink = uplinkTo(identity)
      },
    },
  })
  return {
    statusUrl: page.url,
    async stop() {
      page.stop()
      await Promise.all(machines.map(({ reader }) => reader.stop()))
      derivation?.stop()
      buffer.flush()
      await uplink?.stop()
      steady?.stop()
      clearTimeout(pendingStep)
      writeLog.close()
      buffer.close()
    },
  }
}

const noUplink: UplinkState = { connected: false, lastError: undefined, sentPoints: 0, lastAcknowledged: undefined }

async function derivationOf(plan: DerivePlan | undefined, buffer: EdgeBuffer, clock: Clock) {
  if (plan === undefined) return undefined
  const { Derivation } = await import('./derive/derivation.ts')
  return new Derivation(plan, buffer, clock)
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
