import { expect, test } from 'vitest'
import proveMoney from './money.prove.ts'

test('money moves exactly once under duplicates, kills inside the transaction and a crash of PostgreSQL', async () => {
  const { ok, tried, result } = await proveMoney({ short: true })
  expect(ok, `${tried}: ${result}`).toBe(true)
}, 120_000)

for (const fault of ['torn', 'twice'])
  test(`the proof finds the planted fault “${fault}”`, async () => {
    const { ok, result } = await proveMoney({ short: true, fault })
    expect(ok).toBe(false)
    expect(result).toMatch(fault === 'torn' ? /INV-/ : /nobody asked for/)
  }, 120_000)
