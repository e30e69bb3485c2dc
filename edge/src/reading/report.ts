import type { Quality, TagValue } from '../driver.ts'

/** When a value is worth sending. */
export const reportWays = ['change', 'period', 'receive'] as const

export interface ReportRule {
  /** `change`: beyond the dead band, or when the heartbeat is due; `period`: at each heartbeat only; `receive`: always. */
  way: (typeof reportWays)[number]
  /** A number counts as changed when it differs from the last sent by more than this, in the tag's unit … */
  deadBand: number
  /** … or by more than this part of the last sent, in percent; the larger of the two counts. */
  deadBandPercent: number
  /** An unchanged value is sent again after this time, ms. */
  heartbeatMs: number
}

/** A value as it goes to the platform. */
export interface Reading {
  at: number
  value: TagValue
  quality: Quality
}

/** Times of requests that were answered together differ a little. */
const setBackMs = 1_000

/** Whether `next` is to be sent after `last`, the one that was sent before. */
export function isWorthSending(rule: ReportRule, last: Reading | undefined, next: Reading): boolean {
  if (last === undefined || rule.way === 'receive') return true
  // A clock that was set back must not silence the tag.
  if (next.at - last.at >= rule.heartbeatMs || next.at < last.at - setBackMs) return true
  if (rule.way === 'period') return false
  if (next.quality !== last.quality) return true
  if (typeof next.value !== 'number' || typeof last.value !== 'number') return next.value !== last.value
  const band = Math.max(rule.deadBand, (Math.abs(last.value) * rule.deadBandPercent) / 100)
  return Math.abs(next.value - last.value) > band
}
