import { randomUUID } from 'node:crypto'
import { join as joinContract, signIn } from '@kapok/contracts/access'
import type { AskOf, ReplyOf, RouteContract } from '@kapok/contracts/route'

/** A refusal as somebody at the portal would see it. */
export class Refused extends Error {
  readonly code: string
  constructor(contract: RouteContract, status: number, code: string, message: string) {
    super(`${contract.id}: ${status} ${code}: ${message}`)
    this.code = code
  }
}

interface LooseAsk {
  params?: Record<string, string>
  query?: Record<string, unknown>
  body?: unknown
}

/** A person of the province: one browser's session with the portal, through the same door as everybody. */
export class Person {
  readonly #baseUrl: string
  #cookie = ''
  readonly login: string

  constructor(baseUrl: string, login: string) {
    this.#baseUrl = baseUrl
    this.login = login
  }

  /** The session's cookie, for what is no call: a WebSocket, a browser. */
  get cookie(): string {
    return this.#cookie
  }

  /** Uses the one-time link that the administrator handed over. */
  async join(link: string, name: string, password: string): Promise<void> {
    const token = link.slice(link.indexOf('#') + 1)
    await this.call(joinContract, { body: { token, login: this.login, name, password } })
  }

  async signIn(password: string): Promise<void> {
    await this.call(signIn, { body: { login: this.login, password } })
  }

  /** One call of the API. Throws Refused with the sentence that the portal would show. */
  async call<R extends RouteContract>(contract: R, ask: AskOf<R>): Promise<ReplyOf<R>> {
    return (await this.callAny(contract, ask as LooseAsk)) as ReplyOf<R>
  }

  /** The same for a contract that is known at run time only, such as each of all. */
  async callAny(contract: RouteContract, { params = {}, query = {}, body }: LooseAsk): Promise<unknown> {
    const path = contract.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
    const search = new URLSearchParams(
      Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])),
    )
    const raw = body instanceof Uint8Array
    const response = await fetch(`${this.#baseUrl}/api${path}${search.size > 0 ? `?${search}` : ''}`, {
      method: contract.method,
      headers: {
        'X-Kapok': '1',
        'Accept-Language': 'zh-CN',
        ...(this.#cookie === '' ? {} : { cookie: this.#cookie }),
        ...(body === undefined ? {} : { 'Content-Type': raw ? 'application/octet-stream' : 'application/json' }),
        ...(contract.method === 'GET' ? {} : { 'Idempotency-Key': randomUUID() }),
      },
      ...(body === undefined ? {} : { body: raw ? Buffer.from(body) : JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    })
    const setCookie = response.headers.get('set-cookie')
    if (setCookie !== null) this.#cookie = setCookie.split(';')[0] ?? ''
    const reply: unknown = contract.replyKind === 'file' ? await response.arrayBuffer() : await response.json()
    if (!response.ok) {
      const { code = '', message = '' } = reply as { code?: string; message?: string }
      throw new Refused(contract, response.status, code, message)
    }
    return reply
  }
}
