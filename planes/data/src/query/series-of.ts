import type { PropertyType } from '@kapok/contracts/data'
import { unknownThing } from '@kapok/contracts/refusal'
import type { Tx } from '@kapok/kit-store/db'
import { refuseData } from '../refusals.ts'

export interface SeriesOf {
  /** Undefined when the device never sent this property. */
  id: number | undefined
  name: string
  unit: string
  type: PropertyType
}

const yearsMax = 6

/** Device → right (row-level security) → series: the only way to a point. */
export async function seriesOf(tx: Tx, deviceId: string, property: string): Promise<SeriesOf> {
  const row = await tx.row<{
    id: bigint | null
    type: PropertyType | null
    said: { name: string; unit: string; type: PropertyType } | null
  }>(
    `SELECT s.id, s.type, (SELECT e FROM jsonb_array_elements(p.properties) e WHERE e->>'identifier' = $2) AS said
     FROM data.device d LEFT JOIN data.product p ON p.id = d.product_id
     LEFT JOIN data.series s ON s.device_id = d.id AND s.property = $2 WHERE d.id = $1`,
    [deviceId, property],
    'data-series-of',
  )
  if (row === undefined) throw unknownThing('device')
  const type = row.type ?? row.said?.type
  if (type === undefined) throw unknownThing('property')
  return {
    id: row.id === null ? undefined : Number(row.id),
    name: row.said?.name ?? property,
    unit: row.said?.unit ?? '',
    type,
  }
}

export function checkRange(from: number, to: number): void {
  if (from >= to) throw refuseData('range.empty')
  if (to - from > yearsMax * 366 * 86_400_000) throw refuseData('range.too_long', { years: yearsMax })
}
