import { createOrganisation } from '@kapok/contracts/access'
import { createDevice, createProduct } from '@kapok/contracts/data'
import { makeEnrolmentCode } from '@kapok/contracts/gateway'
import { publishProgramme, putRegions } from '@kapok/contracts/subsidy'
import { type MachineKindName, machineKinds } from './machine/machine.ts'
import { Person } from './people/person.ts'
import { type OrganisationKey, organisations, plants, regions } from './province.ts'

export interface Settled {
  people: Map<OrganisationKey, Person>
  /** One-time codes by which the gateways of the plants bring their keys. */
  gatewayCodes: Record<string, string>
  programmeId: string
}

/**
 * Founds the province through the platform's own doors: the administrator joins by the first link, makes the
 * organisations and hands each its link; plants enter their products, machines and gateway.
 */
export async function settleProvince(ask: {
  baseUrl: string
  firstLink: string
  passwords: Record<string, string>
  programmeText: string
}): Promise<Settled> {
  const password = (login: string) => ask.passwords[login] ?? ''
  const administrator = new Person(ask.baseUrl, 'administrator')
  await administrator.join(ask.firstLink, '平台管理员', password('administrator'))
  await administrator.call(putRegions, { body: { regions } })

  const people = new Map<OrganisationKey, Person>()
  for (const { key, name, kind, region, person, ...rest } of organisations) {
    const { link } = await administrator.call(createOrganisation, { body: { name, kind, region, ...rest } })
    const one = new Person(ask.baseUrl, key)
    await one.join(link, person, password(key))
    people.set(key, one)
  }
  const province = people.get('province')
  if (province === undefined) throw new Error('a province has a provincial office')
  const { id: programmeId } = await province.call(publishProgramme, { body: { text: ask.programmeText } })

  const gatewayCodes: Record<string, string> = {}
  for (const plant of plants) {
    const engineer = people.get(plant.key)
    if (engineer === undefined) throw new Error(`plant ${plant.key} has nobody`)
    const products = new Map<MachineKindName, string>()
    for (const { name, kind } of plant.machines) {
      let productId = products.get(kind)
      if (productId === undefined) {
        const { name: productName, signals } = machineKinds[kind]
        const properties = signals.map(({ property, name: label, nameEn, type, unit, min, max }) => ({
          identifier: property,
          name: label,
          nameEn,
          type,
          unit,
          min,
          max,
        }))
        productId = (await engineer.call(createProduct, { body: { name: productName, properties } })).id
        products.set(kind, productId)
      }
      await engineer.call(createDevice, { body: { name, productId } })
    }
    const gateway = await engineer.call(createDevice, { body: { name: '边缘网关', kind: 'gateway' } })
    const params = { deviceId: gateway.deviceId }
    gatewayCodes[plant.key] = (await engineer.call(makeEnrolmentCode, { params, body: {} })).code
  }
  return { people, gatewayCodes, programmeId }
}
