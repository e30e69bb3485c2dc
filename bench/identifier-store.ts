import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { RecordStore } from '@kapok/identifier/store'
import { systemClock } from '@kapok/kit/clock'
import { open } from 'lmdb'
import { partValues } from '../planes/identifier/src/store/testing.ts'

type Report = (name: string, value: number, unit: string) => void

const prefix = '88.608.8889'
const signer = `300:0.NA/${prefix}`
const inOrder = (serial: number) => `${prefix}/P${String(serial).padStart(9, '0')}`
/** The same serials in no order: each falls on another page. */
const scattered = (serial: number) => `${prefix}/Q${Math.imul(serial, 0x9e3779b1) >>> 0}.${serial}`

/** Registers serials from `from` up to `to` in batches of 2,000, four on the way; each must be taken. */
async function registerBatches(store: RecordStore, from: number, to: number, nameOf = inOrder): Promise<void> {
  let next = from
  const sender = async () => {
    while (next < to) {
      const first = next
      next = Math.min(to, first + 2_000)
      const items = Array.from({ length: next - first }, (_, i) => ({
        handle: nameOf(first + i),
        values: partValues(first + i),
      }))
      const results = await store.batch(`${nameOf(first)}`, signer, items)
      if (!results.every(({ done }) => done)) throw new Error(`batch ${first} was not taken whole`)
    }
  }
  await Promise.all([sender(), sender(), sender(), sender()])
}

/** Durable registrations in one process that also makes the records; beside them what disk and LMDB do without us. */
export async function registration(report: Report, folder: string): Promise<void> {
  report('identifier.fdatasync.syncs_per_s', Math.round(syncsPerSecond(folder)), 'syncs/s')
  report('identifier.lmdb_put.records_per_s', Math.round(await rawPuts(folder)), 'records/s')
  const store = RecordStore.open(join(folder, 'registration'), { clock: systemClock })
  const timed = async (nameOf: typeof inOrder) => {
    const began = performance.now()
    await registerBatches(store, 0, 400_000, nameOf)
    return Math.round(400_000 / ((performance.now() - began) / 1_000))
  }
  report('identifier.register_batch.records_per_s', await timed(inOrder), 'records/s')
  report('identifier.register_batch_scattered.records_per_s', await timed(scattered), 'records/s')
  report('identifier.register_single.records_per_s', Math.round(await singles(store)), 'records/s')
  await store.close()
}

async function singles(store: RecordStore): Promise<number> {
  let serial = 1_000_000
  let done = 0
  const seconds = 8
  const until = performance.now() + seconds * 1_000
  const client = async () => {
    while (performance.now() < until) {
      const mine = serial++
      const outcome = await store.change(inOrder(mine), signer, (current) =>
        current ? { refused: 'there' } : { next: partValues(mine) },
      )
      if (!outcome.done) throw new Error(`${mine} was not taken`)
      done++
    }
  }
  await Promise.all(Array.from({ length: 16 }, client))
  return done / seconds
}

/** A page is appended and made durable, again and again. */
function syncsPerSecond(folder: string): number {
  const file = openSync(join(folder, 'syncs'), 'w')
  const page = Buffer.alloc(4_096, 1)
  let syncs = 0
  const seconds = 3
  for (const until = performance.now() + seconds * 1_000; performance.now() < until; syncs++) {
    writeSync(file, page)
    fdatasyncSync(file)
  }
  closeSync(file)
  return syncs / seconds
}

/** As many bytes under as many keys as a registration writes (record and transaction), 4,000 a durable commit; no hash. */
async function rawPuts(folder: string): Promise<number> {
  const root = open<Buffer, Buffer>({
    path: join(folder, 'raw.mdb'),
    noSubdir: true,
    encoding: 'binary',
    keyEncoding: 'binary',
    overlappingSync: false,
  })
  const bytes = Buffer.alloc(330, 7)
  const records = 400_000
  const began = performance.now()
  for (let from = 0; from < records; from += 4_000)
    await root.transaction(() => {
      for (let i = from; i < from + 4_000; i++) {
        root.put(Buffer.from(`R${inOrder(i)}`), bytes)
        root.put(Buffer.from(`T${inOrder(i)}`), bytes)
      }
    })
  const seconds = (performance.now() - began) / 1_000
  await root.close()
  return records / seconds
}

/**
 * Start and memory of a process with ten million records. `KAPOK_BENCH_STORE` names a folder in which they stay for the next
 * run, since making them takes minutes.
 */
export async function tenMillion(report: Report, folder: string): Promise<void> {
  const records = Number(process.env.KAPOK_BENCH_RECORDS ?? 10_000_000)
  const kept = process.env.KAPOK_BENCH_STORE ?? join(folder, 'ten-million')
  const store = RecordStore.open(kept, { clock: systemClock })
  await registerBatches(store, store.stats().records, records)
  report('identifier.store_10m.bytes', store.stats().bytes, 'bytes')
  await store.close()
  const { seconds, privateBytes } = await startedOn(kept, records)
  report('identifier.restart_10m.seconds', Math.round(seconds * 1_000) / 1_000, 's')
  report('identifier.rss_10m.bytes', privateBytes, 'bytes')
}

interface Start {
  /** From the start of the process to its first answer. */
  seconds: number
  /** After 200,000 resolutions and 2,000 registrations, without the pages of the file that it maps. */
  privateBytes: number
}

async function startedOn(folder: string, records: number): Promise<Start> {
  const began = Date.now()
  const args = ['--disable-warning=ExperimentalWarning', import.meta.filename, folder, `${records}`, `${began}`]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said] = await Promise.all([text(child.stdout), once(child, 'exit')])
  return JSON.parse(said) as Start
}

async function startAndSay(folder: string, records: number, began: number): Promise<void> {
  const store = RecordStore.open(folder, { clock: systemClock })
  const resolve = () => {
    const serial = Math.floor(Math.random() * records)
    if (store.publicBlock(Buffer.from(inOrder(serial))) === undefined) throw new Error(`${serial} is not there`)
  }
  resolve()
  const seconds = (Date.now() - began) / 1_000
  for (let i = 0; i < 200_000; i++) resolve()
  const first = `${prefix}/again/${began}.`
  await registerBatches(store, 0, 2_000, (serial) => `${first}${serial}`)
  await registerAway(store, first)
  const said: Start = { seconds, privateBytes: privateBytes('records.mdb') }
  process.stdout.write(JSON.stringify(said))
  await store.close()
}

/** So that the folder has as many records at its next use. */
async function registerAway(store: RecordStore, first: string): Promise<void> {
  const items = Array.from({ length: 2_000 }, (_, i) => ({ handle: `${first}${i}`, values: [] }))
  await store.batch(`${first}away`, signer, items, 'delete')
}

/** Memory that no other process has, without mappings of the named file (the page cache, which the system takes back). */
function privateBytes(mapped: string): number {
  let kilobytes = 0
  let counted = true
  for (const line of readFileSync('/proc/self/smaps', 'utf8').split('\n')) {
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) counted = !line.endsWith(mapped)
    else if (counted && /^Private_(Clean|Dirty|Hugetlb):/.test(line)) kilobytes += Number(/\d+/.exec(line)?.[0])
  }
  return kilobytes * 1_024
}

if (import.meta.main) {
  const [folder = '', records, began] = process.argv.slice(2)
  await startAndSay(folder, Number(records), Number(began))
}
