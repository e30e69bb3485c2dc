import type { Follower } from '../face/handle-rest/session.ts'
import type { HandleValue, Site } from '../handle/handle.ts'
import type { Recursion } from '../node/service.ts'
import { sitesIn } from '../recursion/sites.ts'
import type { ChangingRecords } from '../registration/changing-records.ts'
import { Fence } from './fence.ts'
import { type HandedBack, handBack } from './hand-back.ts'
import { type LateRecord, LateRecords, type LateResult } from './late-records.ts'
import type { Standing } from './standing.ts'
import { TakeoverError, takeOver } from './take-over.ts'
import type { TakenEnd, TakenState } from './taker.ts'

export interface TakeoverOptions {
  records: ChangingRecords
  standing: Standing
  prefixes(): readonly string[]
  parents: Recursion
  /** Our site as it is now. */
  site(): Site
  /** What a mirror follows with; a primary has none. */
  follower?: { stop(): Promise<void> } | undefined
  /** Who this node is when it asks the one that stands in for it: an administrator of its prefix. */
  administrator?: (() => Follower | undefined) | undefined
  clock: { now(): number }
  onFault(fault: unknown): void
}

/** Where a hand-back is. */
export type HandBackState =
  | { state: 'none' | 'running' }
  | { state: 'done'; done: HandedBack }
  | { state: 'failed'; message: string }

/** Takeover and hand-back of one node, in the order in which somebody asks for them. */
export class TakeoverDesk {
  readonly fence: Fence
  readonly #options: TakeoverOptions
  #late: LateRecords | undefined
  #taking: Promise<void> | undefined
  #handBack: HandBackState = { state: 'none' }

  constructor(options: TakeoverOptions) {
    this.#options = options
    const onReplaced = (message: string) => options.onFault(new TakeoverError(message))
    this.fence = new Fence({ ...options, onReplaced })
  }

  /** Whether this node answers from a copy, and has not taken over. */
  get isMirror(): boolean {
    return this.#options.follower !== undefined && this.#options.standing.state.taken === undefined
  }

  /** Whether this is the site to which changes go. */
  get isPrimary(): boolean {
    const { replaced, handedBack } = this.#options.standing.state
    return !this.isMirror && replaced === undefined && handedBack !== true
  }

  /** A second time does nothing. Rejects with TakeoverError. */
  async takeOver(prefix: string): Promise<void> {
    const { follower, prefixes } = this.#options
    if (follower === undefined)
      throw new TakeoverError('this node is no mirror: one that follows the log of the prefix takes over')
    if (!prefixes().includes(prefix))
      throw new TakeoverError(`this mirror follows ${prefixes().join(', ')}, not ${prefix}`)
    this.#taking ??= takeOver({ ...this.#options, follower, prefixes: prefixes() })
    try {
      await this.#taking
    } finally {
      this.#taking = undefined
    }
    await this.fence.apply()
  }

  /** Undefined when this node stands in for nobody. */
  taken(): TakenState | undefined {
    const { standing, records, prefixes } = this.#options
    const { taken, serial } = standing.state
    if (taken === undefined) return undefined
    const root = records.log.root(taken.size)?.toString('hex') ?? ''
    return { prefixes: [...prefixes()], serial, size: taken.size, root }
  }

  /** Records that the node in whose place we are acknowledged, and we did not have. */
  async takeLate(rows: readonly LateRecord[]): Promise<LateResult[]> {
    const { taken } = this.#options.standing.state
    if (taken === undefined) throw new TakeoverError('this node stands in for nobody')
    this.#late ??= new LateRecords(this.#options.records, taken.size)
    const results: LateResult[] = []
    for (const row of rows) results.push(await this.#late.take(row))
    return results
  }

  /** Takes no changes any more; tells where its log ends and what all its records are. */
  async end(): Promise<TakenEnd> {
    const { standing, records } = this.#options
    if (standing.state.taken === undefined) throw new TakeoverError('this node stands in for nobody')
    standing.update({ handedBack: true })
    await this.fence.apply()
    return { size: records.log.size, ...(await records.digest()) }
  }

  get handBackState(): HandBackState {
    return this.#handBack
  }

  /**
   * Begins to take the prefix back from the node at `url`, or from the one that the parent names; `handBackState` tells how it
   * goes. Throws TakeoverError when one is on the way.
   */
  beginHandBack(url?: string): void {
    if (this.#handBack.state === 'running') throw new TakeoverError('a hand-back is on the way already')
    this.#handBack = { state: 'running' }
    void this.#takeBack(url)
  }

  async #takeBack(url: string | undefined): Promise<void> {
    try {
      const follower = this.#options.administrator?.()
      if (follower === undefined)
        throw new TakeoverError(
          'the key of the prefix’s administrator is not in this node’s folder: put it there, as it was made at the first start',
        )
      const { records, standing } = this.#options
      const from = url ?? (await this.#takerUrl())
      this.#handBack = { state: 'done', done: await handBack(from, { records, standing, fence: this.fence, follower }) }
    } catch (fault) {
      this.#options.onFault(fault)
      this.#handBack = { state: 'failed', message: fault instanceof Error ? fault.message : String(fault) }
    }
  }

  /** Where the parent says that the prefix is served over HTTP. */
  async #takerUrl(): Promise<string> {
    const { prefixes, parents, standing } = this.#options
    const handle = `0.NA/${prefixes()[0]}`
    const { body } = await parents.resolve({ handle, indexes: [], types: ['HS_SITE'], authoritative: true })
    const values: readonly HandleValue[] = body.kind === 'values' ? body.values : []
    const sites = sitesIn(values).filter(({ primary, serial }) => primary && serial > standing.state.serial)
    for (const server of sites.flatMap(({ servers }) => servers)) {
      const http = server.interfaces.find(({ transport }) => transport === 'HTTP')
      if (http) return `http://${server.address.includes(':') ? `[${server.address}]` : server.address}:${http.port}`
    }
    throw new TakeoverError(`the parent names no other primary of ${handle} over HTTP: say where it is (from)`)
  }
}
