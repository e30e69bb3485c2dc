import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { exportPoints } from '@kapok/contracts/data'
import type { Person } from '@kapok/world/person'
import { firstAdministrator, makePlant } from '../tests/support/plant.ts'
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

type Victim = 'ingest' | 'store' | 'supervisor' | 'database'
const faults: Record<string, { module: string; victims: Victim[] }> = {
  // Rows in memory are lost with ingest: no other kill shows this fault.
  'acknowledge-first': { module: 'plant-acknowledge-first.ts', victims: ['ingest'] },
}

/**
 * A whole platform under load whose ingest, store, supervisor and PostgreSQL are killed (SIGKILL) again and again in an
 * order and after times drawn by hash, so that a failing run can be repeated. Devices connect again and send again what
 * was not acknowledged. At the end every acknowledged point must be there exactly once.
 */
export default async function proveKill9(args: {
  short: boolean
  fault?: string
}): Promise<{ ok: boolean; tried: string; result: string }> {
  const fault = args.fault === undefined ? undefined : faults[args.fault]
  const folder = newFolder()
  const ports = { httpPort: await freePort(), mqttPort: await freePort() }
  const env: Record<string, string> =
    fault === undefined ? {} : { NODE_OPTIONS: `--import=${join(import.meta.dirname, fault.module)}` }
  const start = () => startKapok(['start'], { folder, ...ports, env })
  let platform = await start()
  let load: SteadySender[] = []
  try {
    await platform.ready()
    const plant = await makePlant(platform, await firstAdministrator(platform), {
      devices: senders,
      properties: [{ identifier: 'm0', type: 'float' }],
    })
    const from = Date.now() - 24 * 3_600_000
    load = plant.devices.map(({ token }) => new SteadySender(ports.mqttPort, token, { start: from, inFlight }))
    for (const sender of load) sender.run()
    const acknowledged = () => load.reduce((sum, { acknowledged: each }) => sum + each.size, 0)

    const victims = fault === undefined ? drawVictims(args.short) : [...fault.victims, ...fault.victims]
    for (const [kill, victim] of victims.entries()) {
      const before = acknowledged()
      await waitFor(`points to be acknowledged before kill ${kill}`, () => acknowledged() > before + 200, 120_000)
      await sleep(draw(`delay ${kill}`, 400))
      platform = await killOne(victim, platform, folder, start)
    }
    await waitFor(
      'every sender to be served after the last kill',
      (
        (before) => () =>
          load.every((sender, i) => sender.acknowledged.size > (before[i] ?? 0) + inFlight)
      )(load.map((sender) => sender.acknowledged.size)),
      120_000,
    )
    for (const sender of load) await sender.stop()
    await platform.ready()
    await waitFor('the store to have taken every segment', () => segmentsOf(folder) === 0, 300_000)
    const counts = await judge(plant.manager, plant.devices, load, from)
    return { ...counts, tried: `${saying(victims)} under load, ${acknowledged()} points acknowledged` }
  } finally {
    for (const sender of load) await sender.stop()
    await platform.stop()
    removeFolder(folder)
  }
}

const draw = (what: string, below: number) => createHash('sha256').update(what).digest().readUInt32BE(0) % below

/** Rounds of one kill each of ingest, store and supervisor in a drawn order; every tenth round PostgreSQL as well. */
function drawVictims(short: boolean): Victim[] {
  const rounds = short ? 2 : 67
  return Array.from({ length: rounds }, (_, round) => {
    const deck: Victim[] = ['ingest', 'store', 'supervisor', ...(round % 10 === 9 ? (['database'] as const) : [])]
    return deck.sort((a, b) => draw(`${a} ${round}`, 1 << 30) - draw(`${b} ${round}`, 1 << 30))
  }).flat()
}

function saying(victims: readonly Victim[]): string {
  const kinds = [...new Set(victims)].map((kind) => `${victims.filter((each) => each === kind).length} of ${kind}`)
  return `${victims.length} kills (${kinds.sort().join(', ')})`
}

const commandOf: Record<Exclude<Victim, 'supervisor'>, string> = {
  ingest: 'run ingest',
  store: 'run store',
  database: 'bin/postgres -D',
}

/** Returns the platform that runs afterwards: a new one where the victim was the supervisor or took it along. */
async function killOne(
  victim: Victim,
  platform: Started,
  folder: string,
  start: () => Promise<Started>,
): Promise<Started> {
  if (victim === 'supervisor') platform.child.kill('SIGKILL')
  else {
    // A role that was killed a moment ago may not be back yet.
    const find = () => processesOf(folder).find(({ command }) => command.includes(commandOf[victim]))
    await waitFor(`${victim} to run`, () => find() !== undefined, 120_000)
    process.kill(find()?.pid ?? 0, 'SIGKILL')
  }
  if (victim === 'ingest' || victim === 'store') return platform
  await platform.exited
  const again = await start()
  await again.ready()
  return again
}

/** Segments of the log that the store has not taken, those set aside among them. */
function segmentsOf(folder: string): number {
  const log = join(folder, 'data', 'log')
  if (!existsSync(log)) return 0
  return readdirSync(log, { recursive: true }).filter((name) => /\.(rows|open)$/.test(String(name))).length
}

async function judge(
  manager: Person,
  devices: readonly { id: string }[],
  load: readonly SteadySender[],
  from: number,
): Promise<{ ok: boolean; result: string }> {
  let [missing, wrong, twice, total] = [0, 0, 0, 0]
  for (const [i, { acknowledged, sent }] of load.entries()) {
    total += acknowledged.size
    for (let page = 0; page < sent; page += pageMs) {
      const bytes = await manager.call(exportPoints, {
        query: { deviceId: devices[i]?.id ?? '', property: 'm0', from: from + page, to: from + page + pageMs },
      })
      const found = new Set<number>()
      for (const line of Buffer.from(bytes as ArrayBuffer)
        .toString()
        .split('\r\n')
        .slice(1, -1)) {
        const [at = '', value = ''] = line.split(',')
        const n = Date.parse(at) - from
        if (found.has(n)) twice++
        found.add(n)
        if (Number(value) !== n || n >= sent) wrong++
      }
      for (let n = page; n < Math.min(page + pageMs, sent); n++) if (acknowledged.has(n) && !found.has(n)) missing++
    }
  }
  return {
    ok: total > 0 && missing === 0 && wrong === 0 && twice === 0,
    result: `${missing} missing, ${wrong} wrong, ${twice} more than once`,
  }
}
