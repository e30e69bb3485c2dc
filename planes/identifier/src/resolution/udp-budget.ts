import { handleLimits } from '../handle/handle.ts'
import { RateLimiter } from '../rate/rate-limiter.ts'
import { resolutionLimits } from './limits.ts'

/**
 * How much of long answers an address may be sent by UDP. The address of a question may be forged, and then the answer falls
 * upon somebody who asked nothing. An answer in one packet is always given: it is at most some eight times its question.
 * Longer ones are counted by address, and beyond a rate whoever asks is told to come by TCP.
 */
export class UdpBudget {
  readonly #long = new RateLimiter(
    { perS: resolutionLimits.udpBytesPerS, burst: resolutionLimits.udpBurstBytes },
    resolutionLimits.udpAddresses,
  )

  /** Whether `bytes` may go to the address now; counts them when they may. */
  allows(address: string, bytes: number, nowMs: number): boolean {
    return bytes <= handleLimits.packetBytes || this.#long.take(address, nowMs, bytes) === 0
  }
}
