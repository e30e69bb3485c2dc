import type { OrganisationPort } from '@kapok/contracts/ports'
import type { IdentifierStatistics, RegistryNode } from '@kapok/contracts/registry-nodes'
import type { Kit } from '@kapok/kit-store/kit'
import { Value } from 'typebox/value'
import type { Account } from '../account/account.ts'
import { registryLimits } from '../limits.ts'
import { Gate } from '../node/gate.ts'
import { NodeTrouble } from '../node/node-client.ts'
import type { Nodes } from '../node/nodes.ts'
import { AskError, askJson } from './ask-json.ts'
import { doorNodes, type InnerHealth, innerHealth, type OpenHealth, openHealth } from './node-replies.ts'
import { levelOf, parentsOf } from './node-tree.ts'
import { statisticsOf } from './statistics.ts'

interface Target {
  url: string
  account?: Account & { organisation: string }
}

/** What is known of a node; times by the platform's clock. */
interface Known {
  state: RegistryNode['state']
  open?: OpenHealth
  inner?: InnerHealth
  answeredAt?: number
  failsSince?: number
}

interface Watch {
  nodes: Nodes
  organisations: OrganisationPort
  resolverUrl: string | undefined
}

/** Asks the nodes that the platform knows how they stand, when somebody wants to know, and keeps what they said. */
export class NodeMonitor {
  readonly #kit: Kit
  readonly #watch: Watch
  readonly #ends = new AbortController()
  readonly #gate = new Gate(registryLimits.healthAtOnce)
  readonly #known = new Map<string, Known>()
  #door: string[] | undefined
  #targets: Target[] = []
  #notAsked = 0
  #round: Promise<void> | undefined
  /** End of the last whole round: for its age, and by the platform's clock. */
  #done: { atMs: number; asOf: number } | undefined
  #statistics: IdentifierStatistics | undefined

  constructor(kit: Kit, watch: Watch) {
    this.#kit = kit
    this.#watch = watch
  }

  /** What is known now, no older than `freshMs` where the nodes answer in time. Rejects when the accounts cannot be read. */
  async look(freshMs: number) {
    if (this.#done === undefined || performance.now() - this.#done.atMs > freshMs) {
      this.#round ??= this.#ask().finally(() => {
        this.#round = undefined
      })
      await atMost(this.#round, registryLimits.healthWaitMs)
    }
    return {
      resolves: this.#watch.resolverUrl !== undefined,
      asOf: this.#done?.asOf ?? null,
      nodes: this.#rows(),
      notAsked: this.#notAsked,
    }
  }

  /** Sums of the last whole round. */
  async statistics(): Promise<IdentifierStatistics | undefined> {
    await this.look(registryLimits.statisticsFreshMs)
    return this.#statistics
  }

  async stop(): Promise<void> {
    this.#ends.abort()
    await this.#round?.catch(() => {})
  }

  async #ask(): Promise<void> {
    const targets = await this.#find()
    this.#targets = targets.slice(0, registryLimits.nodesWatched)
    this.#notAsked = targets.length - this.#targets.length
    const urls = new Set(this.#targets.map(({ url }) => url))
    for (const url of this.#known.keys()) if (!urls.has(url)) this.#known.delete(url)
    await Promise.all(this.#targets.map((target) => this.#gate.run(() => this.#askOne(target))))
    const asOf = this.#kit.clock.now()
    this.#done = { atMs: performance.now(), asOf }
    this.#statistics = statisticsOf(this.#rows(), asOf)
  }

  /** The nodes behind the resolver's address, and those of accounts; each address once. */
  async #find(): Promise<Target[]> {
    const { resolverUrl, organisations } = this.#watch
    const accounts = await this.#kit.db.tx({ job: 'registry' }, (tx) =>
      tx.rows<Account>('SELECT * FROM registry.account ORDER BY prefix'),
    )
    const targets = new Map<string, Target>()
    if (resolverUrl !== undefined) {
      const names = await this.#askDoor(resolverUrl)
      for (const url of names?.map((name) => `${resolverUrl}/${name}`) ?? [resolverUrl]) targets.set(url, { url })
    }
    for (const account of accounts) {
      const organisation = (await organisations.byId(account.org_id))?.name ?? ''
      targets.set(account.url, { url: account.url, account: { ...account, organisation } })
    }
    return [...targets.values()]
  }

  /** Names of the nodes when a door of several is there; what it said the last time while it is silent. */
  async #askDoor(url: string): Promise<string[] | undefined> {
    try {
      const reply = await askJson(`${url}/nodes`, this.#ends.signal)
      this.#door = Value.Check(doorNodes, reply) ? reply.nodes : undefined
    } catch (error) {
      if (!(error instanceof AskError)) throw error
      if (error.answered) this.#door = undefined
    }
    return this.#door
  }

  async #askOne({ url, account }: Target): Promise<void> {
    const before = this.#known.get(url)
    const now = () => this.#kit.clock.now()
    try {
      const reply = await askJson(`${url}/health`, this.#ends.signal)
      if (!Value.Check(openHealth, reply)) throw new AskError(true, 'an answer of another shape came')
      const known: Known = { state: 'answers', open: reply, answeredAt: now() }
      const told = innerIn(reply)
      const inner = told ?? (account && before?.inner)
      this.#known.set(url, { ...known, ...(inner && { inner }) })
      if (told === undefined && account) await this.#askAsUser(account, known)
    } catch (error) {
      if (!(error instanceof AskError)) throw error
      const state = error.answered ? 'strange' : 'silent'
      this.#known.set(url, { ...before, state, failsSince: before?.failsSince ?? now() })
    }
  }

  /** A node elsewhere tells how it stands to the platform's own user, where that is let in. */
  async #askAsUser(account: Account, known: Known): Promise<void> {
    let inner: InnerHealth | undefined
    const asking = this.#watch.nodes
      .clientOf(account)
      .get('/health')
      .then((reply) => {
        inner = innerIn(reply)
      })
      .catch((error: unknown) => {
        if (!(error instanceof NodeTrouble)) throw error
      })
    await atMost(asking, registryLimits.healthMs)
    this.#known.set(account.url, { ...known, ...(inner && { inner }) })
  }

  #rows(): RegistryNode[] {
    const rows = this.#targets.map((target) => rowOf(target, this.#known.get(target.url)))
    const parents = parentsOf(rows)
    return rows.map((row) => ({ ...row, parent: parents.get(row.url) ?? null }))
  }
}

const innerIn = (reply: unknown): InnerHealth | undefined => (Value.Check(innerHealth, reply) ? reply : undefined)

function rowOf({ url, account }: Target, known: Known | undefined): RegistryNode {
  const { open, inner } = known ?? {}
  const prefixes = open?.prefixes ?? (account ? [account.prefix] : [])
  const role = open?.role ?? null
  return {
    url,
    prefixes,
    level: levelOf({ url, prefixes, role }),
    parent: null,
    organisation: account?.organisation ?? null,
    state: known?.state ?? 'waiting',
    answeredAt: known?.answeredAt ?? null,
    failsSince: known?.failsSince ?? null,
    role,
    serial: open?.serial ?? null,
    takesChanges: open?.takesChanges ?? null,
    details: inner ? detailsOf(inner) : null,
  }
}

function detailsOf(inner: InnerHealth): NonNullable<RegistryNode['details']> {
  const { refuses, records, cachedAnswers, resting, followers, resolutionsByCode } = inner
  return {
    refuses,
    records,
    registrations: inner.transactions,
    resolutions: Object.entries(resolutionsByCode).map(([code, count]) => ({ code: Number(code), count })),
    mirrors: followers.map(({ user, behind, silentMs }) => ({ user, behind, silentMs: Math.round(silentMs) })),
    resting: resting.slice(0, registryLimits.restingTold),
    restingInAll: resting.length,
    cachedAnswers,
    uptimeMs: Math.round(inner.uptimeMs),
  }
}

/** Waits for work, but not longer; a failure in that time is the caller's. */
async function atMost(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<void>((done) => {
    timer = setTimeout(done, ms)
  })
  await Promise.race([work, patience]).finally(() => clearTimeout(timer))
}
