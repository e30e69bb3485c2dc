import type { Session } from './session.ts'

/**
 * Topics of one organisation. Each device lives under `devices/<id>/`: what it calls `v1/devices/me/attributes` is
 * `devices/<id>/v1/devices/me/attributes` here, so that no filter of a device reaches another one, whatever it says.
 */
export interface RetainedMessage {
  topic: string
  payload: Buffer
  qos: 0 | 1
}

const retainedMax = 10_000
const retainedBytesMax = 65_536

export class OrgTopics {
  /** Sessions with at least one subscription, live or kept. */
  readonly subscribers = new Set<Session>()
  readonly retained = new Map<string, RetainedMessage>()

  publish(topic: string, payload: Buffer, qos: 0 | 1, retain: boolean): void {
    if (retain) {
      if (payload.length === 0) this.retained.delete(topic)
      else if (payload.length <= retainedBytesMax && (this.retained.size < retainedMax || this.retained.has(topic)))
        this.retained.set(topic, { topic, payload: Buffer.from(payload), qos })
    }
    for (const session of this.subscribers) session.offer(topic, payload, qos, false)
  }
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
