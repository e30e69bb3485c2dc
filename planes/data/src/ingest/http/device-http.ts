import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { innerSecretHeader } from '@kapok/contracts/ports'
import type { Clock } from '@kapok/kit/clock'
import type { Log } from '@kapok/kit/log'
import type { Directory, Sender } from '../directory.ts'
import { type Message, noDictionary } from '../intake.ts'
import type { Reception, SenderContext } from '../reception.ts'

const bodyBytesMax = 1 << 20
const requestsMax = 2000
const bodyMsMax = 30_000
const senderMsMax = 10_000
const sendersMax = 50_000

export interface DeviceHttpOptions {
  reception: Reception
  directory: Directory
  clock: Clock
  log: Log
  whenDurable(done: () => void): void
  underPressure(): boolean
  lastOf(orgId: string, device: string): Record<string, number | string | boolean>
  /** Made at each start: only the server, which forwards what comes from outside, knows it. */
  secret?: string
}

/** Path → the topic whose dialect reads the body. `:token` is the credential; the others carry it as a bearer token. */
const paths: readonly [RegExp, string][] = [
  [/^\/api\/v1\/([\w-]{20,200})\/telemetry$/, 'v1/devices/me/telemetry'],
  [/^\/api\/v1\/([\w-]{20,200})\/attributes$/, 'v1/devices/me/attributes'],
  [/^\/device\/v1\/telemetry$/, 'kapok/v1/telemetry'],
  [/^\/device\/v1\/gateway\/telemetry$/, 'kapok/v1/gateway/telemetry'],
  [/^\/device\/v1\/points$/, 'kapok/v1/points'],
]

/**
 * Device HTTP: the platform's own paths and ThingsBoard's. 200 after the points are on disk. A point without a time
 * takes the receive time; a request that is repeated then counts again (at least once).
 */
export class DeviceHttp {
  readonly #options: DeviceHttpOptions
  readonly #server: Server
  readonly #senders = new Map<string, { sender: Sender; untilMs: number }>()
  #requests = 0

  constructor(options: DeviceHttpOptions) {
    this.#options = options
    this.#server = createServer({ requestTimeout: bodyMsMax, keepAliveTimeout: 60_000 }, (request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        options.log.error({ error: String(error) }, 'a device request failed')
        if (!response.headersSent)
          reply(response, 500, '平台暂时未能应答，请重发。 The platform failed to answer; send again.')
      })
    })
  }

  async listen(port: number, host: string): Promise<number> {
    await new Promise<void>((done, fail) => {
      this.#server.once('error', fail)
      this.#server.listen(port, host, done)
    })
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  async stop(): Promise<void> {
    const closed = new Promise((done) => this.#server.close(done))
    this.#server.closeIdleConnections()
    setTimeout(() => this.#server.closeAllConnections(), 2000).unref()
    await closed
  }

  /** A revoked credential must not live on here. */
  forget(orgId: string): void {
    for (const [token, { sender }] of this.#senders) if (sender.orgId === orgId) this.#senders.delete(token)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { secret } = this.#options
    if (secret !== undefined && !knowsSecret(request, secret))
      return reply(response, 403, 'This port is for the platform itself; use the address of the portal.', {
        Connection: 'close',
      })
    const path = (request.url ?? '').split('?', 1)[0] ?? ''
    const found = paths
      .map(([shape, topic]) => ({ match: shape.exec(path), topic }))
      .find(({ match }) => match !== null)
    if (found === undefined)
      return reply(
        response,
        404,
        '没有这一设备接入路径，请对照接入文档修改路径。 No such device path; correct it after the documentation.',
      )
    const { topic, match } = found
    const asksAttributes = request.method === 'GET' && topic === 'v1/devices/me/attributes'
    if (request.method !== 'POST' && !asksAttributes)
      return reply(response, 405, '此路径只接受 POST，请改用 POST 发送。 This path takes POST only; send with POST.', {
        Allow: 'POST',
      })
    if (this.#options.underPressure() || this.#requests >= requestsMax)
      return reply(response, 503, '同时到达的数据过多，请稍后重发。 Too much arrives at once; send again later.', {
        'Retry-After': '2',
        Connection: 'close',
      })
    this.#requests++
    try {
      const token = match?.[1] ?? /^Bearer ([\w-]{20,200})$/.exec(request.headers.authorization ?? '')?.[1]
      const sender = token === undefined ? undefined : await this.#senderOf(token)
      if (sender === undefined)
        return reply(
          response,
          401,
          '凭证不存在、已吊销，或其设备已停用；请在设备页面核对或更换凭证。 The credential is unknown, revoked, or its device disabled; check or replace it on the page of the device.',
        )
      if (asksAttributes) return this.#attributes(request, response, sender)
      const payload = await readBody(request)
      if (payload === undefined)
        return reply(
          response,
          413,
          `请求体最多 ${bodyBytesMax} 字节，请拆分后发送。 A body has at most ${bodyBytesMax} bytes; send it in parts.`,
          { Connection: 'close' },
        )
      await this.#receive(response, {
        sender,
        door: 'http',
        topic,
        payload,
        received: this.#options.clock.now(),
        arrivedMs: performance.now(),
      })
    } finally {
      this.#requests--
    }
  }

  async #receive(response: ServerResponse, message: Message): Promise<void> {
    const problems = await this.#options.reception.receive(message, contextOf(this.#options, message.sender))
    await new Promise<void>((done) => this.#options.whenDurable(done))
    // Kept apart is not lost: the sender need not repeat it, but is told.
    if (problems.length === 0) response.writeHead(200, { 'Content-Length': '0' }).end()
    else
      response
        .writeHead(200, { 'Content-Type': 'application/json' })
        .end(JSON.stringify({ quarantined: problems.map(({ code, zh, en }) => ({ code, zh, en })) }))
  }

  #attributes(request: IncomingMessage, response: ServerResponse, sender: Sender): void {
    const keys = new URL(request.url ?? '', 'http://device').searchParams.get('clientKeys')?.split(',')
    const last = this.#options.lastOf(sender.orgId, sender.deviceId)
    const client = Object.fromEntries(Object.entries(last).filter(([key]) => keys === undefined || keys.includes(key)))
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ client, shared: {} }))
  }

  async #senderOf(token: string): Promise<Sender | undefined> {
    const key = createHash('sha256').update(token).digest('base64url')
    const known = this.#senders.get(key)
    if (known !== undefined && known.untilMs > performance.now()) return known.sender
    const sender = await this.#options.directory.authenticate(token)
    this.#senders.delete(key)
    if (sender === undefined) return undefined
    if (this.#senders.size >= sendersMax) this.#senders.clear()
    this.#senders.set(key, { sender, untilMs: performance.now() + senderMsMax })
    return sender
  }
}

function knowsSecret(request: IncomingMessage, secret: string): boolean {
  const given = request.headers[innerSecretHeader]
  if (typeof given !== 'string' || request.headers.origin !== undefined) return false
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(secret))
}

function contextOf(options: DeviceHttpOptions, sender: Sender): SenderContext {
  return {
    known: noDictionary(),
    state: (make) => make(),
    last: (device) => options.lastOf(sender.orgId, device ?? sender.deviceId),
    send: () => {},
    nowMs: () => performance.now(),
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bodyBytesMax) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function reply(response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', ...headers }).end(`${text}\n`)
}
