import { type ChildProcess, execFileSync, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDevice, exportPoints, getLastPoints, quality } from '@kapok/contracts/data'
import { getGatewayStanding, makeEnrolmentCode } from '@kapok/contracts/gateway'
import { enrolGateway } from '@kapok/edge/command'
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
import { startCountingMachine } from './counting-machine.ts'
import type { WarpedGateway } from './edge-process.ts'

type Machine = Awaited<ReturnType<typeof startCountingMachine>>
const hourMs = 3_600_000
const liveWithinMs = 10_000

/**
 * P7: a gateway that is a day without its platform delivers all of it in order of time, live values beside it. On the way the
 * gateway is killed, its clock is set an hour forth and back, its disk is full for a while, and the platform is killed in
 * the middle of catching up. Every number that a machine gave out is stored once, and in its order, or lies in a gap that
 * the gateway told. With the fault `forgets` the gateway's buffer is deleted when it is killed: its day is lost and must be missed.
 */
export default async function proveEdgeDay(args: {
  short: boolean
  fault?: string
}): Promise<{ ok: boolean; tried: string; result: string }> {
  const day = new EdgeDay(args.short ? { machines: 4, seconds: 15 } : { machines: 40, seconds: 120 })
  try {
    await day.begin()
    await day.withoutPlatform(args.fault === 'forgets')
    await day.platformReturns()
    return await day.judge()
  } finally {
    await day.end()
  }
}

class EdgeDay {
  readonly #size: { machines: number; seconds: number }
  readonly #folder = mkdtempSync(join(tmpdir(), 'kapok-edge-day-'))
  readonly #data = newFolder()
  readonly #time: Pick<WarpedGateway, 't0' | 'base' | 'warp'>
  #machines: Machine[] = []
  #platform: Started | undefined
  #ports = { httpPort: 0, mqttPort: 0 }
  #plant: Plant | undefined
  #gatewayId = ''
  #gateway: ChildProcess | undefined
  #diskMounted = false
  #liveAfterMs = Number.POSITIVE_INFINITY

  constructor(size: { machines: number; seconds: number }) {
    this.#size = size
    // The day without the platform takes `seconds`; it lies in the past, since the platform takes no future.
    const t0 = Date.now()
    this.#time = { t0, base: t0 - 3 * 24 * hourMs, warp: (24 * hourMs) / (size.seconds * 1000) }
  }

  get #home(): string {
    return join(this.#folder, 'home')
  }

  async begin(): Promise<void> {
    mkdirSync(this.#home)
    // A disk of its own, to fill. Only root may mount one.
    const mount = ['-t', 'tmpfs', '-o', 'size=256m', 'tmpfs', this.#home]
    this.#diskMounted = spawnSync('mount', mount, { stdio: 'ignore' }).status === 0
    for (let i = 0; i < this.#size.machines; i++) this.#machines.push(await startCountingMachine())
    this.#ports = { httpPort: await freePort(), mqttPort: await freePort() }
    const platform = await this.#startPlatform()
    this.#plant = await makePlant(platform, await firstAdministrator(platform), {
      devices: this.#size.machines,
      properties: [{ identifier: 'n', type: 'int' }],
    })
    const { manager } = this.#plant
    const gateway = await manager.call(createDevice, { body: { name: 'gateway', kind: 'gateway' } })
    this.#gatewayId = gateway.deviceId
    const { code } = await manager.call(makeEnrolmentCode, { params: { deviceId: this.#gatewayId }, body: {} })
    await enrolGateway(platform.url, code, this.#home)
    const devices = this.#machines.map(({ settings }, i) => ({
      name: `M${i + 1}`,
      protocol: 'modbus',
      connection: settings,
      periodMs: 100,
      tags: [{ property: 'n', address: 'holding/0', type: 'uint32' }],
    }))
    writeFileSync(join(this.#folder, 'table.yaml'), JSON.stringify({ devices }))
    this.#startGateway()
    await waitFor('the first values to arrive', async () => (await this.#lastNumber()) > 5)
  }

  async #startPlatform(): Promise<Started> {
    this.#platform = await startKapok(['start'], { folder: this.#data, ...this.#ports })
    await this.#platform.ready()
    return this.#platform
  }

  #startGateway(): void {
    const ask: WarpedGateway = { tagTableFile: join(this.#folder, 'table.yaml'), home: this.#home, ...this.#time }
    this.#gateway = fork(join(import.meta.dirname, 'edge-process.ts'), [JSON.stringify(ask)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
  }

  async #lastNumber(): Promise<number> {
    const deviceIds = this.#plant?.devices[0]?.id ?? ''
    const { rows } = (await this.#plant?.manager.call(getLastPoints, { query: { deviceIds } })) ?? { rows: [] }
    return Number(rows[0]?.value ?? 0)
  }

  /** The day: a fifth of it each for a kill of the gateway, a clock that is wrong, a disk that is full. */
  async withoutPlatform(forgets: boolean): Promise<void> {
    const part = (this.#size.seconds * 1000) / 5
    await this.#platform?.stop()
    await sleep(part)
    this.#gateway?.kill('SIGKILL')
    if (this.#gateway !== undefined) await once(this.#gateway, 'exit')
    if (forgets) for (const name of ['batches', 'batches-wal']) unlinkSync(join(this.#home, name))
    await sleep(part / 4)
    this.#startGateway()
    await sleep(part)
    this.#gateway?.send(hourMs)
    await sleep(part)
    this.#gateway?.send(0)
    await sleep(part)
    if (this.#diskMounted) await this.#fillDisk(part)
    else await sleep(part)
  }

  async #fillDisk(ms: number): Promise<void> {
    const filler = join(this.#home, 'filler')
    spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=1M'], { stdio: 'ignore' })
    await sleep(ms)
    rmSync(filler)
  }

  /** Live values must be there within ten seconds; then the platform's ingest is killed while the backlog comes. */
  async platformReturns(): Promise<void> {
    const platform = await this.#startPlatform()
    const returned = Date.now()
    const before = this.#machines[0]?.served() ?? 0
    await waitFor('live values', async () => (await this.#lastNumber()) > before, 60_000)
    this.#liveAfterMs = Date.now() - returned
    const ingest = processesOf(this.#data).find(({ command }) => command.includes('run ingest'))
    if (ingest !== undefined) process.kill(ingest.pid, 'SIGKILL')
    await sleep(3_000)
    await platform.ready()
    // The machines end; what the gateway still has goes up.
    for (const machine of this.#machines) await machine.stop()
    await sleep(3_000)
    let last = -1
    await waitFor(
      'the backlog to be delivered',
      async () => {
        const { batches } = await this.#standing()
        const isQuiet = batches === last
        last = batches
        if (!isQuiet) await sleep(2_500)
        return isQuiet
      },
      300_000,
    )
    await sleep(2_000)
  }

  #standing() {
    if (this.#plant === undefined) throw new Error('there is no plant yet')
    return this.#plant.manager.call(getGatewayStanding, { params: { deviceId: this.#gatewayId } })
  }

  async judge(): Promise<{ ok: boolean; tried: string; result: string }> {
    const { gaps, clockSteps, missing } = await this.#standing()
    const sum = { given: 0, stored: 0, lost: 0, twice: 0, outOfOrder: 0, inGaps: 0 }
    for (const [i, machine] of this.#machines.entries()) {
      const stored = await this.#storedNumbers(this.#plant?.devices[i]?.id ?? '')
      sum.given += machine.served()
      sum.stored += stored.length
      let before = { at: 0, n: 0 }
      const seen = new Set<number>()
      for (const point of [...stored, { at: Number.MAX_SAFE_INTEGER, n: machine.served() + 1 }]) {
        if (seen.has(point.n)) sum.twice++
        seen.add(point.n)
        if (point.n < before.n) sum.outOfOrder++
        const absent = Math.max(0, point.n - before.n - 1)
        const isTold = gaps.some(({ firstAt, lastAt }) => firstAt <= point.at && lastAt >= before.at)
        if (isTold) sum.inGaps += absent
        else sum.lost += absent
        before = point
      }
    }
    const live = `live after ${(this.#liveAfterMs / 1000).toFixed(1)} s`
    const ok =
      sum.lost + sum.twice + sum.outOfOrder + missing.length === 0 &&
      sum.stored > 0 &&
      clockSteps.length >= 2 &&
      this.#liveAfterMs <= liveWithinMs
    return {
      ok,
      tried: `${this.#size.machines} machines, a day of ${this.#size.seconds} s without the platform; gateway killed, clock set by +1 h and −1 h, ${this.#diskMounted ? 'disk full for a while' : 'NO full disk (needs root)'}, ingest killed while catching up; ${sum.given} numbers given out, ${gaps.length} gaps and ${clockSteps.length} clock steps told`,
      result: `${sum.stored} stored, ${sum.inGaps} in told gaps, ${sum.lost} lost, ${sum.twice} twice, ${sum.outOfOrder} out of order, ${missing.length} stretches of batches missing, ${live}`,
    }
  }

  async #storedNumbers(deviceId: string): Promise<{ at: number; n: number }[]> {
    const { base, warp, t0 } = this.#time
    const to = Math.round(base + (Date.now() - t0) * warp + 2 * hourMs)
    const query = { deviceId, property: 'n', from: base - hourMs, to }
    const bytes = await this.#plant?.manager.call(exportPoints, { query })
    const lines = Buffer.from(bytes as ArrayBuffer)
      .toString()
      .split('\r\n')
      .slice(1, -1)
    // A machine that is gone has its last number once more, with bad quality.
    return lines.flatMap((line) => {
      const [at = '', n = '', level] = line.split(',')
      return Number(level) === quality.good ? [{ at: Date.parse(at), n: Number(n) }] : []
    })
  }

  async end(): Promise<void> {
    this.#gateway?.kill('SIGKILL')
    for (const machine of this.#machines) await machine.stop().catch(() => {})
    await this.#platform?.stop()
    if (this.#diskMounted) execFileSync('umount', ['-l', this.#home])
    rmSync(this.#folder, { recursive: true, force: true })
    removeFolder(this.#data)
  }
}
