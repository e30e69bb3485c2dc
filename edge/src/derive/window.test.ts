import { expect, test } from 'vitest'
import { ValueWindow } from './window.ts'

const began = 1_790_000_000_000
const filled = (seconds: number, values: [second: number, value: number | boolean | undefined][]) => {
  const window = new ValueWindow(seconds)
  for (const [second, value] of values) window.add(began + second * 1_000, value)
  return (measure: Parameters<ValueWindow['measure']>[0], second: number) =>
    window.measure(measure, began + second * 1_000)
}

test('the average is weighted by time: a value holds until the next one', () => {
  const of = filled(60, [
    [0, 10],
    [30, 20],
    [40, 20],
  ])
  expect(of('avg', 60)?.value).toBeCloseTo(15, 6)
  expect(of('sum', 60)?.value).toBe(50)
  expect(of('min', 60)?.value).toBe(10)
  // The 10 is over by then.
  expect(of('min', 95)?.value).toBe(20)
  expect(of('avg', 95)?.value).toBeCloseTo(20, 6)
})

test('rate is the change a second, duration the seconds for which it was true', () => {
  expect(
    filled(60, [
      [0, 100],
      [20, 140],
    ])('rate', 20)?.value,
  ).toBeCloseTo(2, 6)
  expect(
    filled(60, [
      [0, false],
      [10, true],
      [25, false],
    ])('duration', 40)?.value,
  ).toBeCloseTo(15, 6)
})

test('a bad value is a hole until the next good one, and the hole leaves the window with the time', () => {
  const of = filled(60, [
    [0, 10],
    [10, undefined],
    [40, 30],
  ])
  expect(of('avg', 50)).toEqual({ value: expect.closeTo(20, 6), isWhole: false })
  expect(of('avg', 111)).toEqual({ value: expect.closeTo(30, 6), isWhole: true })
  expect(filled(60, [[0, undefined]])('max', 5)).toBeUndefined()
})

test('a window keeps a bounded number of parts, however fast its values come', () => {
  const window = new ValueWindow(60)
  for (let i = 0; i < 200_000; i++) window.add(began + i, i)
  expect(window.state()?.parts.length).toBeLessThanOrEqual(121)
  expect(window.measure('sum', began + 199_999)?.value).toBeGreaterThan(60_000 * 160_000)
  expect(window.measure('max', began + 199_999)?.value).toBe(199_999)
})

test('after a restart the window goes on, with a hole from its last value on', () => {
  const window = new ValueWindow(60)
  window.add(began, 10)
  window.add(began + 20_000, 10)
  const next = new ValueWindow(60)
  next.restore(JSON.parse(JSON.stringify(window.state())))
  next.add(began + 40_000, 30)
  expect(next.measure('avg', began + 50_000)).toEqual({ value: expect.closeTo(500 / 30, 6), isWhole: false })
  expect(next.measure('min', began + 50_000)?.value).toBe(10)
})

test('a clock that was set moves the window; a device whose clock went far back begins anew', () => {
  const window = new ValueWindow(60)
  window.add(began, 10)
  window.shift(3_600_000)
  window.add(began + 3_600_000 + 10_000, 20)
  expect(window.measure('avg', began + 3_620_000)?.value).toBeCloseTo(15, 3)
  window.add(began, 1)
  expect(window.measure('max', began + 1_000)?.value).toBe(1)
})
