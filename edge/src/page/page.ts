import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import type { Log } from '@kapok/kit/log'
import { TagTableError } from '../check.ts'
import type { PageAddress } from './address.ts'
import { script, style } from './assets.ts'
import { html } from './html.ts'
import { languageOf } from './language.ts'
import { type EdgeStatus, metricsOf, statusOf } from './metrics.ts'
import { PagePassword, passwordLettersMin } from './password.ts'
import { type Fields, routes } from './routes.ts'
import type { PageSource } from './source.ts'
import { layout, notice, passwordPage, signInPage, type View, viewOf } from './views.ts'

export interface PageOptions {
  /** Of the loopback page, which is always there; 0 takes a free one. */
  port: number
  beyond: PageAddress | undefined
  home: string
  status: EdgeStatus
  source: PageSource
  log: Log
}

const bodyBytesMax = 16 * 1024
const policy =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

/** A browser got here by a name that is not the gateway's, or from another site's page. */
class Refused extends Error {
  readonly status: number

  constructor(status: number) {
    super(`refused with ${status}`)
    this.status = status
  }
}

/** The gateway's own page on loopback, and beyond it when the tag table says so. `/status` and `/metrics` are for programs of the box. */
export async function startPage(options: PageOptions): Promise<{ url: string; stop(): void }> {
  const { beyond, port, home, log } = options
  const password = new PagePassword(home)
  const local = await listen(createServer(handlerOf(options, password, true)), port, '127.0.0.1')
  const servers = [local]
  if (beyond !== undefined) {
    const handler = handlerOf(options, password, false)
    servers.push(await listen(serverOf(beyond, handler), beyond.port, beyond.host))
  }
  if (!password.isSet && beyond !== undefined)
    log.warn({ token: password.token }, 'the page has no password yet: set one there with this one-time token')
  return {
    url: `http://127.0.0.1:${portOf(local)}/`,
    stop() {
      for (const server of servers) {
        server.closeAllConnections()
        server.close()
      }
    },
  }
}

function serverOf({ cert, key }: PageAddress, handler: (i: IncomingMessage, o: ServerResponse) => void): Server {
  if (cert === undefined || key === undefined) return createServer(handler)
  try {
    return createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, handler)
  } catch (cause) {
    throw new TagTableError(`table.page: certificate or key cannot be used: ${String(cause)}`)
  }
}

function listen(server: Server, port: number, host: string): Promise<Server> {
  server.requestTimeout = 30_000
  server.maxConnections = 200
  return new Promise((done, fail) => {
    server.once('error', fail)
    server.listen(port, host, () => done(server))
  })
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

function handlerOf(options: PageOptions, password: PagePassword, isLocal: boolean) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const exchange = new Exchange(options, password, isLocal, request, response)
    exchange.run().catch((error: unknown) => {
      if (!(error instanceof Refused)) options.log.error({ error: String(error) }, 'the page could not answer')
      if (response.headersSent) response.destroy()
      else response.writeHead(error instanceof Refused ? error.status : 500).end()
    })
  }
}

/** One request and its answer. */
class Exchange {
  readonly #options: PageOptions
  readonly #password: PagePassword
  readonly #isLocal: boolean
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #url: URL
  readonly #cookies: ReadonlyMap<string, string>

  constructor(
    options: PageOptions,
    password: PagePassword,
    isLocal: boolean,
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    this.#options = options
    this.#password = password
    this.#isLocal = isLocal
    this.#request = request
    this.#response = response
    this.#url = new URL(request.url?.startsWith('/') === true ? request.url : '/', 'http://gateway')
    this.#cookies = cookiesOf(request.headers.cookie)
  }

  async run(): Promise<void> {
    const { method = '' } = this.#request
    this.#response.setHeader('X-Content-Type-Options', 'nosniff')
    this.#response.setHeader('Content-Security-Policy', policy)
    this.#response.setHeader('Referrer-Policy', 'same-origin')
    this.#response.setHeader('Cache-Control', 'no-store')
    if (method !== 'GET' && method !== 'POST') throw new Refused(405)
    if (!isOwnName(this.#request.headers.host, this.#options.beyond?.host)) throw new Refused(421)
    if (method === 'GET') return this.#get()
    // A form of another site is never taken, whatever cookie comes with it.
    if (this.#request.headers.origin !== `${this.#scheme}://${this.#request.headers.host}`) throw new Refused(403)
    return this.#post(await this.#fields())
  }

  get #scheme(): string {
    return 'encrypted' in this.#request.socket ? 'https' : 'http'
  }

  /** Browsers keep one jar for all ports of a name. */
  get #cookieName(): string {
    return `kapok-edge-${this.#request.socket.localPort}`
  }

  get #isSignedIn(): boolean {
    return this.#password.isSignedIn(this.#cookies.get(this.#cookieName))
  }

  get #view(): View {
    const chosen = this.#cookies.get('kapok-edge-language')
    const language = chosen === 'zh' || chosen === 'en' ? chosen : languageOf(this.#request.headers['accept-language'])
    return viewOf(this.#options.source, language)
  }

  async #get(): Promise<void> {
    const path = this.#url.pathname
    if (path === '/page.css') return this.#send('text/css; charset=utf-8', style)
    if (path === '/page.js') return this.#send('text/javascript; charset=utf-8', script)
    if (path === '/status' || path === '/metrics') return this.#forPrograms(path)
    const wanted = this.#url.searchParams.get('lang')
    if (wanted === 'zh' || wanted === 'en') return this.#chooseLanguage(wanted)
    if (!this.#isSignedIn) return this.#askWho()
    return this.#answer(`GET ${path}`, (name) => this.#url.searchParams.get(name) ?? '')
  }

  #forPrograms(path: string): void {
    if (this.#request.headers.origin !== undefined) throw new Refused(403)
    if (!this.#isLocal && !this.#isSignedIn) throw new Refused(401)
    const { status } = this.#options
    if (path === '/status') this.#send('application/json', JSON.stringify(statusOf(status)))
    else this.#send('text/plain; version=0.0.4', metricsOf(status))
  }

  #chooseLanguage(language: string): void {
    this.#url.searchParams.delete('lang')
    this.#cookie('kapok-edge-language', language, 365 * 86_400)
    this.#response.writeHead(303, { Location: this.#url.pathname + this.#url.search }).end()
  }

  #askWho(words?: string, status = 401): void {
    const view = this.#view
    const { isSet } = this.#password
    const title = isSet ? view.say('登录', 'Sign in') : view.say('设定密码', 'Set a password')
    const form = isSet ? signInPage(view) : passwordPage(view, !this.#isLocal)
    const body = html`${words !== undefined && notice(words, true)}${form}`
    this.#page(layout(view, { title, path: this.#url.pathname, body, signedIn: false }), status)
  }

  async #post(fields: Fields): Promise<void> {
    const path = this.#url.pathname
    if (path === '/password' && !this.#password.isSet) return this.#setPassword(fields)
    if (path === '/sign-in') return this.#signIn(fields('password'))
    if (!this.#isSignedIn) return this.#askWho()
    if (path !== '/sign-out') return this.#answer(`POST ${path}`, fields)
    this.#password.signOut(this.#cookies.get(this.#cookieName))
    this.#cookie(this.#cookieName, '', 0)
    this.#response.writeHead(303, { Location: '/' }).end()
  }

  async #setPassword(fields: Fields): Promise<void> {
    const { say } = this.#view
    const address = this.#request.socket.remoteAddress ?? ''
    const wait = this.#password.attempt(address)
    if (wait > 0) return this.#tooOften(wait)
    if (!this.#isLocal && !this.#password.isToken(fields('token')))
      return this.#askWho(say('令牌不对，请看网关日志。', 'The token is wrong; look into the gateway’s log.'))
    const done = await this.#password.set(fields('password'))
    if (done === 'short')
      return this.#askWho(
        say(
          `密码要有 ${passwordLettersMin} 到 200 个字符。`,
          `A password has ${passwordLettersMin} to 200 characters.`,
        ),
        422,
      )
    return this.#signIn(fields('password'))
  }

  async #signIn(given: string): Promise<void> {
    const address = this.#request.socket.remoteAddress ?? ''
    const wait = this.#password.attempt(address)
    if (wait > 0) return this.#tooOften(wait)
    const session = await this.#password.signIn(given, address)
    if (session === undefined) {
      this.#options.log.warn({ address }, 'somebody could not sign in to the page')
      return this.#askWho(this.#view.say('密码不对。', 'The password is wrong.'))
    }
    this.#cookie(this.#cookieName, session, 12 * 3_600)
    this.#response.writeHead(303, { Location: '/' }).end()
  }

  #tooOften(seconds: number): void {
    this.#response.setHeader('Retry-After', seconds)
    const minutes = Math.ceil(seconds / 60)
    this.#askWho(
      this.#view.say(`试得太多了，请在 ${minutes} 分钟后再试。`, `Too many attempts; try again in ${minutes} minutes.`),
      429,
    )
  }

  async #answer(route: string, fields: Fields): Promise<void> {
    const view = this.#view
    const path = this.#url.pathname
    const answer = await routes[route]?.(view, fields)
    const missing = {
      title: view.say('没有这一页', 'Nothing here'),
      body: html`<p><a href="/">${view.say('回到概况', 'Back to the overview')}</a></p>`,
      status: 404,
    }
    const { title, body, status = 200 } = answer ?? missing
    this.#page(layout(view, { title, path, body }), status)
  }

  async #fields(): Promise<Fields> {
    const pieces: Buffer[] = []
    let bytes = 0
    for await (const piece of this.#request as AsyncIterable<Buffer>) {
      bytes += piece.length
      if (bytes > bodyBytesMax) throw new Refused(413)
      pieces.push(piece)
    }
    const form = new URLSearchParams(Buffer.concat(pieces).toString('utf8'))
    return (name) => form.get(name) ?? ''
  }

  #cookie(name: string, value: string, seconds: number): void {
    const secure = this.#scheme === 'https' ? '; Secure' : ''
    this.#response.appendHeader(
      'Set-Cookie',
      `${name}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure}`,
    )
  }

  #page(text: string, status: number): void {
    this.#response.statusCode = status
    this.#send('text/html; charset=utf-8', text)
  }

  #send(type: string, text: string): void {
    this.#response.setHeader('Content-Type', type)
    this.#response.end(text)
  }
}

/** An address, localhost or the box's name: no other name leads here but by a trick (DNS rebinding). */
function isOwnName(host: string | undefined, beyond: string | undefined): boolean {
  const name = (host ?? '')
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase()
  const own = ['localhost', hostname().toLowerCase(), `${hostname().toLowerCase()}.local`, beyond?.toLowerCase()]
  return isIP(name) !== 0 || own.includes(name)
}

function cookiesOf(header = ''): ReadonlyMap<string, string> {
  return new Map(
    header.split(';').map((pair) => {
      const at = pair.indexOf('=')
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()]
    }),
  )
}
