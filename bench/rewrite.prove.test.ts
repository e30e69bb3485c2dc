import { expect, test } from 'vitest'
import proveRewrite from './rewrite.prove.ts'

test('a past of records that was rewritten in silence is found, and the first thing that differs is named', async () => {
  const { ok, tried, result } = await proveRewrite({ short: true })
  expect(ok, `${tried}: ${result}`).toBe(true)
})

test('the proof notices a node that nobody walks through, and a mirror that came too late', async () => {
  expect((await proveRewrite({ short: true, fault: 'checksum-only' })).result).not.toMatch(/^0 not found/)
  expect((await proveRewrite({ short: true, fault: 'late-mirror' })).result).not.toMatch(/^0 not found/)
})
