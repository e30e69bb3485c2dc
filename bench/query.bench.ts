import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { getPointRange } from '@kapok/contracts/data'
import { migrateStore } from '@kapok/data/migrate-store'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import { serveApi } from '@kapok/server/http/testing'
import { migrationsOfAll } from '@kapok/server/planes'
import pg from 'pg'
import { quantile } from './quantile.ts'
import { makeDevices } from './start-ingest.ts'

type Report = (name: string, value: number, unit: string) => void
/** 2,000 series at 1 Hz; `KAPOK_BENCH_POINTS` makes a smaller store for a quick look. */
const seriesCount = 2000
const pointsWanted = Number(process.env.KAPOK_BENCH_POINTS ?? 100_000_000)
const hourMs = 3_600_000

/** Reading one series through the API over HTTP, and the size of a sensor's random walk with two decimals. */
export default async function queryBench(report: Report): Promise<void> {
  const kit = await testKit({ migrations: migrationsOfAll.slice(1) })
  try {
    await migrateStore(kit.clickhouse)
    const { orgId, devices } = await makeDevices(kit, { devices: seriesCount, properties: 1 })
    await kit.db.tx({ job: 'data' }, (tx) =>
      tx.run(
        `INSERT INTO data.series (id, org_id, device_id, property, type, retention)
         SELECT n, $1, d, 'm0', 'float', 'year3' FROM unnest($2::uuid[]) WITH ORDINALITY AS u (d, n)`,
        [orgId, devices.map(({ id }) => id)],
      ),
    )
    const seconds = Math.ceil(pointsWanted / seriesCount)
    const start = Math.floor(Date.now() / hourMs) * hourMs - seconds * 1000
    // A walk in steps of hundredths: its sum is what a window function gives, ten minutes of all series at a time.
    for (let from = 0; from < seconds; from += 600)
      await kit.clickhouse.command({
        query: `INSERT INTO point (series, at, value, quality, door, retention, received)
          SELECT series, fromUnixTimestamp64Milli({start:Int64} + second * 1000 + jitter, 'UTC'),
            round(20 + series % 50 + sum(step) OVER (PARTITION BY series ORDER BY second) / 100, 2), 192, 1, 3,
            fromUnixTimestamp64Milli({start:Int64} + second * 1000 + 40, 'UTC')
          FROM (SELECT number % ${seriesCount} + 1 AS series, intDiv(number, ${seriesCount}) + {from:UInt64} AS second,
            toInt32(rand(1) % 21) - 10 AS step, 0 AS jitter FROM numbers(${seriesCount * 600}))`,
        query_params: { start, from },
      })
    const size = await kit.clickhouse.query({
      query: `SELECT sum(bytes_on_disk) AS bytes, sum(rows) AS rows FROM system.parts
        WHERE database = currentDatabase() AND table = 'point' AND active`,
      format: 'JSONEachRow',
    })
    const [{ bytes, rows } = { bytes: 0, rows: 1 }] = await size.json<{
      bytes: number | string
      rows: number | string
    }>()
    report('query.points_stored', Number(rows), 'points')
    report('query.bytes_per_point.bytes', Number(bytes) / Number(rows), 'bytes')

    await settled(kit)
    const read = await reader(kit, orgId)
    const ask = (i: number) => ({
      deviceId: devices[(i * 37) % seriesCount]?.id ?? '',
      from: start + ((i * 7919) % Math.max(1, seconds - 3600)) * 1000,
    })
    for (let i = 0; i < 20; i++) await read.hour(ask(1000 + i))
    const times: number[] = []
    for (let i = 0; i < 200; i++) {
      const began = performance.now()
      const points = await read.hour(ask(i))
      times.push(performance.now() - began)
      if (points < 3000) throw new Error(`an hour at 1 Hz had ${points} points`)
    }
    report('query.one_series_one_hour_p50.ms', quantile(times, 0.5), 'ms')
    report('query.one_series_one_hour_p99.ms', quantile(times, 0.99), 'ms')
    await read.stop()
    report('query.limit_store_empty_query_p50.ms', await emptyQueryMs(kit), 'ms')
    report('query.peer_postgresql_7_2_m_points_p50.ms', await postgresHourMs(kit), 'ms')
  } finally {
    await kit.stop()
  }
}

/** Waits until the store has merged what was just filled in, as it has where the points came over weeks. */
async function settled(kit: TestKit): Promise<void> {
  for (const began = Date.now(); Date.now() - began < 120_000; await sleep(1000)) {
    const result = await kit.clickhouse.query({
      query: 'SELECT count() AS n FROM system.merges WHERE database = currentDatabase()',
      format: 'JSONEachRow',
    })
    if (Number((await result.json<{ n: number | string }>())[0]?.n) === 0) return
  }
}

/** What the way to the store and back costs alone. */
async function emptyQueryMs(kit: TestKit): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < 200; i++) {
    const began = performance.now()
    await (await kit.clickhouse.query({ query: 'SELECT 1', format: 'JSONEachRow' })).json()
    times.push(performance.now() - began)
  }
  return quantile(times, 0.5)
}

/** The same hour of one series by PostgreSQL's primary key, over one hour of all series only: 7.2 M rows. */
async function postgresHourMs(kit: TestKit): Promise<number> {
  const client = new pg.Client({ connectionString: kit.ownerUrl })
  await client.connect()
  try {
    await client.query('CREATE TABLE peer (series int4, at int8, value float8, PRIMARY KEY (series, at))')
    await client.query(
      `INSERT INTO peer SELECT s, t * 1000, s + t / 100.0 FROM generate_series(0, 3599) t, generate_series(1, ${seriesCount}) s`,
    )
    await client.query('VACUUM ANALYZE peer')
    const times: number[] = []
    for (let i = 0; i < 200; i++) {
      const began = performance.now()
      const { rows } = await client.query({
        name: 'peer',
        text: 'SELECT at, value FROM peer WHERE series = $1 AND at >= $2 AND at < $3 ORDER BY at',
        values: [((i * 37) % seriesCount) + 1, 0, hourMs],
      })
      times.push(performance.now() - began)
      if (rows.length !== 3600) throw new Error(`PostgreSQL had ${rows.length} points`)
    }
    return quantile(times, 0.5)
  } finally {
    await client.end()
  }
}

/** The API over HTTP, asked with an API token of the organisation whose devices these are. */
async function reader(kit: TestKit, orgId: string) {
  const api = await serveApi(kit)
  const token = `kpt_${kit.ids.secret()}`
  await kit.db.tx({ job: 'access' }, async (tx) => {
    const at = new Date(kit.clock.now())
    await tx.run(
      `INSERT INTO access.organisation (id, name, kind, region, created_at) VALUES ($1, 'bench', 'enterprise', '440606', $2)`,
      [orgId, at],
    )
    await tx.run(
      `INSERT INTO access.api_token (id, org_id, name, secret_sha256, scopes, created_at, expires_at)
       VALUES (gen_random_uuid(), $1, 'bench', $2, ARRAY['points.read'], $3, $4)`,
      [orgId, createHash('sha256').update(token).digest(), at, new Date(at.getTime() + 86_400_000)],
    )
  })
  return {
    /** Number of points in the hour from `from`. */
    async hour({ deviceId, from }: { deviceId: string; from: number }): Promise<number> {
      const query = new URLSearchParams({ deviceId, property: 'm0', from: String(from), to: String(from + hourMs) })
      const reply = await fetch(`${api.url}/api${getPointRange.path}?${query}`, {
        headers: { authorization: `Bearer ${token}` },
      })
      if (!reply.ok) throw new Error(await reply.text())
      return ((await reply.json()) as { at: number[] }).at.length
    },
    stop: api.stop,
  }
}
