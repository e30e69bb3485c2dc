import { refuse } from '@kapok/contracts/refusal'
import type { Clock } from '@kapok/kit/clock'
import { limits } from '@kapok/kit/limits'

const windowMs = 60_000

/**
 * Counts commands of visitors who are not signed in, by address: an objection or an eligibility check is open to
 * everybody, and so to a program that sends ten thousand. Per process and in memory; the window forgets by itself.
 */
export function publicRate(clock: Clock): (ip: string) => void {
  let began = 0
  let counts = new Map<string, number>()
  return (ip) => {
    const now = clock.now()
    if (now - began >= windowMs || now < began) {
      began = now
      counts = new Map()
    }
    const count = (counts.get(ip) ?? 0) + 1
    counts.set(ip, count)
    if (count > limits.publicCommandsPerMinute || counts.size > limits.publicAddresses)
      throw refuse('rate.exceeded', { seconds: Math.ceil((began + windowMs - now) / 1000) })
  }
}
