import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RecordStore } from '@kapok/identifier/store'
import { systemClock } from '@kapok/kit/clock'
import { logKeyFile } from '../planes/identifier/src/store/log-key.ts'
import { dataFile } from '../planes/identifier/src/store/tables.ts'
import { partValues } from '../planes/identifier/src/store/testing.ts'
import { seeded } from './money-worker.ts'

const sectorBytes = 512
const prefix = '88.608.8889'

/** What a process did to the store's file, in its order: from strace. */
type Deed =
  | { kind: 'write'; at: number; bytes: Buffer; durable: boolean }
  | { kind: 'sync' }
  | { kind: 'acknowledged'; serial: number }

/**
 * A process registers one by one and in groups, and strace writes down what LMDB did to its file. Then the power goes at any
 * of these deeds: what was synced is there, of the rest any sectors are and any are not. Each such file is opened: every
 * acknowledged record must be found, and the log be whole. Fault that it must notice: `lying-disk` (a sync does nothing).
 */
export default async function proveIdentifierPower(args: {
  short: boolean
  fault?: string
}): Promise<{ ok: boolean; tried: string; result: string }> {
  const cuts = args.short ? 150 : 3_000
  const folder = mkdtempSync(join(tmpdir(), 'kapok-identifier-power-'))
  try {
    const deeds = traced(folder)
    const acknowledged = deeds.filter(({ kind }) => kind === 'acknowledged').length
    const sum = { lost: 0, broken: 0, first: undefined as number | undefined }
    for (let seed = 1; seed <= cuts && sum.broken < brokenEnough; ) {
      const { judged, crashed } = judge(folder, seed, cuts, args.fault === 'lying-disk')
      if (crashed) judged.push({ lost: 0, broken: true })
      for (const { lost, broken } of judged) {
        sum.lost += lost
        sum.broken += broken ? 1 : 0
        if (lost > 0 || broken) sum.first ??= seed
        seed++
      }
    }
    return {
      ok: acknowledged > 0 && sum.lost === 0 && sum.broken === 0,
      tried: `${cuts} power cuts in ${deeds.length} writes, syncs and acknowledgements of ${acknowledged} records`,
      result: `${sum.lost} lost, ${sum.broken} stores broken${sum.first === undefined ? '' : `, first with seed ${sum.first}`}`,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** After so many the rest is not looked at. */
const brokenEnough = 10

interface Judgement {
  lost: number
  broken: boolean
}

/** Seeds from one on, in a process of its own: LMDB ends the process that opens what is badly broken. */
function judge(folder: string, from: number, to: number, syncLies: boolean): { judged: Judgement[]; crashed: boolean } {
  const { status, stdout } = runHere(['judge', folder, `${from}`, `${to}`, syncLies ? 'lies' : ''])
  const judged = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Judgement)
  return { judged, crashed: status !== 0 }
}

const traceFile = (folder: string) => join(folder, 'trace')
const here = [process.execPath, '--disable-warning=ExperimentalWarning', import.meta.filename]

function runHere(args: readonly string[], before: readonly string[] = []) {
  const [command = '', ...rest] = [...before, ...here, ...args]
  return spawnSync(command, rest, { encoding: 'utf8', maxBuffer: 64 << 20 })
}

/** What `register` did to its file, as strace saw it. */
function traced(folder: string): Deed[] {
  const calls = 'trace=openat,lseek,write,writev,pwrite64,pwritev,fdatasync,fsync,ftruncate,msync'
  const strace = ['strace', '-f', '-y', '-xx', '-s', '1000000', '-e', calls, '-o', traceFile(folder)]
  const { status, error, stderr } = runHere(['register', join(folder, 'store')], strace)
  if (status !== 0) throw new Error(`this proof needs strace: ${error?.message ?? stderr}`)
  return deedsIn(readFileSync(traceFile(folder), 'latin1'))
}

function deedsIn(trace: string): Deed[] {
  const deeds: Deed[] = []
  const durable = new Set<string>()
  const offsets = new Map<string, number>()
  const asked = new Map<string, string>()
  for (const line of trace.split('\n')) {
    const [, thread = '', rest = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? []
    const opened = /openat\(.*O_DSYNC.*\) = (\d+)</.exec(rest)
    if (opened) durable.add(opened[1] ?? '')
    const said = /^write\(1<[^>]*>, "((?:\\x..)+)"/.exec(rest)
    if (said)
      for (const [, serial] of bytesOf(said[1] ?? '')
        .toString()
        .matchAll(/(\d+)\n/g))
        deeds.push({ kind: 'acknowledged', serial: Number(serial) })
    const file =
      /^(\w+)\((\d+)<[^>]*\\x2e\\x6d\\x64\\x62>(.*)$/.exec(rest) ?? /^(\w+)\((\d+)<[^>]*\.mdb>(.*)$/.exec(rest)
    const [, call = '', descriptor = '', tail = ''] = file ?? []
    if (call === 'lseek') offsets.set(descriptor, Number(/^, (\d+)/.exec(tail)?.[1]))
    if (call === 'pwrite64' || call === 'writev') {
      const parts = [...tail.matchAll(/"((?:\\x..)+)"/g)].map(([, hex]) => bytesOf(hex ?? ''))
      const bytes = Buffer.concat(parts)
      const at = call === 'writev' ? (offsets.get(descriptor) ?? 0) : Number(/, (\d+)(?:\)| <)/.exec(tail)?.[1])
      if (Number.isNaN(at)) throw new Error(`a line of strace that is not understood: ${call}${tail.slice(-80)}`)
      offsets.set(descriptor, at + bytes.length)
      deeds.push({ kind: 'write', at, bytes, durable: durable.has(descriptor) })
    } else if (['pwritev', 'ftruncate', 'msync', 'write'].includes(call))
      throw new Error(`LMDB does what this proof does not know: ${call}`)
    // A sync counts when it has returned.
    if (/^f(?:data)?sync$/.test(call)) {
      if (rest.includes('<unfinished')) asked.set(thread, descriptor)
      else deeds.push({ kind: 'sync' })
    }
    if (/^<\.\.\. f(?:data)?sync resumed>/.test(rest) && asked.delete(thread)) deeds.push({ kind: 'sync' })
  }
  return deeds
}

const bytesOf = (escaped: string) => Buffer.from(escaped.replaceAll('\\x', ''), 'hex')

async function cutPower(
  folder: string,
  deeds: readonly Deed[],
  random: () => number,
  syncLies: boolean,
): Promise<Judgement> {
  const firstSync = deeds.findIndex(({ kind }) => kind === 'acknowledged')
  const cut = firstSync + Math.floor(random() * (deeds.length - firstSync))
  const image = new Image(random)
  const acknowledged: number[] = []
  for (const deed of deeds.slice(0, cut + 1)) {
    if (deed.kind === 'acknowledged') acknowledged.push(deed.serial)
    else if (deed.kind === 'sync') syncLies || image.sync()
    else image.write(deed, deed === deeds[cut])
  }
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  writeFileSync(dataFile(folder), image.afterCut())
  copyFileSync(logKeyFile(join(folder, '../store')), logKeyFile(folder))
  try {
    const store = RecordStore.open(folder, { clock: systemClock })
    const found = (serial: number) => store.find(`${prefix}/${serial}`) !== undefined
    const lost = acknowledged.filter((serial) => !found(serial)).length
    const { ok } = await store.verify()
    await store.close()
    return { lost, broken: !ok }
  } catch {
    return { lost: 0, broken: true }
  }
}

/** A file of which some is safe and some may be there or not. */
class Image {
  #safe = Buffer.alloc(0)
  #pending: { at: number; bytes: Buffer }[] = []
  readonly #random: () => number

  constructor(random: () => number) {
    this.#random = random
  }

  /** A durable write that the cut comes upon is there or not, as one that is not. */
  write({ at, bytes, durable }: { at: number; bytes: Buffer; durable: boolean }, isCut: boolean): void {
    if (durable && !isCut) this.#put(at, bytes)
    else this.#pending.push({ at, bytes })
  }

  sync(): void {
    for (const { at, bytes } of this.#pending) this.#put(at, bytes)
    this.#pending = []
  }

  /** The file with any sectors of what was pending. */
  afterCut(): Buffer {
    for (const { at, bytes } of this.#pending)
      for (let from = 0; from < bytes.length; ) {
        const to = Math.min(bytes.length, from + sectorBytes - ((at + from) % sectorBytes))
        if (this.#random() < 0.5) this.#put(at + from, bytes.subarray(from, to))
        from = to
      }
    return this.#safe
  }

  #put(at: number, bytes: Buffer): void {
    if (this.#safe.length < at + bytes.length)
      this.#safe = Buffer.concat([this.#safe, Buffer.alloc(at + bytes.length - this.#safe.length)])
    bytes.copy(this.#safe, at)
  }
}

/** The process that is watched: registers alone, in groups and in batches, and says what is acknowledged. */
async function register(folder: string): Promise<void> {
  const store = RecordStore.open(folder, { clock: systemClock })
  let serial = 0
  const one = async () => {
    const mine = serial++
    const outcome = await store.change(`${prefix}/${mine}`, '', () => ({ next: partValues(mine) }))
    if (outcome.done) process.stdout.write(`${mine}\n`)
  }
  for (let round = 0; round < 25; round++) {
    await one()
    await Promise.all(Array.from({ length: 1 + ((round * 7) % 20) }, one))
    const from = serial
    serial += 40
    const items = Array.from({ length: 40 }, (_, i) => ({ handle: `${prefix}/${from + i}`, values: partValues(i) }))
    const results = await store.batch(`${round}`, '', items)
    for (const [i, { done }] of results.entries()) if (done) process.stdout.write(`${from + i}\n`)
    await store.checkpoint()
  }
  await store.close()
}

async function judgeSeeds(folder: string, from: number, to: number, syncLies: boolean): Promise<void> {
  const deeds = deedsIn(readFileSync(traceFile(folder), 'latin1'))
  for (let seed = from; seed <= to; seed++) {
    const one = await cutPower(join(folder, 'cut'), deeds, seeded(seed), syncLies)
    process.stdout.write(`${JSON.stringify(one)}\n`)
  }
}

if (import.meta.main) {
  const [task, folder = '', from, to, lies] = process.argv.slice(2)
  if (task === 'register') await register(folder)
  else await judgeSeeds(folder, Number(from), Number(to), lies === 'lies')
}
