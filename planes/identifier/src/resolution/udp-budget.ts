import { handleLimits } from '../handle/handle.ts'
import { resolutionLimits } from './limits.ts'

interface Spent {
  bytes: number
  atMs: number
}

/**
 * How much of long answers an address may be sent by UDP. The address of a question may be forged, and then the answer falls
 * upon somebody who asked nothing. An answer in one packet is always given: it is at most some seven times its question.
 * Longer ones are counted by address, and beyond a rate whoever asks is told to come by TCP.
 */
export class UdpBudget {
  readonly #spent = new Map<string, Spent>()

  /** Whether `bytes` may go to the address now; counts them when they may. */
  allows(address: string, bytes: number, nowMs: number): boolean {
    if (bytes <= handleLimits.packetBytes) return true
    const before = this.#spent.get(address)
    const since = before === undefined ? 0 : Math.max(0, nowMs - before.atMs)
    const left = Math.max(0, (before?.bytes ?? 0) - (since / 1_000) * resolutionLimits.udpBytesPerS)
    if (left + bytes > resolutionLimits.udpBurstBytes) return false
    this.#spent.delete(address)
    this.#spent.set(address, { bytes: left + bytes, atMs: nowMs })
    if (this.#spent.size > resolutionLimits.udpAddresses) {
      const [oldest] = this.#spent.keys()
      if (oldest !== undefined) this.#spent.delete(oldest)
    }
    return true
  }
}
