import { createHash } from 'node:crypto'
import type { Follower } from '../face/handle-rest/session.ts'
import { canonicalHandle } from '../handle/handle.ts'
import type { ChangingRecords } from '../registration/changing-records.ts'
import { aliasTypes, decodeContent, decodeTransaction, type Transaction } from '../store/store.ts'
import type { Fence } from './fence.ts'
import { contentOf, type LateRecord, sameContent } from './late-records.ts'
import { takeoverLimits } from './limits.ts'
import type { Conflict, Standing } from './standing.ts'
import { TakeoverError } from './take-over.ts'
import { type TakenState, Taker } from './taker.ts'

/** What a hand-back did. */
export interface HandedBack {
  /** Of our site, from now on: to be registered with the parent. */
  serial: number
  /** Records that were acknowledged here and not mirrored: those that the taker took in, and those of which its own stands. */
  merged: number
  conflicts: readonly Conflict[]
  /** Transactions of the taker that were followed. */
  followed: number
  /** The same on both sides. */
  records: number
  digest: string
}

interface HandBackOptions {
  records: ChangingRecords
  standing: Standing
  fence: Fence
  /** Who we are to the taker: an administrator of the prefix. */
  follower: Follower
}

/**
 * The node that was taken over takes its prefix back. It gives the taker what was acknowledged here and not mirrored, goes
 * back to where the two parted, follows the taker's log, has it stop, takes the rest, and compares all records. Begun again
 * after a failure it does the same once more. Rejects with TakeoverError, and stays behind its fence.
 */
export async function handBack(url: string, options: HandBackOptions): Promise<HandedBack> {
  const { records, standing, fence } = options
  const taker = new Taker(url, options.follower)
  const taken = await taker.state()
  await assertSameBeginning(taken, options)
  const { merged, conflicts } = await offerLate(taker, taken, options)
  await goBackTo(taken.size, records)
  let at = await follow(taker, taken.size, records)
  const end = await taker.end()
  at = await follow(taker, at, records, end.size)
  const own = await records.digest()
  if (at !== end.size || own.digest !== end.digest)
    throw new TakeoverError(
      `the taker has ${end.records} records after ${end.size} transactions, here are ${own.records} after ${at}, and they are not the same: nobody takes changes until it is known why`,
    )
  const serial = taken.serial + 1
  standing.update({ serial, replaced: undefined, late: undefined })
  standing.confirm()
  await fence.apply()
  return { serial, merged, conflicts, followed: end.size - taken.size, ...own }
}

async function assertSameBeginning(taken: TakenState, { records, standing, fence }: HandBackOptions): Promise<void> {
  const { serial, replaced } = standing.state
  if (taken.serial <= serial)
    throw new TakeoverError(`that node’s serial is ${taken.serial}, ours ${serial}: nothing is to be handed back`)
  if (records.log.root(taken.size)?.toString('hex') !== taken.root)
    throw new TakeoverError(
      `the log here does not begin with the ${taken.size} transactions that were mirrored: put this node’s own disk back`,
    )
  if (replaced) return
  await records.fence('another site stands in for this node')
  standing.update({ replaced: { serial: taken.serial, size: records.stats().transactions } })
  await fence.apply()
}

/** The last that was made of each record that the taker did not see, offered once. */
async function offerLate(
  taker: Taker,
  { size }: TakenState,
  { records, standing }: HandBackOptions,
): Promise<{ merged: number; conflicts: Conflict[] }> {
  const { late: said, replaced } = standing.state
  if (said) return said
  const last = new Map<string, Transaction>()
  for (const transaction of changesAfter(records, size)) {
    if (transaction.seq > (replaced?.size ?? 0)) break
    last.set(canonicalHandle(transaction.handle), transaction)
  }
  const conflicts: Conflict[] = []
  let merged = 0
  const rows = [...last.values()]
  for (let i = 0; i < rows.length; i += takeoverLimits.lateRecords) {
    const part = rows.slice(i, i + takeoverLimits.lateRecords)
    const results = await taker.offer(part.map(lateOf))
    for (const [n, result] of results.entries()) {
      const { handle = '', seq = 0 } = part[n] ?? {}
      if (result.kind === 'conflict') conflicts.push({ handle, seq, message: result.message })
      else merged++
    }
  }
  const late = { merged, conflicts }
  standing.update({ late })
  return late
}

const lateOf = ({ handle, after, by }: Transaction): LateRecord => ({ handle, by, content: after ?? null })

/** Makes every record again what it was when the log had `size` transactions; our log says so by further ones. */
async function goBackTo(size: number, records: ChangingRecords): Promise<void> {
  const first = new Map<string, Transaction>()
  for (const transaction of changesAfter(records, size)) {
    const name = canonicalHandle(transaction.handle)
    if (!first.has(name)) first.set(name, transaction)
  }
  const added = [...first.keys()].filter((name) => first.get(name)?.before === undefined)
  const others = [...first.keys()].filter((name) => first.get(name)?.before !== undefined)
  const then = [...(await records.contentsAt(size, others))]
  // Whoever has another name gives it up before its earlier owner has it back.
  const named = others.filter((name) => hasOtherNames(records, name))
  await inSlices([...added, ...named], (name) => write(records, name, null))
  await inSlices(then, ([name, content]) => write(records, name, content ?? null))
}

async function inSlices<T>(all: readonly T[], each: (one: T) => Promise<void>): Promise<void> {
  for (let i = 0; i < all.length; i += takeoverLimits.slice)
    await Promise.all(all.slice(i, i + takeoverLimits.slice).map(each))
}

function hasOtherNames(records: ChangingRecords, name: string): boolean {
  const types: readonly string[] = aliasTypes
  return records.record(name)?.values.some(({ type }) => types.includes(type.toUpperCase())) ?? false
}

async function write(records: ChangingRecords, name: string, content: Buffer | null): Promise<void> {
  const next = content && decodeContent(content)
  const written = await records.changeFenced<'same'>(next?.handle ?? name, '', (current) =>
    sameContent(current, content) ? { refused: 'same' } : { next: next?.values ?? null },
  )
  if (!written.done && written.refused !== 'same') throw written.refused
}

/** Makes the taker's changes ours, until `end`, or until few are left. Gives the number of the last. */
async function follow(taker: Taker, from: number, records: ChangingRecords, end?: number): Promise<number> {
  let at = from
  for (let pages = 0; pages < takeoverLimits.pagesBeforeClose; pages++) {
    const page = await taker.page(at)
    const transactions = page.transactions.map((text) => decodeTransaction(Buffer.from(text, 'base64')))
    await Promise.all(transactions.map((transaction) => repeat(transaction, records)))
    at += transactions.length
    const left = (end ?? page.size) - at
    if (transactions.length === 0 || left <= (end === undefined ? takeoverLimits.closeWithin : 0)) break
  }
  return at
}

/** One change of the taker, here: only upon what it was made upon there. */
async function repeat({ seq, handle, before, after, by }: Transaction, records: ChangingRecords): Promise<void> {
  const written = await records.changeFenced<'other'>(handle, by, (current) =>
    sameHash(current && contentOf(current), before)
      ? { next: after === undefined ? null : decodeContent(after).values }
      : { refused: 'other' },
  )
  if (written.done) return
  if (written.refused !== 'other') throw written.refused
  throw new TakeoverError(`change ${seq} of the taker is of a record of ${handle} that is not the one here`)
}

function sameHash(content: Buffer | undefined, hash: Buffer | undefined): boolean {
  if (content === undefined || hash === undefined) return content === hash
  return createHash('sha256').update(content).digest().equals(hash)
}

function* changesAfter(records: Pick<ChangingRecords, 'transactions'>, after: number): Generator<Transaction> {
  for (let at = after; ; ) {
    const page = records.transactions(at, 1_000)
    if (page.length === 0) return
    yield* page
    at = page.at(-1)?.seq ?? at
  }
}
