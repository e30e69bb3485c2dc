import { expect, test } from 'vitest'
import { quality, type Sample } from '../driver.ts'
import { type Meaning, meant } from './meaning.ts'

const meaning = (more: Partial<Meaning>): Meaning => ({
  scale: 1,
  offset: 0,
  values: undefined,
  rollOver: undefined,
  ...more,
})
const good = (value: Sample['value']): Sample => ({ value, quality: quality.good })
const fresh = () => ({ base: 0, last: 0 })

test('a number is scaled without digits that the machine never meant', () => {
  expect(meant(good(2153), meaning({ scale: 0.1, offset: -40 }), fresh()).value).toBe(175.3)
  expect(meant(good(0.1 + 0.2), meaning({}), fresh()).value).toBe(0.1 + 0.2)
  expect(meant(good(1e308), meaning({ scale: 10 }), fresh())).toMatchObject({ value: undefined, quality: quality.bad })
})

test('an enumeration has its word, and a number without a word is bad', () => {
  const words = meaning({ values: { 0: '停机', 1: '运行' } })
  expect(meant(good(1), words, fresh()).value).toBe('运行')
  expect(meant(good(true), words, fresh()).value).toBe('运行')
  expect(meant(good(7), words, fresh())).toEqual({
    value: undefined,
    quality: quality.bad,
    reason: 'no word for 7',
    zh: '7 没有对应的文字',
  })
})

test('a counter goes on over its roll-over, and a small step back is a reset of the device', () => {
  const counter = fresh()
  const counts = [65_000, 65_535, 3, 40_000, 65_530, 1].map(
    (raw) => meant(good(raw), meaning({ rollOver: 65_536 }), counter).value,
  )
  expect(counts).toEqual([65_000, 65_535, 65_539, 105_536, 131_066, 131_073])
  expect(meant(good(0), meaning({ rollOver: 65_536 }), { base: 0, last: 500 }).value).toBe(0)
})

test('texts, bits and bad samples pass as they are', () => {
  for (const sample of [
    good('A1'),
    good(false),
    { value: undefined, quality: quality.bad, reason: 'gone' },
  ] as Sample[])
    expect(meant(sample, meaning({ scale: 2 }), fresh())).toEqual(sample)
})
