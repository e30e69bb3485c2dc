import { randomBytes } from 'node:crypto'
import {
  canonicalHandle,
  decodeData,
  type HandleValue,
  readOrUndefined,
  rsaPublicKey,
  sameBytes,
  verifiesRsa,
} from '../../handle/handle.ts'
import { Rates, type TooMuch } from '../../rate/rates.ts'
import { type FindRecord, keyValuesOf, type User } from '../../registration/authentication.ts'
import { type HttpReply, type HttpRequest, headerOf, jsonReply, tooManyReply } from '../http.ts'
import { faceLimits } from '../limits.ts'

interface Session {
  nonce: Buffer
  atMs: number
  /** Who began it, until it is proven: an address has so many. */
  from: string | undefined
  user?: User
}

/** Why nobody is believed to have asked: a sentence, and whether it would be worth trying again. */
export interface NotProven {
  status: 401 | 403 | 429
  message: string
  /** With 429: what was too much. */
  tooMuch?: TooMuch
}

/**
 * Who sent a request over HTTP (Handle.Net Technical Manual, chapter 14): by user and secret key (Basic), or by
 * a session whose challenge was answered with a key (header `Authorization: Handle`); over private connections alone.
 */
export class RestUsers {
  readonly #findRecord: FindRecord
  readonly #clock: { now(): number }
  readonly #sessions = new Map<string, Session>()
  /** Sessions that nobody proved yet, by the address that began them. */
  readonly #begun = new Map<string, Set<string>>()
  readonly #rates: Rates

  constructor(options: { findRecord: FindRecord; clock: { now(): number }; rates?: Rates }) {
    this.#rates = options.rates ?? new Rates()
    this.#findRecord = options.findRecord
    this.#clock = options.clock
  }

  /** Undefined when the request names nobody. */
  async whoSent(request: HttpRequest): Promise<User | NotProven | undefined> {
    const authorization = headerOf(request, 'authorization')
    const [, scheme = '', rest = ''] = /^(\w+)\s+(.*)$/s.exec(authorization) ?? []
    // Who listens could use a session, or a secret, for changes of their own.
    if (scheme !== '' && !request.isPrivate)
      return {
        status: 403,
        message: 'who somebody is is taken over HTTPS only; over the Handle protocol from anywhere',
      }
    if (scheme.toLowerCase() === 'basic')
      return this.#byPassword(Buffer.from(rest, 'base64').toString('utf8'), request.from)
    if (scheme.toLowerCase() === 'handle') return this.#bySession(fieldsOf(rest), request.from)
    return undefined
  }

  /** Who sent a request that is not for everybody; the reply that refuses it, with `why` to whoever names nobody. */
  async needed(request: HttpRequest, why: string): Promise<User | HttpReply> {
    const user = (await this.whoSent(request)) ?? { status: 401, message: why }
    return 'status' in user ? this.refused(request, user) : user
  }

  /** The reply to somebody who is not believed. */
  refused(request: HttpRequest, { status, message, tooMuch }: NotProven): HttpReply {
    if (tooMuch) return tooManyReply(tooMuch)
    return jsonReply(status, { message }, status === 401 ? this.challenge(request) : {})
  }

  /** The header that asks whoever comes to prove who they are. */
  challenge(request?: HttpRequest): Record<string, string> {
    const { sessionId, nonce } = this.begin(request)
    return { 'www-authenticate': `Basic realm="handle", Handle sessionId="${sessionId}", nonce="${nonce}"` }
  }

  /** Begins a session for the address that the request came from; of too many that it did not prove the oldest gives way. */
  begin(request?: HttpRequest): { sessionId: string; nonce: string } {
    const now = this.#clock.now()
    for (const [id, { atMs }] of this.#sessions) {
      if (now - atMs < faceLimits.sessionMs && this.#sessions.size < faceLimits.sessions) break
      this.#forget(id)
    }
    const from = this.#rates.counts(request?.from) ? request?.from : undefined
    const sessionId = randomBytes(16).toString('hex')
    const nonce = randomBytes(16)
    this.#sessions.set(sessionId, { nonce, atMs: now, from })
    if (from !== undefined) {
      const begun = this.#begun.get(from) ?? new Set()
      this.#begun.set(from, begun.add(sessionId))
      const [oldest] = begun
      if (begun.size > faceLimits.sessionsOfAddress && oldest !== undefined) this.#forget(oldest)
    }
    return { sessionId, nonce: nonce.toString('base64') }
  }

  end(request: HttpRequest): boolean {
    const { sessionId = '' } = fieldsOf(headerOf(request, 'authorization').replace(/^Handle\s+/i, ''))
    return this.#forget(sessionId)
  }

  #forget(id: string): boolean {
    const session = this.#sessions.get(id)
    if (session === undefined) return false
    this.#settled(id, session)
    return this.#sessions.delete(id)
  }

  /** It is no more one of those that wait for a proof. */
  #settled(id: string, { from }: Session): void {
    const begun = from === undefined ? undefined : this.#begun.get(from)
    begun?.delete(id)
    if (from !== undefined && begun?.size === 0) this.#begun.delete(from)
  }

  async #byPassword(text: string, from: string | undefined): Promise<User | NotProven> {
    const colon = text.indexOf(':')
    const user = userOf(decoded(text.slice(0, Math.max(0, colon))))
    if (user === undefined)
      return {
        status: 401,
        message: 'the user is written as index:handle, with %3A for its colon, e.g. 300%3A0.NA/88.1',
      }
    const now = this.#clock.now()
    const tooMuch = this.#rates.mayProve(user, from, now)
    if (tooMuch) return tooManyGuesses(tooMuch)
    const keys = await this.#keys(user, 'HS_SECKEY')
    const secret = Buffer.from(text.slice(colon + 1))
    const key = keys.find(({ data }) => sameBytes(data, secret))
    this.#rates.proved(user, from, key !== undefined, now)
    return key ? { ...user, index: key.index } : { status: 401, message: 'the secret key is not that of the user' }
  }

  async #bySession(
    { sessionId = '', id, cnonce = '', type, alg = 'SHA256', signature = '' }: Fields,
    from: string | undefined,
  ): Promise<User | NotProven> {
    const session = this.#sessions.get(sessionId)
    if (session === undefined || this.#clock.now() - session.atMs > faceLimits.sessionMs)
      return { status: 401, message: 'the session ended: begin another' }
    if (session.user && signature === '') return session.user
    const user = userOf(id ?? '')
    if (user === undefined || type?.toUpperCase() !== 'HS_PUBKEY')
      return { status: 401, message: 'an answer names id as index:handle and the type HS_PUBKEY' }
    const now = this.#clock.now()
    const tooMuch = this.#rates.mayProve(user, from, now)
    if (tooMuch) return tooManyGuesses(tooMuch)
    const message = Buffer.concat([session.nonce, Buffer.from(cnonce, 'base64')])
    const proof = Buffer.from(signature, 'base64')
    const signer = await this.#signer(user, alg, message, proof)
    if (signer) {
      session.user = signer
      this.#settled(sessionId, session)
      this.#rates.proved(user, from, true, now)
      return signer
    }
    // A challenge is answered once: guesses need a new one each.
    this.#forget(sessionId)
    this.#rates.proved(user, from, false, now)
    return { status: 401, message: 'the answer was not made with a key of that record' }
  }

  /** The user (`index:handle`) whose RSA key made a signature with SHA-256; undefined when it did not. */
  async byKey(name: string, message: Uint8Array, signature: Uint8Array): Promise<User | undefined> {
    const user = userOf(name)
    return user && this.#signer(user, 'SHA256', message, signature)
  }

  async #signer(user: User, alg: string, message: Uint8Array, signature: Uint8Array): Promise<User | undefined> {
    for (const { index, data } of await this.#keys(user, 'HS_PUBKEY')) {
      const decodedData = readOrUndefined(() => decodeData('HS_PUBKEY', data))
      const key = decodedData?.format === 'key' ? rsaPublicKey(decodedData.key) : undefined
      if (key && verifiesRsa(key, alg, message, signature)) return { ...user, index }
    }
    return undefined
  }

  async #keys({ handle, index }: User, type: string): Promise<readonly HandleValue[]> {
    return keyValuesOf((await this.#findRecord(canonicalHandle(handle))) ?? [], type, index)
  }
}

const tooManyGuesses = (tooMuch: TooMuch): NotProven => ({ status: 429, message: tooMuch.message, tooMuch })

type Fields = Partial<Record<'sessionId' | 'id' | 'cnonce' | 'type' | 'alg' | 'signature', string>>

function fieldsOf(text: string): Fields {
  return Object.fromEntries(Array.from(text.matchAll(/(\w+)="([^"]*)"/g), ([, name = '', value = '']) => [name, value]))
}

/** A user as `index:handle`; undefined for what names none. */
export function userOf(text: string): User | undefined {
  const [, index, handle] = /^(\d{1,10}):(.+)$/s.exec(text) ?? []
  if (index === undefined || handle === undefined || Number(index) > 0xffff_ffff) return undefined
  return { index: Number(index), handle }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // A stray percent sign stands for itself.
    return text
  }
}
