import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Face, FaceSocket, HttpReply, HttpRequest } from './http.ts'
import { faceLimits } from './limits.ts'

/** WebSockets of the faces: each upgrade goes to the first face that takes it, and is answered as a request where none does. */
export class FaceSockets {
  readonly #faces: readonly Face[]
  readonly #onFault: (fault: unknown) => void
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: faceLimits.socketMessageBytes,
    clientTracking: true,
  })
  readonly #silent = new WeakSet<WebSocket>()
  readonly #beat: NodeJS.Timeout

  constructor({ faces, onFault }: { faces: readonly Face[]; onFault(fault: unknown): void }) {
    this.#faces = faces
    this.#onFault = onFault
    this.#beat = setInterval(() => this.#ping(), faceLimits.socketPingMs)
    this.#beat.unref()
  }

  async upgrade(asked: HttpRequest, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy())
    try {
      const isFull = this.#server.clients.size >= faceLimits.sockets
      const taken = isFull ? undefined : await this.#taken(asked)
      if (taken === undefined || 'status' in taken) {
        refuse(socket, taken ?? { status: isFull ? 503 : 404, headers: {}, body: '' })
        return
      }
      let isOpen = false
      // Who goes away in the middle, or asks for no WebSocket that there is, leaves nothing behind.
      socket.once('close', () => {
        if (!isOpen) taken.open(closedSocket)
      })
      this.#server.handleUpgrade(request, socket, head, (connection) => {
        isOpen = true
        connection.on('error', () => connection.terminate())
        connection.on('pong', () => this.#silent.delete(connection))
        taken.open(faceSocket(connection))
      })
    } catch (fault) {
      this.#onFault(fault)
      refuse(socket, { status: 500, headers: {}, body: '' })
    }
  }

  stop(): void {
    clearInterval(this.#beat)
    for (const client of this.#server.clients) client.terminate()
    this.#server.close()
  }

  async #taken(asked: HttpRequest) {
    for (const face of this.#faces) {
      const taken = await face.upgrade?.(asked)
      if (taken !== undefined) return taken
    }
    return undefined
  }

  #ping(): void {
    for (const client of this.#server.clients) {
      if (this.#silent.has(client)) client.terminate()
      else {
        this.#silent.add(client)
        client.ping()
      }
    }
  }
}

function faceSocket(connection: WebSocket): FaceSocket {
  return {
    send(text) {
      // Whoever does not read costs no more memory than this.
      if (connection.bufferedAmount > faceLimits.socketBufferedBytes) connection.close(1008, 'too slow')
      else connection.send(text)
    },
    close: (code, reason) => connection.close(code, reason),
    onClose: (closed) => void connection.on('close', closed),
  }
}

const closedSocket: FaceSocket = { send: () => {}, close: () => {}, onClose: (closed) => closed() }

function refuse(socket: Duplex, { status, headers, body }: HttpReply): void {
  const lines = Object.entries({ ...headers, connection: 'close', 'content-length': `${Buffer.byteLength(body)}` })
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    ...lines.map(([name, value]) => `${name}: ${value}`),
  ]
  socket.end(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), Buffer.from(body)]))
}
