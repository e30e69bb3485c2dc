import { createOrganisation } from '@kapok/contracts/access'
import { createDevice, createProduct, type PropertyType } from '@kapok/contracts/data'
import { makeUscc } from '@kapok/contracts/uscc'
import { Person } from '@kapok/world/person'
import { type Started, waitFor } from './platform.ts'

export interface Plant {
  /** The plant's manager, signed in. */
  manager: Person
  orgId: string
  productId: string
  devices: { id: string; token: string }[]
}

/** Everybody's on these platforms, which live as long as a test. */
export const password = 'a long enough password'

/** The first administrator of an empty platform, by the link that it printed. */
export async function firstAdministrator(platform: Started): Promise<Person> {
  await waitFor('the first link', () => platform.said().includes('/join#'))
  const administrator = new Person(platform.url, 'root')
  await administrator.join(/\S+\/join#\S+/.exec(platform.said())?.[0] ?? '', '管理员', password)
  return administrator
}

let plants = 0

/** An enterprise with devices of one product, made through the API as its people would. */
export async function makePlant(
  platform: Started,
  administrator: Person,
  ask: { devices: number; properties: readonly { identifier: string; type: PropertyType }[] },
): Promise<Plant> {
  const n = ++plants
  const made = await administrator.call(createOrganisation, {
    body: {
      name: `样例厂 ${n}`,
      kind: 'enterprise',
      uscc: makeUscc('91', '440605', `MA4W${String(n).padStart(4, '0')}`),
      region: '440605',
    },
  })
  const manager = new Person(platform.url, `manager${n}`)
  await manager.join(made.link, '厂长', password)
  const product = await manager.call(createProduct, {
    body: { name: 'P', properties: ask.properties.map((each) => ({ ...each, name: each.identifier, unit: '' })) },
  })
  const devices: Plant['devices'] = []
  for (let i = 1; i <= ask.devices; i++) {
    const { deviceId, token } = await manager.call(createDevice, { body: { name: `M${i}`, productId: product.id } })
    devices.push({ id: deviceId, token })
  }
  return { manager, orgId: made.organisation.id, productId: product.id, devices }
}
