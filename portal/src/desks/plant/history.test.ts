import { expect, test } from 'vitest'
import { historySeries } from './history.tsx'

const reply = {
  name: '温度',
  unit: '℃',
  source: 'raw' as const,
  quality: [192, 192, 64],
  gaps: [] as { from: number; to: number }[],
}

test('a gap between two points breaks the line', () => {
  const series = historySeries({
    ...reply,
    at: [1000, 2000, 90_000],
    value: [1, 2, 3],
    gaps: [{ from: 2000, to: 90_000 }],
  })
  expect(series.at).toEqual([1000, 2000, 2001, 90_000])
  expect(series.value).toEqual([1, 2, null, 3])
})
test('a night is no gap in days', () => {
  const day = 86_400_000
  const gaps = [{ from: 0.8 * day, to: 1.3 * day }]
  expect(historySeries({ ...reply, source: '1d', at: [0, day], value: [1, 2], gaps }).value).toEqual([1, 2])
})
test('a gap before the first point breaks nothing', () => {
  const series = historySeries({ ...reply, at: [5000, 6000, 7000], value: [1, 2, 3], gaps: [{ from: 0, to: 5000 }] })
  expect(series.value).toEqual([1, 2, 3])
})
test('times stay ascending whatever gaps are told', () => {
  const gaps = [
    { from: 0, to: 1 },
    { from: 1000, to: 2000 },
    { from: 1500, to: 2000 },
  ]
  const { at } = historySeries({ ...reply, at: [1000, 2000, 3000], value: [1, 2, 3], gaps })
  expect([...at].sort((a, b) => a - b)).toEqual(at)
})
test('points of poor quality are marked until the next point', () => {
  expect(historySeries({ ...reply, at: [1, 2, 3], value: [1, 2, 3], quality: [192, 64, 192] }).poor).toEqual([[2, 3]])
})
test('a yes-or-no property is drawn as 0 and 1', () => {
  expect(historySeries({ ...reply, at: [1, 2], value: [true, false] }).value).toEqual([1, 0])
})
