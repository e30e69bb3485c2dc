import { isDeepStrictEqual } from 'node:util'
import type { EdgeConfig } from '../tag-table.ts'
import type { NorthboundLink, NorthboundState, Plant } from './link.ts'
import type { Northbound } from './written.ts'

/** Brokers beside the platform that get the same values, as the table that runs names them. */
export class Northbounds {
  readonly #plant: Plant
  #links: NorthboundLink[] = []
  #table: Pick<EdgeConfig, 'northbound' | 'devices'> | undefined
  #turn: Promise<void> = Promise.resolve()

  constructor(plant: Plant) {
    this.#plant = plant
  }

  get states(): (NorthboundState & { waiting: number })[] {
    return this.#links.map((link) => ({ ...link.state, waiting: link.waiting() }))
  }

  /** Ends what runs and begins with this table; births say its machines. One that is as it was goes on. */
  run(table: Pick<EdgeConfig, 'northbound' | 'devices' | 'derive'>): void {
    if (isDeepStrictEqual(table, this.#table)) return
    this.#table = table
    this.#turn = this.#turn.then(async () => {
      await this.#end()
      if (this.#table !== table) return
      for (const broker of table.northbound) this.#links.push(await this.#begin(broker))
    })
  }

  async #begin(broker: Northbound): Promise<NorthboundLink> {
    const { NorthboundLink } = await import('./link.ts')
    if (broker.kind === 'uns') {
      const { UnifiedNamespace } = await import('./uns.ts')
      return new NorthboundLink(broker, new UnifiedNamespace(broker, this.#plant), this.#plant)
    }
    const { SparkplugNode } = await import('./sparkplug.ts')
    return new NorthboundLink(broker, new SparkplugNode(broker, this.#plant), this.#plant)
  }

  async #end(): Promise<void> {
    const links = this.#links
    this.#links = []
    await Promise.all(links.map((link) => link.stop()))
  }

  async stop(): Promise<void> {
    this.#table = undefined
    this.#turn = this.#turn.then(() => this.#end())
    await this.#turn
  }
}
