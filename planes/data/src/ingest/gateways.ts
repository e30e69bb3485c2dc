import { gzipSync } from 'node:zlib'
import { gatewayHealth } from '@kapok/contracts/gateway-health'
import type { SignedRelease } from '@kapok/contracts/gateway-release'
import {
  type GatewayAnswer,
  type GatewayAsk,
  type GatewayHealth,
  type GatewayReply,
  type GatewayRequest,
  gatewayTopics,
} from '@kapok/contracts/gateway-talk'
import type { BatchKind } from '@kapok/contracts/signed-batch'
import type { Kit } from '@kapok/kit-store/kit'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import type { Message } from './intake.ts'
import { type Reason, reason } from './reasons.ts'
import { openSigned } from './signed.ts'

const bodyBytesMax = 512 * 1024
const kindOf: Record<string, BatchKind> = { [gatewayTopics.health]: 'health', [gatewayTopics.reply]: 'reply' }
const replyMsMax = 30_000
const waitingMax = 1_000
/** An order that was sent and that the gateway does not know of is sent again after this. */
const orderAgainMs = 20_000

const reply = Type.Union([
  Type.Object({ id: Type.String(), result: Type.Unknown() }),
  Type.Object({ id: Type.String(), refused: Type.String(), zh: Type.Optional(Type.String()) }),
])

interface Heard {
  orgId: string
  receivedAt: number
  clockOffsetMs: number
  report: GatewayHealth
}

/** Says something to a gateway's session; false when it has none that listens. */
type Tell = (deviceId: string, topic: string, payload: Buffer) => boolean

interface Waiting {
  deviceId: string
  answered(answer: GatewayAnswer): void
}

/**
 * What ingest and enrolled gateways say to each other beside points. Of reports the latest of each gateway is kept, written
 * together every moment; a gateway whose report does not know the order that holds for it is sent that order.
 */
export class Gateways {
  readonly #kit: Kit
  readonly #tell: Tell
  readonly #replyMs: number
  readonly #waiting = new Map<string, Waiting>()
  readonly #ordered = new Map<string, { order: string; at: number }>()
  #asked = new Set<string>()
  #heard = new Map<string, Heard>()
  #writing: Promise<void> = Promise.resolve()

  constructor(kit: Kit, tell: Tell, replyMs = replyMsMax) {
    this.#kit = kit
    this.#tell = tell
    this.#replyMs = replyMs
  }

  takes(topic: string): boolean {
    return Object.hasOwn(kindOf, topic)
  }

  /** Takes a message on a topic of its own; why not, when it cannot be used. Only the gateway's own signature counts. */
  take(message: Message): Reason | undefined {
    const opened = openSigned(message)
    if ('code' in opened) return opened
    const { batch } = opened
    const why = (text: string) => reason('signature.wrong', { why: text })
    if (batch.kind !== kindOf[message.topic]) return why(`a ${batch.kind} on the topic ${message.topic}`)
    const body = bodyOf(batch.body)
    if (batch.kind === 'reply') {
      if (!Value.Check(reply, body)) return why('not a reply of a gateway')
      this.#replied(message.sender.deviceId, body)
      return undefined
    }
    if (!Value.Check(gatewayHealth, body)) return why('not a report of a gateway')
    this.#heard.set(message.sender.deviceId, {
      orgId: message.sender.orgId,
      receivedAt: message.received,
      clockOffsetMs: message.received - body.at,
      report: body,
    })
    return undefined
  }

  /** Asks a gateway and waits for its answer. */
  ask(deviceId: string, ask: GatewayAsk): Promise<GatewayAnswer> {
    const id = this.#kit.ids.uuid()
    return new Promise((done) => {
      if (this.#waiting.size >= waitingMax || !this.#send(deviceId, { ...ask, id })) return done({ outcome: 'offline' })
      const answered = (answer: GatewayAnswer) => {
        clearTimeout(timer)
        this.#waiting.delete(id)
        done(answer)
      }
      const timer = setTimeout(() => answered({ outcome: 'late' }), this.#replyMs)
      this.#waiting.set(id, { deviceId, answered })
    })
  }

  #send(deviceId: string, request: GatewayRequest): boolean {
    return this.#tell(deviceId, gatewayTopics.request, gzipSync(JSON.stringify(request)))
  }

  #replied(deviceId: string, said: GatewayReply): void {
    const waiting = this.#waiting.get(said.id)
    if (waiting?.deviceId !== deviceId) return
    waiting.answered(
      'refused' in said
        ? { outcome: 'refused', reason: said.refused, ...(said.zh !== undefined && { zh: said.zh }) }
        : { outcome: 'replied', result: said.result },
    )
  }

  /** There is a new order for it. */
  ordered(deviceId: string): void {
    this.#asked.add(deviceId)
  }

  stop(): void {
    for (const { answered } of [...this.#waiting.values()]) answered({ outcome: 'offline' })
  }

  /** Writes what was heard, and sends orders that a gateway does not know of. */
  flush(): Promise<void> {
    this.#writing = this.#writing
      .then(() => this.#write())
      .catch((error: unknown) => this.#kit.log.warn({ error: String(error) }, 'reports of gateways were not written'))
    return this.#writing
  }

  async #write(): Promise<void> {
    const heard = [...this.#heard]
    const asked = new Set([...this.#asked, ...this.#heard.keys()])
    if (asked.size === 0) return
    this.#heard = new Map()
    this.#asked = new Set()
    if (heard.length > 0) await this.#keep(heard)
    await this.#sendOrders([...asked])
    await this.#sendUpdates([...asked])
  }

  async #keep(heard: readonly [string, Heard][]): Promise<void> {
    await this.#kit.db.tx({ job: 'data' }, (tx) =>
      tx.run(
        `INSERT INTO data.gateway_health (device_id, org_id, received_at, clock_offset_ms, report)
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::bigint[], $5::jsonb[])
         ON CONFLICT (device_id) DO UPDATE SET received_at = excluded.received_at,
           clock_offset_ms = excluded.clock_offset_ms, report = excluded.report`,
        [
          heard.map(([id]) => id),
          heard.map(([, { orgId }]) => orgId),
          heard.map(([, { receivedAt }]) => new Date(receivedAt)),
          heard.map(([, { clockOffsetMs }]) => clockOffsetMs),
          heard.map(([, { report }]) => JSON.stringify(report)),
        ],
        'data-gateway-health',
      ),
    )
  }

  async #sendOrders(deviceIds: readonly string[]): Promise<void> {
    const orders = await this.#kit.db.tx({ job: 'data' }, (tx) =>
      tx.rows<{ deviceId: string; id: string; version: number; text: string }>(
        `SELECT o.device_id AS "deviceId", o.id, c.version, c.text
         FROM data.gateway_order o JOIN data.gateway_configuration c USING (device_id, version)
           JOIN data.gateway_health h USING (device_id)
         WHERE o.device_id = ANY ($1) AND h.report -> 'configuration' ->> 'order' IS DISTINCT FROM o.id::text
           AND h.report -> 'configuration' ->> 'source' <> 'local'`,
        [deviceIds],
        'data-gateway-orders',
      ),
    )
    for (const { deviceId, ...order } of orders) this.#sendOrder(deviceId, { kind: 'apply', ...order })
  }

  async #sendUpdates(deviceIds: readonly string[]): Promise<void> {
    const updates = await this.#kit.db.tx({ job: 'data' }, (tx) =>
      tx.rows<{ deviceId: string; id: string; releaseId: string; manifest: SignedRelease; downgrade: boolean }>(
        `SELECT u.device_id AS "deviceId", u.id, u.release_id AS "releaseId", u.downgrade, r.manifest
         FROM data.gateway_update u JOIN data.gateway_release r ON r.id = u.release_id
           JOIN data.gateway_health h USING (device_id)
         WHERE u.device_id = ANY ($1) AND r.withdrawn_at IS NULL
           AND h.report -> 'software' ->> 'order' IS DISTINCT FROM u.id::text
           AND (h.report -> 'software' ->> 'starter')::boolean`,
        [deviceIds],
        'data-gateway-updates',
      ),
    )
    const { baseUrl } = this.#kit
    for (const { deviceId, ...update } of updates) this.#sendOrder(deviceId, { kind: 'update', baseUrl, ...update })
  }

  /** Once, and again when a report does not show that it was taken up. */
  #sendOrder(deviceId: string, request: GatewayRequest): void {
    const key = `${request.kind} ${deviceId}`
    const sent = this.#ordered.get(key)
    if (sent?.order === request.id && performance.now() - sent.at < orderAgainMs) return
    if (this.#send(deviceId, request)) this.#ordered.set(key, { order: request.id, at: performance.now() })
  }
}

function bodyOf(body: Uint8Array): unknown {
  if (body.length > bodyBytesMax) return undefined
  try {
    return JSON.parse(Buffer.from(body).toString('utf8').replaceAll('\\u0000', ''))
  } catch {
    return undefined
  }
}
