import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSimulation } from '@kapok/identifier/start'
import { RecordStore } from '@kapok/identifier/store'
import { systemClock } from '@kapok/kit/clock'
import { newValue, responses, type Site } from '../planes/identifier/src/handle/handle.ts'
import type { IdentifierNode } from '../planes/identifier/src/node/node.ts'
import { siteValue } from '../planes/identifier/src/node/service.ts'
import { delegate, type Simulation } from '../planes/identifier/src/node/simulation.ts'
import { resolveByUdp } from '../planes/identifier/src/resolution/client.ts'
import { seeded } from './money-worker.ts'
import { type Forgery, type Lie, lies, PoisonedWire } from './poisoned-wire.ts'

/** `on-path`: who forges has seen the question. `lying-parent`: the prefix above delegates to the attacker. */
const faults = ['on-path', 'lying-parent']
const victims = ['88.901.1001', '88.901.1002', '88.902.1001', '88.902.1002'] as const
const liar = '88.903'

/**
 * The tree in one process over real sockets, with wires between the recursive node and those that it asks: each forges answers
 * to every question, as somebody does who can send in the name of the server and guess the port, and has not seen the question.
 * One secondary lies in whatever it is asked. After that every name must be what its own node says, with nobody forging.
 */
export default async function provePoison(args: {
  short: boolean
  fault?: string
}): Promise<{ ok: boolean; tried: string; result: string }> {
  if (args.fault !== undefined && !faults.includes(args.fault)) throw new Error(`faults are ${faults.join(', ')}`)
  const world = await PoisonedTree.start(args.fault)
  try {
    const questions = args.short ? 400 : 20_000
    const early = await world.attack(questions)
    const { poisoned, unresolved } = await world.judge()
    const counts = [...world.attempts].map(([kind, count]) => `${count} ${kind}`).join(', ')
    return {
      ok: early === 0 && poisoned === 0 && unresolved === 0,
      tried: `${questions} questions to the recursive node under attack; attempts: ${counts}`,
      result: `${early} forged answers told while attacked, ${poisoned} names poisoned afterwards, ${unresolved} not resolved afterwards`,
    }
  } finally {
    await world.stop()
  }
}

class PoisonedTree {
  readonly attempts = new Map<string, number>()
  readonly #folder = mkdtempSync(join(tmpdir(), 'kapok-poison-'))
  readonly #stores: RecordStore[] = []
  readonly #wires: PoisonedWire[] = []
  readonly #random = seeded(11)
  readonly #asked = new Set<string>()
  #tree!: Simulation

  static async start(fault: string | undefined): Promise<PoisonedTree> {
    const world = new PoisonedTree()
    try {
      await world.#start(fault)
      return world
    } catch (error) {
      await world.stop()
      throw error
    }
  }

  async #start(fault: string | undefined): Promise<void> {
    this.#tree = await startSimulation({
      open: (name) => {
        const store = RecordStore.open(join(this.#folder, name), { clock: systemClock })
        this.#stores.push(store)
        return store
      },
      clock: systemClock,
    })
    const evil = await this.#wire(undefined, fault)
    for (const [child, parent] of [
      ['88.901', 'top'],
      ['88.902', 'top'],
      ...victims.map((victim) => [victim, victim.slice(0, 6)] as const),
    ] as const) {
      const wire = await this.#wire(this.#tree.ports.get(child), fault, evil.site)
      await delegate(this.#node(parent), child, wire.site, systemClock)
    }
    for (const victim of victims)
      for (let i = 0; i < 50; i++)
        await this.#node(victim).records.change<never>(`${victim}/K${i}`, '', () => ({
          next: [newValue(1, 'URL', Buffer.from(honest(`${victim}/K${i}`)))],
        }))
    this.#lie(evil.site)
    if (fault === 'lying-parent') await delegate(this.#node('88.901'), '88.901.1001', evil.site, systemClock)
  }

  async stop(): Promise<void> {
    for (const wire of this.#wires) wire.stop()
    await this.#tree?.stop()
    for (const store of this.#stores) await store.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Asks for known and unknown names, of victims and of the liar; how many answers were forged. */
  async attack(questions: number): Promise<number> {
    let forged = 0
    let left = questions
    const ask = async () => {
      while (left-- > 0) {
        const handle = this.#draw()
        this.#asked.add(handle)
        if (await this.#isForged(handle)) forged++
        if (left % 10 === 0) await this.#unasked()
      }
    }
    await Promise.all(Array.from({ length: 16 }, ask))
    return forged
  }

  /** With everybody honest again: every name that was asked for, the names that exist, and names that nobody asked for. */
  async judge(): Promise<{ poisoned: number; unresolved: number }> {
    for (const wire of this.#wires) wire.isHonest = true
    const known = victims.flatMap((victim) => Array.from({ length: 50 }, (_, i) => `${victim}/K${i}`))
    const fresh = victims.flatMap((victim) => Array.from({ length: 20 }, (_, i) => `${victim}/Fresh${i}`))
    let poisoned = 0
    let unresolved = 0
    for (const handle of new Set([...this.#asked, ...known, ...fresh])) {
      if (await this.#isForged(handle)) poisoned++
      if (known.includes(handle) && (await this.#texts(handle))[0] !== honest(handle)) unresolved++
    }
    return { poisoned, unresolved }
  }

  #draw(): string {
    const pick = <T>(all: readonly T[]) => all[Math.floor(this.#random() * all.length)] as T
    const victim = pick(victims)
    const kind = this.#random()
    if (kind < 0.2) return `${victim}/K${Math.floor(this.#random() * 50)}`
    if (kind < 0.8) return `${victim}/N${Math.floor(this.#random() * 1e9)}`
    return `${liar}.${1_000 + Math.floor(this.#random() * 1e6)}/L${Math.floor(this.#random() * 10)}`
  }

  /** An answer with the attacker's mark; of what the liar may say for itself only the way to it would matter. */
  async #isForged(handle: string): Promise<boolean> {
    const texts = await this.#texts(handle)
    return !handle.startsWith(liar) && texts.some((text) => text.includes('poison'))
  }

  async #texts(handle: string): Promise<string[]> {
    const port = this.#tree.ports.get('recursive') ?? 0
    const id = Math.floor(Math.random() * 2 ** 32)
    const { response, body } = await resolveByUdp({ host: '127.0.0.1', port }, { handle }, id, Date.now(), [20_000])
    if (response !== responses.success || body.kind !== 'values') return []
    return body.values.map(({ data }) => Buffer.from(data).toString())
  }

  /** An answer to the recursive node that it asked nobody for, at the port where it is asked. */
  async #unasked(): Promise<void> {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const port = this.#tree.ports.get('recursive') ?? 0
    const packet = PoisonedWire.unasked(`${victims[0]}/K1`)
    socket.send(packet, port, '127.0.0.1', () => socket.close())
    this.#count('answers at the port where it is asked')
  }

  /** The secondary 88.903 refers sideways, up, past the name, to nowhere, and answers for others. */
  #lie(evil: Site): void {
    const { service } = this.#node(liar)
    Object.assign(service, {
      reply: () => {
        const [kind, prefix] = Object.entries(lies)[Math.floor(this.#random() * Object.keys(lies).length)] as [
          Lie,
          string,
        ]
        this.#count(`lies ${kind}`)
        const values = [siteValue(1, 'HS_SITE', evil, 0), siteValue(2, 'HS_SITE.PREFIX', evil, 0)]
        const handle = prefix && `0.NA/${prefix}`
        return kind === 'for another handle'
          ? { response: responses.success, body: { kind: 'values', handle, values } }
          : { response: responses.prefixReferral, body: { kind: 'referral', handle, values } }
      },
    })
  }

  async #wire(to: number | undefined, fault: string | undefined, evil?: Site): Promise<PoisonedWire> {
    const wire = new PoisonedWire({
      to,
      evil,
      random: this.#random,
      onPath: fault === 'on-path',
      onAttempt: (kind: Forgery) => this.#count(kind),
    })
    this.#wires.push(wire)
    await wire.run()
    return wire
  }

  #count(kind: string): void {
    this.attempts.set(kind, (this.attempts.get(kind) ?? 0) + 1)
  }

  #node(name: string): IdentifierNode {
    const node = this.#tree.nodes.get(name)
    if (node === undefined) throw new Error(`no node ${name}`)
    return node
  }
}

const honest = (handle: string) => `https://example.com/${handle}`
