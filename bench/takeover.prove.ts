import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { aliasTypes, RecordStore } from '@kapok/identifier/store'
import { mirrorArguments, NodeProcesses, valuesOf } from '../tests/support/identifier-nodes.ts'
import { seeded } from './money-worker.ts'
import { TakeoverLoad } from './takeover-load.ts'

/** `no-fence`: the node that comes back does not ask its parent. `drops-late`: it does not tell what was not mirrored. */
const faults: Record<string, string> = { 'no-fence': 'fault-no-fence.ts', 'drops-late': 'fault-drops-late.ts' }

const prefix = '88.904'
/** The operator looks so often whether the node lives, and believes it after so many failures. */
const watch = { everyMs: 100, failures: 5 }

interface Tally {
  /** Names that did not resolve any more. */
  unresolved: number
  unresolvedMs: { listed: number; unlisted: number }
  acknowledged: number
  lost: number
  wrong: number
  doubled: number
  conflicts: number
  late: number
  taken: number
  notExact: number
}

/**
 * Root, top, a secondary, its mirror and a recursive node as processes. Under a load of resolutions and registrations the
 * secondary is killed (SIGKILL), the mirror takes over as the top's administrator bids, the secondary comes back, is written
 * to by clients who do not know better, and takes its prefix back. Every acknowledged registration must be there, or be told
 * to be in conflict with another that was acknowledged by the other side.
 */
export default async function proveTakeover(args: {
  short: boolean
  fault?: string
}): Promise<{ ok: boolean; tried: string; result: string }> {
  const fault = args.fault === undefined ? undefined : faults[args.fault]
  if (args.fault !== undefined && fault === undefined) throw new Error(`faults are ${Object.keys(faults).join(', ')}`)
  const rounds = args.short ? 1 : 10
  const world = await World.start(fault === undefined ? [] : [join(import.meta.dirname, fault)])
  try {
    for (let round = 0; round < rounds; round++) await world.round(round % 2 === 1)
    const { tally, load } = world
    const { listed, unlisted } = tally.unresolvedMs
    const broken = tally.lost + tally.wrong + tally.doubled + tally.taken + tally.notExact + tally.unresolved
    const times = [
      `${unlisted.toFixed(0)} ms with the mirror unknown to clients until it took over`,
      ...(rounds > 1 ? [`${listed.toFixed(0)} ms with the mirror listed beside it before`] : []),
    ]
    return {
      ok: broken === 0,
      tried: `${rounds} times: a secondary killed under load, taken over, handed back; ${load.resolved} resolutions, ${tally.acknowledged} registrations acknowledged, ${tally.late} of them not mirrored when it died`,
      result: `${tally.lost} lost, ${tally.wrong} wrong, ${tally.doubled} doubled, ${tally.conflicts} told to be in conflict, ${tally.taken} taken by the node that was replaced, ${tally.notExact} hand-backs not exact, ${tally.unresolved} names that did not resolve again; the longest that a name did not resolve: ${times.join(', ')}`,
    }
  } finally {
    await world.stop()
  }
}

class World {
  readonly tally: Tally = {
    unresolved: 0,
    unresolvedMs: { listed: 0, unlisted: 0 },
    acknowledged: 0,
    lost: 0,
    wrong: 0,
    doubled: 0,
    conflicts: 0,
    late: 0,
    taken: 0,
    notExact: 0,
  }
  readonly load: TakeoverLoad
  readonly #nodes: NodeProcesses
  readonly #above: readonly string[]
  readonly #preload: readonly string[]
  readonly #random = seeded(7)

  static async start(preload: readonly string[]): Promise<World> {
    const nodes = new NodeProcesses()
    try {
      const root = await nodes.start('root', ['--role', 'root'])
      const above = ['--root', `127.0.0.1:${root.port}`]
      const top = await nodes.start('top', ['--role', 'top', '--prefix', '88', ...above])
      await nodes.write('root', '0.NA', '0.NA/88', await valuesOf(top.url, '0.NA/88'))
      const secondary = await nodes.start('secondary', ['--role', 'secondary', '--prefix', prefix, ...above])
      await nodes.write('top', '88', `0.NA/${prefix}`, await valuesOf(secondary.url, `0.NA/${prefix}`))
      await nodes.startMirror('mirror', 'secondary', prefix, above)
      await nodes.start('recursive', ['--role', 'recursive', ...above])
      return new World(nodes, above, preload)
    } catch (error) {
      await nodes.stop()
      throw error
    }
  }

  private constructor(nodes: NodeProcesses, above: readonly string[], preload: readonly string[]) {
    this.#nodes = nodes
    this.#above = above
    this.#preload = preload
    this.load = new TakeoverLoad(nodes, prefix)
  }

  async stop(): Promise<void> {
    await this.load.stop()
    await this.#nodes.stop()
  }

  async round(isListed: boolean): Promise<void> {
    const { load } = this
    await this.#mirrored()
    await this.#list(isListed)
    load.run()
    await load.acknowledges(200)
    await this.#whenWatchedAreMirrored()
    await sleep(this.#random() * 1_500)
    await this.#whenNotMirrored(10)
    load.beginWatch()
    await this.#nodes.end('secondary', 'SIGKILL')
    const notMirrored = await this.#takeOver()
    await load.acknowledges(200)
    const { longestMs, never } = await load.endWatch()
    const kind = isListed ? 'listed' : 'unlisted'
    this.tally.unresolvedMs[kind] = Math.max(this.tally.unresolvedMs[kind], longestMs)
    this.tally.unresolved += never

    const inConflict = await load.registerOtherwise(notMirrored.slice(0, 2), 'mirror')
    await this.#nodes.start('secondary', this.#secondaryArguments(), this.#preload)
    // Clients who know the old place alone write to it until the hand-back begins.
    const taken = await load.writeTo('secondary', 20)
    this.tally.taken += taken
    await load.acknowledges(100)
    const told = await this.#handBack()
    await load.pause()
    await this.#judge(inConflict, told)
    await this.#nodes.end('mirror', 'SIGTERM')
    await this.#nodes.start('mirror', mirrorArguments(this.#nodes.get('secondary'), prefix, this.#above))
    await this.#mirrored()
  }

  /** What nobody had mirrored is away until the hand-back, as is said of it; the names whose times are taken are others. */
  async #whenWatchedAreMirrored(): Promise<void> {
    for (;;) {
      const has = this.#open('mirror')
      const isMirrored = this.load.watchedNames().every((handle) => has.find(handle) !== undefined)
      await has.close()
      if (isMirrored) return
      await sleep(20)
    }
  }

  /** Waits for a moment at which so many of the newest registrations are not mirrored: a kill at another one proves little. */
  async #whenNotMirrored(least: number): Promise<void> {
    const has = this.#open('mirror')
    try {
      for (;;) {
        const newest = this.load.acknowledgedNames().slice(-200)
        if (newest.filter((handle) => has.find(handle) === undefined).length >= least) return
        await sleep(5)
      }
    } finally {
      await has.close()
    }
  }

  /** The operator sees that the node is dead, has the mirror take over, and registers it above. */
  async #takeOver(): Promise<string[]> {
    const { url } = this.#nodes.get('secondary')
    for (let failures = 0; failures < watch.failures; await sleep(watch.everyMs)) {
      const alive = await fetch(`${url}/api/site`, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined)
      failures = alive?.ok ? 0 : failures + 1
    }
    const before = this.load.acknowledgedNames()
    const { register } = await this.#command('mirror', '/takeover', { prefix })
    await this.#register(register)
    const has = this.#open('mirror')
    const missing = before.filter((handle) => has.find(handle) === undefined)
    await has.close()
    this.tally.late += missing.length
    return missing
  }

  async #handBack(): Promise<string[]> {
    await this.#command('secondary', '/handback', {})
    for (;;) {
      const reply = await this.#command('secondary', '/handback')
      if (reply.state === 'failed') throw new Error(`the hand-back failed: ${reply.message}`)
      if (reply.state === 'done') {
        const [mirror, secondary] = await Promise.all([this.#digest('mirror'), this.#digest('secondary')])
        if (mirror !== secondary) this.tally.notExact++
        await this.#register(reply.register)
        return (reply.conflicts ?? []).map(({ handle }) => handle)
      }
      await sleep(50)
    }
  }

  /** Every acknowledged name at the node that is primary again. */
  async #judge(inConflict: string[], told: string[]): Promise<void> {
    const { load, tally } = this
    const store = this.#open('secondary')
    const conflicts = new Set(told)
    tally.conflicts += told.length
    // Only what both sides acknowledged may be in conflict, and must be told.
    tally.wrong += inConflict.filter((handle) => !conflicts.has(handle)).length
    tally.wrong += told.filter((handle) => !inConflict.includes(handle)).length
    const acknowledged = load.acknowledged()
    for (const [handle, text] of acknowledged) {
      const record = store.find(handle)
      if (record === undefined) tally.lost++
      else if (Buffer.from(record[0]?.data ?? []).toString() !== text) tally.wrong++
    }
    const names = store.handlesUnder(prefix, { limit: 1_000_000 }).filter((handle) => handle.startsWith(load.stem))
    tally.doubled += names.length - new Set(names).size + names.filter((handle) => !load.wasAsked(handle)).length
    tally.acknowledged = acknowledged.size
    await store.close()
  }

  async #mirrored(): Promise<void> {
    for (;;) {
      const [mirror, secondary] = await Promise.all([this.#digest('mirror'), this.#digest('secondary')])
      if (mirror === secondary) return
      await sleep(200)
    }
  }

  /** Whether the record of the prefix names the mirror beside the primary before anything happened. */
  async #list(isListed: boolean): Promise<void> {
    const site = await (await fetch(`${this.#nodes.get('mirror').url}/api/site`)).json()
    const beside = [3, 4].map((index) => ({
      index,
      type: index === 3 ? 'HS_SITE' : 'HS_SITE.PREFIX',
      data: { format: 'site', value: site },
    }))
    const own = (await valuesOf(this.#nodes.get('top').url, `0.NA/${prefix}`)) ?? []
    const values = own.filter(({ index }) => index < 3 || index > 4)
    await this.#nodes.write('top', '88', `0.NA/${prefix}`, isListed ? [...values, ...beside] : values)
  }

  async #register(register: Record<string, unknown> | undefined): Promise<void> {
    const values = register?.[`0.NA/${prefix}`]
    const reply = await this.#nodes.write('top', '88', `0.NA/${prefix}?index=various`, values)
    if (!reply.ok) throw new Error(`the top did not register: ${await reply.text()}`)
  }

  async #command(name: string, path: string, body?: unknown): Promise<Said> {
    const node = this.#nodes.get(name)
    const headers = { authorization: await this.#nodes.proof(node, 'top', '88') }
    const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) }
    const reply = await fetch(`${node.url}${path}`, init)
    const said = (await reply.json()) as Said
    if (!reply.ok) throw new Error(`${name} ${path}: ${reply.status} ${said.message}`)
    return said
  }

  #open(name: string): RecordStore {
    return RecordStore.open(join(this.#nodes.get(name).home, 'records'), {
      clock: { now: () => Date.now() },
      aliasTypes,
      readOnly: true,
    })
  }

  async #digest(name: string): Promise<string> {
    const store = this.#open(name)
    try {
      return (await store.digest()).digest
    } finally {
      await store.close()
    }
  }

  #secondaryArguments(): string[] {
    return ['--role', 'secondary', '--prefix', prefix, ...this.#above]
  }
}

interface Said {
  state?: string
  message?: string
  register?: Record<string, unknown>
  conflicts?: { handle: string }[]
}
