import type { Clock } from '@kapok/kit/clock'
import type { EdgeBuffer } from '../buffer/buffer.ts'
import type { ShownAlarm } from '../derive/derivation.ts'
import type { LogTail } from '../managed/log-tail.ts'
import type { Northbounds } from '../northbound/northbounds.ts'
import type { DeviceState } from '../reading/reader.ts'
import type { ClockStep } from '../steady-clock.ts'
import type { EdgeDevice } from '../tag-table.ts'
import type { UplinkState } from '../uplink.ts'
import type { WriteLog } from '../writing/write-log.ts'
import type { Writer } from '../writing/writer.ts'

/** What the gateway's own page shows, and what it may have done. */
export interface PageSource {
  /** Name and key's fingerprint of an enrolled gateway. */
  identity(): { name: string; fingerprint: string } | undefined
  /** Where values go; undefined before the set-up. */
  platform(): string | undefined
  uplink(): UplinkState
  machines(): readonly { device: EdgeDevice; state: DeviceState }[]
  /** Brokers beside the platform. */
  northbound(): Northbounds['states']
  alarms(): readonly ShownAlarm[]
  buffer: EdgeBuffer
  clock: Clock
  /** Steps of the clock since the start, newest last. */
  clockSteps: readonly ClockStep[]
  logTail: LogTail
  writer: Writer
  writeLog: WriteLog
  /** Brings a new key to the platform with its one-time code. Throws IdentityError with a sentence. */
  enrol(platform: URL, code: string): Promise<void>
}
