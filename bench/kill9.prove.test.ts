import { expect, test } from 'vitest'
import proveKill9 from './kill9.prove.ts'

test('every acknowledged point is there exactly once after ingest was killed again and again under load', async () => {
  const { ok, tried, result } = await proveKill9({ short: true })
  expect(ok, `${tried}: ${result}`).toBe(true)
}, 120_000)

test('the proof finds that ingest acknowledges before it writes', async () => {
  const { ok, result } = await proveKill9({ short: true, fault: 'acknowledge-first' })
  expect(ok).toBe(false)
  expect(result).toMatch(/^[1-9]\d* missing/)
}, 120_000)
