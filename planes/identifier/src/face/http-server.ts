import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Rates } from '../rate/rates.ts'
import { type Face, type HttpReply, type HttpRequest, jsonReply, tooManyReply } from './http.ts'
import { faceLimits } from './limits.ts'
import { FaceSockets } from './sockets.ts'

const loopback = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1'])

/** Every page and program of any origin may read what is public here. */
const open = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'Link, Location, WWW-Authenticate',
  'x-content-type-options': 'nosniff',
}

interface FaceServerOptions {
  faces: readonly Face[]
  onFault(fault: unknown): void
  /** What is counted of each address; the defaults when nothing is said. */
  rates?: Rates
  clock: { now(): number }
}

/** The faces of a node over HTTP: each request goes to the first face that takes it. */
export class FaceServer {
  readonly #server: Server
  readonly #faces: readonly Face[]
  readonly #onFault: (fault: unknown) => void
  readonly #sockets: FaceSockets
  readonly #rates: Rates
  readonly #clock: { now(): number }
  #bytesBeingRead = 0

  /** `onFault` hears of faults of ours; whoever asked is told 500. */
  constructor({ faces, onFault, rates = new Rates(), clock }: FaceServerOptions) {
    this.#faces = faces
    this.#rates = rates
    this.#clock = clock
    this.#onFault = onFault
    this.#server = createServer(
      {
        maxHeaderSize: faceLimits.headerBytes,
        requestTimeout: faceLimits.requestMs,
        keepAliveTimeout: faceLimits.keepAliveMs,
      },
      (request, response) => void this.#serve(request, response),
    )
    this.#server.maxConnections = faceLimits.connections
    this.#sockets = new FaceSockets({ faces, onFault })
    this.#server.on('upgrade', (request, socket, head) => {
      const read = readRequest(request, Buffer.alloc(0))
      if ('status' in read || this.#rates.request(read.from, this.#clock.now())) socket.destroy()
      else void this.#sockets.upgrade(read, request, socket, head)
    })
  }

  /** Resolves with the port. */
  async run(host: string, port: number): Promise<number> {
    this.#server.listen(port, host)
    await once(this.#server, 'listening')
    return (this.#server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    this.#sockets.stop()
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      send(await this.#replyTo(request), request, response)
    } catch (fault) {
      // Whoever went away in the middle of a request needs no answer.
      if (request.destroyed && !request.complete) return
      this.#onFault(fault)
      if (response.headersSent) return void response.destroy()
      send(jsonReply(500, { responseCode: 2, message: 'this node failed; it is in its log' }), request, response)
    }
  }

  async #replyTo(request: IncomingMessage): Promise<HttpReply> {
    const tooMuch = this.#rates.request(request.socket.remoteAddress, this.#clock.now())
    if (tooMuch) return tooManyReply(tooMuch)
    const isReading = request.method === 'GET' || request.method === 'HEAD'
    const body = isReading ? Buffer.alloc(0) : await this.#bodyOf(request)
    if (typeof body === 'string') {
      const isBusy = body === 'busy'
      const message = isBusy
        ? 'too much is being read: ask again'
        : `a body here has at most ${faceLimits.bodyBytes} bytes`
      return jsonReply(isBusy ? 503 : 413, { message }, { connection: 'close', ...(isBusy && { 'retry-after': '1' }) })
    }
    const read = readRequest(request, body)
    if ('status' in read) return read
    for (const face of this.#faces) {
      const reply = face(read)
      if (reply !== undefined) return reply
    }
    return jsonReply(404, { message: 'there is nothing at this address' })
  }

  /** The body, or why it is not taken; what is too long, alone or together with others, is not gathered. */
  async #bodyOf(request: IncomingMessage): Promise<Buffer | 'long' | 'busy'> {
    if (Number(request.headers['content-length'] ?? 0) > faceLimits.bodyBytes) return 'long'
    const chunks: Buffer[] = []
    let bytes = 0
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        bytes += chunk.length
        this.#bytesBeingRead += chunk.length
        if (bytes > faceLimits.bodyBytes) return 'long'
        if (this.#bytesBeingRead > faceLimits.bodyBytesOfAll) return 'busy'
        chunks.push(chunk)
      }
      return Buffer.concat(chunks, bytes)
    } finally {
      this.#bytesBeingRead -= bytes
    }
  }
}

/** A request as faces take it, or why it is none. */
function readRequest(
  { method = 'GET', url: path = '/', headers, socket }: IncomingMessage,
  body: Buffer,
): HttpRequest | HttpReply {
  if (path.length > faceLimits.urlCharacters)
    return jsonReply(414, { message: `an address here has at most ${faceLimits.urlCharacters} characters` })
  // The host by which it was asked stands in answers that name themselves; what is no host is left out.
  const url =
    URL.parse(path.startsWith('/') ? `http://${headers.host ?? ''}${path}` : path) ?? URL.parse(`http://node${path}`)
  if (url === null) return jsonReply(400, { message: 'the address cannot be read' })
  const target = path.startsWith('/') ? path : `${url.pathname}${url.search}`
  const from = socket.remoteAddress
  return { method, url, target, headers, body, isPrivate: loopback.has(from ?? ''), from }
}

function send({ status, headers, body }: HttpReply, request: IncomingMessage, response: ServerResponse): void {
  // As bytes: a text would be written together with the headers, letter by letter.
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  response.writeHead(status, { ...open, ...headers, 'content-length': bytes.length })
  if (request.method === 'HEAD') response.end()
  else response.end(bytes)
}
