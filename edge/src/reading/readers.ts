import type { Clock } from '@kapok/kit/clock'
import type { Log } from '@kapok/kit/log'
import type { EdgeBuffer } from '../buffer/buffer.ts'
import type { EdgeDevice } from '../tag-table.ts'
import { type DeviceState, type Reader, startReader } from './reader.ts'

/** The readers of all devices of the gateway, which are replaced together when its configuration changes. */
export class Readers {
  readonly #buffer: EdgeBuffer
  readonly #clock: Clock
  readonly #log: Log
  #readers: Reader[] = []
  #states: DeviceState[] = []

  constructor(buffer: EdgeBuffer, clock: Clock, log: Log) {
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

  /** Ends what runs and reads these devices. A device that cannot be opened ends them all, and is thrown. */
  async run(devices: readonly EdgeDevice[]): Promise<void> {
    await this.stop()
    try {
      for (const device of devices) this.#readers.push(startReader(device, this.#buffer, this.#clock, this.#log))
    } catch (error) {
      await this.stop()
      throw error
    }
    this.#states = this.#readers.map((reader) => reader.state)
  }

  async stop(): Promise<void> {
    const readers = this.#readers
    this.#readers = []
    this.#states = []
    await Promise.all(readers.map((reader) => reader.stop()))
  }
}
