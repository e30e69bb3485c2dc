import { type AnyDriver, type BrowsedTag, type DeviceConnection, DeviceError, type Request } from '../driver.ts'
import { driverOf } from '../drivers.ts'
import { type RecognisedMachine, recogniseMachines } from './recognise-machines.ts'
import { propertyOf, type WrittenDevice, type WrittenTag } from './written-table.ts'

export const browsedMax = 100_000

/** All that a machine offers. Rejects with DeviceError, also where its protocol cannot say; throws TagTableError for its settings. */
export function browseDevice(protocol: string, connection: Record<string, unknown>): Promise<BrowsedTag[]> {
  return withDevice(protocol, connection, (device) => listed(device, protocol))
}

/** As `browseDevice`, and the machines of the library that it recognises itself to be. */
export function browseMachines(
  protocol: string,
  connection: Record<string, unknown>,
): Promise<{ found: BrowsedTag[]; machines: RecognisedMachine[] }> {
  return withDevice(protocol, connection, async (device) => ({
    found: await listed(device, protocol),
    machines: await recogniseMachines(device, protocol),
  }))
}

type Device = DeviceConnection<unknown, Request<unknown>>

async function withDevice<T>(
  protocol: string,
  connection: Record<string, unknown>,
  work: (device: Device) => Promise<T>,
): Promise<T> {
  const driver: AnyDriver | undefined = await driverOf(protocol)
  if (driver === undefined) throw new DeviceError(`there is no protocol ${protocol}`)
  const device = driver.open(driver.settings(connection, 'connection'))
  try {
    return await work(device)
  } finally {
    await device.close()
  }
}

async function listed(device: Device, protocol: string): Promise<BrowsedTag[]> {
  if (device.browse === undefined) throw new DeviceError(`${protocol} has no way to ask a machine what it offers`)
  const found: BrowsedTag[] = []
  for await (const each of device.browse()) {
    found.push(each)
    if (found.length === browsedMax) break
  }
  return found
}

/**
 * Devices of a tag table with all that was browsed. What was recognised stands first, with the properties of its model; of
 * several machines each is a device of its own. Names that would be the same property are numbered.
 */
export function devicesOfBrowsed(
  found: readonly BrowsedTag[],
  machines: readonly RecognisedMachine[],
  device: Pick<WrittenDevice, 'name' | 'protocol' | 'connection'>,
): WrittenDevice[] {
  const known = new Set(machines.flatMap(({ plain }) => plain))
  const rest = found.filter(({ address }) => !known.has(address))
  const [only, ...more] = machines
  if (only === undefined || more.length === 0) return [{ ...device, tags: withRest(only?.tags ?? [], rest) }]
  const names = new Set<string>([device.name])
  const ofMachines = machines.map(({ name, tags }) => {
    const own = numbered(name, names)
    return { ...device, name: own, tags }
  })
  return rest.length === 0 ? ofMachines : [...ofMachines, { ...device, tags: withRest([], rest) }]
}

function withRest(tags: readonly WrittenTag[], rest: readonly BrowsedTag[]): WrittenTag[] {
  const taken = new Set(tags.map(({ property }) => property))
  return [
    ...tags,
    ...rest.map(({ address, name, type, values, unit }) => ({
      property: numbered(propertyOf(name), taken),
      address,
      type,
      values,
      ...(unit ? { unit: unit.slice(0, 200) } : {}),
    })),
  ]
}

function numbered(name: string, taken: Set<string>): string {
  let free = name
  for (let n = 2; taken.has(free); n++) free = `${name.slice(0, 58)}_${n}`
  taken.add(free)
  return free
}
