import { expect, test } from 'vitest'
import provePoison from './poison.prove.ts'

test('what is forged, late or a lie is told to nobody and stays in no cache', async () => {
  const { ok, tried, result } = await provePoison({ short: true })
  expect(ok, `${tried}: ${result}`).toBe(true)
  expect(tried.match(/ [1-9]\d* /g)?.length).toBeGreaterThan(14)
})

test('the proof notices who forges having seen the question, and a parent that lies', async () => {
  expect((await provePoison({ short: true, fault: 'on-path' })).result).toMatch(/^[1-9]\d* forged/)
  expect((await provePoison({ short: true, fault: 'lying-parent' })).result).toMatch(/, [1-9]\d* names poisoned/)
})
