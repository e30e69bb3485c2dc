import { expect, test } from 'vitest'
import proveOrder from './order.prove.ts'

test('roll-ups, meters and seals are byte-equal for a day that came shuffled, twice and late', async () => {
  const { ok, tried, result } = await proveOrder({ short: true })
  expect(ok, `${tried}: ${result}`).toBe(true)
}, 120_000)

test('the proof finds one point that the late copy lost', async () => {
  const { ok, result } = await proveOrder({ short: true, fault: 'drop-late' })
  expect(ok).toBe(false)
  for (const name of ['1m', '1h', 'meter', 'seals', 'correction seal']) expect(result).toContain(`${name} DIFFERENT`)
}, 120_000)
