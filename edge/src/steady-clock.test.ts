import { expect, test } from 'vitest'
import { type ClockStep, SteadyClock } from './steady-clock.ts'

function clocks() {
  const steps: ClockStep[] = []
  const times = { wall: 1_790_000_000_000, monotonic: 500 }
  const clock = new SteadyClock(
    { now: () => times.wall },
    (step) => steps.push(step),
    () => times.monotonic,
  )
  clock.stop()
  const pass = (ms: number, drift = 0) => {
    times.wall += ms + drift
    times.monotonic += ms
  }
  return { clock, steps, times, pass }
}

test('time goes on with the monotonic clock, and a slow drift is followed without a word', () => {
  const { clock, steps, times, pass } = clocks()
  for (let i = 0; i < 100; i++) {
    pass(1_000, 3)
    clock.look()
  }
  expect(clock.now()).toBe(times.wall)
  expect(steps).toEqual([])
})

test('a step either way is told with both times and followed; until it is seen, time goes on as it was', () => {
  for (const step of [3_600_000, -3_600_000]) {
    const { clock, steps, times, pass } = clocks()
    const began = clock.now()
    pass(400)
    times.wall += step
    expect(clock.now()).toBe(began + 400)
    clock.look()
    expect(steps).toEqual([{ before: began + 400, after: began + 400 + step }])
    pass(100)
    expect(clock.now()).toBe(began + 500 + step)
    clock.look()
    expect(steps).toHaveLength(1)
  }
})
