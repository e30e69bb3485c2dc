import { expect, test } from 'vitest'
import proveEdgeFaults from './edge-faults.prove.ts'

// The whole proof takes every driver through all of it; here one with a checksum of its own and one without.
test('whatever wire and machine do, a good value is right, others are undisturbed, and the machine is read again', async () => {
  const { ok, tried, result } = await proveEdgeFaults({ short: true, only: ['modbus', 'dlt645'] })
  expect(ok, `${tried}: ${result}`).toBe(true)
})

test('the proof notices values that the machine never held', async () => {
  const { result } = await proveEdgeFaults({ short: true, fault: 'believes', only: ['modbus'] })
  expect(result).not.toMatch(/ 0 of them wrong/)
})
