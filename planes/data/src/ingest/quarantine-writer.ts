import { createHash } from 'node:crypto'
import type { Kit } from '@kapok/kit-store/kit'
import type { Message } from './intake.ts'
import type { Reason } from './reasons.ts'

const waitingMax = 1000
const payloadBytesMax = 65_536
const rowsPerOrgMax = 10_000

interface Waiting {
  message: Message
  payload: Buffer
  sha256: Buffer
  reason: { zh: string; en: string }
  times: number
}

/**
 * Keeps what could not be used, with the reason and the first 64 KiB, for the page on which an engineer looks. The
 * same payload refused for the same reason is one row that counts. Bounded: what overflows the buffer is counted and
 * logged, never a reason to hold up a device.
 */
export class QuarantineWriter {
  #waiting = new Map<string, Waiting>()
  #overflowed = 0
  #writing: Promise<void> = Promise.resolve()
  readonly #kit: Kit

  constructor(kit: Kit) {
    this.#kit = kit
  }

  add(message: Message, problems: readonly Reason[]): void {
    const sha256 = createHash('sha256').update(message.payload).digest()
    const reason = {
      zh: problems.map(({ zh }) => zh).join('\n'),
      en: problems.map(({ en }) => en).join('\n'),
    }
    const key = `${message.sender.credentialId} ${sha256.toString('base64')} ${reason.en}`
    const same = this.#waiting.get(key)
    if (same !== undefined) same.times++
    else if (this.#waiting.size >= waitingMax) this.#overflowed++
    else {
      const payload = Buffer.from(message.payload.subarray(0, payloadBytesMax))
      this.#waiting.set(key, { message, payload, sha256, reason, times: 1 })
    }
  }

  /** Writes what waits; called by a timer and at the end. */
  flush(): Promise<void> {
    this.#writing = this.#writing
      .then(() => this.#write())
      .catch((error: unknown) => {
        this.#kit.log.error({ error: String(error) }, 'quarantine rows could not be written')
      })
    return this.#writing
  }

  async #write(): Promise<void> {
    if (this.#overflowed > 0)
      this.#kit.log.warn({ payloads: this.#overflowed }, 'more was refused than quarantine takes')
    this.#overflowed = 0
    if (this.#waiting.size === 0) return
    const rows = [...this.#waiting.values()]
    this.#waiting = new Map()
    await this.#kit.db.tx({ job: 'data' }, async (tx) => {
      for (const { message, payload, sha256, reason, times } of rows) {
        const { sender } = message
        await tx.run(
          `INSERT INTO data.quarantine AS q (id, org_id, device_id, credential_id, at, door, topic, reason_zh, reason_en,
             bytes, payload, payload_sha256, times)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
           ON CONFLICT (org_id, coalesce(credential_id, '00000000-0000-0000-0000-000000000000'), payload_sha256, md5(reason_en))
           DO UPDATE SET times = q.times + excluded.times, at = excluded.at`,
          [
            this.#kit.ids.uuid(),
            sender.orgId,
            sender.deviceId === '' ? null : sender.deviceId,
            sender.credentialId,
            new Date(message.received),
            sender.purpose === 'import' ? 'import' : message.door,
            message.topic.replaceAll('\0', '').slice(0, 500),
            reason.zh.replaceAll('\0', ''),
            reason.en.replaceAll('\0', ''),
            message.payload.length,
            payload,
            sha256,
            times,
          ],
          'data-quarantine',
        )
      }
      await tx.run(
        `DELETE FROM data.quarantine q USING (
           SELECT org_id, (array_agg(at ORDER BY at DESC))[${rowsPerOrgMax}] AS oldest FROM data.quarantine
           WHERE org_id = ANY ($1) GROUP BY org_id HAVING count(*) > ${rowsPerOrgMax}) AS full_org
         WHERE q.org_id = full_org.org_id AND q.at < full_org.oldest`,
        [[...new Set(rows.map(({ message }) => message.sender.orgId))]],
      )
    })
  }
}
