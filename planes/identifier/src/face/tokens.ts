import { createHmac, randomBytes } from 'node:crypto'
import { sameBytes } from '../handle/handle.ts'
import { nameOfUser, type User } from '../registration/authentication.ts'
import { type HttpRequest, headerOf } from './http.ts'

const header = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url')

/** Tokens (JWT, RFC 7519) by which somebody who proved who they are is known for a time; void after a start. */
export class Tokens {
  readonly #key = randomBytes(32)
  readonly #clock: { now(): number }
  readonly #lifeMs: number

  constructor(options: { clock: { now(): number }; lifeMs: number }) {
    this.#clock = options.clock
    this.#lifeMs = options.lifeMs
  }

  give(user: User): { token: string; expiresAt: number } {
    const now = Math.floor(this.#clock.now() / 1_000)
    const expiresAt = now + Math.floor(this.#lifeMs / 1_000)
    const claims = Buffer.from(JSON.stringify({ ...user, sub: nameOfUser(user), iat: now, exp: expiresAt }))
    const signed = `${header}.${claims.toString('base64url')}`
    return { token: `${signed}.${this.#signatureOf(signed).toString('base64url')}`, expiresAt }
  }

  /** Whose token a request carries (`Authorization: Bearer`); undefined when it has none that holds. */
  holder(request: HttpRequest): User | undefined {
    const [, signed = '', claims = '', signature = ''] =
      /^Bearer\s+([\w-]+\.([\w-]+))\.([\w-]+)$/i.exec(headerOf(request, 'authorization')) ?? []
    if (signed === '' || !signed.startsWith(`${header}.`)) return undefined
    if (!sameBytes(this.#signatureOf(signed), Buffer.from(signature, 'base64url'))) return undefined
    // Ours, so it is what was written.
    const { handle, index, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as User & {
      exp: number
    }
    return exp * 1_000 > this.#clock.now() ? { handle, index } : undefined
  }

  #signatureOf(signed: string): Buffer {
    return createHmac('sha256', this.#key).update(signed).digest()
  }
}
