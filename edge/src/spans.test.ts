import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mergeSpans } from './spans.ts'

test('each item is in exactly one merged span, which covers it and keeps to its limits', () => {
  const spans = fc.array(
    fc.record({ area: fc.constantFrom('D', 'W'), from: fc.nat(300), size: fc.integer({ min: 1, max: 12 }) }),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(spans, fc.integer({ min: 1, max: 40 }), fc.nat(10), (raw, sizeMax, gapMax) => {
      const items = raw.map(({ area, from, size }, id) => ({ area, from, to: from + size, item: id }))
      const merged = mergeSpans(items, { sizeMax, gapMax })
      expect(merged.flatMap((span) => span.items).sort((a, b) => a - b)).toEqual(items.map(({ item }) => item))
      for (const { area, from, to, items: inside } of merged) {
        for (const id of inside) {
          expect(items[id]!.area).toBe(area)
          expect(items[id]!.from).toBeGreaterThanOrEqual(from)
          expect(items[id]!.to).toBeLessThanOrEqual(to)
        }
        if (inside.length > 1) expect(to - from).toBeLessThanOrEqual(sizeMax)
        const covered = Array.from({ length: to - from }, (_, i) =>
          inside.some((id) => items[id]!.from <= from + i && items[id]!.to > from + i),
        )
        expect(covered.map((each) => (each ? 'x' : '.')).join('')).not.toContain('.'.repeat(gapMax + 1))
      }
    }),
  )
})
