import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addDays, countText, fenOf, instantText, percentText, yuanText } from './format.ts'

describe('amounts', () => {
  test('fen are shown in yuan with thousands separators and two decimals', () => {
    expect(yuanText('12345678')).toBe('123,456.78')
    expect(yuanText('5')).toBe('0.05')
    expect(yuanText('-100')).toBe('−1.00')
  })
  test('what is shown reads back as the same amount', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 14n }), (fen) => {
        expect(fenOf(yuanText(String(fen)))).toBe(String(fen))
      }),
    )
  })
  test('a text that is no amount of two decimals is no amount', () => {
    for (const text of ['', '1.234', '-1', '1e5', '一百', '1,23']) expect(fenOf(text)).toBeUndefined()
  })
})

describe('times and counts', () => {
  test('an instant is shown on the clock of Shanghai', () => {
    expect(instantText(Date.UTC(2026, 10, 23, 16, 5))).toBe('2026-11-24 00:05')
  })
  test('days are counted across the end of a year', () => {
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01')
    expect(addDays('2027-03-01', -1)).toBe('2027-02-28')
  })
  test('ratios and counts are readable', () => {
    expect(percentText(1250)).toBe('12.5 %')
    expect(percentText(10_000)).toBe('100 %')
    expect(countText(1234567)).toBe('1,234,567')
  })
})
