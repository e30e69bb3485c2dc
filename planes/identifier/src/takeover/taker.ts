import { type Follower, provenHeader } from '../face/handle-rest/session.ts'
import { askJson } from '../mirror/ask-json.ts'
import type { FeedPage } from '../mirror/feed-face.ts'
import { pageIn } from '../mirror/mirror.ts'
import type { LateRecord, LateResult } from './late-records.ts'
import { takeoverLimits } from './limits.ts'

/** What the node that stands in says of itself. */
export interface TakenState {
  prefixes: string[]
  serial: number
  /** Transactions of the log when it took over, and the hash of the tree over them, hex. */
  size: number
  root: string
}

/** The end of what it took: transactions in all, and all its records. */
export interface TakenEnd {
  size: number
  records: number
  digest: string
}

/** The node that stands in for us, over HTTP. Each question rejects when it refuses or does not answer. */
export class Taker {
  readonly #url: string
  readonly #follower: Follower
  #session: { authorization: string; atMs: number } | undefined

  constructor(url: string, follower: Follower) {
    this.#url = url
    this.#follower = follower
  }

  async state(): Promise<TakenState> {
    const { prefixes, serial, size, root } = fieldsOf(await this.#ask('/takeover'))
    if (Array.isArray(prefixes) && isCount(serial) && isCount(size) && typeof root === 'string')
      return { prefixes: prefixes.map(String), serial, size, root }
    throw new Error(`${this.#url} does not stand in for anybody`)
  }

  async page(after: number): Promise<FeedPage> {
    return pageIn(await this.#ask(`/mirror/transactions?after=${after}`))
  }

  async offer(late: readonly LateRecord[]): Promise<LateResult[]> {
    const items = late.map(({ handle, content, by }) => ({
      handle,
      by,
      content: content?.toString('base64') ?? null,
    }))
    const { results } = fieldsOf(await this.#ask('/takeover/late', { items }))
    if (!Array.isArray(results) || results.length !== late.length) throw new Error('not every record was answered')
    return results.map((each): LateResult => {
      const { kind, message } = fieldsOf(each)
      return kind === 'merged' || kind === 'same' ? { kind } : { kind: 'conflict', message: String(message) }
    })
  }

  /** From now on it takes no changes. */
  async end(): Promise<TakenEnd> {
    const { size, records, digest } = fieldsOf(await this.#ask('/takeover/end', {}))
    if (isCount(size) && isCount(records) && typeof digest === 'string') return { size, records, digest }
    throw new Error(`${this.#url} did not say where its log ends`)
  }

  async #ask(path: string, body?: unknown): Promise<unknown> {
    const signal = AbortSignal.timeout(takeoverLimits.answerMs)
    const headers = { authorization: await this.#authorization(signal), 'content-type': 'application/json' }
    const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) }
    return askJson(`${this.#url}${path}`, init, { bytes: takeoverLimits.answerBytes, signal })
  }

  async #authorization(signal: AbortSignal): Promise<string> {
    const now = performance.now()
    if (this.#session === undefined || now - this.#session.atMs > takeoverLimits.sessionMs)
      this.#session = { authorization: await provenHeader(this.#url, this.#follower, signal), atMs: now }
    return this.#session.authorization
  }
}

const fieldsOf = (body: unknown): Record<string, unknown> => (body ?? {}) as Record<string, unknown>
const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0
