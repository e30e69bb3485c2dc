import type { Kit } from '@kapok/kit-store/kit'
import { inRange } from '../query/dedup.ts'
import { derivedRows, rollupColumns, rollupTables } from './derive.ts'

const hourMs = 3_600_000
/** Hours of one derivation at most: they are neighbours, so that one narrow scan serves them all. */
const spanHoursMax = 24
const hoursPerRunMax = 24 * 400

/**
 * Derives the roll-ups of every closed hour that points were loaded into, from the deduplicated points, again and
 * whole. An hour stays marked when more points came while it was read. Returns how many hours were derived.
 */
export async function deriveTouchedHours(kit: Kit): Promise<number> {
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
    for (const size of ['1m', '1h'] as const)
      await kit.clickhouse.command({
        query: `INSERT INTO ${rollupTables[size]} (${rollupColumns}, version)
          SELECT ${rollupColumns}, {version:UInt64} FROM
          (${derivedRows(size, `${inRange} AND toUnixTimestamp(toStartOfHour(at)) IN {hours:Array(UInt32)}`)})`,
        query_params: { from, to, hours, version: String(version?.version) },
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
