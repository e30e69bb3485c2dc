import { unknownThing } from '@kapok/contracts/refusal'
import type { Tx } from '@kapok/kit-store/db'
import { refuseData } from '../refusals.ts'

/** Points and evidence stay; the device sends no more until it is brought back. */
export async function deleteDevice(tx: Tx, deviceId: string, nowMs: number): Promise<void> {
  const changed = await tx.run('UPDATE data.device SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL', [
    deviceId,
    new Date(nowMs),
  ])
  if (changed === 0) throw unknownThing('device')
}

/** Undo. When its name was taken meanwhile, the device comes back with a number behind it. */
export async function undeleteDevice(tx: Tx, deviceId: string): Promise<void> {
  const device = await tx.row<{ name: string; deleted: boolean }>(
    'SELECT name, deleted_at IS NOT NULL AS deleted FROM data.device WHERE id = $1 FOR UPDATE',
    [deviceId],
  )
  if (device === undefined) throw unknownThing('device')
  if (!device.deleted) throw refuseData('device.not_deleted')
  const taken = await tx.rows<{ name: string }>(
    'SELECT name FROM data.device WHERE deleted_at IS NULL AND starts_with(name, $1)',
    [device.name.slice(0, 110)],
  )
  const names = new Set(taken.map(({ name }) => name))
  let { name } = device
  for (let n = 2; names.has(name); n++) name = `${device.name.slice(0, 110)} (${n})`
  await tx.run('UPDATE data.device SET deleted_at = NULL, name = $2 WHERE id = $1', [deviceId, name])
}
