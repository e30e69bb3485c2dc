import type { Kit } from '@kapok/kit-store/kit'
import { inRange } from '../query/dedup.ts'
import { derivedRows, rollupColumns, rollupTables } from './derive.ts'

const hourMs = 3_600_000
/** Hours of one derivation at most: they are neighbours, so that one narrow scan serves them all. */
const spanHoursMax = 24
/** Rows of points that one derivation sorts in memory. */
const rowsPerDerivationMax = 10_000_000
const hoursPerRunMax = 24 * 400

/**
 * Derives the roll-ups of every closed hour that points were loaded into, from the deduplicated points, again and
 * whole. An hour stays marked when more points came while it was read. Returns how many hours were derived.
 */
export async function deriveTouchedHours(kit: Kit, rowsMax = rowsPerDerivationMax): Promise<number> {
  const closedBefore = kit.clock.now() - hourMs
  const touched = await kit.db.tx({ job: 'data' }, (tx) =>
    tx.rows<{ hour: bigint; touches: bigint }>(
      `SELECT hour, touches FROM data.touched_hour WHERE hour <= $1 ORDER BY hour LIMIT ${hoursPerRunMax}`,
      [closedBefore],
    ),
  )
  for (const span of spansOf(touched)) {
    const version = await kit.db.tx({ job: 'data' }, (tx) =>
      tx.row<{ version: bigint }>(`SELECT nextval('data.derivation') AS version`),
    )
    const [from, to] = [Number(span[0]?.hour), Number(span.at(-1)?.hour) + hourMs]
    const hours = span.map(({ hour }) => Number(hour) / 1000)
    const within = `${inRange} AND toUnixTimestamp(toStartOfHour(at)) IN {hours:Array(UInt32)}`
    for (const [first, last] of await seriesRanges(kit, within, { from, to, hours }, rowsMax))
      for (const size of ['1m', '1h'] as const)
        await kit.clickhouse.command({
          query: `INSERT INTO ${rollupTables[size]} (${rollupColumns}, version)
            SELECT ${rollupColumns}, {version:UInt64} FROM
            (${derivedRows(size, `series BETWEEN {first:UInt32} AND {last:UInt32} AND ${within}`)})`,
          query_params: { from, to, hours, first, last, version: String(version?.version) },
          clickhouse_settings: { max_threads: 1, max_partitions_per_insert_block: '0' },
        })
    await kit.db.tx({ job: 'data' }, (tx) =>
      tx.run(
        `DELETE FROM data.touched_hour t USING unnest($1::bigint[], $2::bigint[]) AS d (hour, touches)
         WHERE t.hour = d.hour AND t.touches = d.touches`,
        [span.map(({ hour }) => hour), span.map(({ touches }) => touches)],
      ),
    )
  }
  return touched.length
}

/**
 * Ranges of series, each with few enough rows of the span to be sorted in memory: a busy hour of a province is derived
 * in parts. One series is never divided, since a bucket is derived whole.
 */
async function seriesRanges(
  kit: Kit,
  within: string,
  params: { from: number; to: number; hours: number[] },
  rowsMax: number,
): Promise<[first: number, last: number][]> {
  const result = await kit.clickhouse.query({
    query: `SELECT series, toUInt32(count()) AS rows FROM point WHERE ${within} GROUP BY series ORDER BY series`,
    query_params: params,
    clickhouse_settings: { max_threads: 1, priority: '1' },
    format: 'JSONCompactEachRow',
  })
  const ranges: [number, number][] = []
  let rowsOfOpen = 0
  for (const [series, rows] of await result.json<[number, number]>()) {
    const open = ranges.at(-1)
    if (open === undefined || rowsOfOpen + rows > rowsMax) {
      ranges.push([series, series])
      rowsOfOpen = rows
    } else {
      open[1] = series
      rowsOfOpen += rows
    }
  }
  return ranges
}

/** Runs of hours that lie within a day of each other. */
function spansOf<T extends { hour: bigint }>(hours: readonly T[]): T[][] {
  const spans: T[][] = []
  for (const each of hours) {
    const span = spans.at(-1)
    const first = span?.[0]
    if (span !== undefined && first !== undefined && each.hour - first.hour < BigInt(spanHoursMax * hourMs))
      span.push(each)
    else spans.push([each])
  }
  return spans
}
