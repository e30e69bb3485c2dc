import { setTimeout as sleep } from 'node:timers/promises'
import { type NodeProcesses, type RestValue, valuesOf } from '../tests/support/identifier-nodes.ts'

const readers = 4
const writers = 4
/** Names that are asked for all the time. */
const watched = 40

/** Clients of one prefix: those that resolve through the recursive node, and those that register with whoever is primary. */
export class TakeoverLoad {
  readonly stem: string
  resolved = 0
  readonly #nodes: NodeProcesses
  readonly #prefix: string
  readonly #acknowledged = new Map<string, string>()
  readonly #asked = new Set<string>()
  readonly #proofs = new Map<string, Promise<string>>()
  #primary = 'secondary'
  #ends = new AbortController()
  #running: Promise<unknown> = Promise.resolve()
  #next = 0
  #question = 1_000
  /** When each name was resolved last, and the longest between two times since the watch began. */
  #seen = new Map<string, number>()
  #longestMs = 0
  #isWatching = false

  constructor(nodes: NodeProcesses, prefix: string) {
    this.#nodes = nodes
    this.#prefix = prefix
    this.stem = `${prefix}/R`
  }

  run(): void {
    this.#ends = new AbortController()
    const loops = [
      ...Array.from({ length: writers }, () => this.#write()),
      ...Array.from({ length: readers }, () => this.#read()),
    ]
    this.#running = Promise.all(loops)
    // What fails is told by whoever waits for it.
    this.#running.catch(() => {})
  }

  async pause(): Promise<void> {
    this.#ends.abort()
    await this.#running
  }

  async stop(): Promise<void> {
    this.#ends.abort()
    await this.#running.catch(() => {})
  }

  acknowledged(): ReadonlyMap<string, string> {
    return this.#acknowledged
  }

  acknowledgedNames(): string[] {
    return [...this.#acknowledged.keys()]
  }

  /** The names that are asked for all the time. */
  watchedNames(): string[] {
    return this.acknowledgedNames().slice(0, watched)
  }

  wasAsked(handle: string): boolean {
    return this.#asked.has(handle)
  }

  /** Waits until so many more are acknowledged. */
  async acknowledges(more: number): Promise<void> {
    const goal = this.#acknowledged.size + more
    for (const began = Date.now(); this.#acknowledged.size < goal; await sleep(20))
      if (Date.now() - began > 120_000) throw new Error(`nothing is acknowledged any more (by ${this.#primary})`)
  }

  beginWatch(): void {
    this.#longestMs = 0
    this.#isWatching = true
  }

  /**
   * The longest that one name was not resolved, from the last time before to the first after, and how many of the names are
   * not resolved within a minute from now on.
   */
  async endWatch(): Promise<{ longestMs: number; never: number }> {
    const from = performance.now()
    const names = this.watchedNames()
    const missing = () => names.filter((name) => (this.#seen.get(name) ?? 0) < from).length
    while (missing() > 0 && performance.now() - from < 60_000) await sleep(50)
    this.#isWatching = false
    const never = missing()
    if (never > 0) await this.#explain(names.find((name) => (this.#seen.get(name) ?? 0) < from) ?? '')
    return { longestMs: this.#longestMs, never }
  }

  /** What the recursive node says of a name that it does not resolve, and how it stands: for whoever looks for the cause. */
  async #explain(handle: string): Promise<void> {
    const { url, said } = this.#nodes.get('recursive')
    process.stderr.write(`the recursive node: ${said().slice(-2_000)}\n`)
    for (const path of [`/resolution/${handle}`, '/health']) {
      const said = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(10_000) }).then(
        (reply) => reply.text(),
        (error: unknown) => String(error),
      )
      process.stderr.write(`${path}: ${said}\n`)
    }
  }

  /** Registers names again with other content at a node, as a client does that heard nothing; those that were acknowledged. */
  async registerOtherwise(handles: readonly string[], at: string): Promise<string[]> {
    const done: string[] = []
    for (const handle of handles) {
      const text = `https://example.com/otherwise/${handle}`
      if (!(await this.#register(at, handle, text))) continue
      this.#acknowledged.set(handle, text)
      done.push(handle)
    }
    return done
  }

  /** Clients who know one place alone: how many of their registrations it acknowledges. Their names count as acknowledged. */
  async writeTo(name: string, times: number): Promise<number> {
    let taken = 0
    for (let i = 0; i < times; i++) {
      const [handle, text] = this.#draw()
      if (!(await this.#register(name, handle, text))) continue
      this.#acknowledged.set(handle, text)
      taken++
    }
    return taken
  }

  #draw(): [handle: string, text: string] {
    const handle = `${this.stem}${this.#next++}`
    return [handle, `https://example.com/${handle}`]
  }

  async #write(): Promise<void> {
    while (!this.#ends.signal.aborted) {
      const [handle, text] = this.#draw()
      if (await this.#register(this.#primary, handle, text)) this.#acknowledged.set(handle, text)
      else {
        await sleep(50)
        await this.#findPrimary()
      }
    }
  }

  async #register(name: string, handle: string, text: string): Promise<boolean> {
    this.#asked.add(handle)
    const node = this.#nodes.get(name)
    try {
      const authorization = await this.#proof(name)
      const reply = await fetch(`${node.url}/api/handles/${handle}`, {
        method: 'PUT',
        headers: { authorization },
        body: JSON.stringify([{ index: 1, type: 'URL', data: text }]),
        signal: AbortSignal.timeout(5_000),
      })
      await reply.arrayBuffer()
      // A session of before the node was started again.
      if (reply.status === 401) this.#proofs.delete(node.url)
      return reply.ok
    } catch {
      this.#proofs.delete(node.url)
      return false
    }
  }

  /** The key of the prefix's administrator stays with the clients; each node is proven to once. */
  #proof(name: string): Promise<string> {
    const node = this.#nodes.get(name)
    const known = this.#proofs.get(node.url)
    if (known) return known
    const begun = this.#nodes.proof(node, 'secondary', this.#prefix)
    this.#proofs.set(node.url, begun)
    return begun
  }

  /** The site with the highest serial that the record of the prefix names. */
  async #findPrimary(): Promise<void> {
    const values = await valuesOf(this.#nodes.get('top').url, `0.NA/${this.#prefix}`).catch(() => undefined)
    const sites = (values ?? []).flatMap(siteIn).filter(({ primarySite }) => primarySite)
    const best = sites.sort((one, other) => other.serialNumber - one.serialNumber)[0]
    const ports = new Set(best?.servers.flatMap(({ interfaces }) => interfaces.map(({ port }) => port)))
    for (const name of ['secondary', 'mirror']) if (ports.has(this.#nodes.get(name).httpPort)) this.#primary = name
  }

  async #read(): Promise<void> {
    while (!this.#ends.signal.aborted) {
      const handle = [...this.#acknowledged.keys()][this.#question % watched]
      this.#question++
      if (handle === undefined) {
        await sleep(20)
        continue
      }
      // Asked so that no cache has it: the question has an index that no other has.
      const address = `${this.#nodes.get('recursive').url}/api/handles/${handle}?index=1&index=${this.#question}`
      const reply = await fetch(address, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined)
      const said = (await reply?.json().catch(() => undefined)) as { responseCode?: number } | undefined
      if (said?.responseCode === 1) this.#resolves(handle)
      else await sleep(10)
    }
  }

  #resolves(handle: string): void {
    const now = performance.now()
    this.resolved++
    const before = this.#seen.get(handle)
    if (this.#isWatching && before !== undefined) this.#longestMs = Math.max(this.#longestMs, now - before)
    this.#seen.set(handle, now)
  }
}

interface SiteJson {
  primarySite: boolean
  serialNumber: number
  servers: { interfaces: { port: number }[] }[]
}

const siteIn = ({ type, data }: RestValue): SiteJson[] => (type === 'HS_SITE' ? [data.value as SiteJson] : [])
