import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { LoadedPlatform, type Part } from './loaded-platform.ts'

/** With the fault `acknowledge-first` rows lie in ingest's memory when they are acknowledged: its kills lose them. */
const faults: Record<string, { module: string; victims: Part[] }> = {
  'acknowledge-first': { module: 'fault-acknowledge-first.ts', victims: ['ingest', 'ingest'] },
}

/**
 * A whole platform under load whose ingest, store, supervisor and PostgreSQL are killed (SIGKILL) again and again, in an
 * order and after times drawn by hash, so that a failing run can be repeated. At the end every acknowledged point must
 * be there exactly once.
 */
export default async function proveKill9(args: {
  short: boolean
  fault?: string
}): Promise<{ ok: boolean; tried: string; result: string }> {
  const fault = args.fault === undefined ? undefined : faults[args.fault]
  const victims = fault?.victims ?? drawVictims(args.short)
  const loaded = await LoadedPlatform.start(fault?.module)
  try {
    for (const [kill, victim] of victims.entries()) {
      // Looked for first: while this process reads /proc it sends nothing, and a kill in such a lull proves little.
      const pid = await loaded.pidOf(victim)
      await loaded.acknowledges(200, `before kill ${kill}`)
      await sleep(draw(`delay ${kill}`, 400))
      loaded.kill(pid)
      // Without its database the platform ends by itself.
      if (victim === 'supervisor' || victim === 'database') await loaded.startAgain()
    }
    const verdict = await loaded.judge()
    return { ...verdict, tried: `${saying(victims)} under load, ${loaded.acknowledged} points acknowledged` }
  } finally {
    await loaded.stop()
  }
}

const draw = (what: string, below: number) => createHash('sha256').update(what).digest().readUInt32BE(0) % below

/** Rounds of one kill each of ingest, store and supervisor in a drawn order; every tenth round PostgreSQL as well. */
function drawVictims(short: boolean): Part[] {
  const rounds = short ? 2 : 67
  return Array.from({ length: rounds }, (_, round) => {
    const deck: Part[] = ['ingest', 'store', 'supervisor', ...(round % 10 === 9 ? (['database'] as const) : [])]
    return deck.sort((a, b) => draw(`${a} ${round}`, 1 << 30) - draw(`${b} ${round}`, 1 << 30))
  }).flat()
}

function saying(victims: readonly Part[]): string {
  const kinds = [...new Set(victims)].map((kind) => `${victims.filter((each) => each === kind).length} of ${kind}`)
  return `${victims.length} kills (${kinds.sort().join(', ')})`
}
