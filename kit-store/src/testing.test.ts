import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestKit, testKit } from './testing.ts'

let kit: TestKit
beforeAll(async () => {
  kit = await testKit({ migrations: [] })
}, 60_000)
afterAll(() => kit.stop())

test('a transaction that was told no organisation sees no row, and its own organisation sees only its own', async () => {
  const [mine, theirs] = [kit.ids.uuid(), kit.ids.uuid()]
  const write = (orgId: string) =>
    kit.db.tx({ orgId }, (tx) =>
      tx.run(`INSERT INTO kit.command_receipt VALUES ($1, 'k', 'r', 'h', NULL, $2)`, [orgId, new Date(0)]),
    )
  await write(mine)
  await write(theirs)
  const count = (scope: object) =>
    kit.db.tx(scope, async (tx) => (await tx.row<{ n: bigint }>('SELECT count(*) AS n FROM kit.command_receipt'))?.n)
  expect(await count({})).toBe(0n)
  expect(await count({ orgId: mine })).toBe(1n)
  expect(await count({ job: 'kit' })).toBe(2n)
  await expect(
    kit.db.tx({ orgId: mine }, (tx) =>
      tx.run(`INSERT INTO kit.command_receipt VALUES ($1, 'k2', 'r', 'h', NULL, $2)`, [theirs, new Date(0)]),
    ),
  ).rejects.toThrow(/row-level security/)
})

test('the official client queries with parameters and settings, commands, and inserts rows with a body', async () => {
  const { clickhouse } = kit
  expect((await clickhouse.ping()).success).toBe(true)
  await clickhouse.command({
    query: "CREATE TABLE sample (id UInt32, at DateTime64(3, 'UTC'), word String) ENGINE = MergeTree ORDER BY id",
  })
  await clickhouse.insert({
    table: 'sample',
    format: 'JSONEachRow',
    values: [
      { id: 1, at: '2026-01-01 00:00:00.123', word: "it's" },
      { id: 2, at: '2026-01-02 00:00:00', word: '木棉' },
    ],
  })
  const result = await clickhouse.query({
    query: 'SELECT id, word FROM sample WHERE id IN {ids:Array(UInt32)} AND word != {not:String} ORDER BY id',
    query_params: { ids: [1, 2, 3], not: "a'b\\c" },
    clickhouse_settings: { max_threads: 1 },
    format: 'JSONEachRow',
  })
  expect(await result.json()).toEqual([
    { id: 1, word: "it's" },
    { id: 2, word: '木棉' },
  ])
  await expect(clickhouse.query({ query: 'SELECT nonsense FROM sample' })).rejects.toThrow(/nonsense/)
})

test('rows of a body go through a SELECT from input(), as a ClickHouse server takes them', async () => {
  const { clickhouse } = kit
  await clickhouse.command({ query: 'CREATE TABLE doubled (id UInt32) ENGINE = MergeTree ORDER BY id' })
  const body = Buffer.alloc(12)
  for (const [i, id] of [7, 0, 9].entries()) body.writeUInt32LE(id, i * 4)
  await clickhouse.exec({
    query: `INSERT INTO doubled SELECT id * 2 FROM input('id UInt32') WHERE id > 0 FORMAT RowBinary`,
    values: Readable.from([body]),
  })
  const result = await clickhouse.query({ query: 'SELECT id FROM doubled ORDER BY id', format: 'JSONEachRow' })
  expect(await result.json()).toEqual([{ id: 14 }, { id: 18 }])
})

test('two kits on one store do not see each other', async () => {
  const other = await testKit({ migrations: [] })
  await kit.clickhouse.command({ query: 'CREATE TABLE only_here (id UInt32) ENGINE = MergeTree ORDER BY id' })
  const there = other.clickhouse.query({ query: `SELECT name FROM system.tables WHERE database = currentDatabase()` })
  expect(await (await there).text()).not.toContain('only_here')
  await other.stop()
}, 30_000)

test('the store refuses a wrong secret and any request that a web page sent', async () => {
  const url = new URL(kit.clickhouseUrl)
  const ask = (headers: Record<string, string>) => fetch(`http://${url.host}/?query=SELECT%201`, { headers })
  const right = `Basic ${Buffer.from(`${url.username}:${url.password}`).toString('base64')}`
  expect((await ask({})).status).toBe(401)
  expect((await ask({ authorization: `Basic ${Buffer.from('kapok:wrong').toString('base64')}` })).status).toBe(401)
  expect((await ask({ authorization: right, origin: 'https://elsewhere.example' })).status).toBe(403)
  expect(await (await ask({ authorization: right })).text()).toBe('1\n')
})
