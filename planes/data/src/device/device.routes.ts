import {
  createDevice as createContract,
  deleteDevice as deleteContract,
  disableDevice,
  enableDevice,
  getDevice,
  listDevices,
  renameDevice as renameContract,
  undeleteDevice as undeleteContract,
} from '@kapok/contracts/data'
import { unknownThing } from '@kapok/contracts/refusal'
import { afterCommit } from '@kapok/kit-store/after-commit'
import type { Tx } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import { listRows } from '@kapok/kit-store/list'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { createDevice } from './create-device.ts'
import { deleteDevice, undeleteDevice } from './delete-device.ts'
import {
  type DeviceRow,
  deviceOf,
  deviceSelect,
  findDevice,
  onlineMsMax,
  propertiesOf,
  type RawDevice,
} from './device.store.ts'
import { renameDevice } from './rename-device.ts'

export function deviceRoutes(kit: Kit): RouteHandler[] {
  const found = async (tx: Tx, deviceId: string): Promise<DeviceRow> => {
    const device = await findDevice(tx, deviceId, kit.clock.now())
    if (device === undefined) throw unknownThing('device')
    return device
  }
  const changed = (orgId: string, deviceId: string) =>
    afterCommit(() => kit.bus.emit('device.changed', { orgId, deviceId }))
  const setEnabled = async (tx: Tx, orgId: string, deviceId: string, enabled: boolean): Promise<DeviceRow> => {
    await found(tx, deviceId)
    await tx.run('UPDATE data.device SET enabled = $2 WHERE id = $1', [deviceId, enabled])
    changed(orgId, deviceId)
    return found(tx, deviceId)
  }

  return [
    handle(listDevices, async ({ tx, query }) => {
      const since = new Date(kit.clock.now() - onlineMsMax)
      const where: [string, unknown][] = [
        [query.deleted === true ? 'd.deleted_at IS NOT NULL AND $?' : 'd.deleted_at IS NULL AND $?', true],
      ]
      if (query.productId !== undefined) where.push(['d.product_id = $?', query.productId])
      if (query.kind !== undefined) where.push(['d.kind = $?', query.kind])
      if (query.online !== undefined)
        where.push([`(d.session_since IS NOT NULL OR coalesce(d.last_seen > $?, false)) = ${query.online}`, since])
      const page = await listRows<RawDevice>(tx, {
        select: deviceSelect,
        where,
        search: ['d.name', 'p.name', 'd.id'],
        sorts: { name: 'name', productName: 'product_name', lastSeen: 'last_seen', createdAt: 'created_at' },
        otherwise: 'name',
        query,
      })
      return { rows: page.rows.map((row) => deviceOf(row, kit.clock.now())), total: page.total }
    }),
    handle(getDevice, async ({ tx, params }) => ({
      ...(await found(tx, params.deviceId)),
      properties: await propertiesOf(tx, params.deviceId),
    })),
    handle(createContract, async (call) => {
      const made = await createDevice(kit, call)
      changed(call.orgId, made.deviceId)
      return made
    }),
    handle(renameContract, async ({ tx, params, body, orgId }) => {
      await renameDevice(tx, params.deviceId, body.name)
      changed(orgId, params.deviceId)
      return found(tx, params.deviceId)
    }),
    handle(disableDevice, ({ tx, params, orgId }) => setEnabled(tx, orgId, params.deviceId, false)),
    handle(enableDevice, ({ tx, params, orgId }) => setEnabled(tx, orgId, params.deviceId, true)),
    handle(deleteContract, async ({ tx, params, orgId }) => {
      await deleteDevice(tx, params.deviceId, kit.clock.now())
      changed(orgId, params.deviceId)
      return {}
    }),
    handle(undeleteContract, async ({ tx, params, orgId }) => {
      await undeleteDevice(tx, params.deviceId)
      changed(orgId, params.deviceId)
      return found(tx, params.deviceId)
    }),
  ]
}
