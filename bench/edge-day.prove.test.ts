import { expect, test } from 'vitest'
import proveEdgeDay from './edge-day.prove.ts'

test('P7 a day without the platform is delivered whole and in order, or told as a gap, with live values at once', async () => {
  const { ok, tried, result } = await proveEdgeDay({ short: true })
  expect(ok, `${tried}: ${result}`).toBe(true)
})

test('the proof misses a day that the gateway forgot', async () => {
  expect((await proveEdgeDay({ short: true, fault: 'forgets' })).result).not.toMatch(/ 0 lost/)
})
