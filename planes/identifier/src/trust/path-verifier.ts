import { createHash } from 'node:crypto'
import {
  canonicalHandle,
  type HandleValue,
  type Jws,
  type JwsPublicKey,
  jwkOf,
  jwsHolds,
  prepared,
  responses,
} from '../handle/handle.ts'
import type { Recursion } from '../node/service.ts'
import { trustLimits } from './limits.ts'
import { prefixesAbove, type VerifiedPath } from './path.ts'
import { verifyPath } from './verify-path.ts'

/** Asks for what proves an answer, and verifies it from the trusted key of the root down. */
export class PathVerifier {
  readonly #trusted: JwsPublicKey
  readonly #resolver: Recursion
  readonly #clock: { now(): number }
  readonly #known = new Set<string>()

  constructor({ trusted, resolver, clock }: { trusted: JwsPublicKey; resolver: Recursion; clock: { now(): number } }) {
    this.#trusted = prepared(trusted)
    this.#resolver = resolver
    this.#clock = clock
  }

  /** How far all public values of a record are proven. Never rejects: a certificate that nobody tells is told as such. */
  async verified(handle: string, values: readonly HandleValue[]): Promise<VerifiedPath> {
    const name = canonicalHandle(handle)
    const certificates = new Map<string, readonly HandleValue[]>()
    const asked = prefixesAbove(name).slice(0, trustLimits.chain + 1)
    await Promise.all(
      asked.map(async (prefix) => {
        const question = { handle: `0.NA/${prefix}`, indexes: [], types: ['HS_CERT'], authoritative: false }
        const { response, body } = await this.#resolver.resolve(question)
        if (response === responses.success && body.kind === 'values') certificates.set(prefix, body.values)
        if (response === responses.valuesNotFound) certificates.set(prefix, [])
      }),
    )
    const nowSeconds = Math.floor(this.#clock.now() / 1_000)
    const evidence = { handle: name, values, isWhole: true, certificates, nowSeconds }
    return verifyPath(this.#trusted, evidence, (jws, key) => this.#holds(jws, key))
  }

  /** A signature that held goes on holding: certificates come again with every record below them. */
  #holds(jws: Jws, key: JwsPublicKey): boolean {
    const name = createHash('sha256')
      .update(`${jws.signedText}\n${JSON.stringify(jwkOf(key))}\n`)
      .update(jws.signature)
      .digest('base64')
    const isKnown = this.#known.delete(name)
    const holds = isKnown || jwsHolds(jws, key)
    if (holds) this.#known.add(name)
    if (this.#known.size > trustLimits.signaturesKnown) {
      const [oldest] = this.#known
      if (oldest !== undefined) this.#known.delete(oldest)
    }
    return holds
  }
}
