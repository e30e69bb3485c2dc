import { getPointRange } from '@kapok/contracts/data'
import { dataMigrations, dataPlane } from '@kapok/data'
import { migrateStore } from '@kapok/data/migrate-store'
import { callerOf } from '@kapok/data/testing'
import { testKit } from '@kapok/kit-store/testing'
import { makeDevices } from './start-ingest.ts'

type Report = (name: string, value: number, unit: string) => void
/** 2,000 series at 1 Hz; `KAPOK_BENCH_POINTS` makes a smaller store for a quick look. */
const seriesCount = 2000
const pointsWanted = Number(process.env.KAPOK_BENCH_POINTS ?? 100_000_000)
const hourMs = 3_600_000

/** Reading one series through its route (without HTTP), and the size of a sensor's random walk with two decimals. */
export default async function queryBench(report: Report): Promise<void> {
  const kit = await testKit({ migrations: [dataMigrations] })
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

    const call = callerOf(dataPlane(kit), kit, orgId)
    const times: number[] = []
    for (let i = 0; i < 60; i++) {
      const from = start + ((i * 7919) % Math.max(1, seconds - 3600)) * 1000
      const began = performance.now()
      const read = await call(getPointRange, {
        query: { deviceId: devices[(i * 37) % seriesCount]?.id ?? '', property: 'm0', from, to: from + hourMs },
      })
      times.push(performance.now() - began)
      if (read.at.length < 3000) throw new Error(`an hour at 1 Hz had ${read.at.length} points`)
    }
    times.sort((a, b) => a - b)
    report('query.one_series_one_hour_p50.ms', times[30] ?? Number.NaN, 'ms')
    report('query.one_series_one_hour_p99.ms', times[59] ?? Number.NaN, 'ms')
  } finally {
    await kit.stop()
  }
}
