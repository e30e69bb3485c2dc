import type { Holder } from '../directory.ts'
import type { RetainedMessage, SessionJournal } from './session-journal.ts'
import type { SessionState } from './session-state.ts'

/**
 * Topics of one organisation. Each device lives under `devices/<id>/`: what it calls `v1/devices/me/attributes` is
 * `devices/<id>/v1/devices/me/attributes` here, so that no filter of a device reaches another one, whatever it says.
 * Applications of the organisation use the whole names, and `live/<id>` for values as they arrive.
 */
const retainedMax = 10_000
const retainedBytesMax = 65_536

export class OrgTopics {
  /** Sessions with at least one subscription, live or kept. */
  readonly subscribers = new Set<SessionState>()
  /** Filters of applications that may take `live/<id>`. */
  readonly liveFilters = new Set<string>()
  readonly #orgId: string
  readonly #journal: SessionJournal

  constructor(orgId: string, journal: SessionJournal) {
    this.#orgId = orgId
    this.#journal = journal
  }

  get retained(): ReadonlyMap<string, RetainedMessage> {
    return this.#journal.retained.get(this.#orgId) ?? none
  }

  subscriptionsChanged(): void {
    this.liveFilters.clear()
    for (const { holder, connection, subscriptions } of this.subscribers)
      if (holder.kind === 'application' && connection !== undefined)
        for (const filter of subscriptions.keys())
          if (/^(?:live|\+|#)(?:\/|$)/.test(filter)) this.liveFilters.add(filter)
  }

  publish(topic: string, payload: Buffer, qos: 0 | 1, retain: boolean, from?: SessionState): void {
    if (
      retain &&
      payload.length <= retainedBytesMax &&
      (this.retained.size < retainedMax || this.retained.has(topic) || payload.length === 0)
    )
      this.#journal.retain(this.#orgId, { topic, payload: Buffer.from(payload), qos })
    for (const subscriber of this.subscribers) subscriber.offer(topic, payload, qos, false, from)
  }
}

const none: ReadonlyMap<string, RetainedMessage> = new Map()

/** What stands before a holder's own topics in the organisation's names; an application uses the whole names. */
export const prefixOf = (holder: Holder) => (holder.kind === 'application' ? '' : `devices/${holder.deviceId}/`)

/** A topic or filter as the organisation knows it; undefined when the holder may not use it. */
export function wholeTopic(holder: Holder, topic: string): string | undefined {
  if (holder.kind === 'application') return /^(?:devices|live|\+|#)(?:\/|$)/.test(topic) ? topic : undefined
  const own = `devices/${holder.deviceId}`
  if (topic === 'devices' || topic.startsWith('devices/'))
    return topic === own || topic.startsWith(`${own}/`) ? topic : undefined
  return `${own}/${topic}`
}

/** Whether a topic filter takes a topic (MQTT 5.0 §4.7). Both are whole: `devices/<id>/…`. */
export function matches(filter: string, topic: string): boolean {
  const [want, have] = [filter.split('/'), topic.split('/')]
  for (let i = 0; i < want.length; i++) {
    if (want[i] === '#') return true
    if (i >= have.length) return false
    if (want[i] !== '+' && want[i] !== have[i]) return false
  }
  return want.length === have.length
}

/** A filter that the standard allows: `#` only as the last level, wildcards only as whole levels. */
export function isFilter(filter: string): boolean {
  if (filter === '' || filter.length > 1024 || filter.includes('\0')) return false
  const levels = filter.split('/')
  return levels.every(
    (level, i) =>
      (!level.includes('#') || (level === '#' && i === levels.length - 1)) && (!level.includes('+') || level === '+'),
  )
}

/** A topic name that may be published to. */
export const isTopicName = (topic: string) => topic !== '' && topic.length <= 1024 && !/[#+\0]/.test(topic)
