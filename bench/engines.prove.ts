import { setTimeout as sleep } from 'node:timers/promises'
import { LoadedPlatform, type Part } from './loaded-platform.ts'

const faults: Record<string, string> = { 'drop-segment': 'fault-drop-segment.ts' }

/**
 * The store, then PostgreSQL, stand still (SIGSTOP) for a minute while devices send, and go on. Devices whose session is
 * open are acknowledged all the while; afterwards every acknowledged point must be there exactly once. With the fault
 * `drop-segment` the loader forgets a segment, which this must notice.
 */
export default async function proveEngines(args: {
  short: boolean
  fault?: string
}): Promise<{ ok: boolean; tried: string; result: string }> {
  const standsMs = args.short ? 4000 : 60_000
  const loaded = await LoadedPlatform.start(faults[args.fault ?? ''])
  const meanwhile: string[] = []
  try {
    for (const part of ['store', 'database'] as const satisfies readonly Part[]) {
      await loaded.acknowledges(200, `before ${part} stands still`)
      const pid = await loaded.pidOf(part)
      // PostgreSQL's children are in its group; the store has one of its own too.
      process.kill(-pid, 'SIGSTOP')
      try {
        const before = loaded.acknowledged
        await sleep(standsMs)
        meanwhile.push(`${loaded.acknowledged - before} while ${part} stood still`)
        if (loaded.acknowledged === before) throw new Error(`nothing was acknowledged while ${part} stood still`)
      } finally {
        process.kill(-pid, 'SIGCONT')
      }
    }
    await loaded.acknowledges(200, 'afterwards')
    const verdict = await loaded.judge()
    return {
      ...verdict,
      tried: `store and PostgreSQL stopped for ${standsMs / 1000} s each, ${loaded.acknowledged} points acknowledged, ${meanwhile.join(', ')}`,
    }
  } finally {
    await loaded.stop()
  }
}
