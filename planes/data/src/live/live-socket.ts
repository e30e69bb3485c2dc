import type { LiveMessage } from '@kapok/contracts/data'
import { limits } from '@kapok/kit/limits'
import type { Kit } from '@kapok/kit-store/kit'

/** The little of a WebSocket that we need; `ws` has it. */
export interface LiveConnection {
  readonly bufferedAmount: number
  send(text: string): void
  close(code: number, reason: string): void
  on(event: 'close', listener: () => void): void
}

export interface LiveSockets {
  /**
   * Sends the last values and then every live value of the devices to an authenticated connection. Devices that are not
   * the organisation's are left out; `deviceIds` beyond the limit, too.
   */
  watch(connection: LiveConnection, ask: { orgId: string; deviceIds: readonly string[] }): Promise<void>
  stop(): void
}

const repeatMs = 10_000

/** All live connections of this server: one subscription on the bus, and word to ingest of what is watched. */
export function liveSockets(kit: Kit): LiveSockets {
  const watchers = new Map<string, Set<LiveConnection>>()
  const say = () => {
    if (watchers.size > 0) kit.bus.emit('live.watch', { deviceIds: [...watchers.keys()] })
  }
  const timer = setInterval(say, repeatMs)
  timer.unref()
  const off = kit.bus.on('live.values', ({ deviceId, values }) => {
    const connections = watchers.get(deviceId)
    if (connections === undefined) return
    const text = JSON.stringify({ deviceId, values } satisfies LiveMessage)
    for (const connection of connections) sendBounded(connection, text)
  })

  return {
    async watch(connection, { orgId, deviceIds }) {
      let closed = false
      const own = await kit.db.tx({ orgId }, (tx) =>
        tx.rows<{ id: string }>('SELECT id FROM data.device WHERE id = ANY ($1) AND deleted_at IS NULL', [
          deviceIds.filter((id) => /^[0-9a-f-]{36}$/.test(id)).slice(0, limits.websocketDevices),
        ]),
      )
      const ids = own.map(({ id }) => id)
      connection.on('close', () => {
        closed = true
        for (const id of ids) {
          const connections = watchers.get(id)
          connections?.delete(connection)
          if (connections?.size === 0) watchers.delete(id)
        }
      })
      for (const id of ids) {
        const connections = watchers.get(id) ?? new Set()
        connections.add(connection)
        watchers.set(id, connections)
      }
      say()
      // Values that arrive while we ask are sent by then; a chart orders by time anyway.
      const lasts = await kit.bus.request('ingest.last', { deviceIds: ids })
      for (const id of ids) {
        if (closed) return
        const values: LiveMessage['values'] = Object.entries(lasts[id] ?? {}).map(
          ([property, [at, value, quality]]) => [property, at, value, quality],
        )
        sendBounded(connection, JSON.stringify({ deviceId: id, values } satisfies LiveMessage))
      }
    },
    stop() {
      clearInterval(timer)
      off()
    },
  }
}

/** A reader that does not keep up is closed; it opens again and starts from the last values. */
function sendBounded(connection: LiveConnection, text: string): void {
  if (connection.bufferedAmount > limits.websocketBufferBytes) connection.close(1013, 'too slow; connect again')
  else connection.send(text)
}
