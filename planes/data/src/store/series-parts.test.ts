import { expect, test } from 'vitest'
import { seriesParts } from './series-parts.ts'

test('the series of a large plant go into parts that keep each device whole and lose none', () => {
  const series = Array.from({ length: 300 }, (_, d) =>
    Array.from({ length: 1 + ((d * 37) % 480) }, (_, p) => ({ deviceId: `d${d}`, id: d * 1000 + p })),
  ).flat()
  const parts = seriesParts(series)
  expect(parts.flat()).toEqual(series)
  expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(700)
  const partsOf = new Map<string, Set<number>>()
  for (const [n, part] of parts.entries())
    for (const { deviceId } of part) partsOf.set(deviceId, (partsOf.get(deviceId) ?? new Set()).add(n))
  expect([...partsOf.values()].every((of) => of.size === 1)).toBe(true)
  expect(seriesParts([])).toEqual([])
})
