import { canonicalHandle, commonVersion, type HandleValue, ourVersion, responses } from '../handle/handle.ts'
import type { Homes } from '../node/homes.ts'
import type { Rates } from '../rate/rates.ts'
import type { Verification } from '../resolution/client.ts'
import { type Exchange, type Reply, refusal, requestDigestOf } from '../resolution/exchange.ts'
import { type FindRecord, keyValuesOf, type ProofOfUser, provenUser, type User } from './authentication.ts'
import { Challenges } from './challenges.ts'
import type { ChangingRecords } from './changing-records.ts'
import { registrationLimits } from './limits.ts'

export interface ProofsOptions {
  records: ChangingRecords
  homes: Homes
  findRecord: FindRecord
  /** Whether a secret key of another node's user made an answer; undefined when that node could not be asked. */
  verifyElsewhere?(verification: Verification): Promise<boolean | undefined>
  rates: Rates
  clock: { now(): number }
}

/** Challenges, and what their answers prove; for users of ours also to other nodes. */
export class Proofs {
  readonly #options: ProofsOptions
  readonly #challenges = new Challenges()
  readonly #rates: Rates

  constructor(options: ProofsOptions) {
    this.#options = options
    this.#rates = options.rates
  }

  /** Holds a request back until whoever sent it proves who they are. */
  challenge(request: Exchange): Reply {
    return this.#challenges.give(request, this.#options.clock.now())
  }

  /** The request that a challenge holds back, by the id of the challenge. */
  challenged(id: number): Exchange | undefined {
    return this.#challenges.requestOf(id)
  }

  /**
   * The request that the answer to a challenge brings back, with the user that it proves; a reply where it proves nothing
   * (RFC 3652 §3.5.1).
   */
  async proven({ envelope, message, from }: Exchange): Promise<{ request: Exchange; user: User } | Reply> {
    if (message.body.kind !== 'challengeAnswer') return refusal(responses.protocolError, 'no answer to a challenge')
    const waiting = this.#challenges.take(envelope.sessionId)
    if (waiting === undefined)
      return refusal(responses.authenticationFailed, 'there is no such challenge, or it was answered already')
    const { request, nonce, requestDigest, atMs } = waiting
    const of = { of: request }
    if (this.#options.clock.now() - atMs > registrationLimits.challengeMs)
      return { ...refusal(responses.authenticationTimeout, 'the answer came too late: ask again'), ...of }
    const { handle, index } = message.body
    const now = this.#options.clock.now()
    const tooMuch = this.#rates.mayProve({ handle, index }, from, now)
    if (tooMuch) return { ...refusal(tooMuch.response, tooMuch.message), ...of }
    const record = await this.#options.findRecord(canonicalHandle(handle))
    if (record === undefined)
      return { ...refusal(responses.unableToAuthenticate, `the record ${handle} was not found`), ...of }
    const version = commonVersion(ourVersion, request.envelope.version)
    const isElsewhere = this.#isElsewhere(record, message.body)
    const user = isElsewhere
      ? await this.#provenElsewhere(message.body, nonce, request)
      : provenUser(record, message.body, { nonce, requestDigest }, version)
    if (user === 'nobody answers')
      return { ...refusal(responses.unableToAuthenticate, `the node of ${handle} could not be asked`), ...of }
    this.#rates.proved({ handle, index }, from, user !== undefined, now)
    if (user === undefined)
      return { ...refusal(responses.authenticationFailed, 'the answer was not made with a key of that record'), ...of }
    return { request, user }
  }

  /** A secret key is not told to others, so only the user's own node can say whether it was used. */
  #isElsewhere(record: readonly HandleValue[], { handle, index, authenticationType }: ProofOfUser): boolean {
    const { homes, verifyElsewhere } = this.#options
    if (verifyElsewhere === undefined || authenticationType.toUpperCase() !== 'HS_SECKEY' || index === 0) return false
    return !homes.answersFor(canonicalHandle(handle)) && keyValuesOf(record, 'HS_SECKEY', index).length === 0
  }

  async #provenElsewhere(
    { handle, index, answer }: ProofOfUser,
    nonce: Uint8Array,
    request: Exchange,
  ): Promise<User | undefined | 'nobody answers'> {
    const requestDigest = requestDigestOf(request)
    const holds = await this.#options.verifyElsewhere?.({ handle, index, nonce, requestDigest, answer })
    if (holds === undefined) return 'nobody answers'
    return holds ? { handle, index } : undefined
  }

  /**
   * Tells another node whether an answer to its challenge was made with the secret key of a user of ours (operation 201).
   * What does not hold counts as a guess.
   */
  verifyResponse({ envelope, message, from, byUdp }: Exchange): Reply {
    const { homes, records, clock } = this.#options
    if (message.body.kind !== 'verify') return refusal(responses.protocolError, 'nothing to verify')
    // From a forged address guesses would keep out whoever has it.
    if (byUdp) return refusal(responses.error, 'verify by TCP')
    const { handle, index, nonce, requestDigest, answer } = message.body
    const name = canonicalHandle(handle)
    if (!homes.answersFor(name))
      return refusal(responses.notResponsible, 'this node does not home the prefix of this user')
    const now = clock.now()
    const tooMuch = this.#rates.mayProve({ handle, index }, from, now)
    if (tooMuch) return refusal(tooMuch.response, tooMuch.message)
    const proof = { handle, index, authenticationType: 'HS_SECKEY', answer }
    const challenge = { nonce, requestDigest: requestDigest.digest }
    const version = commonVersion(ourVersion, envelope.version)
    const holds = provenUser(records.find(name) ?? [], proof, challenge, version) !== undefined
    this.#rates.proved({ handle, index }, from, holds, now)
    return { response: responses.success, body: { kind: 'verified', holds } }
  }
}
