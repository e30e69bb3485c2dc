import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeBits, encodeRegisters, readMax, registersOf, writeNumber } from './modbus/codec.ts'
import { planBlocks, valuesOf } from './read-plan.ts'
import type { Tag } from './tag-table.ts'

const bitTag = (area: 'coil' | 'discrete') =>
  fc.record({
    area: fc.constant(area),
    address: fc.integer({ min: 0, max: 65_535 }),
    type: fc.constant('bool' as const),
  })
const numberTag = (area: 'holding' | 'input') =>
  fc.constantFrom(...(Object.keys(registersOf) as (keyof typeof registersOf)[])).chain((type) =>
    fc.record({
      area: fc.constant(area),
      address: fc.integer({ min: 0, max: 65_536 - registersOf[type] }),
      type: fc.constant(type),
    }),
  )
const tags = fc
  .array(fc.oneof(bitTag('coil'), bitTag('discrete'), numberTag('holding'), numberTag('input')), { maxLength: 300 })
  // Half of the tables are dense, where merging and the limits matter.
  .chain((all) => fc.boolean().map((dense) => all.map((tag) => (dense ? { ...tag, address: tag.address % 400 } : tag))))
  .map((all) =>
    all.map((tag, i): Tag => ({ ...tag, property: `p${i}`, order: 'ABCD', scale: 1, offset: 0, deadBand: 0 })),
  )
const sizeOf = ({ type }: Tag) => (type === 'bool' ? 1 : registersOf[type])

test('every tag is in exactly one block, whole, and no block passes the limits of the protocol', () => {
  fc.assert(
    fc.property(tags, (all) => {
      const blocks = planBlocks(all)
      expect(blocks.flatMap((block) => block.tags.map(({ property }) => property)).sort()).toEqual(
        all.map(({ property }) => property).sort(),
      )
      for (const { area, address, count, tags: inside } of blocks) {
        expect(count).toBeGreaterThan(0)
        expect(count).toBeLessThanOrEqual(readMax[area])
        expect(address + count).toBeLessThanOrEqual(65_536)
        for (const tag of inside) {
          expect(tag.area).toBe(area)
          expect(tag.address).toBeGreaterThanOrEqual(address)
          expect(tag.address + sizeOf(tag)).toBeLessThanOrEqual(address + count)
        }
      }
    }),
  )
})

test('neighbours share a request, far ones do not', () => {
  const at = (address: number): Tag => ({
    property: `p${address}`,
    area: 'holding',
    address,
    type: 'float32',
    order: 'ABCD',
    scale: 1,
    offset: 0,
    deadBand: 0,
  })
  const plan = planBlocks([at(40), at(0), at(2), at(500), at(10)])
  expect(plan.map(({ address, count }) => [address, count])).toEqual([
    [0, 12],
    [40, 2],
    [500, 2],
  ])
})

test('values come scaled, without the digits that scaling makes; what is not a number is left out', () => {
  const base = { area: 'holding', order: 'ABCD', offset: 0, deadBand: 0 } as const
  const [block] = planBlocks([
    { ...base, property: 'tenths', address: 0, type: 'int16', scale: 0.1 },
    { ...base, property: 'shifted', address: 1, type: 'uint16', scale: 1, offset: -40 },
    { ...base, property: 'broken', address: 2, type: 'float32', scale: 1 },
  ])
  const words = Uint16Array.of(...writeNumber(-123, 'int16', 'ABCD'), 65, ...writeNumber(Number.NaN, 'float32', 'ABCD'))
  const data = encodeRegisters({ transaction: 1, unit: 1, area: 'holding', address: 0, count: 4 }, words).subarray(9)
  expect(valuesOf(block!, data).map(([tag, value]) => [tag.property, value])).toEqual([
    ['tenths', -12.3],
    ['shifted', 25],
  ])
  const [bits] = planBlocks([
    { ...base, area: 'coil', property: 'a', address: 5, type: 'bool', scale: 1 },
    { ...base, area: 'coil', property: 'b', address: 14, type: 'bool', scale: 1 },
  ])
  const ask = { transaction: 1, unit: 1, area: 'coil', address: 5, count: 10 } as const
  const coils = encodeBits(ask, [true, ...new Array<boolean>(9).fill(false)]).subarray(9)
  expect(valuesOf(bits!, coils).map(([, value]) => value)).toEqual([true, false])
})
