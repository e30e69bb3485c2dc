import type { DevicePort } from '@kapok/contracts/ports'
import { civilDayOf } from '@kapok/kit/clock'
import type { Kit } from '@kapok/kit-store/kit'
import { doors } from '../store/point-row.ts'
import { seriesParts } from '../store/series-parts.ts'
import { daysTouchedByGateways } from './gateway-day.ts'
import { meterDay, seriesOfOrg } from './meter-day.ts'

/** What the evidence and subsidy planes may ask of devices and points. */
export function devicePort(kit: Kit): DevicePort {
  const job = { job: 'data' }
  return {
    ofOrg: async (orgId) => {
      const rows = await kit.db.tx(job, (tx) =>
        tx.rows<{ id: string; name: string; productName: string; at: Date }>(
          `SELECT d.id, d.name, coalesce(p.name, '') AS "productName", d.created_at AS at
           FROM data.device d LEFT JOIN data.product p ON p.id = d.product_id
           WHERE d.org_id = $1 AND d.kind = 'device' AND d.deleted_at IS NULL ORDER BY d.name`,
          [orgId],
        ),
      )
      return rows.map(({ at, ...device }) => ({ ...device, createdAt: at.getTime() }))
    },
    orgsWithDevices: async () => {
      const rows = await kit.db.tx(job, (tx) =>
        tx.rows<{ id: string }>('SELECT DISTINCT org_id AS id FROM data.device ORDER BY org_id'),
      )
      return rows.map(({ id }) => id)
    },
    meterDay: (orgId, day) => meterDay(kit, orgId, day),
    daysTouched: async (orgId, receivedFrom, receivedTo) => {
      const hours = (
        table: string,
      ) => `SELECT DISTINCT intDiv(toUnixTimestamp64Milli(at), 3600000) AS hour FROM ${table}
        WHERE series IN {ids:Array(UInt32)} AND door != ${doors.import}
          AND received >= fromUnixTimestamp64Milli({from:Int64}) AND received < fromUnixTimestamp64Milli({to:Int64})`
      const days = new Set(await daysTouchedByGateways(kit, orgId, receivedFrom, receivedTo))
      for (const part of seriesParts(await seriesOfOrg(kit, orgId))) {
        const result = await kit.clickhouse.query({
          query: `${hours('point')} UNION DISTINCT ${hours('text_point')}`,
          query_params: { ids: part.map(({ id }) => Number(id)), from: receivedFrom, to: receivedTo },
          format: 'JSONEachRow',
        })
        for (const { hour } of await result.json<{ hour: number | string }>())
          days.add(civilDayOf(Number(hour) * 3_600_000))
      }
      return [...days].sort()
    },
    flush: async () => {
      await kit.bus.request('ingest.flush', {})
    },
  }
}
