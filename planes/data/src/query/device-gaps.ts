import type { Tx } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import { inRange } from './dedup.ts'
import type { Gap } from './gaps.ts'

const gapsMax = 1000

/** Stretches longer than `minutes` in which no property of the device sent, by query over the points. */
export async function deviceGaps(
  kit: Kit,
  tx: Tx,
  ask: { deviceId: string; from: number; to: number; minutes: number },
): Promise<Gap[]> {
  const series = await tx.rows<{ id: bigint }>('SELECT id FROM data.series WHERE device_id = $1', [ask.deviceId])
  if (series.length === 0) return []
  const times = (table: string) => `SELECT DISTINCT at FROM ${table} WHERE series IN {ids:Array(UInt32)} AND ${inRange}`
  const result = await kit.clickhouse.query({
    query: `SELECT toUnixTimestamp64Milli(before) AS start, toUnixTimestamp64Milli(at) AS end FROM (
        SELECT at, lagInFrame(at, 1, at) OVER (ORDER BY at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS before
        FROM (${times('point')} UNION DISTINCT ${times('text_point')}))
      WHERE end - start > {ms:Int64} ORDER BY start DESC LIMIT ${gapsMax}`,
    query_params: { ids: series.map(({ id }) => Number(id)), from: ask.from, to: ask.to, ms: ask.minutes * 60_000 },
    format: 'JSONEachRow',
  })
  const rows = await result.json<{ start: number | string; end: number | string }>()
  return rows.map(({ start, end }) => ({ from: Number(start), to: Number(end) })).reverse()
}
