import type { getLastPoints } from '@kapok/contracts/data'
import type { ReplyOf } from '@kapok/contracts/route'
import type { Tx } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'

type Rows = ReplyOf<typeof getLastPoints>['rows']

/** Newest values of the devices that the caller may see, from the memory of ingest. */
export async function lastPoints(kit: Kit, tx: Tx, deviceIds: readonly string[]): Promise<Rows> {
  const devices = await tx.rows<{
    id: string
    properties: { identifier: string; name: string; unit: string }[] | null
  }>(
    `SELECT d.id, p.properties FROM data.device d LEFT JOIN data.product p ON p.id = d.product_id WHERE d.id = ANY ($1)`,
    [deviceIds],
  )
  if (devices.length === 0) return []
  const lasts = await kit.bus.request('ingest.last', { deviceIds: devices.map(({ id }) => id) })
  return devices.flatMap(({ id, properties }) =>
    (properties ?? []).flatMap(({ identifier, name, unit }) => {
      const last = lasts[id]?.[identifier]
      if (last === undefined) return []
      const [at, value, quality, receivedAt] = last
      return [{ deviceId: id, property: identifier, name, unit, at, value, quality, receivedAt }]
    }),
  )
}
