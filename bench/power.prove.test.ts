import { expect, test } from 'vitest'
import provePower from './power.prove.ts'

test('P2 what was acknowledged survives a power cut at any operation, and damage is never returned', async () => {
  const { ok, tried, result } = await provePower({ short: true })
  expect(ok, `${tried}: ${result}`).toBe(true)
})

test('the proof notices a disk that lies about its syncs, and files that are read unchecked', async () => {
  expect((await provePower({ short: true, fault: 'lying-disk' })).result).not.toMatch(/^0 lost/)
  expect((await provePower({ short: true, fault: 'unchecked' })).result).not.toMatch(/ 0 wrong/)
})
