import { dayMs } from '@kapok/kit/clock'
import { limits } from '@kapok/kit/limits'
import type { Kit } from './kit.ts'
import type { Job } from './plane.ts'

const lockKey = 5283
const tickMs = 1_000

export interface Jobs {
  start(): Promise<void>
  /** Runs what is due now, in order; answers with the names that ran. */
  runDue(): Promise<string[]>
  stop(): Promise<void>
}

/**
 * Runs jobs by the platform's clock (pg-boss takes its time from the database, which a world's clock cannot move; see
 * docs/decisions). A job is due once for each period that has begun since it last ran; one server runs them at a time.
 */
export function makeJobs(kit: Kit, jobs: readonly Job[]): Jobs {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<string[]> = Promise.resolve([])
  let lastSeen = 0

  async function runOnce(): Promise<string[]> {
    return kit.db.tx({ job: 'kit' }, async (tx) => {
      const lock = await tx.row<{ got: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS got', [lockKey])
      if (lock?.got !== true) return []
      const done = new Map(
        (await tx.rows<{ name: string; last_due: Date }>('SELECT name, last_due FROM kit.job_run')).map((row) => [
          row.name,
          row.last_due.getTime(),
        ]),
      )
      const ran: string[] = []
      for (const job of jobs) {
        const now = kit.clock.now()
        const due = Math.floor(now / job.everyMs) * job.everyMs
        if ((done.get(job.name) ?? 0) >= due) continue
        let error: string | null = null
        try {
          await job.run()
          ran.push(job.name)
        } catch (cause) {
          error = String(cause)
          kit.log.error({ err: cause, job: job.name }, 'a job failed; it is tried again in its next period')
        }
        // Its own transaction: what ran stays noted even if a later job takes the process down.
        await kit.db.tx({ job: 'kit' }, (note) =>
          note.run(
            `INSERT INTO kit.job_run VALUES ($1, $2, $3, $4)
             ON CONFLICT (name) DO UPDATE SET last_due = $2, finished_at = $3, error = $4`,
            [job.name, new Date(due), new Date(kit.clock.now()), error],
          ),
        )
      }
      return ran
    })
  }

  /** One run after the other; a caller that comes during a run gets one of its own after it. */
  function runDue(): Promise<string[]> {
    running = running.catch(() => []).then(runOnce)
    return running
  }

  return {
    async start() {
      kit.bus.serve('jobs.run', async () => ({ ran: await runDue() }))
      timer = setInterval(() => {
        const minute = Math.floor(kit.clock.now() / tickMs)
        if (minute === lastSeen) return
        lastSeen = minute
        runDue().catch((error: unknown) => kit.log.error({ err: error }, 'jobs could not run'))
      }, tickMs)
    },
    runDue,
    async stop() {
      clearInterval(timer)
      await running.catch(() => {})
    },
  }
}

/** Forgets replies of commands that nobody will repeat any more. */
export function sweepReceipts(kit: Kit): Job {
  return {
    name: 'kit.receipt.sweep',
    everyMs: dayMs,
    run: () =>
      kit.db.tx({ job: 'kit' }, async (tx) => {
        const before = kit.clock.now() - limits.idempotencyKeyDays * dayMs
        await tx.run('DELETE FROM kit.command_receipt WHERE at < $1', [new Date(before)])
      }),
  }
}
