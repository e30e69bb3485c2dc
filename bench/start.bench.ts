import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../tests/support/platform.ts'

const root = join(import.meta.dirname, '..')

/** From the command to serving (readyz answers 200), first and again; resident memory at rest; a world's replay. */
export default async function start(report: (name: string, value: number, unit: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kapok-start-'))
  try {
    report('start.first.seconds', await serving(folder, 'start', async () => {}), 'seconds')
    let rss = 0
    const restart = await serving(folder, 'start', async (pid) => {
      await sleep(20_000)
      rss = residentBytes(pid)
    })
    report('start.restart.seconds', restart, 'seconds')
    report('start.idle_rss.bytes', rss, 'bytes')
    const world = join(folder, 'world')
    await serving(world, 'world', async (_pid, port, began) => {
      for (;;) {
        const state = (await (await fetch(`http://127.0.0.1:${port}/api/world`)).json()) as {
          replaying: boolean
          daysPlayed: number
        }
        if (!state.replaying) break
        if (performance.now() - began > 600_000) throw new Error(`the replay stands at day ${state.daysPlayed}`)
        await sleep(500)
      }
      report('start.world.seconds', (performance.now() - began) / 1000, 'seconds')
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function serving(
  folder: string,
  verb: 'start' | 'world',
  whileServing: (pid: number, port: number, began: number) => Promise<void>,
): Promise<number> {
  const [port, mqtt] = [await freePort(), await freePort()]
  const began = performance.now()
  const child = spawn(process.execPath, [join(root, 'server/src/kapok.ts'), verb], {
    env: {
      ...process.env,
      KAPOK_DATA: folder,
      KAPOK_HTTP_PORT: String(port),
      KAPOK_MQTT_PORT: String(mqtt),
      KAPOK_LOG: 'error',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  try {
    for (;;) {
      const ready = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined)
      if (ready?.ok === true) break
      if (child.exitCode !== null) throw new Error(`kapok ${verb} ended with ${child.exitCode}`)
      await sleep(20)
    }
    const seconds = (performance.now() - began) / 1000
    await whileServing(child.pid ?? 0, port, began)
    return seconds
  } finally {
    await stop(child)
  }
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((done) => {
    if (child.exitCode !== null) return done()
    child.once('exit', () => done())
    child.kill('SIGTERM')
  })
}

/** Proportional set size of a process and all its descendants, PostgreSQL's children included: shared pages count once. */
function residentBytes(pid: number): number {
  const parents = new Map<number, number[]>()
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8')
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      parents.set(parent, [...(parents.get(parent) ?? []), Number(entry)])
    } catch {
      // It ended while we looked.
    }
  }
  const bytesOf = (each: number): number => {
    const own = Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${each}/smaps_rollup`, 'utf8'))?.[1] ?? 0) * 1024
    return (parents.get(each) ?? []).reduce((sum, child) => sum + bytesOf(child), own)
  }
  return bytesOf(pid)
}
