import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type BatchPoint, decodeCompactBatch, encodeCompactBatch, shiftTimes } from './compact-batch.ts'

const anyPoint = fc.record({
  device: fc.constantFrom('', 'cnc-01', '注塑机 3'),
  property: fc.constantFrom('temperature', 'running', 'serial', 'power'),
  at: fc.integer({ min: -5_000_000_000_000, max: 5_000_000_000_000 }),
  value: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.string({ unit: 'grapheme' })),
  quality: fc.constantFrom(undefined, 64, 0),
}) as fc.Arbitrary<BatchPoint>

/** What the format keeps: the order within one (device, property, type), not between them. */
const columns = (points: readonly BatchPoint[]) => {
  const byColumn: Record<string, unknown[]> = {}
  for (const { device, property, at, value, quality } of points) {
    const key = JSON.stringify([device, property, typeof value])
    byColumn[key] = [...(byColumn[key] ?? []), [at, value, quality ?? 192]]
  }
  return byColumn
}

test('a batch reads back as it was written, order kept within each column', () => {
  fc.assert(
    fc.property(fc.array(anyPoint, { maxLength: 60 }), (points) => {
      expect(columns(decodeCompactBatch(encodeCompactBatch(points)))).toEqual(columns(points))
    }),
  )
})

test('a batch without times reads back without times', () => {
  const points: BatchPoint[] = [{ device: '', property: 'a', at: undefined, value: 1 }]
  expect(decodeCompactBatch(encodeCompactBatch(points))).toEqual(points)
  expect(() => encodeCompactBatch([...points, { device: '', property: 'b', at: 1, value: 1 }])).toThrow(/every point/)
})

test('a batch torn at any byte is refused, and so is one with a byte too many', () => {
  const bytes = encodeCompactBatch([
    { device: 'a', property: 'x', at: 1_700_000_000_000, value: 1.5 },
    { device: 'a', property: 's', at: 1_700_000_000_001, value: '00123', quality: 64 },
  ])
  for (let end = 0; end < bytes.length; end++)
    expect(() => decodeCompactBatch(bytes.subarray(0, end)), `${end}`).toThrow(RangeError)
  expect(() => decodeCompactBatch(Uint8Array.of(...bytes, 0))).toThrow(/after the end/)
})

test('arbitrary bytes never do more than be refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
      try {
        decodeCompactBatch(Uint8Array.of(0x4b, 0x42, 0x01, ...tail))
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
      }
    }),
    { numRuns: 500 },
  )
})

test('a batch that is moved in time has the same points, each at its time and as much later', () => {
  const moved = fc.array(anyPoint, { maxLength: 40 })
  fc.assert(
    fc.property(moved, fc.integer({ min: -3_600_000, max: 3_600_000 }), (points, ms) => {
      const later = points.map((point) => ({ ...point, at: (point.at ?? 0) + ms }))
      expect(columns(decodeCompactBatch(shiftTimes(encodeCompactBatch(points), ms)))).toEqual(columns(later))
    }),
  )
})
