import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeLog } from '@kapok/kit/log'
import { startPostgres } from '@kapok/kit-store/engine/postgres'
import { migrate, readMigrations } from '@kapok/kit-store/migrate'
import { removeDataFolder } from '@kapok/kit-store/testing'
import pg from 'pg'
import { type CapHold, chart, issueMoves } from '../planes/subsidy/src/ledger/chart.ts'
import { type Posting, postValues } from '../planes/subsidy/src/ledger/ledger.ts'
import { seeded } from './money-worker.ts'

const cities = 21
const suppliers = 200
const clients = 16
const secondsEach = 8
const ledger = 'bench:2026'
const c = chart(ledger)

/**
 * Postings a second, durable (`fsync` and `synchronous_commit` on), each its own transaction of one round trip:
 * issuing a voucher out of one of 21 cities under the cap of one of 200 suppliers (two moves, four accounts, one of them
 * new); and the same with one city and one supplier for everybody, where every posting waits
 * for the commit of the one before. Beside them: how many empty commits the same disk and the same clients do.
 */
export default async function ledgerBench(report: (name: string, value: number, unit: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kapok-bench-'))
  const postgres = await startPostgres({ dataFolder: folder, log: makeLog('bench', 'warn') })
  try {
    const kit = { plane: 'kit', folder: join(import.meta.dirname, '../kit-store/src/migrations') }
    const subsidy = { plane: 'subsidy', folder: join(import.meta.dirname, '../planes/subsidy/migrations') }
    await migrate(postgres.ownerUrl, readMigrations([kit, subsidy]), 0)
    const connections = await Promise.all(Array.from({ length: clients }, () => connect(postgres.appUrl)))
    await open(connections[0]!)
    const random = seeded(5280)
    const one = (n: number) => Math.floor(random() * n)
    const spread = (base: number) => (client: number, index: number) =>
      issue(base + client, index, one(cities), one(suppliers))
    await run(connections, spread(100), 2)
    report('ledger.postings_16_concurrent.postings_per_s', await run(connections, spread(0), secondsEach), 'postings/s')
    const hot = (client: number, index: number) => issue(client + 200, index, 0, 0)
    report('ledger.one_hot_account.postings_per_s', await run(connections, hot, secondsEach), 'postings/s')
    report('ledger.peer_single_row_insert.commits_per_s', await insertLimit(connections), 'commits/s')
    await checkSum(connections[0]!)
    for (const connection of connections) await connection.end()
  } finally {
    await postgres.stop()
    removeDataFolder(folder)
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  // The plane's scope for the whole connection, so that a posting is one round trip.
  await client.query(`SELECT set_config('app.job', 'subsidy', false)`)
  return client
}

function issue(client: number, index: number, city: number, supplier: number): Posting {
  const no = `${client}-${index}`
  const face = 9_000_000n
  const caps: CapHold[] = [{ kind: 'supplier', id: String(supplier), fen: face }]
  const moves = issueMoves(c, { no, city: String(city), face, caps })
  return { key: no, cause: 'issue', reference: no, at: 1_770_000_000_000, moves }
}

const post = (connection: pg.Client, posting: Posting) =>
  connection.query({
    name: 'post',
    text: 'SELECT outcome, short_account FROM subsidy.post($1, $2, $3, $4, $5, $6, $7, $8)',
    values: postValues(posting),
  })

async function open(connection: pg.Client): Promise<void> {
  const plenty = 10n ** 15n
  const moves = [
    { from: c.treasury, to: c.province, fen: plenty },
    ...Array.from({ length: cities }, (_, city) => ({
      from: c.province,
      to: c.city(String(city)),
      fen: plenty / 100n,
    })),
    ...Array.from({ length: suppliers }, (_, supplier) => ({
      from: c.limits,
      to: c.cap('supplier', String(supplier)),
      fen: plenty / 1000n,
    })),
  ]
  for (let at = 0; at < moves.length; at += 100)
    await post(connection, { key: `open ${at}`, cause: 'open', reference: '', at: 0, moves: moves.slice(at, at + 100) })
}

async function run(
  connections: pg.Client[],
  make: (client: number, index: number) => Posting,
  seconds: number,
): Promise<number> {
  const began = performance.now()
  const until = began + seconds * 1000
  let posted = 0
  await Promise.all(
    connections.map(async (connection, client) => {
      for (let index = 0; performance.now() < until; index++) {
        const { rows } = await post(connection, make(client, index))
        if (rows[0]?.outcome !== 'posted')
          throw new Error(`a posting was ${rows[0]?.outcome}: ${rows[0]?.short_account}`)
        posted++
      }
    }),
  )
  return posted / ((performance.now() - began) / 1000)
}

/** What the engine itself gives here: durable commits of one inserted row, by the same clients. */
async function insertLimit(connections: pg.Client[]): Promise<number> {
  const began = performance.now()
  const until = began + 4000
  let commits = 0
  await Promise.all(
    connections.map(async (connection, client) => {
      for (let index = 0; performance.now() < until; index++) {
        await connection.query({
          name: 'limit',
          text: `INSERT INTO subsidy.supplier_standing VALUES ($1, '', false, NULL, to_timestamp(0))`,
          values: [`${client}-${index}`],
        })
        commits++
      }
    }),
  )
  return commits / ((performance.now() - began) / 1000)
}

async function checkSum(connection: pg.Client): Promise<void> {
  const { rows } = await connection.query('SELECT sum(credits - debits)::text AS sum FROM subsidy.account')
  if (rows[0]?.sum !== '0') throw new Error(`the ledger does not add up: ${rows[0]?.sum}`)
}
