import { expect, test } from 'vitest'
import proveTakeover from './takeover.prove.ts'

test('a secondary that was killed under load is taken over and takes everything back', async () => {
  const { ok, tried, result } = await proveTakeover({ short: true })
  expect(ok, `${tried}: ${result}`).toBe(true)
})

test('the proof notices a node that does not ask its parent, and one that does not tell what was not mirrored', async () => {
  expect((await proveTakeover({ short: true, fault: 'no-fence' })).result).toMatch(/ [1-9]\d* taken by the node/)
  expect((await proveTakeover({ short: true, fault: 'drops-late' })).result).toMatch(/^[1-9]\d* lost/)
})
