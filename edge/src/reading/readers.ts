import type { Clock } from '@kapok/kit/clock'
import type { Log } from '@kapok/kit/log'
import type { EdgeBuffer } from '../buffer/buffer.ts'
import type { Derivation } from '../derive/derivation.ts'
import type { DerivePlan } from '../derive/plan.ts'
import type { EdgeConfig, EdgeDevice } from '../tag-table.ts'
import type { WriteLog } from '../writing/write-log.ts'
import { Writer } from '../writing/writer.ts'
import { type DeviceState, type Reader, startReader } from './reader.ts'

/** What of a table is read, derived and sent to other brokers. */
export type ReadTable = Pick<EdgeConfig, 'devices' | 'derive' | 'northbound'>
const nothing: ReadTable = { devices: [], derive: undefined, northbound: [] }

/** The readers of all devices of the gateway, which are replaced together when its configuration changes. */
export class Readers {
  readonly #buffer: EdgeBuffer
  readonly #clock: Clock
  readonly #log: Log
  readonly #writeLog: WriteLog
  #writer: Writer
  #derivation: Derivation | undefined
  #table = nothing
  /** Hears of each table that begins to be read. */
  onRun: ((table: ReadTable) => void) | undefined
  #readers: Reader[] = []
  #states: DeviceState[] = []

  constructor(buffer: EdgeBuffer, writeLog: WriteLog, clock: Clock, log: Log) {
    this.#writeLog = writeLog
    this.#writer = new Writer([], writeLog, clock)
    this.#buffer = buffer
    this.#clock = clock
    this.#log = log
  }

  get states(): readonly DeviceState[] {
    return this.#states
  }

  get devices(): readonly EdgeDevice[] {
    return this.#readers.map((reader) => reader.device)
  }

  find(device: string): Reader | undefined {
    return this.#readers.find((reader) => reader.device.name === device)
  }

  /** What runs now, to go back to it. */
  get table(): ReadTable {
    return this.#table
  }

  /** Derived values and alarms of the table that runs; undefined for one without. */
  get derivation(): Derivation | undefined {
    return this.#derivation
  }

  /** Writes the tags of the devices that run. */
  get writer(): Writer {
    return this.#writer
  }

  /** Ends what runs and reads this table. A device that cannot be opened ends them all, and is thrown. */
  async run(table: ReadTable): Promise<void> {
    await this.stop()
    this.#derivation = await derivationOf(table.derive, this.#buffer, this.#clock)
    try {
      for (const device of table.devices)
        this.#readers.push(startReader(device, this.#buffer, this.#clock, this.#log, this.#derivation))
    } catch (error) {
      await this.stop()
      throw error
    }
    this.#table = table
    this.#states = this.#readers.map((reader) => reader.state)
    this.#derivation?.show(this.#states)
    const machines = this.#readers.map((reader) => ({ device: reader.device, reader }))
    this.#writer = new Writer(machines, this.#writeLog, this.#clock)
    this.onRun?.(table)
  }

  async stop(): Promise<void> {
    const readers = this.#readers
    this.#readers = []
    this.#states = []
    await Promise.all(readers.map((reader) => reader.stop()))
    this.#derivation?.stop()
    this.#derivation = undefined
    this.#table = nothing
    this.#writer = new Writer([], this.#writeLog, this.#clock)
  }
}

async function derivationOf(plan: DerivePlan | undefined, buffer: EdgeBuffer, clock: Clock) {
  if (plan === undefined) return undefined
  const { Derivation } = await import('../derive/derivation.ts')
  return new Derivation(plan, buffer, clock)
}
