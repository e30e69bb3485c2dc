import { randomBytes } from 'node:crypto'
import { createOrganisation } from '@kapok/contracts/access'
import { createDevice, createProduct, getPointRange } from '@kapok/contracts/data'
import { makeUscc } from '@kapok/contracts/uscc'
import { Person } from '../../world/src/people/person.ts'
import { type Started, waitFor } from './platform.ts'

export interface FirstPlant {
  engineer: Person
  password: string
  deviceId: string
  token: string
  /** Values of the device's property `temperature` that the query API answers, in order of time. */
  temperatures(): Promise<unknown[]>
}

/** On an empty platform: the administrator joins by the one-time link, a plant joins and makes one machine. */
export async function firstPlant(platform: Started): Promise<FirstPlant> {
  await waitFor('the one-time link', () => platform.said().includes('/join#'))
  const link = /\S+\/join#\S+/.exec(platform.said())?.[0] ?? ''
  const password = randomBytes(12).toString('base64url')
  const administrator = new Person(platform.url, 'administrator')
  await administrator.join(link, 'Administrator', password)
  const plant = await administrator.call(createOrganisation, {
    body: { name: 'Plant', kind: 'enterprise', region: '440606', uscc: makeUscc('91', '440606', 'MA5KAP99') },
  })
  const engineer = new Person(platform.url, 'engineer')
  await engineer.join(plant.link, 'Engineer', password)
  const product = await engineer.call(createProduct, {
    body: {
      name: 'Press',
      properties: [{ identifier: 'temperature', name: 'Temperature', type: 'float', unit: '°C' }],
    },
  })
  const device = await engineer.call(createDevice, { body: { name: 'Press 1', productId: product.id } })
  return {
    engineer,
    password,
    deviceId: device.deviceId,
    token: device.token,
    temperatures: temperaturesOf(engineer, device.deviceId),
  }
}

export const temperaturesOf = (engineer: Person, deviceId: string) => async () => {
  const { value } = await engineer.call(getPointRange, {
    query: { deviceId, property: 'temperature', from: Date.now() - 3_600_000, to: Date.now() + 60_000 },
  })
  return value
}
