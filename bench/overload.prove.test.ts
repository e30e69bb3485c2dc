import { expect, test } from 'vitest'
import proveOverload from './overload.prove.ts'

test('senders without a pause are slowed down by a slow disk, memory stays in its bounds, what was accepted is stored', async () => {
  const { ok, tried, result } = await proveOverload({ short: true })
  expect(ok, `${tried}: ${result}`).toBe(true)
}, 240_000)

test('the proof finds that ingest reads on whatever lies in its memory', async () => {
  const { ok, result } = await proveOverload({ short: true, fault: 'no-pushback' })
  expect(ok, result).toBe(false)
}, 240_000)
