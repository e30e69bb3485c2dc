import { createHash } from 'node:crypto'
import type { DeviceDay, OrganisationDay } from '@kapok/contracts/ports'
import { dayMs, startOfCivilDay } from '@kapok/kit/clock'
import type { Kit } from '@kapok/kit-store/kit'
import { inRange } from '../query/dedup.ts'
import { doors } from '../store/point-row.ts'
import { seriesParts } from '../store/series-parts.ts'
import { gatewayDay } from './gateway-day.ts'

const gapMs = 300_000

/**
 * The meters of one organisation and civil day, by query over the deduplicated points. Points that came by the
 * import door draw charts and do not count. The same day asked again gives an equal answer.
 */
export async function meterDay(kit: Kit, orgId: string, day: string): Promise<OrganisationDay> {
  const from = startOfCivilDay(day)
  const meters: DeviceDay[] = []
  const minutes = new Set<number>()
  for (const part of seriesParts(await seriesOfOrg(kit, orgId)))
    for (const { sentIn, ...meter } of await meterPart(kit, part, from)) {
      meters.push(meter)
      for (const minute of sentIn) minutes.add(minute)
    }
  meters.sort((a, b) => (a.deviceId < b.deviceId ? -1 : 1))
  return { activeMinutes: minutes.size, meters, gateways: await gatewayDay(kit, orgId, day) }
}

/** `sentIn`: the minutes of the day. */
async function meterPart(
  kit: Kit,
  series: readonly SeriesOfOrg[],
  from: number,
): Promise<(DeviceDay & { sentIn: number[] })[]> {
  const devices = [...new Set(series.map(({ deviceId }) => deviceId))]
  const numberOf = new Map(devices.map((id, i) => [id, i]))
  const result = await kit.clickhouse.query({
    query: meterQuery,
    query_params: {
      ids: series.map(({ id }) => Number(id)),
      owners: series.map(({ deviceId }) => numberOf.get(deviceId) ?? 0),
      from,
      to: from + dayMs,
    },
    format: 'JSONEachRow',
  })
  const propertyOf = new Map(series.map(({ id, property }) => [Number(id), property]))
  const rows = await result.json<MeterRow>()
  return rows.map((row) => ({
    deviceId: devices[row.device] ?? '',
    points: Number(row.points),
    minutes: row.sentIn.length,
    sentIn: row.sentIn,
    first: Number(row.first),
    last: Number(row.last),
    gaps: Number(row.gaps),
    properties: row.digests.length,
    goodBp: Math.floor((Number(row.good) * 10_000) / Number(row.points)),
    conflicts: Number(row.conflicts),
    signed: Number(row.signed),
    digest: dayDigest(row.digests.map(([id, digest]) => [propertyOf.get(id) ?? '', digest])),
  }))
}

interface SeriesOfOrg {
  id: bigint
  deviceId: string
  property: string
}

/** All series of an organisation, those of one device together. */
export function seriesOfOrg(kit: Kit, orgId: string): Promise<SeriesOfOrg[]> {
  return kit.db.tx({ job: 'data' }, (tx) =>
    tx.rows<SeriesOfOrg>(
      'SELECT id, device_id AS "deviceId", property FROM data.series WHERE org_id = $1 ORDER BY device_id, property',
      [orgId],
    ),
  )
}

interface MeterRow {
  device: number
  points: number | string
  sentIn: number[]
  first: number | string
  last: number | string
  gaps: number | string
  good: number | string
  conflicts: number | string
  signed: number | string
  digests: [series: number, digest: string][]
}

/** SHA-256 over the properties' own digests in the order of their names: nothing of it names the device. */
export function dayDigest(properties: readonly (readonly [property: string, digest: string])[]): string {
  const lines = properties.map(([property, digest]) => `${property}\n${digest}\n`).sort()
  return createHash('sha256').update(lines.join('')).digest('hex')
}

// Level 1: one row for each (series, at), the value that counts, and whether others were sent. Level 2: each series
// with the digest of its (time of day, value) in order. Level 3: each device.
const counted = (table: string, bits: string) => `
  SELECT series, toUnixTimestamp64Milli(at) AS ms,
    argMax((${bits} AS bits, quality, door), (received, bits, quality, door)) AS winner, uniqExact(bits) > 1 AS conflict,
    if(conflict, winner.3, max(door)) = ${doors.gateway} AS signed
  FROM ${table} WHERE series IN {ids:Array(UInt32)} AND door != ${doors.import} AND ${inRange} GROUP BY series, at`
const meterQuery = `
  SELECT device, sum(points) AS points, sum(goods) AS good, sum(conflicts_of) AS conflicts, sum(signed_of) AS signed,
    arraySort(arrayDistinct(arrayFlatten(groupArray(times)))) AS all_times,
    arrayDistinct(arrayMap(t -> toUInt16(intDiv(t - {from:Int64}, 60000)), all_times)) AS sentIn,
    all_times[1] AS first, all_times[-1] AS last,
    arrayCount(d -> d > ${gapMs}, arrayPopFront(arrayDifference(all_times))) AS gaps,
    groupArray((series, digest)) AS digests
  FROM (
    SELECT series, transform(series, {ids:Array(UInt32)}, {owners:Array(UInt32)}, toUInt32(0)) AS device,
      count() AS points, countIf(winner.2 = 192) AS goods, countIf(conflict) AS conflicts_of, countIf(signed) AS signed_of,
      arraySort(groupArray((ms, winner.1))) AS pairs, tupleElement(pairs, 1) AS times,
      lower(hex(SHA256(arrayStringConcat(arrayMap(p -> concat(toString(p.1 - {from:Int64}), '=', p.2), pairs), '\\n')))) AS digest
    FROM (${counted('point', "concat('n', hex(reinterpretAsUInt64(value)))")}
      UNION ALL ${counted('text_point', "concat('t', hex(value))")})
    GROUP BY series)
  GROUP BY device ORDER BY device`
