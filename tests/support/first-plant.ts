import { getPointRange } from '@kapok/contracts/data'
import type { Person } from '@kapok/world/person'
import { firstAdministrator, makePlant } from './plant.ts'
import type { Started } from './platform.ts'

export interface FirstPlant {
  manager: Person
  deviceId: string
  token: string
  /** Values of the device's property `temperature` that the query API answers, in order of time. */
  temperatures(): Promise<unknown[]>
}

/** On an empty platform: the administrator joins by the one-time link, a plant joins and makes one machine. */
export async function firstPlant(platform: Started): Promise<FirstPlant> {
  const { manager, devices } = await makePlant(platform, await firstAdministrator(platform), {
    devices: 1,
    properties: [{ identifier: 'temperature', type: 'float' }],
  })
  const { id = '', token = '' } = devices[0] ?? {}
  return { manager, deviceId: id, token, temperatures: temperaturesOf(manager, id) }
}

export const temperaturesOf = (manager: Person, deviceId: string) => async () => {
  const { value } = await manager.call(getPointRange, {
    query: { deviceId, property: 'temperature', from: Date.now() - 3_600_000, to: Date.now() + 60_000 },
  })
  return value
}
