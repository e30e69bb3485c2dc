import { setTimeout as sleep } from 'node:timers/promises'
import { responses, type Site } from '../handle/handle.ts'
import type { Recursion } from '../node/service.ts'
import { sitesIn } from '../recursion/sites.ts'
import type { ChangingRecords } from '../registration/changing-records.ts'
import { takeoverLimits } from './limits.ts'
import type { Standing } from './standing.ts'

export interface FenceOptions {
  standing: Standing
  records: Pick<ChangingRecords, 'fence' | 'stats'>
  prefixes(): readonly string[]
  /** Finds what the parent says. */
  parents: Recursion
  /** Our own site, as we would register it. */
  site(): Site
  /** Hears once that another site stands in for us. */
  onReplaced(message: string): void
}

/**
 * Keeps a node from taking changes when another site took over its prefix: who is followed asks the parent at the start, before
 * it takes any, and from then on regularly. A parent that is silent changes nothing for a node that runs.
 */
export class Fence {
  readonly #options: FenceOptions
  readonly #ends = new AbortController()
  #running: Promise<void> | undefined

  constructor(options: FenceOptions) {
    this.#options = options
  }

  /** Before the node answers: asks once, so that one that was replaced tells nobody what is old. */
  async settle(): Promise<void> {
    await this.apply()
    await this.look()
  }

  /** Goes on asking. */
  run(): void {
    this.#running = this.#watch()
  }

  async stop(): Promise<void> {
    this.#ends.abort()
    await this.#running
  }

  /** Puts the fence where the standing says. */
  apply(): Promise<void> {
    return this.#options.records.fence(this.#options.standing.refusal())
  }

  /** Asks for each prefix once. */
  async look(): Promise<void> {
    const { standing, records, prefixes } = this.#options
    const { followed, replaced, handedBack } = standing.state
    if (!followed || replaced || handedBack) return
    const answers = await Promise.all(prefixes().map((prefix) => this.#serialAbove(prefix)))
    const other = Math.max(0, ...answers.map((serial) => serial ?? 0))
    if (other > standing.state.serial) {
      // Closed before it is counted, so that nothing comes behind the number.
      await records.fence('another site stands in for this node')
      standing.update({ replaced: { serial: other, size: records.stats().transactions } })
      this.#options.onReplaced(standing.refusal() ?? '')
    } else if (!answers.includes(undefined)) standing.confirm()
    else return
    await this.apply()
  }

  /** The highest serial of another primary of the prefix; 0 where there is none, undefined when the parent did not answer. */
  async #serialAbove(prefix: string): Promise<number | undefined> {
    const asked = { handle: `0.NA/${prefix}`, indexes: [], types: ['HS_SITE', 'HS_SITE.6'], authoritative: true }
    const { response, body } = await this.#options.parents.resolve(asked)
    if (response === responses.handleNotFound || response === responses.valuesNotFound) return 0
    if (response !== responses.success || body.kind !== 'values') return undefined
    const own = this.#options.site()
    const others = sitesIn(body.values).filter((site) => site.primary && !isSamePlace(site, own))
    return Math.max(0, ...others.map(({ serial }) => serial))
  }

  async #watch(): Promise<void> {
    const { signal } = this.#ends
    while (!signal.aborted) {
      await this.look()
      const isSure = this.#options.standing.refusal() === undefined
      const restMs = isSure ? takeoverLimits.lookMs : takeoverLimits.firstLooksMs
      await sleep(restMs, undefined, { signal }).catch(() => {})
    }
  }
}

/** Whether two sites are served at the same address and port. */
function isSamePlace(one: Site, other: Site): boolean {
  const places = (site: Site) =>
    site.servers.flatMap(({ address, interfaces }) =>
      interfaces.filter(({ transport }) => transport === 'TCP').map(({ port }) => `${address} ${port}`),
    )
  const own = new Set(places(other))
  return places(one).some((place) => own.has(place))
}
