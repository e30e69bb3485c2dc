import { expect, test } from 'vitest'
import proveEdgeDay from './edge-day.prove.ts'

// That it misses a day which the gateway forgot is seen by `npm run prove -- edge-day --short --fault forgets`, a minute more.
test('P7 a day without the platform is delivered whole and in order, or told as a gap, with live values at once', async () => {
  const { ok, tried, result } = await proveEdgeDay({ short: true })
  expect(ok, `${tried}: ${result}`).toBe(true)
})
