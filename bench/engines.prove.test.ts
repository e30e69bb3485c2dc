import { expect, test } from 'vitest'
import proveEngines from './engines.prove.ts'

test('nothing is lost or doubled when the store and then PostgreSQL stand still under load', async () => {
  const { ok, tried, result } = await proveEngines({ short: true })
  expect(ok, `${tried}: ${result}`).toBe(true)
}, 240_000)

test('the proof finds that a segment is thrown away while others wait for the store', async () => {
  const { ok, result } = await proveEngines({ short: true, fault: 'drop-segment' })
  expect(ok).toBe(false)
  expect(result).toMatch(/^[1-9]\d* missing/)
}, 240_000)
