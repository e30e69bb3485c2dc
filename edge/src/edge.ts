import type { AddressInfo } from 'node:net'
import { type Clock, SettableClock } from '@kapok/kit/clock'
import type { Log } from '@kapok/kit/log'
import { EdgeBuffer } from './buffer/buffer.ts'
import { TagTableError } from './check.ts'
import type { DerivePlan } from './derive/plan.ts'
import type { Identity } from './identity.ts'
import { startReader } from './reading/reader.ts'
import { startStatusPage } from './status-page.ts'
import { type ClockStep, SteadyClock } from './steady-clock.ts'
import { readTagTable } from './tag-table.ts'
import { startUplink } from './uplink.ts'

export interface EdgeOptions {
  /** The tag table, YAML text. */
  tagTable: string
  /** Of an enrolled gateway; without it the tag table says the platform and the token. */
  identity?: Identity | undefined
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

// driver → normalise → buffer → uplink
export async function runEdge({ tagTable, identity, bufferFile, clock, monotonic, log }: EdgeOptions): Promise<Edge> {
  const table = await readTagTable(tagTable)
  const { platform, token } = identity ?? table
  if (platform === undefined || token === undefined)
    throw new TagTableError('table: platform and token are expected, or a gateway that is enrolled')
  const buffer = new EdgeBuffer(bufferFile)
  // A world's clock is set by its owner and on purpose; a plant's by accident, or by NTP that found the time.
  const steady = clock instanceof SettableClock ? undefined : new SteadyClock(clock, clockWasSet, monotonic)
  function clockWasSet(step: ClockStep): void {
    log.warn({ ...step, alarm: 'clock.set' }, 'the clock of this box was set; values that wait are moved with it')
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
  const readers = table.devices.map((device) => startReader(device, buffer, time, log, derivation))
  derivation?.show(readers.map(({ state }) => state))
  const uplink = startUplink({ url: platform, token, key: identity?.key, buffer, log })
  const page = await startStatusPage(table.statusPort, {
    devices: readers.map((reader) => reader.state),
    uplink: uplink.state,
    buffer,
  })
  const { port } = page.address() as AddressInfo
  return {
    statusUrl: `http://127.0.0.1:${port}/`,
    async stop() {
      page.closeAllConnections()
      page.close()
      await Promise.all(readers.map((reader) => reader.stop()))
      derivation?.stop()
      buffer.flush()
      await uplink.stop()
      steady?.stop()
      clearTimeout(pendingStep)
      buffer.close()
    },
  }
}

async function derivationOf(plan: DerivePlan | undefined, buffer: EdgeBuffer, clock: Clock) {
  if (plan === undefined) return undefined
  const { Derivation } = await import('./derive/derivation.ts')
  return new Derivation(plan, buffer, clock)
}

/** The first batch that a key will sign that is enrolled now. */
export function firstSequenceOf(bufferFile: string): number {
  const buffer = new EdgeBuffer(bufferFile)
  const [oldest] = buffer.waiting(0, Number.MAX_SAFE_INTEGER, 1)
  const first = oldest?.seq ?? buffer.nextSeq()
  buffer.close()
  return first
}
