import { exactPoints } from '../query/dedup.ts'

export const rollupTables = { '1m': 'rollup_1m', '1h': 'rollup_1h' } as const
const bucketOf = { '1m': 'toStartOfMinute(at)', '1h': 'toStartOfHour(at)' } as const
export const rollupColumns = 'series, bucket, count, good, sum, min, max, first, last, first_at, last_at, integral'

/**
 * Roll-up rows of the points that `where` takes, each from its bucket's own points in the order of time: sums of
 * floats then come out equal to the last bit however the points arrived. `integral` is value × seconds, each value
 * held until the next point of the bucket.
 */
export function derivedRows(size: '1m' | '1h', where: string): string {
  return `SELECT series, bucket, toUInt32(length(v)) AS count, toUInt32(goods) AS good, arraySum(v) AS sum,
      arrayMin(v) AS min, arrayMax(v) AS max, v[1] AS first, v[-1] AS last,
      fromUnixTimestamp64Milli(t[1], 'UTC') AS first_at, fromUnixTimestamp64Milli(t[-1], 'UTC') AS last_at,
      if(length(v) > 1, arraySum(arrayMap((x, d) -> x * d, arrayPopBack(v), arrayPopFront(arrayDifference(t)))), 0) / 1000 AS integral
    FROM (
      SELECT series, toDateTime64(${bucketOf[size]}, 3, 'UTC') AS bucket,
        arraySort(groupArray((toUnixTimestamp64Milli(at), value))) AS pairs,
        tupleElement(pairs, 1) AS t, tupleElement(pairs, 2) AS v, countIf(quality = 192) AS goods
      FROM (${exactPoints('point', where)}) GROUP BY series, bucket)`
}
