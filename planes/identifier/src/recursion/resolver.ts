import {
  canonicalHandle,
  type HandleMessage,
  type HandleValue,
  partsOf,
  responses,
  type Site,
} from '../handle/handle.ts'
import { parentOf, rootPrefix, trustRoot } from '../node/homes.ts'
import type { Recursion } from '../node/service.ts'
import { ResolutionError } from '../resolution/client.ts'
import { type Reply, refusal } from '../resolution/exchange.ts'
import { isPublic } from '../resolution/records.ts'
import { AnswerCache } from './answer-cache.ts'
import { askServers, type Step } from './ask.ts'
import { Health } from './health.ts'
import { recursionLimits } from './limits.ts'
import { type Server, serversFor, servicesIn, sitesIn } from './sites.ts'

type Asked = Parameters<Recursion['resolve']>[0]

/** An answer and how it was come by. */
export interface Resolution {
  reply: Reply
  from: 'network' | 'cache' | 'stale'
  steps: Step[]
}

/** Prefixes whose records say where a handle is served. */
const prefixTypes = ['HS_SITE', 'HS_SITE.6', 'HS_SITE.PREFIX', 'HS_SERV', 'HS_SERV.PREFIX']

/** Resolves the handles of others: from the root down, by referrals that lead nowhere but down, with a cache. */
export class Resolver implements Recursion {
  readonly #roots: () => readonly Site[]
  readonly #clock: { now(): number }
  readonly #certified: boolean
  readonly #cache = new AnswerCache()
  readonly #inFlight = new Map<string, Promise<Resolution>>()
  readonly health = new Health()

  /**
   * `roots`: the sites of the root, from the node's configuration. `certified`: only answers count that the site signed which
   * was asked (flag CT).
   */
  constructor(options: { roots(): readonly Site[]; clock: { now(): number }; certified?: boolean }) {
    this.#roots = options.roots
    this.#clock = options.clock
    this.#certified = options.certified ?? false
  }

  async resolve(asked: Asked): Promise<Reply> {
    return (await this.resolution(asked)).reply
  }

  /** Never rejects: who does not answer is told in the reply. */
  async resolution(asked: Asked): Promise<Resolution> {
    const key = keyOf(asked)
    const kept = asked.authoritative ? undefined : this.#cache.find(key, this.#clock.now())
    if (kept?.freshness === 'fresh') return { reply: kept.reply, from: 'cache', steps: [] }
    if (kept?.freshness === 'ageing') {
      void this.#once(key, asked)
      return { reply: kept.reply, from: 'cache', steps: [] }
    }
    const resolution = await this.#once(key, asked)
    const unreachable =
      resolution.reply.response === responses.error || resolution.reply.response === responses.serverBusy
    return unreachable && kept ? { ...resolution, reply: kept.reply, from: 'stale' } : resolution
  }

  /**
   * The servers of the primary site that has a handle; none for the record of a prefix, whose own node others do not ask.
   * `anew`: as those above say it now. Rejects with ResolutionError.
   */
  async serversOf(handle: string, how?: 'anew'): Promise<Server[]> {
    const name = canonicalHandle(handle)
    const { prefix } = partsOf(name)
    if (prefix === rootPrefix) return []
    const { reply } = await this.#prefixRecord(prefix, [], 0, how)
    if (reply.body.kind !== 'values') return []
    return serversFor(name, await this.#sitesOf(plain(reply.body.values), [], 0), true)
  }

  /** What is known of the cache, for operators. */
  stats(): { answers: number; bytes: number; inFlight: number; resting: string[] } {
    const resting = this.health.resting(this.#clock.now())
    return { ...this.#cache.size, inFlight: this.#inFlight.size, resting }
  }

  clearCache(): void {
    this.#cache.clear()
  }

  /** The same question of many is asked of others once. */
  #once(key: string, asked: Asked): Promise<Resolution> {
    const name = asked.authoritative ? `${key}\nAT` : key
    const running = this.#inFlight.get(name)
    if (running) return running
    if (this.#inFlight.size >= recursionLimits.inFlight)
      return Promise.resolve({
        reply: refusal(responses.serverBusy, 'too many questions wait for other nodes'),
        from: 'network',
        steps: [],
      })
    const began = this.#find(asked).then((resolution) => {
      this.#inFlight.delete(name)
      this.#cache.keep(key, resolution.reply, this.#clock.now())
      return resolution
    })
    this.#inFlight.set(name, began)
    return began
  }

  async #find(asked: Asked): Promise<Resolution> {
    const steps: Step[] = []
    try {
      return { reply: await this.#way(asked, steps, 0), from: 'network', steps }
    } catch (error) {
      if (!(error instanceof ResolutionError)) throw error
      return { reply: refusal(responses.error, `not resolved: ${error.message}`), from: 'network', steps }
    }
  }

  /** The record of the prefix says where its handles are served; the record itself is found from the root down. */
  async #way(asked: Asked, steps: Step[], depth: number): Promise<Reply> {
    const name = canonicalHandle(asked.handle)
    const { prefix } = partsOf(name)
    if (prefix === rootPrefix || name === trustRoot) return this.#down(asked, steps, depth)
    const known = await this.#prefixRecord(prefix, steps, depth)
    try {
      return await this.#askBy(known.reply, prefix, asked, steps, depth)
    } catch (error) {
      // It may have moved, or a mirror or its parent stands in for it: then the parent says so.
      if (!(error instanceof ResolutionError) || known.ageMs < recursionLimits.doubtAfterMs) throw error
      const anew = await this.#prefixRecord(prefix, steps, depth, 'anew')
      return this.#askBy(anew.reply, prefix, asked, steps, depth)
    }
  }

  /** Asks where the record of the prefix says. */
  async #askBy(record: Reply, prefix: string, asked: Asked, steps: Step[], depth: number): Promise<Reply> {
    if (record.response !== responses.success || record.body.kind !== 'values')
      return record.response === responses.handleNotFound
        ? refusal(responses.handleNotFound, `the prefix ${prefix} is not registered`)
        : record
    const sites = await this.#sitesOf(plain(record.body.values), steps, depth)
    return replyOf(await this.#ask(prefix, sites, asked, steps))
  }

  /** The record of a prefix, and how long it is known. */
  async #prefixRecord(
    prefix: string,
    steps: Step[],
    depth: number,
    how?: 'anew',
  ): Promise<{ reply: Reply; ageMs: number }> {
    const asked = { handle: `0.NA/${prefix}`, indexes: [], types: prefixTypes, authoritative: false }
    const key = keyOf(asked)
    const kept = this.#cache.find(key, this.#clock.now())
    if (kept && kept.freshness !== 'stale' && how === undefined) return kept
    try {
      const reply = await this.#down(asked, steps, depth)
      this.#cache.keep(key, reply, this.#clock.now())
      return { reply, ageMs: 0 }
    } catch (error) {
      // The way is known still, though those above do not answer: a dead root stops nobody who was found before.
      if (kept && how === undefined && error instanceof ResolutionError) return kept
      throw error
    }
  }

  /**
   * Asks for the record of a prefix, beginning at the nearest prefix above it whose way is known, else at the root. A referral
   * counts only if it is for a prefix above the one asked for, and below the one whose servers gave it.
   */
  async #down(asked: Asked, steps: Step[], depth: number): Promise<Reply> {
    const { suffix: target } = partsOf(canonicalHandle(asked.handle))
    const nearest = await this.#nearest(target, steps, depth)
    if (nearest.at !== rootPrefix)
      try {
        return await this.#downFrom(nearest, target, asked, steps, depth)
      } catch (error) {
        // Those on the way that is known do not answer, or lead astray: the root knows better.
        if (!(error instanceof ResolutionError)) throw error
      }
    return this.#downFrom({ at: rootPrefix, sites: this.#roots() }, target, asked, steps, depth)
  }

  async #downFrom(
    from: { at: string; sites: readonly Site[] },
    target: string,
    asked: Asked,
    steps: Step[],
    depth: number,
  ): Promise<Reply> {
    let { at, sites } = from
    for (let hop = 0; hop < recursionLimits.hops; hop++) {
      const answer = await this.#ask(at, sites, asked, steps)
      if (answer.body.kind !== 'referral') return replyOf(answer)
      const { handle, values = [] } = answer.body
      const next = partsOf(canonicalHandle(handle)).suffix
      if (!isBelow(next, at) || !isBelow(target, next))
        throw new ResolutionError(
          `the servers of ${at} referred to ${handle || 'nowhere'}, which is not on the way to ${target}`,
        )
      const open = values.filter(isPublic)
      sites = await this.#sitesOf(open, steps, depth)
      this.#cache.keep(
        wayKey(next),
        { response: responses.success, body: { kind: 'values', handle, values: open } },
        this.#clock.now(),
      )
      at = next
    }
    throw new ResolutionError(`more than ${recursionLimits.hops} referrals to ${asked.handle}`)
  }

  async #nearest(target: string, steps: Step[], depth: number): Promise<{ at: string; sites: readonly Site[] }> {
    for (let at = parentOf(target); at !== rootPrefix; at = parentOf(at)) {
      const kept = this.#cache.find(wayKey(at), this.#clock.now())
      if (kept === undefined || kept.freshness === 'stale' || kept.reply.body.kind !== 'values') continue
      return { at, sites: await this.#sitesOf(kept.reply.body.values, steps, depth) }
    }
    return { at: rootPrefix, sites: this.#roots() }
  }

  /** The sites that values name, those of services that they name included. */
  async #sitesOf(values: readonly HandleValue[], steps: Step[], depth: number): Promise<readonly Site[]> {
    const sites = sitesIn(values)
    if (sites.length > 0) return sites
    for (const service of servicesIn(values)) {
      if (depth >= recursionLimits.serviceDepth) throw new ResolutionError(`services name services: ${service}`)
      const asked = { handle: service, indexes: [], types: ['HS_SITE', 'HS_SITE.6', 'HS_SERV'], authoritative: false }
      const reply = await this.#way(asked, steps, depth + 1)
      if (reply.response === responses.success && reply.body.kind === 'values')
        return this.#sitesOf(reply.body.values, steps, depth + 1)
    }
    return []
  }

  #ask(
    of: string,
    sites: readonly Site[],
    { handle, indexes, types, authoritative }: Asked,
    steps: Step[],
  ): Promise<HandleMessage> {
    const servers = serversFor(handle, sites, authoritative)
    const question = { handle, indexes, types, recursive: false, authoritative }
    const certified = this.#certified
    return askServers(of, servers, question, { health: this.health, clock: this.#clock, steps, certified })
  }
}

const keyOf = ({ handle, indexes, types }: Asked) =>
  [
    canonicalHandle(handle),
    [...indexes].sort((one, other) => one - other).join(),
    ...types.map((type) => type.toUpperCase()).sort(),
  ].join('\n')

/** The way to what is below a prefix; no handle begins so. */
const wayKey = (prefix: string) => `\nway ${prefix}`

/** Whether a prefix is below another one; all others are below the root. */
function isBelow(prefix: string, above: string): boolean {
  return above === rootPrefix ? prefix !== '' && prefix !== rootPrefix : prefix.startsWith(`${above}.`)
}

/** Values that describe the prefix's own service, without those for what is below it. */
function plain(values: readonly HandleValue[]): HandleValue[] {
  return values.filter(({ type }) => !type.toUpperCase().endsWith('.PREFIX'))
}

/** What another node said, as ours: public values only, and no words that are for it alone. */
function replyOf({ response, body }: HandleMessage): Reply {
  if (body.kind === 'values') return { response, body: { ...body, values: body.values.filter(isPublic) } }
  if (body.kind === 'referral') return refusal(responses.error, 'a server of the prefix referred on')
  return { response, body: body.kind === 'error' ? body : { kind: 'error', message: '' } }
}
