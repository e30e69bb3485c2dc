import type { LiveValue } from './data.ts'
import type { GatewayAnswer, GatewayAsk } from './gateway-talk.ts'

/** Events between roles, by name. Every event is a wake-up or a live value: losing one costs time, never truth. */
export interface BusEvents {
  /** Credentials or devices of an organisation changed: ingest drops its cache and the sessions that lost their right. */
  'device.changed': { orgId: string; deviceId: string }
  /** An API token of an organisation was revoked: ingest drops the sessions of its applications. */
  'token.changed': { orgId: string }
  'product.changed': { orgId: string; productId: string }
  /** A gateway was told to run another configuration: ingest passes it on when the gateway has a session. */
  'gateway.ordered': { deviceId: string }
  /** Live values of one device, only while somebody watches it. `[property, at ms, value, quality]`. */
  'live.values': { deviceId: string; values: LiveValue[] }
  /** The server tells ingest which devices somebody watches now (whole set, repeated every 10 s). */
  'live.watch': { deviceIds: string[] }
  /** Rows of an inbox changed. */
  'inbox.changed': { orgIds: string[] }
  /** A case reached a state that others build upon. */
  'case.moved': { caseId: string; kind: string; state: string }
  /** The store finished loading a segment that touches these UTC hours (ms of their beginning). */
  'points.loaded': { hours: number[] }
}

/** Questions that one role answers for the others. */
export interface BusRequests {
  /** Ingest closes its open segment and answers when everything acknowledged before is queryable. */
  'ingest.flush': { ask: Record<string, never>; answer: { loadedThrough: number } }
  /** Last values of devices from ingest's memory: property → [at ms, value, quality, received ms]. */
  'ingest.last': {
    ask: { deviceIds: string[] }
    answer: Record<string, Record<string, [number, number | string | boolean, number, number]>>
  }
  /** Ingest asks a gateway over its session and waits for the answer, at most 30 s. */
  'ingest.gateway': { ask: { deviceId: string; request: GatewayAsk }; answer: GatewayAnswer }
  /** Runs every scheduled job that is due by the clock, in order, and answers when they are done (worlds and tests). */
  'jobs.run': { ask: Record<string, never>; answer: { ran: string[] } }
  /** The world's own roles: how far the province is, and playing it on. */
  'world.state': {
    ask: Record<string, never>
    answer: { replaying: boolean; daysPlayed: number; daysTotal: number; message: string; stumbled: boolean }
  }
  'world.advance': { ask: { days: number | undefined }; answer: Record<string, never> }
  'clock.set': { ask: { atMs: number; running: boolean }; answer: Record<string, never> }
  /** Ends a role that the world started; answered when it has ended, also when there was none. Worlds only. */
  'role.stop': { ask: { name: string }; answer: Record<string, never> }
}
