import {
  makeEnrolmentCode as codeContract,
  enrolGateway as enrolContract,
  getGatewayHealth,
  getGatewayStanding,
  listGateways,
} from '@kapok/contracts/gateway'
import { unknownThing } from '@kapok/contracts/refusal'
import type { Tx } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { type DeviceRow, findDevice } from '../device/device.store.ts'
import { refuseData } from '../refusals.ts'
import { enrolGateway, makeEnrolmentCode } from './enrol.ts'
import { healthOf } from './health.ts'
import { listOfGateways } from './list-gateways.ts'
import { gatewayStanding } from './standing.ts'

export function gatewayRoutes(kit: Kit): RouteHandler[] {
  const gateway = async (tx: Tx, deviceId: string): Promise<DeviceRow> => {
    const device = await findDevice(tx, deviceId, kit.clock.now())
    if (device === undefined || device.deletedAt !== null) throw unknownThing('device')
    if (device.kind !== 'gateway') throw refuseData('gateway.not_one', { name: device.name })
    return device
  }
  return [
    handle(listGateways, ({ tx, query }) => listOfGateways(tx, query, kit.clock.now())),
    handle(codeContract, async ({ tx, params, orgId }) => {
      await gateway(tx, params.deviceId)
      return makeEnrolmentCode(kit, tx, { orgId, deviceId: params.deviceId })
    }),
    handle(enrolContract, async ({ body }) => {
      const { orgId, ...enrolled } = await enrolGateway(kit, body)
      // Sessions of the earlier tokens end now; the enrolment is committed already.
      kit.bus.emit('device.changed', { orgId, deviceId: enrolled.gatewayId })
      return enrolled
    }),
    handle(getGatewayStanding, async ({ tx, params }) => {
      await gateway(tx, params.deviceId)
      return gatewayStanding(kit, tx, params.deviceId)
    }),
    handle(getGatewayHealth, async ({ tx, params }) => {
      await gateway(tx, params.deviceId)
      return { health: (await healthOf(tx, params.deviceId)) ?? null }
    }),
  ]
}
