import type { DriverTag, Request } from '../../driver.ts'
import type { ModbusAddress } from './address.ts'
import { type Area, type ReadRequest, readMax } from './codec.ts'

/** One read, which brings several tags. */
export interface Block extends ReadRequest, Request<ModbusAddress> {
  tags: DriverTag<ModbusAddress>[]
}

/** Reading a few registers that nobody asked for costs less than another request. */
const gapMax: Record<Area, number> = { coil: 64, discrete: 64, holding: 16, input: 16 }

/** Merges neighbouring tags of an area into blocks within the protocol's limits. Every tag is in exactly one block. */
export function planBlocks(tags: readonly DriverTag<ModbusAddress>[], registersMax: number): Block[] {
  const blocks: Block[] = []
  const sorted = [...tags].sort(({ address: a }, { address: b }) =>
    a.area === b.area ? a.address - b.address : a.area < b.area ? -1 : 1,
  )
  let open: Block | undefined
  for (const tag of sorted) {
    const { area, address, count } = tag.address
    const max = area === 'holding' || area === 'input' ? Math.max(registersMax, count) : readMax[area]
    const end = address + count
    const fits =
      open !== undefined &&
      open.area === area &&
      address <= open.address + open.count + gapMax[area] &&
      end - open.address <= max
    if (open !== undefined && fits) {
      open.count = Math.max(open.count, end - open.address)
      open.tags.push(tag)
    } else {
      open = { area, address, count, tags: [tag] }
      blocks.push(open)
    }
  }
  return blocks
}
