import { type Area, readBit, readMax, readNumber, registersOf } from './modbus/codec.ts'
import type { Tag } from './tag-table.ts'

/** One request that brings several tags. */
export interface Block {
  area: Area
  address: number
  count: number
  tags: Tag[]
}

/** Reading a few registers that nobody asked for costs less than another request. */
const gapMax: Record<Area, number> = { coil: 64, discrete: 64, holding: 16, input: 16 }

const sizeOf = (tag: Tag) => (tag.type === 'bool' ? 1 : registersOf[tag.type])

/** Merges neighbouring tags of an area into blocks within the protocol's limits. Every tag is in exactly one block. */
export function planBlocks(tags: readonly Tag[]): Block[] {
  const blocks: Block[] = []
  const sorted = [...tags].sort((a, b) => (a.area === b.area ? a.address - b.address : a.area < b.area ? -1 : 1))
  let open: Block | undefined
  for (const tag of sorted) {
    const end = tag.address + sizeOf(tag)
    const fits =
      open !== undefined &&
      open.area === tag.area &&
      tag.address <= open.address + open.count + gapMax[tag.area] &&
      end - open.address <= readMax[tag.area]
    if (open !== undefined && fits) {
      open.count = Math.max(open.count, end - open.address)
      open.tags.push(tag)
    } else {
      open = { area: tag.area, address: tag.address, count: sizeOf(tag), tags: [tag] }
      blocks.push(open)
    }
  }
  return blocks
}

/** Values of a block's tags from its data bytes, scaled. A number that is not finite is left out. */
export function valuesOf(block: Block, data: Buffer): [Tag, number | boolean][] {
  const values: [Tag, number | boolean][] = []
  for (const tag of block.tags) {
    const at = tag.address - block.address
    if (tag.type === 'bool') values.push([tag, readBit(data, at)])
    else {
      const value = readNumber(data, at * 2, tag.type, tag.order) * tag.scale + tag.offset
      // Scaling by a decimal fraction leaves digits that the machine never meant.
      if (Number.isFinite(value)) values.push([tag, Number(value.toPrecision(12))])
    }
  }
  return values
}
