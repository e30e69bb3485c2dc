import type { KeyObject } from 'node:crypto'
import { credentialTypes, isAtLeast, operations, responses } from '../handle/handle.ts'
import { RateLimiter } from '../rate/rate-limiter.ts'
import { Rates } from '../rate/rates.ts'
import { type Exchange, type Reply, readRequest, refusal } from '../resolution/exchange.ts'
import type { Frame } from '../resolution/frames.ts'
import { exchanged, revealed } from './key-exchange.ts'
import { sessionLimits } from './limits.ts'
import { Session } from './session.ts'
import { SessionTable } from './session-table.ts'

/** MACs of before 2.7 cover other bytes, and before 2.4 messages have no IV. */
const since = { major: 2, minor: 7 }

export interface SessionsOptions {
  /** Key of the site (RSA, private): it signs the answer to a setup, without which the exchange proves nothing. */
  serverKey: KeyObject
  rates?: Rates
  clock: { now(): number }
}

/** Sessions of a node with its clients (RFC 3652 §3.3.4). They hide and protect what is said; who says it is proven by challenges. */
export class Sessions {
  readonly #options: SessionsOptions
  readonly #table = new SessionTable()
  readonly #rates: Rates
  readonly #exchanges = new RateLimiter(sessionLimits.exchanges, 1)
  readonly #exchangesByUdp = new RateLimiter(sessionLimits.exchangesByUdp, 1)

  constructor(options: SessionsOptions) {
    this.#options = options
    this.#rates = options.rates ?? new Rates()
  }

  /**
   * As `readRequest`, in a session where the request says so. `sessionOfChallenge`: answers to a challenge carry its id
   * in place of the session's.
   */
  read(frame: Frame, sessionOfChallenge: (id: number) => Session | undefined): Exchange | Reply | undefined {
    const { envelope } = frame
    const { encrypted, sessionId } = envelope
    const now = this.#options.clock.now()
    const find = () => this.#table.find(sessionId, now) ?? sessionOfChallenge(sessionId)
    if (!encrypted) {
      const request = readRequest(frame)
      const isVouched = request && 'message' in request && request.message.credential?.type === credentialTypes.mac
      return isVouched ? this.#checked(request, find(), frame) : request
    }
    const session = find()
    if (session === undefined) return noSession()
    if (session.key === undefined) return refusal(responses.noSessionKey, 'send the key of this session first (402)')
    const message = session.opened(frame.message)
    if (message === undefined) return refusal(responses.sessionFailed, 'this session’s key did not encrypt this')
    const request = readRequest({ ...frame, envelope: { ...envelope, encrypted: false }, message })
    return request && 'message' in request ? this.#checked({ ...request, wasEncrypted: true }, session, frame) : request
  }

  #checked(request: Exchange, session: Session | undefined, frame: Frame): Exchange | Reply | undefined {
    if (session === undefined) return noSession()
    const { envelope, message, bytes } = request
    const credential = message.credential?.type === credentialTypes.mac ? message.credential : null
    if (credential && !session.vouches(credential, envelope, bytes))
      return refusal(responses.invalidCredential, 'the credential was not made with the key of this session')
    // By UDP clients send again what was not answered yet: the first one is.
    if (!session.isNew(credential, envelope))
      return frame.byUdp ? undefined : refusal(responses.sessionReplay, 'this was said in this session already')
    session.bytes += frame.message.length
    this.#table.uses(session, this.#options.clock.now())
    return { ...request, session }
  }

  /** What is said to a request that begins, completes or ends a session. */
  reply(request: Exchange): Reply {
    switch (request.message.operation) {
      case operations.sessionSetup:
        return this.#setUp(request)
      case operations.sessionExchangeKey:
        return this.#takeKey(request)
      default:
        return this.#end(request)
    }
  }

  #setUp({ envelope, message: { body }, from, byUdp }: Exchange): Reply {
    const { serverKey, clock } = this.#options
    if (body.kind !== 'sessionSetup') return refusal(responses.invalidSessionSetup, 'no setup of a session')
    if (!isAtLeast(envelope.version, since))
      return refusal(responses.sessionNotSupported, 'sessions are offered from protocol 2.7 on')
    const now = clock.now()
    const tooMuch = this.#rates.session(from, now)
    if (tooMuch) return refusal(tooMuch.response, tooMuch.message)
    const isBusy = (byUdp && this.#exchangesByUdp.take('', now) > 0) || this.#exchanges.take('', now) > 0
    if (isBusy) return refusal(responses.serverBusy, 'too many sessions are begun: ask again')
    const exchange = exchanged(body, serverKey)
    if ('response' in exchange) return exchange
    const { idleSecondsMin, idleSecondsMax } = sessionLimits
    const idleMs = Math.min(Math.max(body.timeoutSeconds, idleSecondsMin), idleSecondsMax) * 1_000
    const counted = this.#rates.counts(from) ? from : undefined
    const { id } = this.#table.add((id) => new Session({ id, from: counted, idleMs, key: exchange.key }, now))
    const { mode } = body
    return {
      response: responses.success,
      body: { kind: 'sessionAnswer', mode, data: exchange.data },
      sessionId: id,
    }
  }

  #takeKey({ envelope, message: { body } }: Exchange): Reply {
    if (body.kind !== 'sessionKey') return refusal(responses.protocolError, 'no key of a session')
    const session = this.#table.find(envelope.sessionId, this.#options.clock.now())
    if (session === undefined) return noSession()
    if (session.key) return refusal(responses.invalidSessionSetup, 'this session has its key')
    const key = revealed(body.encryptedKey, this.#options.serverKey)
    if ('response' in key) {
      // Each try costs a setup, which is counted.
      this.#table.remove(session)
      return key
    }
    session.key = key
    return { response: responses.success, body: { kind: 'empty' } }
  }

  #end({ envelope, session }: Exchange): Reply {
    if (session) {
      this.#table.remove(session)
      return { response: responses.success, body: { kind: 'empty' } }
    }
    if (this.#table.find(envelope.sessionId, this.#options.clock.now()) === undefined) return noSession()
    return refusal(responses.invalidCredential, 'only who has the key of a session ends it')
  }
}

const noSession = () => refusal(responses.sessionTimeout, 'there is no such session any more: begin another one')
