import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeLog } from '@kapok/kit/log'
import { type EmbeddedPostgres, startPostgres } from '@kapok/kit-store/engine/postgres'
import { migrate, readMigrations } from '@kapok/kit-store/migrate'
import { removeDataFolder } from '@kapok/kit-store/testing'
import pg from 'pg'
import { chart } from '../planes/subsidy/src/ledger/chart.ts'
import { postValues } from '../planes/subsidy/src/ledger/ledger.ts'
import { commandsOf, provedCities, provedLedger, provedSuppliers } from './money-worker.ts'

const treasury = 60_000n
const supplierCap = 20_000n

interface Worker {
  stream: number
  child: ChildProcess
  done: Promise<boolean>
}

/**
 * P3, money moves exactly once. Several processes post to one ledger on a durable PostgreSQL; every stream of commands
 * is played by two processes at once (duplicates), processes are killed with SIGKILL while a transaction is open and
 * begin again some commands earlier (retries), and PostgreSQL itself is killed under load. Afterwards the books are
 * checked by SQL, and by a fold of the postings that shares no code with the SQL function. `fault` plants a mistake in
 * the workers, which the check must find: `torn` (the sides of a move in two transactions), `twice` (no idempotency key).
 */
export default async function proveMoney(args: {
  short: boolean
  fault?: string
}): Promise<{ ok: boolean; tried: string; result: string }> {
  const streams = args.short ? 3 : 6
  const count = args.short ? 250 : 1500
  const enoughKills = args.short ? 25 : 200
  const crashes = args.short ? 1 : 5
  const folder = mkdtempSync(join(tmpdir(), 'kapok-prove-'))
  let postgres = await start(folder)
  try {
    await furnish(postgres)
    const acknowledged = new Map<string, string>()
    const reached = new Map<number, number>()
    let kills = 0
    let crashed = 0
    const running = new Set<Worker>()
    let stopping = false
    const launch = (stream: number) => {
      // A little before the last acknowledged command: the retry of somebody who does not know how far it came.
      const from = Math.max(0, (reached.get(stream) ?? 0) - 5)
      const worker = work(postgres.appUrl, stream, from, count, args.fault ?? '', (index, outcome) => {
        reached.set(stream, Math.max(reached.get(stream) ?? 0, index))
        if (outcome === 'posted' || outcome === 'repeated') acknowledged.set(`${stream}/${index}`, outcome)
      })
      running.add(worker)
      return worker.done.then((finished) => {
        running.delete(worker)
        return finished
      })
    }
    const untilDone = async (stream: number) => {
      while (!(await launch(stream)) && !stopping) await sleep(20)
    }
    const all = Promise.all(
      Array.from({ length: streams }, (_, stream) => [untilDone(stream), untilDone(stream)]).flat(),
    )
    let over = false
    void all.then(() => {
      over = true
    })
    const deadline = performance.now() + (args.short ? 60_000 : 600_000)
    while (!over && performance.now() < deadline) {
      await sleep(60 + Math.random() * 120)
      const victims = [...running]
      const victim = victims[Math.floor(Math.random() * victims.length)]
      if (kills < enoughKills && victim?.child.kill('SIGKILL')) kills++
      if (crashed < crashes && kills > ((crashed + 1) * enoughKills) / (crashes + 2)) {
        crashed++
        process.kill(postgres.pid, 'SIGKILL')
        await postgres.exited
        postgres = await start(folder)
      }
    }
    stopping = true
    for (const worker of running) worker.child.kill('SIGKILL')
    await all
    const faults = await audit(postgres, streams, count, acknowledged)
    const tried = `${streams} streams × 2 processes × ${count} commands, ${kills} kills of a process, ${crashed} of PostgreSQL, ${acknowledged.size} acknowledged postings${args.fault === undefined ? '' : `, planted fault: ${args.fault}`}`
    if (!over) faults.push('the streams were not played to their end in time')
    if (faults.length === 0)
      return { ok: true, tried, result: 'SQL and the independent fold agree; every acknowledged posting is there once' }
    return { ok: false, tried, result: `${faults.length} faults, e.g. ${faults.slice(0, 3).join(' · ')}` }
  } finally {
    await postgres.stop()
    removeDataFolder(folder)
  }
}

const start = (folder: string): Promise<EmbeddedPostgres> =>
  startPostgres({ dataFolder: folder, log: makeLog('prove', 'silent') })

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(`SELECT set_config('app.job', 'subsidy', false)`)
  return client
}

async function furnish(postgres: EmbeddedPostgres): Promise<void> {
  const at = (path: string) => join(import.meta.dirname, '..', path)
  await migrate(
    postgres.ownerUrl,
    readMigrations([
      { plane: 'kit', folder: at('kit-store/src/migrations') },
      { plane: 'subsidy', folder: at('planes/subsidy/migrations') },
    ]),
    0,
  )
  const c = chart(provedLedger)
  const client = await connect(postgres.appUrl)
  const moves = [
    { from: c.treasury, to: c.province, fen: treasury },
    ...Array.from({ length: provedCities }, (_, city) => ({
      from: c.province,
      to: c.city(String(city)),
      fen: treasury / 4n,
    })),
    ...Array.from({ length: provedSuppliers }, (_, id) => ({
      from: c.limits,
      to: c.cap('supplier', String(id)),
      fen: supplierCap,
    })),
  ]
  await client.query(
    'SELECT subsidy.post($1, $2, $3, $4, $5, $6, $7, $8)',
    postValues({ key: 'open', cause: 'open', reference: '', at: 0, moves }),
  )
  await client.end()
}

function work(
  url: string,
  stream: number,
  from: number,
  count: number,
  fault: string,
  committed: (index: number, outcome: string) => void,
): Worker {
  const file = join(import.meta.dirname, 'money-worker.ts')
  const child = spawn(process.execPath, [file, 'play', url, String(stream), String(from), String(count), fault], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [index, outcome] = line.split(' ')
    committed(Number(index), outcome ?? '')
  })
  const done = new Promise<boolean>((resolve) => child.once('close', (code) => resolve(code === 0)))
  return { stream, child, done }
}

/** Everything that is wrong with the books; empty when nothing is. */
async function audit(
  postgres: EmbeddedPostgres,
  streams: number,
  count: number,
  acknowledged: Map<string, string>,
): Promise<string[]> {
  const client = await connect(postgres.appUrl)
  const faults: string[] = []
  // By SQL.
  const sql = async (name: string, text: string) => {
    const { rows } = await client.query(text)
    for (const row of rows) faults.push(`${name}: ${JSON.stringify(row)}`)
  }
  await sql(
    'INV-01 not zero-sum',
    `SELECT left(name, 1) AS ledger, sum(credits - debits)::text AS sum FROM subsidy.account GROUP BY 1 HAVING sum(credits - debits) <> 0`,
  )
  await sql('INV-02 below zero', `SELECT name FROM subsidy.account WHERE credits < debits AND name NOT LIKE '%/ext:%'`)
  await sql(
    'INV-05 cap exceeded',
    `SELECT name, credits - debits AS used FROM subsidy.account WHERE name LIKE '%/used:%' AND credits - debits > ${supplierCap}`,
  )
  // By a fold of what was posted, in another language and from nothing.
  const accounts = await client.query<{ id: string; name: string; balance: string }>(
    'SELECT id::text, name, (credits - debits)::text AS balance FROM subsidy.account',
  )
  const postings = await client.query<{ key: string; sources: string[]; targets: string[]; amounts: string[] }>(
    'SELECT key, sources::text[], targets::text[], amounts::text[] FROM subsidy.posting',
  )
  const names = new Map(accounts.rows.map((row) => [row.id, row.name]))
  const folded = new Map<string, bigint>()
  const wanted = new Map(
    Array.from({ length: streams }, (_, stream) => commandsOf(stream, count))
      .flat()
      .map((command) => [command.key, command]),
  )
  for (const { key, sources, targets, amounts } of postings.rows) {
    const command = wanted.get(key)
    if (command === undefined && key !== 'open') faults.push(`nobody asked for posting ${key}`)
    const asked = command?.moves.filter((move) => move.fen !== 0n)
    amounts.forEach((amount, index) => {
      const [from, to] = [names.get(sources[index]!)!, names.get(targets[index]!)!]
      folded.set(from, (folded.get(from) ?? 0n) - BigInt(amount))
      folded.set(to, (folded.get(to) ?? 0n) + BigInt(amount))
      const move = asked?.[index]
      if (asked !== undefined && (move?.from !== from || move.to !== to || move.fen !== BigInt(amount)))
        faults.push(`posting ${key} is not what was asked`)
    })
  }
  for (const { name, balance } of accounts.rows)
    if ((folded.get(name) ?? 0n) !== BigInt(balance))
      faults.push(`INV-08 ${name} holds ${balance}, the fold says ${folded.get(name) ?? 0n}`)
  const sum = (prefix: string) =>
    [...folded].filter(([name]) => name.startsWith(prefix)).reduce((total, [, fen]) => total + fen, 0n)
  const m = `m/${provedLedger}/`
  if (sum(`${m}prov:`) + sum(`${m}city:`) + sum(`${m}v:`) !== treasury)
    faults.push('INV-03 what left the treasury lies nowhere')
  // Nothing acknowledged is lost.
  const there = new Set(postings.rows.map((row) => row.key))
  for (const key of acknowledged.keys()) if (!there.has(key)) faults.push(`acknowledged posting ${key} is lost`)
  await client.end()
  return faults
}
