import type { GatewayAsk } from '@kapok/contracts/gateway-talk'
import { refuse } from '@kapok/contracts/refusal'
import type { Kit } from '@kapok/kit-store/kit'
import type { DeviceRow } from '../device/device.store.ts'
import { refuseData } from '../refusals.ts'

/** Each waits with a connection to the database in its hand: of one organisation at most so many, and of all. */
const askingMax = { organisation: 2, all: 6 }
const asking: string[] = []

/** Asks a gateway over its session and gives what it replied, or refuses with why there is no reply. */
export async function askGateway(
  kit: Kit,
  orgId: string,
  { id: deviceId, name }: DeviceRow,
  request: GatewayAsk,
): Promise<unknown> {
  if (asking.length >= askingMax.all || asking.filter((each) => each === orgId).length >= askingMax.organisation)
    throw refuse('service.busy')
  asking.push(orgId)
  try {
    const answer = await kit.bus.request('ingest.gateway', { deviceId, request }).catch((cause: unknown) => {
      throw refuse('service.busy', {}, { cause })
    })
    switch (answer.outcome) {
      case 'replied':
        return answer.result
      case 'refused':
        throw refuseData('gateway.refused', { name, reason: { zh: answer.zh ?? answer.reason, en: answer.reason } })
      case 'offline':
        throw refuseData('gateway.offline', { name })
      case 'late':
        throw refuseData('gateway.late', { name })
    }
  } finally {
    asking.splice(asking.indexOf(orgId), 1)
  }
}
