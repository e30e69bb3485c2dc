import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { newFolder, removeFolder, type Started, startKapok } from '../tests/support/platform.ts'

/** From the command to serving (readyz answers 200), first and again; resident memory at rest; a world's replay. */
export default async function start(report: (name: string, value: number, unit: string) => void): Promise<void> {
  const folder = newFolder()
  try {
    report('start.first.seconds', await serving(folder, 'start', async () => {}), 'seconds')
    let rss = 0
    const restart = await serving(folder, 'start', async ({ child }) => {
      await sleep(20_000)
      rss = residentBytes(child.pid ?? 0)
    })
    report('start.restart.seconds', restart, 'seconds')
    report('start.idle_rss.bytes', rss, 'bytes')
    const world = join(folder, 'world')
    await serving(world, 'world', async ({ url }, began) => {
      for (;;) {
        const state = (await (await fetch(`${url}/api/world`)).json()) as {
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
    removeFolder(folder)
  }
}

/** Seconds from the command until it serves; what `whileServing` measures meanwhile is its own business. */
async function serving(
  folder: string,
  verb: 'start' | 'world',
  whileServing: (started: Started, began: number) => Promise<void>,
): Promise<number> {
  const began = performance.now()
  const started = await startKapok([verb], { folder })
  try {
    await started.ready()
    const seconds = (performance.now() - began) / 1000
    await whileServing(started, began)
    return seconds
  } finally {
    await started.stop()
  }
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
