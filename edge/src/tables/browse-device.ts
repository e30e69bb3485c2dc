import { type BrowsedTag, DeviceError } from '../driver.ts'
import { driverOf } from '../drivers.ts'
import { propertyOf, type WrittenDevice } from './written-table.ts'

export const browsedMax = 100_000

/** All that a machine offers. Rejects with DeviceError, also where its protocol cannot say; throws TagTableError for its settings. */
export async function browseDevice(protocol: string, connection: Record<string, unknown>): Promise<BrowsedTag[]> {
  const driver = await driverOf(protocol)
  if (driver === undefined) throw new DeviceError(`there is no protocol ${protocol}`)
  const device = driver.open(driver.settings(connection, 'connection'))
  try {
    if (device.browse === undefined) throw new DeviceError(`${protocol} has no way to ask a machine what it offers`)
    const found: BrowsedTag[] = []
    for await (const each of device.browse()) {
      found.push(each)
      if (found.length === browsedMax) break
    }
    return found
  } finally {
    await device.close()
  }
}

/** A device of a tag table with all that was browsed; names that would be the same property are numbered. */
export function deviceOfBrowsed(
  found: readonly BrowsedTag[],
  device: Pick<WrittenDevice, 'name' | 'protocol' | 'connection'>,
): WrittenDevice {
  const taken = new Set<string>()
  const tags = found.map(({ address, name, type, unit }) => {
    const plain = propertyOf(name)
    let property = plain
    for (let n = 2; taken.has(property); n++) property = `${plain.slice(0, 58)}_${n}`
    taken.add(property)
    return { property, address, type, ...(unit ? { unit: unit.slice(0, 200) } : {}) }
  })
  return { ...device, tags }
}
