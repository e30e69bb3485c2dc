import { responses } from '../handle/handle.ts'
import type { Reply } from '../resolution/exchange.ts'
import { recursionLimits } from './limits.ts'

interface Kept {
  reply: Reply
  sinceMs: number
  freshUntilMs: number
  bytes: number
}

/** How an answer of the cache may be used: as it is, as it is while it is fetched anew, or only when nobody answers. */
export type Freshness = 'fresh' | 'ageing' | 'stale'

const negative = new Set<number>([responses.handleNotFound, responses.valuesNotFound])

/** Answers of others, kept as long as their values say, within bounds; the longest unused gives way. */
export class AnswerCache {
  readonly #kept = new Map<string, Kept>()
  #bytes = 0

  get size(): { answers: number; bytes: number } {
    return { answers: this.#kept.size, bytes: this.#bytes }
  }

  find(key: string, nowMs: number): { reply: Reply; freshness: Freshness; ageMs: number } | undefined {
    const kept = this.#kept.get(key)
    if (kept === undefined) return undefined
    if (nowMs >= kept.freshUntilMs + recursionLimits.staleSeconds * 1_000) {
      this.#drop(key, kept)
      return undefined
    }
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    const left = kept.freshUntilMs - nowMs
    const isAgeing = left < (kept.freshUntilMs - kept.sinceMs) * recursionLimits.prefetchPart
    const freshness = left <= 0 ? 'stale' : isAgeing ? 'ageing' : 'fresh'
    return { reply: kept.reply, freshness, ageMs: nowMs - kept.sinceMs }
  }

  /** Keeps an answer, if it is one that may be kept: values, or that there are none. */
  keep(key: string, reply: Reply, nowMs: number): void {
    const seconds = secondsToKeep(reply, nowMs)
    if (seconds <= 0) return
    const before = this.#kept.get(key)
    if (before) this.#drop(key, before)
    const bytes = key.length * 2 + bytesOf(reply)
    this.#kept.set(key, { reply, sinceMs: nowMs, freshUntilMs: nowMs + seconds * 1_000, bytes })
    this.#bytes += bytes
    for (const [oldest, kept] of this.#kept) {
      if (this.#kept.size <= recursionLimits.cachedAnswers && this.#bytes <= recursionLimits.cachedBytes) break
      this.#drop(oldest, kept)
    }
  }

  clear(): void {
    this.#kept.clear()
    this.#bytes = 0
  }

  #drop(key: string, kept: Kept): void {
    this.#kept.delete(key)
    this.#bytes -= kept.bytes
  }
}

/** The least TTL of the values, an absolute one as what is left of it; 0 for what is not kept. */
function secondsToKeep({ response, body }: Reply, nowMs: number): number {
  if (negative.has(response)) return recursionLimits.negativeTtlSeconds
  if (response !== responses.success || body.kind !== 'values') return 0
  if (body.values.length === 0) return recursionLimits.negativeTtlSeconds
  const left = body.values.map(({ ttl }) => (ttl.kind === 'relative' ? ttl.seconds : ttl.seconds - nowMs / 1_000))
  return Math.min(recursionLimits.ttlSecondsMax, ...left)
}

function bytesOf({ body }: Reply): number {
  if (body.kind !== 'values') return 256
  return body.values.reduce((sum, value) => sum + value.data.length + value.type.length + 300, 256)
}
