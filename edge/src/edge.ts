import type { AddressInfo } from 'node:net'
import { type Clock, SettableClock } from '@kapok/kit/clock'
import type { Log } from '@kapok/kit/log'
import { EdgeBuffer } from './buffer/buffer.ts'
import { TagTableError } from './check.ts'
import type { Identity } from './identity.ts'
import { HealthReports } from './managed/health.ts'
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
  const beganAt = performance.now()
  const table = await readTagTable(tagTable)
  const { platform, token } = identity ?? table
  if (platform === undefined || token === undefined)
    throw new TagTableError('table: platform and token are expected, or a gateway that is enrolled')
  const buffer = new EdgeBuffer(bufferFile)
  // A world's clock is set by its owner and on purpose; a plant's by accident, or by NTP that found the time.
  const steady = clock instanceof SettableClock ? undefined : new SteadyClock(clock, clockWasSet, monotonic)
  function clockWasSet(step: ClockStep): void {
    log.warn({ ...step, alarm: 'clock.set' }, 'the clock of this box was set; values that wait are moved with it')
    buffer.clockWasSet(step)
  }
  const time = steady ?? clock
  buffer.beginRun(time.now())
  const readers = table.devices.map((device) => startReader(device, buffer, time, log))
  const uplink = startUplink({ url: platform, token, key: identity?.key, buffer, log })
  const reports =
    identity === undefined
      ? undefined
      : new HealthReports(
          { devices: () => readers.map((reader) => reader.state), buffer, clock: time, beganAt },
          uplink,
        )
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
      reports?.stop()
      await Promise.all(readers.map((reader) => reader.stop()))
      buffer.flush()
      await uplink.stop()
      steady?.stop()
      buffer.close()
    },
  }
}

/** The first batch that a key will sign that is enrolled now. */
export function firstSequenceOf(bufferFile: string): number {
  const buffer = new EdgeBuffer(bufferFile)
  const [oldest] = buffer.waiting(0, Number.MAX_SAFE_INTEGER, 1)
  const first = oldest?.seq ?? buffer.nextSeq()
  buffer.close()
  return first
}
