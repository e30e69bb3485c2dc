/**
 * Points as they count: one row for each (series, at). Of conflicting values the latest `received` wins, then the
 * larger value and quality by their bits, so that the answer never depends on the order of arrival. This ordered
 * LIMIT BY is exact by itself: what merges have or have not removed makes no difference to it.
 */
export function exactPoints(table: 'point' | 'text_point', where: string): string {
  const bits = table === 'point' ? 'reinterpretAsUInt64(value)' : 'value'
  return `SELECT series, at, value, quality FROM ${table} WHERE ${where}
    ORDER BY series, at, received DESC, ${bits} DESC, quality DESC LIMIT 1 BY series, at`
}

export const inRange = 'at >= fromUnixTimestamp64Milli({from:Int64}) AND at < fromUnixTimestamp64Milli({to:Int64})'
