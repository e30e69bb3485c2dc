import { type BatchPoint, encodeCompactBatch } from '@kapok/contracts/compact-batch'
import { connectAsync, type MqttClient } from 'mqtt'

/** Points a message: well under the endpoint's payload limit. */
const batchPoints = 20_000
/** Messages on the way at once, for a replay's pace. */
const inFlightMax = 8

/** A plant's gateway while the past is replayed: the same token, dialect and topic as `kapok edge` uses. */
export interface ReplayGateway {
  /** Resolves when the platform has acknowledged every point. */
  send(points: readonly BatchPoint[]): Promise<void>
  stop(): Promise<void>
}

export async function connectGateway(url: string, token: string): Promise<ReplayGateway> {
  const client: MqttClient = await connectAsync(url, {
    protocolVersion: 5,
    username: token,
    clean: true,
    clientId: '',
    reconnectPeriod: 1_000,
    keepalive: 60,
  })
  return {
    async send(points) {
      const waiting = new Set<Promise<unknown>>()
      for (let i = 0; i < points.length; i += batchPoints) {
        const batch = Buffer.from(encodeCompactBatch(points.slice(i, i + batchPoints)))
        const sent = client.publishAsync('kapok/v1/points', batch, { qos: 1 }).finally(() => waiting.delete(sent))
        waiting.add(sent)
        if (waiting.size >= inFlightMax) await Promise.race(waiting)
      }
      await Promise.all(waiting)
    },
    stop: () => client.endAsync(),
  }
}
