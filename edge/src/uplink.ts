import { encodeCompactBatch } from '@kapok/contracts/compact-batch'
import type { Log } from '@kapok/kit/log'
import { connect, type MqttClient } from 'mqtt'
import type { BufferedPoint, EdgeBuffer } from './buffer.ts'

export interface UplinkState {
  connected: boolean
  lastError: string | undefined
  sentPoints: number
  lastAcknowledged: number | undefined
}

export interface Uplink {
  state: UplinkState
  stop(): Promise<void>
}

const topic = 'kapok/v1/points'
const batchPoints = 5_000
const idleMs = 200
/** Between attempts, a quarter more or less, so that a province's gateways do not come back all at once. */
const reconnectMs = 2_000

/**
 * Sends the buffer to the platform over MQTT 5, QoS 1, and removes what was acknowledged. Two lanes, one batch each on
 * the way: values read since the connection came up go at once, what had piled up before follows beside them in the
 * order of time.
 */
export function startUplink(options: { url: string; token: string; buffer: EdgeBuffer; log: Log }): Uplink {
  const { buffer, log } = options
  const state: UplinkState = { connected: false, lastError: undefined, sentPoints: 0, lastAcknowledged: undefined }
  let current: MqttClient | undefined
  let again: NodeJS.Timeout | undefined
  let stopped = false
  const lanes = new Set<Promise<void>>()
  open()

  /**
   * One client a connection: what a broken connection left unacknowledged is in the buffer, and the library, which
   * would send it once more after reconnecting by itself, must not do so beside us.
   */
  function open(): void {
    const client = connect(options.url, {
      protocolVersion: 5,
      username: options.token,
      clientId: '',
      clean: true,
      reconnectPeriod: 0,
      connectTimeout: 10_000,
      keepalive: 30,
    })
    current = client
    client.on('connect', () => {
      state.connected = true
      state.lastError = undefined
      log.info('connected to the platform')
      const border = buffer.nextId()
      for (const [from, to] of [
        [border, Number.MAX_SAFE_INTEGER],
        [0, border],
      ] as const) {
        const lane = runLane(client, from, to).finally(() => lanes.delete(lane))
        lanes.add(lane)
      }
    })
    client.on('error', (error) => {
      state.lastError = error.message
    })
    client.once('close', () => {
      if (state.connected) log.warn('the platform is away; values are kept')
      state.connected = false
      current = undefined
      // Ends what still waits for an acknowledgement.
      client.end(true)
      if (!stopped) again = setTimeout(open, reconnectMs * (0.75 + Math.random() / 2))
    })
  }

  /** Sends points with ids in [from, to) until there are none (the backlog) or the connection ends. */
  async function runLane(client: MqttClient, from: number, to: number): Promise<void> {
    const isBacklog = to !== Number.MAX_SAFE_INTEGER
    while (!stopped && client === current) {
      const points = buffer.oldest(from, to, batchPoints)
      if (points.length === 0) {
        if (isBacklog) return
        await new Promise((go) => setTimeout(go, idleMs))
        continue
      }
      try {
        await client.publishAsync(topic, Buffer.from(encodeCompactBatch(points.map(batchPoint))), { qos: 1 })
      } catch (error) {
        state.lastError = error instanceof Error ? error.message : String(error)
        if (stopped || client !== current) return
        await new Promise((go) => setTimeout(go, 1_000))
        continue
      }
      if (stopped) return
      buffer.remove(points.map((point) => point.id))
      state.sentPoints += points.length
      state.lastAcknowledged = Date.now()
    }
  }

  return {
    state,
    async stop() {
      stopped = true
      clearTimeout(again)
      await current?.endAsync(true)
      await Promise.race([Promise.all(lanes), new Promise((go) => setTimeout(go, 1_000))])
    },
  }
}

const batchPoint = ({ device, property, at, value }: BufferedPoint) => ({ device, property, at, value })
