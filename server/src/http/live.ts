import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { liveSockets } from '@kapok/data/live'
import { limits } from '@kapok/kit/limits'
import type { Kit } from '@kapok/kit-store/kit'
import type { Actor } from '@kapok/kit-store/plane'
import type { FastifyInstance } from 'fastify'
import { WebSocketServer } from 'ws'

const watchers = ['plant.manager', 'plant.engineer']
/** A visitor sends nothing over this socket, so a message larger than a ping is an attack or a mistake. */
const messageBytesMax = 1024

export interface Live {
  attach(app: FastifyInstance): void
  stop(): void
}

/** `/api/live?devices=<id>,<id>`: live values over WebSocket, for members of the organisation that owns the devices. */
export function liveDoor(kit: Kit, whoAsks: (headers: { cookie?: string }) => Promise<Actor | undefined>): Live {
  const sockets = liveSockets(kit)
  const server = new WebSocketServer({ noServer: true, maxPayload: messageBytesMax, clientTracking: true })

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://portal')
    if (url.pathname !== '/api/live') return refuse(socket, '404 Not Found')
    // A foreign page's WebSocket carries the visitor's cookies: only a page of this very address may open one.
    const { origin, host } = request.headers
    if (origin !== undefined && URL.parse(origin)?.host !== host) return refuse(socket, '403 Forbidden')
    const { cookie } = request.headers
    const actor = await whoAsks(cookie === undefined ? {} : { cookie })
    if (actor?.orgId === undefined) return refuse(socket, '401 Unauthorized')
    if (!actor.roles.some((role) => watchers.includes(role))) return refuse(socket, '403 Forbidden')
    const { orgId } = actor
    const deviceIds = (url.searchParams.get('devices') ?? '')
      .split(',')
      .filter((id) => /^[0-9a-f-]{36}$/.test(id))
      .slice(0, limits.websocketDevices)
    server.handleUpgrade(request, socket, head, (connection) => {
      connection.on('error', () => connection.terminate())
      sockets.watch(connection, { orgId, deviceIds }).catch((error: unknown) => {
        kit.log.error({ err: error }, 'live values could not be sent')
        connection.close(1011, 'fault')
      })
    })
  }

  return {
    attach(app) {
      app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        socket.on('error', () => socket.destroy())
        upgrade(request, socket, head).catch((error: unknown) => {
          kit.log.error({ err: error }, 'a live connection failed')
          refuse(socket, '500 Internal Server Error')
        })
      })
    },
    stop() {
      sockets.stop()
      for (const client of server.clients) client.terminate()
      server.close()
    },
  }
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
