import { listOrganisations } from '@kapok/contracts/access'
import { listDevices } from '@kapok/contracts/data'
import { assignPrefix, checkRegistryAccount, getRegistryAccountOf } from '@kapok/contracts/registry'
import { setMachineIdentifier } from '@kapok/contracts/registry-process'
import { addCivilDays, startOfCivilDay } from '@kapok/kit/clock'
import { type MachineKindName, machineKinds } from './machine/machine.ts'
import type { Person } from './people/person.ts'
import { organisations, type PlantWords, plants } from './province.ts'

/** Where the world's resolver answers, and the key by which its enterprises register. */
export interface IdentifierDoor {
  url: string
  secret: string
}

interface HandleRecord {
  handle: string
  values: { index: number; type: string; data: string; references?: { handle: string; index: number }[] }[]
}

/** What kinds of machine make, and how many of them on a day get an identifier of their own. */
export interface Product {
  name: string
  model: string
  /** Of the range 952, which GS1 keeps for demonstrations. */
  gtin: string
  aDay: number
}
const products: Partial<Record<MachineKindName, Product>> = {
  injectionMoulding: { name: '电饭煲上盖', model: 'RC-40', gtin: '09521234543213', aDay: 6 },
  machiningCentre: { name: '泵轴', model: 'PS-25', gtin: '09521234543220', aDay: 6 },
}
const days = 3

/** Who buys the parts, by made-up numbers of the range 952. */
export const customers = [
  { name: '岭南家电总装厂', gln: '9521234500018' },
  { name: '珠江泵业', gln: '9521234500025' },
  { name: '湾区注塑配套', gln: '9521234500032' },
] as const
export const partyOf = ({ gln }: { gln: string }): string => `https://id.gs1.org/417/${gln}`

/** Codes of the made-up tree: the enterprises of its first secondary node, in the order of the plants. */
export const prefixOf = (plant: PlantWords): string => `88.901.${1_001 + plants.indexOf(plant)}`

/** The records of one plant: its machines, and the parts that they made on the last whole days before `today`. */
export function recordsOf(plant: PlantWords, today: string): HandleRecord[] {
  const prefix = prefixOf(plant)
  const maker = organisations.find(({ key }) => key === plant.key)?.name ?? ''
  const buyers = customers.map((customer, i) =>
    recordOf(`${prefix}/C${i + 1}`, [
      ['GS1_DL', partyOf(customer)],
      ['NAME', customer.name],
      ['KIND', '客户'],
    ]),
  )
  const machines = plant.machines.map(({ name, kind }, m) =>
    recordOf(`${prefix}/M${m + 1}`, [
      ['NAME', name],
      ['KIND', machineKinds[kind].name],
      ['OWNER', maker],
    ]),
  )
  const parts = partsOf(plant, today).map(({ suffix, digitalLink, product, batch, producedAt, machine }) =>
    recordOf(
      `${prefix}/${suffix}`,
      [
        ['GS1_DL', digitalLink],
        ['NAME', product.name],
        ['MODEL', product.model],
        ['MANUFACTURER', maker],
        ['BATCH', batch],
        ['PRODUCED_AT', new Date(producedAt).toISOString()],
      ],
      machine,
    ),
  )
  return [...buyers, ...machines, ...parts]
}

/** A part that got an identifier of its own. */
export interface Part {
  suffix: string
  digitalLink: string
  product: Product
  batch: string
  /** Unix ms. */
  producedAt: number
  /** Handle of the machine. */
  machine: string
  day: string
}

/** The parts that a plant made on the last whole days before `today`, batch by batch. */
export function partsOf(plant: PlantWords, today: string): Part[] {
  const prefix = prefixOf(plant)
  return plant.machines.flatMap(({ kind }, m) => {
    const product = products[kind]
    if (product === undefined) return []
    return Array.from({ length: days * product.aDay }, (_, i): Part => {
      const day = addCivilDays(today, -1 - Math.floor(i / product.aDay))
      const minutes = 9 * 60 + 61 * (i % product.aDay) + 7 * m
      const batch = `${day.replaceAll('-', '')}-${m + 1}`
      const suffix = `P${batch}-${String((i % product.aDay) + 1).padStart(2, '0')}`
      return {
        suffix,
        // The serial number is the enterprise's own, so the prefix makes it one of all makers of this product.
        digitalLink: `https://id.gs1.org/01/${product.gtin}/21/${prefix.split('.').at(-1)}-${suffix}`,
        product,
        batch,
        producedAt: startOfCivilDay(day) + minutes * 60_000,
        machine: `${prefix}/M${m + 1}`,
        day,
      }
    })
  })
}

function recordOf(handle: string, facts: readonly (readonly [string, string])[], machine?: string): HandleRecord {
  const values = facts.map(([type, data], i) => ({ index: 2_000 + i, type, data }))
  if (machine === undefined) return { handle, values }
  const made = {
    index: 2_000 + facts.length,
    type: 'MACHINE',
    data: machine,
    references: [{ handle: machine, index: 0 }],
  }
  return { handle, values: [...values, made] }
}

/** Registers what is not registered yet, through the node's own door. Throws with what the node said. */
export async function registerIdentifiers(door: IdentifierDoor, today: string): Promise<number> {
  let registered = 0
  for (const plant of plants) {
    const authorization = administratorOf(plant, door)
    for (const { handle, values } of recordsOf(plant, today)) {
      const address = `${door.url}/api/handles/${handle}?overwrite=false`
      const reply = await fetch(address, { method: 'PUT', headers: { authorization }, body: JSON.stringify(values) })
      if (reply.status === 201) registered++
      else if (reply.status !== 409)
        throw new Error(`${handle}: the identifier node says ${reply.status} ${await reply.text()}`)
    }
  }
  return registered
}

/**
 * Lets the plants register by the portal: the platform's administrator assigns each its prefix, and the prefix's administrator, who
 * is played here, adds the platform to its record. Throws with what the node or the platform said.
 */
export async function openRegistries(door: IdentifierDoor, administrator: Person): Promise<void> {
  const { rows } = await administrator.call(listOrganisations, { query: { kind: 'enterprise', size: 500 } })
  for (const plant of plants) {
    const prefix = prefixOf(plant)
    const name = organisations.find(({ key }) => key === plant.key)?.name
    const params = { orgId: rows.find((row) => row.name === name)?.id ?? '' }
    // The one door of the tree knows each node by its prefix.
    await administrator.call(assignPrefix, { params, body: { prefix, url: `${door.url}/${prefix}` } })
    const { values } = await administrator.call(getRegistryAccountOf, { params })
    const reply = await fetch(`${door.url}/${prefix}/api/handles/0.NA/${prefix}?index=various`, {
      method: 'PUT',
      headers: { authorization: administratorOf(plant, door) },
      body: JSON.stringify(values),
    })
    if (!reply.ok) throw new Error(`0.NA/${prefix}: the identifier node says ${reply.status} ${await reply.text()}`)
    const { fault } = await administrator.call(checkRegistryAccount, { params })
    if (fault !== null) throw new Error(`0.NA/${prefix}: ${fault.en}`)
  }
}

/** Says which device each machine is, so that its points hang on the parts that it made. */
export async function linkMachines(plant: PlantWords, manager: Person): Promise<void> {
  const { rows } = await manager.call(listDevices, { query: { size: 500 } })
  for (const [m, { name }] of plant.machines.entries()) {
    const device = rows.find((row) => row.name === name)
    const body = { handle: `${prefixOf(plant)}/M${m + 1}` }
    if (device) await manager.call(setMachineIdentifier, { params: { deviceId: device.id }, body })
  }
}

/** The header of a prefix's administrator, by the secret key that the tree was started with. */
export function administratorOf(plant: PlantWords, { secret }: IdentifierDoor): string {
  const user = `${encodeURIComponent(`301:0.NA/${prefixOf(plant)}`)}:${secret}`
  return `Basic ${Buffer.from(user).toString('base64')}`
}
