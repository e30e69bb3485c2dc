import {
  applyConfiguration,
  makeEnrolmentCode as codeContract,
  dryRunConfiguration,
  enrolGateway as enrolContract,
  getConfiguration,
  getGatewayHealth,
  getGatewayLogs,
  getGatewayStanding,
  listConfigurations,
  listGateways,
  readGatewayTag,
  restartGateway,
  saveConfiguration as saveContract,
} from '@kapok/contracts/gateway'
import type { ReplyOf, RouteContract } from '@kapok/contracts/route'
import { afterCommit } from '@kapok/kit-store/after-commit'
import type { Tx } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { Value } from 'typebox/value'
import type { DeviceRow } from '../device/device.store.ts'
import { refuseData } from '../refusals.ts'
import { askGateway } from './ask-gateway.ts'
import { configurationOf, configurationsOf, orderConfiguration, saveConfiguration } from './configuration.ts'
import { enrolGateway, makeEnrolmentCode } from './enrol.ts'
import { enrolledGateway, gatewayOf } from './find-gateway.ts'
import { healthOf, isConnected } from './health.ts'
import { listOfGateways } from './list-gateways.ts'
import { gatewayStanding } from './standing.ts'

/** What a gateway replied, when it has the form that is expected: its software may be of another version than ours. */
function replyOf<R extends RouteContract>({ reply }: R, { name }: DeviceRow, said: unknown): ReplyOf<R> {
  if (!Value.Check(reply, said))
    throw refuseData('gateway.refused', {
      name,
      reason: { zh: '它的应答格式属于另一个版本', en: 'it answered in a form of another version' },
    })
  return said as ReplyOf<R>
}

export function gatewayRoutes(kit: Kit): RouteHandler[] {
  const gateway = (tx: Tx, deviceId: string) => gatewayOf(kit, tx, deviceId)
  const enrolled = (tx: Tx, deviceId: string) => enrolledGateway(kit, tx, deviceId)
  /** A gateway that can be managed: it has enrolled, and has no tag table of its own. */
  const managed = async (tx: Tx, deviceId: string): Promise<DeviceRow> => {
    const device = await enrolled(tx, deviceId)
    const health = await healthOf(tx, deviceId)
    if (health?.report.configuration.source === 'local') throw refuseData('gateway.local', { name: device.name })
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
      const connected = await isConnected(tx, params.deviceId)
      return { connected, health: (await healthOf(tx, params.deviceId)) ?? null }
    }),
    handle(listConfigurations, async ({ tx, params }) => {
      await gateway(tx, params.deviceId)
      return configurationsOf(tx, params.deviceId)
    }),
    handle(getConfiguration, async ({ tx, params }) => {
      await gateway(tx, params.deviceId)
      return configurationOf(tx, params.deviceId, params.version)
    }),
    handle(saveContract, async ({ tx, params, body, orgId, actor }) => {
      await gateway(tx, params.deviceId)
      return { version: await saveConfiguration(kit, tx, { ...params, ...body, orgId, madeBy: actor.userName }) }
    }),
    handle(applyConfiguration, async ({ tx, params, orgId, actor }) => {
      const device = await managed(tx, params.deviceId)
      const order = await orderConfiguration(kit, tx, { ...params, orgId, by: actor.userName })
      afterCommit(() => kit.bus.emit('gateway.ordered', { deviceId: device.id }))
      return { order, connected: await isConnected(tx, device.id) }
    }),
    handle(dryRunConfiguration, async ({ tx, params, orgId }) => {
      const device = await managed(tx, params.deviceId)
      const { text } = await configurationOf(tx, params.deviceId, params.version)
      return replyOf(dryRunConfiguration, device, await askGateway(kit, orgId, device, { kind: 'dry-run', text }))
    }),
    handle(readGatewayTag, async ({ tx, params, body, orgId }) => {
      const device = await enrolled(tx, params.deviceId)
      return replyOf(readGatewayTag, device, await askGateway(kit, orgId, device, { kind: 'read', ...body }))
    }),
    handle(getGatewayLogs, async ({ tx, params, orgId }) => {
      const device = await enrolled(tx, params.deviceId)
      return replyOf(getGatewayLogs, device, await askGateway(kit, orgId, device, { kind: 'logs' }))
    }),
    handle(restartGateway, async ({ tx, params, orgId }) => {
      await askGateway(kit, orgId, await enrolled(tx, params.deviceId), { kind: 'restart' })
      return {}
    }),
  ]
}
