import { randomInt } from 'node:crypto'
import { responses } from '../handle/handle.ts'
import { ResolutionError, type Verification, verifyByTcp } from '../resolution/client.ts'
import { keyOfSite } from './ask.ts'
import { recursionLimits } from './limits.ts'
import type { Resolver } from './resolver.ts'
import type { Server } from './sites.ts'

/** Where a handle is served, and which servers answer lately. */
type Servers = Pick<Resolver, 'serversOf' | 'health'>

/** Asks the node of a user whether an answer to our challenge was made with the user's secret key, which only that node has. */
export class ElsewhereVerifier {
  readonly #resolver: Servers
  readonly #clock: { now(): number }
  #waiting = 0

  constructor(options: { resolver: Servers; clock: { now(): number } }) {
    this.#resolver = options.resolver
    this.#clock = options.clock
  }

  /** What the user's node said; undefined when none could be asked. Never rejects for what others do. */
  async holds(verification: Verification): Promise<boolean | undefined> {
    const isTooLong = verification.answer.length > recursionLimits.verifiedAnswerBytes
    if (isTooLong || this.#waiting >= recursionLimits.verifying) return undefined
    this.#waiting++
    try {
      const { handle } = verification
      const known = await this.#ask(await this.#resolver.serversOf(handle), verification)
      // It may have moved, or its parent stands in for it.
      return known ?? (await this.#ask(await this.#resolver.serversOf(handle, 'anew'), verification))
    } catch (error) {
      if (!(error instanceof ResolutionError)) throw error
      return undefined
    } finally {
      this.#waiting--
    }
  }

  async #ask(servers: readonly Server[], verification: Verification): Promise<boolean | undefined> {
    const { health } = this.#resolver
    for (const server of health.ordered(servers, this.#clock.now()).slice(0, recursionLimits.serversTried)) {
      const beganMs = performance.now()
      try {
        const { response, body } = await this.#askServer(server, verification)
        health.answered(server.name, performance.now() - beganMs)
        if (response === responses.success && body.kind === 'verified') return body.holds
      } catch (error) {
        if (!(error instanceof ResolutionError)) throw error
        health.failed(server.name, this.#clock.now())
      }
    }
    return undefined
  }

  /** A site that has a key signs what it says: a yes is a right to write. */
  #askServer(server: Server, verification: Verification) {
    const { host, tcpPort, name } = server
    if (tcpPort === undefined) throw new ResolutionError(`${name} has no TCP`)
    const certifiedBy = keyOfSite(server)
    const question = { ...verification, ...(certifiedBy && { certifiedBy }) }
    const peer = { host, port: tcpPort }
    return verifyByTcp(peer, question, randomInt(0, 2 ** 32), this.#clock.now(), recursionLimits.tcpMs)
  }
}
