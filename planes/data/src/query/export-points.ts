import type { Tx } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import type { FileReply } from '@kapok/kit-store/plane'
import { refuseData } from '../refusals.ts'
import { exactPoints, inRange } from './dedup.ts'
import { checkRange, type SeriesOf, seriesOf } from './series-of.ts'

const rowsMax = 1_000_000
const pageRows = 50_000

/** One series as CSV, page by page, so that a million rows never lie in memory together. */
export async function exportPoints(
  kit: Kit,
  tx: Tx,
  ask: { deviceId: string; property: string; from: number; to: number },
): Promise<FileReply> {
  checkRange(ask.from, ask.to)
  const series = await seriesOf(tx, ask.deviceId, ask.property)
  if (series.id !== undefined) {
    const counted = await kit.clickhouse.query({
      query: `SELECT count() AS n FROM ${tableOf(series)} WHERE series = {id:UInt32} AND ${inRange}`,
      query_params: { id: series.id, from: ask.from, to: ask.to },
      format: 'JSONEachRow',
    })
    const points = Number((await counted.json<{ n: number | string }>())[0]?.n ?? 0)
    if (points > rowsMax) throw refuseData('range.too_many_points', { points, limit: rowsMax })
  }
  return {
    bytes: rows(kit, series, ask),
    mediaType: 'text/csv; charset=utf-8',
    fileName: `${ask.property.replace(/[^\w.-]/g, '_')}.csv`,
  }
}

const tableOf = ({ type }: SeriesOf) => (type === 'text' || type === 'json' ? 'text_point' : 'point')

async function* rows(
  kit: Kit,
  series: SeriesOf,
  ask: { property: string; from: number; to: number },
): AsyncGenerator<string> {
  // The byte order mark makes spreadsheets read UTF-8.
  yield `\ufeffat,${cell(`${series.name}${series.unit === '' ? '' : ` (${series.unit})`}`)},quality\r\n`
  let { from } = ask
  while (series.id !== undefined) {
    const result = await kit.clickhouse.query({
      query: `SELECT toUnixTimestamp64Milli(at) AS ms, value, quality FROM
        (SELECT * FROM (${exactPoints(tableOf(series), `series = {id:UInt32} AND ${inRange}`)}) ORDER BY at LIMIT ${pageRows})`,
      query_params: { id: series.id, from, to: ask.to },
      clickhouse_settings: { priority: '1' },
      format: 'JSONCompactEachRow',
    })
    const page = await result.json<[string | number, number | string, number]>()
    yield page
      .map(([ms, value, quality]) => `${new Date(Number(ms)).toISOString()},${cell(value)},${quality}\r\n`)
      .join('')
    if (page.length < pageRows) return
    from = Number(page.at(-1)?.[0]) + 1
  }
}

/** A text that a spreadsheet could take for a formula gets a leading apostrophe; numbers stay numbers. */
export function cell(value: number | string): string {
  if (typeof value === 'number') return String(value)
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
