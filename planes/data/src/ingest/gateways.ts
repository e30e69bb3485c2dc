import { gatewayHealth } from '@kapok/contracts/gateway'
import { type GatewayHealth, gatewayTopics } from '@kapok/contracts/gateway-talk'
import type { BatchKind } from '@kapok/contracts/signed-batch'
import type { Kit } from '@kapok/kit-store/kit'
import { Value } from 'typebox/value'
import type { Message } from './intake.ts'
import { type Reason, reason } from './reasons.ts'
import { openSigned } from './signed.ts'

const bodyBytesMax = 512 * 1024
const kindOf: Record<string, BatchKind> = { [gatewayTopics.health]: 'health' }

interface Heard {
  orgId: string
  receivedAt: number
  clockOffsetMs: number
  report: GatewayHealth
}

/** What enrolled gateways say of themselves: the latest of each is kept, written together every moment. */
export class Gateways {
  readonly #kit: Kit
  #heard = new Map<string, Heard>()
  #writing: Promise<void> = Promise.resolve()

  constructor(kit: Kit) {
    this.#kit = kit
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
    if (!Value.Check(gatewayHealth, body)) return why('not a report of a gateway')
    this.#heard.set(message.sender.deviceId, {
      orgId: message.sender.orgId,
      receivedAt: message.received,
      clockOffsetMs: message.received - body.at,
      report: body,
    })
    return undefined
  }

  /** Writes what was heard. */
  flush(): Promise<void> {
    this.#writing = this.#writing
      .then(() => this.#write())
      .catch((error: unknown) => this.#kit.log.warn({ error: String(error) }, 'reports of gateways were not written'))
    return this.#writing
  }

  async #write(): Promise<void> {
    if (this.#heard.size === 0) return
    const heard = [...this.#heard]
    this.#heard = new Map()
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
}

function bodyOf(body: Uint8Array): unknown {
  if (body.length > bodyBytesMax) return undefined
  try {
    return JSON.parse(Buffer.from(body).toString('utf8').replaceAll('\\u0000', ''))
  } catch {
    return undefined
  }
}
