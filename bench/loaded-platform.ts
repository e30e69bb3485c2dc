import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { exportPoints } from '@kapok/contracts/data'
import { must } from '@kapok/kit/must'
import { firstAdministrator, makePlant, type Plant } from '../tests/support/plant.ts'
import {
  freePort,
  newFolder,
  processesOf,
  removeFolder,
  type Started,
  startKapok,
  waitFor,
} from '../tests/support/platform.ts'
import { SteadySender } from './steady-sender.ts'

const senders = 6
const inFlight = 8
const pageMs = 200_000

const commandOf = {
  supervisor: 'kapok.ts start',
  ingest: 'run ingest',
  store: 'run store',
  database: 'bin/postgres -D',
} as const
export type Part = keyof typeof commandOf

/**
 * A whole platform as `npm start` brings it up, with devices that send all the time: they connect again and send again
 * what was not acknowledged. What the proofs of kills and of stopped engines work on.
 */
export class LoadedPlatform {
  platform: Started
  readonly folder: string
  readonly #start: () => Promise<Started>
  readonly #plant: Plant
  readonly #from: number
  readonly #load: SteadySender[]
  /** A process takes its time to die, and must not be taken for the one that replaces it. */
  readonly #killed = new Set<number>()

  private constructor(
    platform: Started,
    options: { folder: string; start: () => Promise<Started>; plant: Plant; mqttPort: number },
  ) {
    this.platform = platform
    this.folder = options.folder
    this.#start = options.start
    this.#plant = options.plant
    const start = Date.now() - 24 * 3_600_000
    this.#from = start
    this.#load = options.plant.devices.map(
      ({ token }) => new SteadySender(options.mqttPort, token, { start, inFlight }),
    )
  }

  /** `fault`: a module beside this one that every process of the platform loads first. */
  static async start(fault?: string): Promise<LoadedPlatform> {
    const folder = newFolder()
    const ports = { httpPort: await freePort(), mqttPort: await freePort() }
    const env: Record<string, string> =
      fault === undefined ? {} : { NODE_OPTIONS: `--import=${join(import.meta.dirname, fault)}` }
    const start = () => startKapok(['start'], { folder, ...ports, env })
    const platform = await start()
    try {
      await platform.ready()
      const plant = await makePlant(platform, await firstAdministrator(platform), {
        devices: senders,
        properties: [{ identifier: 'm0', type: 'float' }],
      })
      const loaded = new LoadedPlatform(platform, { folder, start, plant, mqttPort: ports.mqttPort })
      for (const sender of loaded.#load) sender.run()
      return loaded
    } catch (error) {
      await platform.stop()
      removeFolder(folder)
      throw error
    }
  }

  /** Points that were acknowledged so far. */
  get acknowledged(): number {
    return this.#load.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0)
  }

  /** Resolves when so many more points were acknowledged. */
  async acknowledges(more: number, what: string): Promise<void> {
    const before = this.acknowledged
    await waitFor(`points to be acknowledged ${what}`, () => this.acknowledged > before + more, 120_000)
  }

  /** Process of a part; a role that was killed a moment ago may not be back yet. */
  async pidOf(part: Part): Promise<number> {
    let pid: number | undefined
    await waitFor(
      `${part} to run`,
      () => {
        const { child, said } = this.platform
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the platform ended: ${said()}`)
        pid = processesOf(this.folder).find(
          (each) => each.command.includes(commandOf[part]) && !this.#killed.has(each.pid),
        )?.pid
        return pid !== undefined
      },
      120_000,
    )
    return must(pid, `the process of ${part}`)
  }

  kill(pid: number): void {
    this.#killed.add(pid)
    process.kill(pid, 'SIGKILL')
  }

  /** Starts it again on the same folder after its supervisor ended. */
  async startAgain(): Promise<void> {
    await this.platform.exited
    this.platform = await this.#start()
    await this.platform.ready()
  }

  /** Ends the load and looks for every acknowledged point through the API: there, as it was sent, and once. */
  async judge(): Promise<{ ok: boolean; result: string }> {
    const before = this.#load.map(({ acknowledged }) => acknowledged.size)
    await waitFor(
      'every sender to be served',
      () => this.#load.every(({ acknowledged }, i) => acknowledged.size > (before[i] ?? 0) + inFlight),
      120_000,
    )
    for (const sender of this.#load) await sender.stop()
    await this.platform.ready()
    await waitFor('the store to have taken every segment', () => segmentsOf(this.folder) === 0, 300_000)
    const counts = { missing: 0, wrong: 0, twice: 0 }
    for (const [i, sender] of this.#load.entries())
      await this.#judgeOne(this.#plant.devices[i]?.id ?? '', sender, counts)
    const { missing, wrong, twice } = counts
    return {
      ok: this.acknowledged > 0 && missing === 0 && wrong === 0 && twice === 0,
      result: `${missing} missing, ${wrong} wrong, ${twice} more than once`,
    }
  }

  async #judgeOne(
    deviceId: string,
    { sent, acknowledged }: SteadySender,
    counts: { missing: number; wrong: number; twice: number },
  ): Promise<void> {
    for (let page = 0; page < sent; page += pageMs) {
      const from = this.#from + page
      const bytes = await this.#plant.manager.call(exportPoints, {
        query: { deviceId, property: 'm0', from, to: from + pageMs },
      })
      const lines = Buffer.from(bytes as ArrayBuffer)
        .toString()
        .split('\r\n')
        .slice(1, -1)
      const found = new Set<number>()
      for (const line of lines) {
        const [at = '', value = ''] = line.split(',')
        const n = Date.parse(at) - this.#from
        if (found.has(n)) counts.twice++
        found.add(n)
        if (Number(value) !== n || n >= sent) counts.wrong++
      }
      for (let n = page; n < Math.min(page + pageMs, sent); n++)
        if (acknowledged.has(n) && !found.has(n)) counts.missing++
    }
  }

  async stop(): Promise<void> {
    for (const sender of this.#load) await sender.stop()
    await this.platform.stop()
    removeFolder(this.folder)
  }
}

/** Segments of the log that the store has not taken, those set aside among them. */
function segmentsOf(folder: string): number {
  const log = join(folder, 'data', 'log')
  if (!existsSync(log)) return 0
  return readdirSync(log, { recursive: true }).filter((name) => /\.(rows|open)$/.test(String(name))).length
}
