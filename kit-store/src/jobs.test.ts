import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeJobs, sweepReceipts } from './jobs.ts'
import { type TestKit, testKit } from './testing.ts'

const hour = 3_600_000
let kit: TestKit
beforeAll(async () => {
  kit = await testKit({ migrations: [] })
})
afterAll(() => kit.stop())
const at = (ms: number) => kit.clock.set(1_800_000_000_000 + ms, { running: false })

test('a job runs once for each period that has begun, by the platform’s clock', async () => {
  let runs = 0
  const jobs = makeJobs(kit, [{ name: 'hourly', everyMs: hour, run: async () => void runs++ }])
  at(0)
  expect(await jobs.runDue()).toEqual(['hourly'])
  expect(await jobs.runDue()).toEqual([])
  at(hour)
  await jobs.runDue()
  expect(runs).toBe(2)
  // A world that was moved on by days is one run, not many: a job works through all the time since its last.
  at(50 * hour)
  await jobs.runDue()
  await jobs.runDue()
  expect(runs).toBe(3)
})

test('a job that fails is noted, keeps nobody from running, and comes again in its next period', async () => {
  const ran: string[] = []
  const failing = { name: 'failing', everyMs: hour, run: async () => Promise.reject(new Error('no luck')) }
  const jobs = makeJobs(kit, [failing, { name: 'after', everyMs: hour, run: async () => void ran.push('after') }])
  at(100 * hour)
  expect(await jobs.runDue()).toEqual(['after'])
  const noted = await kit.db.tx({ job: 'kit' }, (tx) =>
    tx.row<{ error: string }>(`SELECT error FROM kit.job_run WHERE name = 'failing'`),
  )
  expect(noted?.error).toContain('no luck')
  expect(ran).toEqual(['after'])
})

test('two servers on one database run a job once', async () => {
  let runs = 0
  const slow = {
    name: 'slow',
    everyMs: hour,
    run: async () => {
      runs++
      await new Promise((go) => setTimeout(go, 50))
    },
  }
  at(200 * hour)
  await Promise.all([makeJobs(kit, [slow]).runDue(), makeJobs(kit, [slow]).runDue()])
  expect(runs).toBe(1)
})

test('receipts are forgotten when nobody will repeat their commands any more, and not before', async () => {
  const orgId = kit.ids.uuid()
  at(0)
  await kit.db.tx({ orgId }, (tx) =>
    tx.run(`INSERT INTO kit.command_receipt VALUES ($1, 'k', 'r', 'h', NULL, $2)`, [orgId, new Date(kit.clock.now())]),
  )
  const count = () =>
    kit.db.tx({ orgId }, async (tx) =>
      Number((await tx.row<{ n: bigint }>('SELECT count(*) AS n FROM kit.command_receipt'))?.n),
    )
  at(29 * 24 * hour)
  await sweepReceipts(kit).run()
  expect(await count()).toBe(1)
  at(31 * 24 * hour)
  await sweepReceipts(kit).run()
  expect(await count()).toBe(0)
})
