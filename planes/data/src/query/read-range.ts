import type { PropertyType } from '@kapok/contracts/data'
import { dayMs } from '@kapok/kit/clock'
import type { Tx } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import { refuseData } from '../refusals.ts'
import { derivedRows, rollupColumns, rollupTables } from '../rollup/derive.ts'
import { type Bucket, combineDays, timeWeighted } from './buckets.ts'
import { exactPoints, inRange } from './dedup.ts'
import { type Gap, gapsBetween, gapsOfBuckets } from './gaps.ts'
import { checkRange, type SeriesOf } from './series-of.ts'

export interface Columns {
  source: 'raw' | '1m' | '1h' | '1d'
  at: number[]
  value: (number | string | boolean | null)[]
  min: (number | null)[]
  max: (number | null)[]
  count: number[]
  quality: number[]
  gaps: Gap[]
}

const hourMs = 3_600_000
/** A narrow read needs no second thread; instants are far below 2^53 and go as JSON numbers. */
const narrow = { max_threads: 1, output_format_json_quote_64bit_integers: 0 } as const
const sizesMs = { '1m': 60_000, '1h': hourMs, '1d': dayMs } as const

/** One series over [from, to): raw while it fits into `maxPoints`, else the finest roll-up that does. */
export async function readRange(
  kit: Kit,
  tx: Tx,
  series: SeriesOf,
  { from, to, maxPoints }: { from: number; to: number; maxPoints: number },
): Promise<Columns> {
  checkRange(from, to)
  if (series.id === undefined) return rawColumns([], [], [], series.type)
  const id = series.id
  if ((to - from) / 1000 <= maxPoints || (await fitsRaw(kit, series, from, to, maxPoints))) {
    const raw = await readRaw(kit, id, series.type, from, to, maxPoints + 1)
    if (raw.at.length <= maxPoints) return raw
  }
  if (series.type === 'text' || series.type === 'json')
    throw refuseData('range.too_many_points', { points: `> ${maxPoints}`, limit: maxPoints })
  const size = (['1m', '1h', '1d'] as const).find((each) => (to - from) / sizesMs[each] <= maxPoints) ?? '1d'
  const step = sizesMs[size]
  const whole = alignedTo(size, from, to)
  // One bucket more at the beginning: its last value is carried into the first one that was asked for.
  const read = await readBuckets(kit, tx, id, size === '1m' ? '1m' : '1h', whole.from - step, whole.to)
  const now = kit.clock.now()
  const all = size === '1d' ? combineDays(read, now) : timeWeighted(read, step, now)
  const buckets = all.filter(({ start }) => start >= whole.from)
  return {
    source: size,
    at: buckets.map(({ start }) => start),
    value: buckets.map(({ average }) => average),
    min: buckets.map(({ min }) => min),
    max: buckets.map(({ max }) => max),
    count: buckets.map(({ count }) => count),
    quality: buckets.map(({ good, count }) => Math.floor((good * 10_000) / count)),
    gaps: gapsOfBuckets(buckets, step),
  }
}

const tableOf = (type: PropertyType) => (type === 'text' || type === 'json' ? 'text_point' : 'point')

/**
 * Whether a wide range has few enough times to be drawn from points. Stops at the first that is too many, whereas the
 * exact read would look at each of a month's millions before it knew.
 */
async function fitsRaw(kit: Kit, series: SeriesOf, from: number, to: number, maxPoints: number): Promise<boolean> {
  const result = await kit.clickhouse.query({
    query: `SELECT count() AS n FROM (SELECT DISTINCT at FROM ${tableOf(series.type)}
      WHERE series = {id:UInt32} AND ${inRange} LIMIT {limit:UInt32})`,
    query_params: { id: series.id, from, to, limit: maxPoints + 1 },
    clickhouse_settings: narrow,
    format: 'JSONEachRow',
  })
  const [row] = await result.json<{ n: number }>()
  return (row?.n ?? 0) <= maxPoints
}

const shanghaiMs = 8 * hourMs

/** The range in whole buckets; days are those of Asia/Shanghai. */
function alignedTo(size: '1m' | '1h' | '1d', from: number, to: number): { from: number; to: number } {
  const step = sizesMs[size]
  const shift = size === '1d' ? shanghaiMs : 0
  return {
    from: Math.floor((from + shift) / step) * step - shift,
    to: Math.ceil((to + shift) / step) * step - shift,
  }
}

async function readRaw(
  kit: Kit,
  id: number,
  type: PropertyType,
  from: number,
  to: number,
  limit: number,
): Promise<Columns> {
  const result = await kit.clickhouse.query({
    query: `SELECT groupArray(toUnixTimestamp64Milli(at)) AS ms, groupArray(value) AS v, groupArray(quality) AS q
      FROM (SELECT * FROM (${exactPoints(tableOf(type), `series = {id:UInt32} AND ${inRange}`)}) ORDER BY at LIMIT {limit:UInt32})`,
    query_params: { id, from, to, limit },
    clickhouse_settings: narrow,
    format: 'JSONEachRow',
  })
  const [row] = await result.json<{ ms: number[]; v: (number | string)[]; q: number[] }>()
  return rawColumns(row?.ms ?? [], row?.v ?? [], row?.q ?? [], type)
}

function rawColumns(at: number[], values: (number | string)[], qualities: number[], type: PropertyType): Columns {
  const value = type === 'bool' ? values.map((each) => each === 1) : values
  return { source: 'raw', at, value, min: [], max: [], count: [], quality: qualities, gaps: gapsBetween(at) }
}

/**
 * Roll-up rows of a series: from the table for hours that are settled, from the points for hours that were touched
 * since (the open hour always is).
 */
async function readBuckets(
  kit: Kit,
  tx: Tx,
  id: number,
  size: '1m' | '1h',
  from: number,
  to: number,
): Promise<Bucket[]> {
  const touched = await tx.rows<{ hour: bigint }>(
    'SELECT hour FROM data.touched_hour WHERE hour > $1 AND hour < $2 ORDER BY hour',
    [from - hourMs, to],
    'data-touched-hours',
  )
  const hours = touched.map(({ hour }) => Number(hour) / 1000)
  const columns = `toUnixTimestamp64Milli(bucket) AS start, count, good, min, max, first, last,
    toUnixTimestamp64Milli(first_at) AS firstAt, toUnixTimestamp64Milli(last_at) AS lastAt, integral`
  const settled = `SELECT ${rollupColumns} FROM ${rollupTables[size]} FINAL WHERE series = {id:UInt32}
    AND bucket >= fromUnixTimestamp64Milli({from:Int64}) AND bucket < fromUnixTimestamp64Milli({to:Int64})
    AND toUnixTimestamp(toStartOfHour(bucket)) NOT IN {hours:Array(UInt32)}`
  const fresh = derivedRows(
    size,
    `series = {id:UInt32} AND ${inRange} AND toUnixTimestamp(toStartOfHour(at)) IN {hours:Array(UInt32)}`,
  )
  const result = await kit.clickhouse.query({
    query: `SELECT ${columns} FROM (${settled}${hours.length === 0 ? '' : ` UNION ALL ${fresh}`}) ORDER BY start`,
    query_params: { id, from, to, hours },
    clickhouse_settings: narrow,
    format: 'JSONEachRow',
  })
  return result.json<Bucket>()
}
