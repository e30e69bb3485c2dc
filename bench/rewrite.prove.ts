import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Feed, RecordStore, StoreRefusal } from '@kapok/identifier/store'
import { consistencyHolds } from '@kapok/kit/merkle'
import { numberKey } from '../planes/identifier/src/store/keys.ts'
import { logKeyFile } from '../planes/identifier/src/store/log-key.ts'
import { encodeContent, sealRecord } from '../planes/identifier/src/store/record-bytes.ts'
import { openTables, type Tables } from '../planes/identifier/src/store/tables.ts'
import { partValues } from '../planes/identifier/src/store/testing.ts'
import { encodeTransaction, type Transaction } from '../planes/identifier/src/store/transaction.ts'
import { seeded } from './money-worker.ts'

/** What somebody does who has the node's disk: to a record, to it and its transaction, or to the whole past, with the log's key. */
const kinds = ['record', 'transaction', 'history'] as const
/** `checksum-only`: records are read, nobody walks. `late-mirror`: the mirror came after the deed. */
const faults = ['checksum-only', 'late-mirror']

interface Step {
  handle: string
  values: ReturnType<typeof partValues> | null
}

/**
 * A node registers, replaces and deletes, a mirror follows; then the past is rewritten in silence, with checksums and
 * signatures that fit. The walk over the node must name the record, or the mirror the transaction, each time.
 */
export default async function proveRewrite(args: {
  short: boolean
  fault?: string
}): Promise<{ ok: boolean; tried: string; result: string }> {
  if (args.fault !== undefined && !faults.includes(args.fault)) throw new Error(`faults are ${faults.join(', ')}`)
  const seeds = args.short ? 30 : 600
  const notFound: number[] = []
  let changes = 0
  for (let seed = 1; seed <= seeds; seed++) {
    const folder = mkdtempSync(join(tmpdir(), 'kapok-rewrite-'))
    try {
      const world = await World.make(folder, seeded(seed))
      changes += world.steps.length
      if (!(await world.rewriteIsFound(kinds[seed % kinds.length] ?? 'record', args.fault))) notFound.push(seed)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  return {
    ok: notFound.length === 0,
    tried: `${seeds} nodes with ${changes} changes and a mirror each; one record, one transaction or the whole past rewritten`,
    result: `${notFound.length} not found${notFound.length === 0 ? '' : `, first with seed ${notFound[0]}`}`,
  }
}

class World {
  readonly steps: Step[]
  readonly #folder: string
  readonly #random: () => number
  readonly #mirror: RecordStore
  readonly #verifierKey: string

  static async make(folder: string, random: () => number): Promise<World> {
    const steps = drawSteps(random)
    const node = await play(join(folder, 'node'), steps)
    const mirror = RecordStore.open(join(folder, 'mirror'), { clock: clockFrom(0), mirrorOf: node.log.verifierKey })
    const half = 1 + Math.floor(random() * node.log.size)
    for (const size of [half, node.log.size]) await mirror.apply(feed(node, mirror.log.size, size))
    await node.checkpoint()
    await node.close()
    return new World(folder, random, steps, mirror)
  }

  private constructor(folder: string, random: () => number, steps: Step[], mirror: RecordStore) {
    this.#folder = folder
    this.#random = random
    this.steps = steps
    this.#mirror = mirror
    this.#verifierKey = mirror.log.verifierKey
  }

  async rewriteIsFound(kind: (typeof kinds)[number], fault: string | undefined): Promise<boolean> {
    try {
      if (kind === 'history') return await this.#historyIsFound(fault)
      return await this.#changeIsFound(kind, fault)
    } finally {
      await this.#mirror.close()
    }
  }

  async #changeIsFound(kind: 'record' | 'transaction', fault: string | undefined): Promise<boolean> {
    const folder = join(this.#folder, 'node')
    const rows = this.#mirror.transactions(0, 1_000)
    const last = new Map(rows.map((row) => [row.handle, row]))
    const victims = kind === 'transaction' ? rows : [...last.values()]
    const standing = victims.filter(({ after }) => after !== undefined)
    const victim = standing[Math.floor(this.#random() * standing.length)]
    if (victim === undefined) return true
    const tables = openTables(folder, { readOnly: false })
    await tables.root.transaction(() => rewrite(tables, victim, kind, last.get(victim.handle) === victim))
    await tables.root.close()

    const node = RecordStore.open(folder, { clock: clockFrom(0) })
    try {
      for (const handle of last.keys()) node.record(handle)
      if (fault === 'checksum-only') return false
      const verdict = await node.verify()
      if (verdict.ok) return false
      if (kind === 'record') return verdict.handle === victim.handle && verdict.seq === victim.seq
      return (await refusedAt(this.#mirror, feed(node, 0, node.log.size))) === victim.seq
    } finally {
      await node.close()
    }
  }

  /** Who has the key makes a log of another past, whole and signed: only who saw the first one can tell. */
  async #historyIsFound(fault: string | undefined): Promise<boolean> {
    const at = Math.floor(this.#random() * this.steps.length)
    const other = this.steps.map((step, i) => (i === at ? { ...step, values: partValues(999_999) } : step))
    const folder = join(this.#folder, 'other')
    mkdirSync(folder)
    copyFileSync(logKeyFile(join(this.#folder, 'node')), logKeyFile(folder))
    const node = await play(folder, [...other, { handle: '88.608.8889/last', values: partValues(1) }])
    try {
      const late = fault === 'late-mirror'
      const mirror = late
        ? RecordStore.open(join(this.#folder, 'late'), { clock: clockFrom(0), mirrorOf: this.#verifierKey })
        : this.#mirror
      const verdict = await node.verify()
      const next = await refusedAt(mirror, feed(node, mirror.log.size, node.log.size))
      const first = firstDifference(this.#mirror.transactions(0, 1_000), node.transactions(0, 1_000))
      const named = await refusedAt(mirror, feed(node, 0, node.log.size))
      if (late) await mirror.close()
      return verdict.ok && next !== undefined && named === first && !this.#isPrefixOf(node)
    } finally {
      await node.close()
    }
  }

  #isPrefixOf(node: RecordStore): boolean {
    const [first, second] = [this.#mirror.log.size, node.log.size]
    const [firstRoot, secondRoot] = [this.#mirror.log.root(), node.log.root()]
    const path = node.log.consistency(first, second)
    if (firstRoot === undefined || secondRoot === undefined || path === undefined) return false
    return consistencyHolds({ first, firstRoot, second, secondRoot, path })
  }
}

function drawSteps(random: () => number): Step[] {
  return Array.from({ length: 20 + Math.floor(random() * 60) }, (_, i) => ({
    handle: `88.608.8889/${Math.floor(random() * 25)}`,
    values: i > 5 && random() < 0.15 ? null : partValues(i),
  }))
}

const clockFrom = (start: number) => {
  let now = 1_767_225_600_000 + start
  return { now: () => now++ }
}

/** The same steps give the same bytes. */
async function play(folder: string, steps: readonly Step[]): Promise<RecordStore> {
  const store = RecordStore.open(folder, { clock: clockFrom(0) })
  await Promise.all(
    steps.map(({ handle, values }) => store.change(handle, '300:0.NA/88.608.8889', () => ({ next: values }))),
  )
  return store
}

function feed(from: RecordStore, after: number, size: number): Feed {
  const transactions = from.transactions(after, size - after).map(({ bytes }) => bytes)
  return { transactions, checkpoint: from.log.sign(size)?.note ?? '' }
}

/** The sequence number with which a mirror refuses; undefined when it takes the feed. */
async function refusedAt(mirror: RecordStore, given: Feed): Promise<number | undefined> {
  try {
    await mirror.apply(given)
    return undefined
  } catch (error) {
    if (error instanceof StoreRefusal) return error.seq ?? 0
    throw error
  }
}

const firstDifference = (one: readonly Transaction[], other: readonly Transaction[]): number =>
  other.find(({ bytes }, i) => !one[i]?.bytes.equals(bytes))?.seq ?? 0

function rewrite(
  tables: Tables,
  { seq, at, kind, handle, before, by }: Transaction,
  what: string,
  isLast: boolean,
): void {
  const content = encodeContent(handle, partValues(999_999))
  const key = Buffer.from(handle, 'utf8')
  if (isLast) tables.records.put(key, sealRecord(key, seq, content))
  if (what === 'transaction')
    tables.log.put(numberKey(seq), encodeTransaction({ seq, at, kind, before, by: Buffer.from(by), content }))
}
