import { expect, test } from 'vitest'
import { quality } from '../driver.ts'
import { isWorthSending, type Reading, type ReportRule } from './report.ts'

const rule = (more: Partial<ReportRule>): ReportRule => ({
  way: 'change',
  deadBand: 0,
  deadBandPercent: 0,
  heartbeatMs: 60_000,
  ...more,
})
const reading = (value: Reading['value'], at = 0, q: Reading['quality'] = quality.good): Reading => ({
  at,
  value,
  quality: q,
})

test.each<[string, ReportRule, Reading, Reading, boolean]>([
  ['inside the dead band', rule({ deadBand: 2 }), reading(10), reading(12), false],
  ['beyond the dead band', rule({ deadBand: 2 }), reading(10), reading(12.1), true],
  ['inside a band of 10 percent', rule({ deadBandPercent: 10 }), reading(200), reading(219), false],
  ['beyond a band of 10 percent', rule({ deadBandPercent: 10 }), reading(200), reading(221), true],
  ['inside the larger of both bands', rule({ deadBand: 5, deadBandPercent: 10 }), reading(10), reading(14), false],
  ['any change without a band', rule({}), reading(10), reading(10.0001), true],
  ['the same again', rule({}), reading(10), reading(10, 59_999), false],
  ['the same when the heartbeat is due', rule({}), reading(10), reading(10, 60_000), true],
  ['a clock that was set back', rule({}), reading(10, 5_000), reading(10, 1_000), true],
  ['another text', rule({ deadBand: 9 }), reading('run'), reading('stop'), true],
  ['a bit that fell', rule({}), reading(true), reading(false), true],
  ['the same value with a worse quality', rule({}), reading(1), reading(1, 1, quality.bad), true],
  ['a change between heartbeats on period', rule({ way: 'period' }), reading(1), reading(9, 59_999), false],
  ['the heartbeat on period', rule({ way: 'period' }), reading(1), reading(9, 60_000), true],
  ['the same again on receive', rule({ way: 'receive' }), reading(1), reading(1, 1), true],
])('%s', (_, by, last, next, expected) => {
  expect(isWorthSending(by, last, next)).toBe(expected)
})

test('the first value is always sent', () => {
  for (const way of ['change', 'period', 'receive'] as const)
    expect(isWorthSending(rule({ way }), undefined, reading(1))).toBe(true)
})
