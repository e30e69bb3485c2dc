import { unknownThing } from '@kapok/contracts/refusal'
import type { Tx } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import { type DeviceRow, findDevice } from '../device/device.store.ts'
import { refuseData } from '../refusals.ts'

/** A gateway of the organisation that asks; refuses with why it is none. */
export async function gatewayOf(kit: Kit, tx: Tx, deviceId: string): Promise<DeviceRow> {
  const device = await findDevice(tx, deviceId, kit.clock.now())
  if (device === undefined || device.deletedAt !== null) throw unknownThing('device')
  if (device.kind !== 'gateway') throw refuseData('gateway.not_one', { name: device.name })
  return device
}

/** A gateway that has a key, so that it can be asked. */
export async function enrolledGateway(kit: Kit, tx: Tx, deviceId: string): Promise<DeviceRow> {
  const device = await gatewayOf(kit, tx, deviceId)
  const key = await tx.row('SELECT FROM data.gateway_key WHERE device_id = $1 AND replaced_at IS NULL', [deviceId])
  if (key === undefined) throw refuseData('gateway.not_enrolled', { name: device.name })
  return device
}
