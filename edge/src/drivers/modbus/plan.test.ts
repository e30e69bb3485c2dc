import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { DriverTag, TagType } from '../../driver.ts'
import { type ModbusAddress, parseAddress } from './address.ts'
import { readMax } from './codec.ts'
import { planBlocks } from './plan.ts'

const types: TagType[] = ['int16', 'uint32', 'float32', 'float64', 'int64']
const tag = (text: string, type: TagType): DriverTag<ModbusAddress> => ({
  address: parseAddress(text, type, 'ABCD'),
  type,
})
const bitTag = fc
  .tuple(fc.constantFrom('coil', 'discrete'), fc.integer({ min: 0, max: 65_535 }))
  .map(([area, at]) => tag(`${area}/${at}`, 'bool'))
const numberTag = fc
  .tuple(fc.constantFrom('holding', 'input'), fc.integer({ min: 0, max: 65_532 }), fc.constantFrom(...types))
  .map(([area, at, type]) => tag(`${area}/${at}`, type))
const tags = fc
  .array(fc.oneof(bitTag, numberTag), { maxLength: 300 })
  // Half of the tables are dense, where merging and the limits matter.
  .chain((all) =>
    fc
      .boolean()
      .map((dense) =>
        all.map((each) =>
          dense ? { ...each, address: { ...each.address, address: each.address.address % 400 } } : each,
        ),
      ),
  )

test('every tag is in exactly one block, whole, and no block passes the limits of the protocol or of the device', () => {
  fc.assert(
    fc.property(tags, fc.integer({ min: 1, max: 125 }), (all, registersMax) => {
      const blocks = planBlocks(all, registersMax)
      const planned = blocks.flatMap((block) => block.tags)
      expect(planned).toHaveLength(all.length)
      expect(new Set(planned)).toEqual(new Set(all))
      for (const { area, address, count, tags: inside } of blocks) {
        expect(count).toBeGreaterThan(0)
        const isBits = area === 'coil' || area === 'discrete'
        const widest = Math.max(...inside.map((each) => each.address.count))
        expect(count).toBeLessThanOrEqual(isBits ? readMax[area] : Math.max(registersMax, widest))
        for (const each of inside) {
          expect(each.address.area).toBe(area)
          expect(each.address.address).toBeGreaterThanOrEqual(address)
          expect(each.address.address + each.address.count).toBeLessThanOrEqual(address + count)
        }
      }
    }),
  )
})

test('neighbours share a request, far ones do not', () => {
  const far = ['holding/0', 'holding/2', 'holding/20', 'holding/60'].map((text) => tag(text, 'float32'))
  expect(planBlocks(far, 125).map(({ address, count }) => [address, count])).toEqual([
    [0, 22],
    [60, 2],
  ])
})
