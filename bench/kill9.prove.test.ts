import { expect, test } from 'vitest'
import proveKill9 from './kill9.prove.ts'

test('every acknowledged point is there exactly once after ingest, store and supervisor were killed under load', async () => {
  const { ok, tried, result } = await proveKill9({ short: true })
  expect(ok, `${tried}: ${result}`).toBe(true)
}, 240_000)

test('the proof finds that ingest acknowledges before it writes', async () => {
  const { ok, result } = await proveKill9({ short: true, fault: 'acknowledge-first' })
  expect(ok).toBe(false)
  expect(result).toMatch(/^[1-9]\d* missing/)
}, 240_000)
