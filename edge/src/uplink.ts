import { gatewayTopics } from '@kapok/contracts/gateway-talk'
import { encodeSignedBatch } from '@kapok/contracts/signed-batch'
import type { Log } from '@kapok/kit/log'
import { connect, type MqttClient } from 'mqtt'
import type { BatchRow, EdgeBuffer } from './buffer/buffer.ts'
import type { GatewayKey } from './identity.ts'

export interface UplinkState {
  connected: boolean
  lastError: string | undefined
  sentPoints: number
  lastAcknowledged: number | undefined
}

export interface UplinkOptions {
  url: string
  token: string
  /** The key of an enrolled gateway, which signs every batch; a gateway without one sends plain batches. */
  key: GatewayKey | undefined
  buffer: EdgeBuffer
  log: Log
  /** Hears what the platform asks of an enrolled gateway. */
  onRequest?(payload: Uint8Array): void
}

export interface Uplink {
  state: UplinkState
  /** Signs what is said beside the points and sends it; whether the platform has it. Never of a gateway without a key. */
  say(topic: string, kind: 'health' | 'reply', body: object): Promise<boolean>
  /** Ends the connection; the next one begins by itself within a few seconds. */
  reconnect(): Promise<void>
  stop(): Promise<void>
}

const topic = 'kapok/v1/points'
/** Batches on the way at once, at most; the platform may ask for fewer by its receive maximum. */
const inFlightMax = { live: 16, backlog: 4 }
const idleMs = 1_000
/** Between attempts, a quarter more or less, so that a province's gateways do not come back all at once. */
const reconnectMs = 2_000

/**
 * Sends the buffer to the platform over MQTT 5, QoS 1, and marks what was acknowledged. Two lanes: values read since the
 * connection came up go at once, what had piled up before follows beside them in the order of time.
 */
export function startUplink(options: UplinkOptions): Uplink {
  const { buffer, log, key } = options
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
    client.on('connect', ({ properties }) => {
      state.connected = true
      state.lastError = undefined
      log.info('connected to the platform')
      if (options.onRequest !== undefined)
        client.subscribe(gatewayTopics.request, { qos: 1 }, (error) => {
          if (error) state.lastError = error.message
        })
      const border = buffer.nextSeq()
      const receiveMaximum = properties?.receiveMaximum ?? 65_535
      // The backlog's share is small: what is in the socket already is ahead of every value of now.
      const backlog = Math.max(1, Math.min(inFlightMax.backlog, receiveMaximum >> 2))
      const live = Math.max(1, Math.min(inFlightMax.live, receiveMaximum - backlog))
      for (const range of [
        { from: border, to: Number.MAX_SAFE_INTEGER, inFlight: live },
        { from: 0, to: border, inFlight: backlog },
      ]) {
        const lane = runLane(client, range).finally(() => lanes.delete(lane))
        lanes.add(lane)
      }
    })
    client.on('message', (_, payload) => options.onRequest?.(payload))
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

  /** Sends batches with `from <= seq < to` in their order until there are none (the backlog) or the connection ends. */
  async function runLane(client: MqttClient, lane: { from: number; to: number; inFlight: number }): Promise<void> {
    const isBacklog = lane.to !== Number.MAX_SAFE_INTEGER
    const flying = new Set<Promise<void>>()
    let next = lane.from
    while (!stopped && client === current) {
      const batches = buffer.waiting(next, lane.to, lane.inFlight)
      if (batches.length === 0) {
        if (isBacklog && flying.size === 0) return
        await Promise.race([buffer.more(idleMs), ...flying])
        continue
      }
      for (const batch of batches) {
        while (flying.size >= lane.inFlight) await Promise.race(flying)
        if (stopped || client !== current) return
        next = batch.seq + 1
        const flight = send(client, batch).then((done) => {
          flying.delete(flight)
          // What was refused is tried again from there.
          if (!done) next = Math.min(next, batch.seq)
        })
        flying.add(flight)
      }
    }
  }

  /** The same bytes each time that it is sent, since Ed25519 signs without chance. */
  function payloadOf({ seq, ...batch }: BatchRow): Uint8Array | undefined {
    if (key !== undefined) return encodeSignedBatch({ ...batch, sequence: seq }, key.sign)
    return batch.kind === 'points' ? batch.body : undefined
  }

  /** Whether the platform has it. */
  async function send(client: MqttClient, batch: BatchRow): Promise<boolean> {
    try {
      buffer.sending(batch.seq)
      const payload = payloadOf(batch)
      // Without a key the platform has nothing to keep a gap record by.
      if (payload !== undefined) await client.publishAsync(topic, Buffer.from(payload), { qos: 1 })
    } catch (error) {
      state.lastError = error instanceof Error ? error.message : String(error)
      if (!stopped && client === current) await new Promise((go) => setTimeout(go, 1_000))
      return false
    }
    buffer.delivered([batch.seq])
    state.sentPoints += batch.kind === 'points' ? batch.points : 0
    state.lastAcknowledged = Date.now()
    return true
  }

  async function say(sayTopic: string, kind: 'health' | 'reply', body: object): Promise<boolean> {
    const client = current
    if (key === undefined || client?.connected !== true) return false
    const bytes = new TextEncoder().encode(JSON.stringify(body))
    const batch = { kind, sequence: 0, firstAt: 0, lastAt: 0, points: 0, body: bytes }
    try {
      await client.publishAsync(sayTopic, Buffer.from(encodeSignedBatch(batch, key.sign)), { qos: 1 })
      return true
    } catch (error) {
      state.lastError = error instanceof Error ? error.message : String(error)
      return false
    }
  }

  return {
    state,
    say,
    async reconnect() {
      state.connected = false
      await current?.endAsync(true)
    },
    async stop() {
      stopped = true
      clearTimeout(again)
      await current?.endAsync(true)
      await Promise.race([Promise.all(lanes), new Promise((go) => setTimeout(go, 1_000))])
    },
  }
}
