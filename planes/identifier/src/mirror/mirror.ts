import { setTimeout as sleep } from 'node:timers/promises'
import { type Follower, provenHeader } from '../face/handle-rest/session.ts'
import { type RecordStore, StoreRefusal } from '../store/store.ts'
import { askJson } from './ask-json.ts'
import type { FeedPage } from './feed-face.ts'
import { mirrorLimits } from './limits.ts'

export interface MirrorOptions {
  /** Opened with `mirrorOf`: it takes what its log's key signed, and nothing else. */
  records: Pick<RecordStore, 'apply' | 'stats'>
  /** HTTP address of the node that is followed, without a slash at the end. */
  url: string
  follower: Follower
  /** Hears of what goes wrong. A log that was rewritten comes as `rewritten`, and is followed no more. */
  onTrouble(trouble: { kind: 'unreachable' | 'rewritten'; message: string }): void
}

/** Follows the log of another node from where it left off, and goes on with what it has while that one is away. */
export class Mirror {
  readonly #options: MirrorOptions
  readonly #ends = new AbortController()
  #running: Promise<void> | undefined

  constructor(options: MirrorOptions) {
    this.#options = options
  }

  run(): void {
    this.#running = this.#follow()
  }

  async stop(): Promise<void> {
    this.#ends.abort()
    await this.#running
  }

  /** Takes all that is new. Rejects with StoreRefusal when it does not follow what is here. */
  async pull(): Promise<number> {
    const { records, url, follower } = this.#options
    const answer = () => ({ bytes: mirrorLimits.answerBytes, signal: this.#answerSignal() })
    const authorization = await provenHeader(url, follower, this.#answerSignal())
    let applied = 0
    for (;;) {
      const after = records.stats().transactions
      const page = pageIn(
        await askJson(`${url}/mirror/transactions?after=${after}`, { headers: { authorization } }, answer()),
      )
      if (page.checkpoint === '') return applied
      const transactions = page.transactions.map((text) => Buffer.from(text, 'base64'))
      applied += (await records.apply({ transactions, checkpoint: page.checkpoint })).applied
      if (records.stats().transactions >= page.size) return applied
    }
  }

  async #follow(): Promise<void> {
    let restMs: number = mirrorLimits.restMs
    while (!this.#ends.signal.aborted) {
      try {
        await this.pull()
        restMs = mirrorLimits.restMs
      } catch (error) {
        if (this.#ends.signal.aborted) return
        const message = error instanceof Error ? error.message : String(error)
        if (error instanceof StoreRefusal && error.code === 'notTheLog')
          return this.#options.onTrouble({ kind: 'rewritten', message })
        this.#options.onTrouble({ kind: 'unreachable', message })
        restMs = Math.min(restMs * 2, mirrorLimits.restMsMax)
      }
      await sleep(restMs, undefined, { signal: this.#ends.signal }).catch(() => {})
    }
  }

  /** Each answer has its own time; a first pull may be of many pages. */
  #answerSignal(): AbortSignal {
    return AbortSignal.any([this.#ends.signal, AbortSignal.timeout(mirrorLimits.answerMs)])
  }
}

/** Throws for what is no page of a log. */
export function pageIn(body: unknown): FeedPage {
  const { size, transactions, checkpoint } = (body ?? {}) as Record<string, unknown>
  const isPage =
    Number.isInteger(size) &&
    typeof checkpoint === 'string' &&
    Array.isArray(transactions) &&
    transactions.length <= mirrorLimits.page &&
    transactions.every((each) => typeof each === 'string')
  if (!isPage) throw new Error('what was answered is no page of a log')
  return { size: size as number, transactions: transactions as string[], checkpoint: checkpoint as string }
}
