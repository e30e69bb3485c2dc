import { afterEach, expect, test } from 'vitest'
import type { RecordStore } from './record-store.ts'
import { forgedNote, partValues, put, TestStores } from './testing.ts'

const stores = new TestStores()
afterEach(() => stores.close())

/** A page as a mirror pulls it. */
function page(source: RecordStore, after: number, limit: number) {
  const rows = source.transactions(after, limit)
  const checkpoint = source.log.sign(rows.at(-1)?.seq ?? after)?.note ?? ''
  return { transactions: rows.map(({ bytes }) => bytes), checkpoint }
}

async function source(n: number, hand = ''): Promise<RecordStore> {
  const store = stores.open()
  for (let i = 1; i <= n; i++) await put(store, `88.1.2/${i}`, partValues(i))
  if (hand) await put(store, '88.1.2/1', partValues(99))
  return store
}

test('a mirror that pulls page after page, and starts again between, has the same records and the same root', async () => {
  const from = await source(50)
  await from.change('88.1.2/7', '', () => ({ next: null }))
  const folder = stores.folder()
  const options = { mirrorOf: from.log.verifierKey }
  let mirror = stores.open(folder, options)
  while (mirror.log.size < from.log.size) {
    await mirror.apply(page(from, mirror.log.size, 11))
    await mirror.close()
    mirror = stores.open(folder, options)
  }
  expect(mirror.log.root()).toEqual(from.log.root())
  expect(mirror.stats().records).toBe(49)
  expect(mirror.find('88.1.2/50')).toEqual(partValues(50))
  expect(mirror.find('88.1.2/7')).toBeUndefined()
  expect(mirror.referencesTo('x', { limit: 1 })).toEqual([])
  expect(await mirror.verify()).toMatchObject({ ok: true, transactions: 51 })
  expect(await mirror.change('88.1.2/x', '', () => ({ next: [] }))).toMatchObject({ refused: { code: 'readOnly' } })
})

test('a page that came before is taken again, and with what is new behind it', async () => {
  const from = await source(10)
  const mirror = stores.open(undefined, { mirrorOf: from.log.verifierKey })
  expect(await mirror.apply(page(from, 0, 6))).toEqual({ applied: 6, size: 6 })
  expect(await mirror.apply(page(from, 0, 6))).toEqual({ applied: 0, size: 6 })
  expect(await mirror.apply(page(from, 2, 8))).toEqual({ applied: 4, size: 10 })
})

test('a log that was rewritten is refused with the number of the transaction, and nothing of it is written', async () => {
  const from = await source(10)
  const mirror = stores.open(undefined, { mirrorOf: from.log.verifierKey })
  await mirror.apply(page(from, 0, 6))
  const before = mirror.log.root()
  const { transactions, checkpoint } = page(from, 0, 10)
  const flipped = (at: number, byte: number) =>
    transactions.map((bytes, i) => {
      const copy = Buffer.from(bytes)
      if (i === at) copy[byte] = (copy[byte] ?? 0) ^ 1
      return copy
    })
  const refusal = async (rows: readonly Buffer[], note = checkpoint) =>
    mirror.apply({ transactions: rows, checkpoint: note }).then(
      () => undefined,
      (error) => ({ code: error.code, seq: error.seq }),
    )
  const last = (transactions[0]?.length ?? 0) - 1
  expect(await refusal(flipped(3, last))).toEqual({ code: 'notTheLog', seq: 4 })
  expect(await refusal(flipped(8, 60))).toEqual({ code: 'notTheLog', seq: 7 })
  expect(await refusal(transactions.filter((_, i) => i !== 7))).toEqual({ code: 'notTheLog', seq: 9 })
  expect(await refusal(transactions.slice(0, 9))).toEqual({ code: 'notTheLog', seq: 10 })
  expect(await refusal([...transactions.slice(0, 9), Buffer.of(1)])).toEqual({ code: 'notTheLog', seq: 10 })
  const stranger = await source(10)
  expect(await refusal(transactions, page(stranger, 0, 10).checkpoint)).toMatchObject({ code: 'notTheLog' })
  const forged = forgedNote(from.log.verifierKey, 10, from.log.root(10) ?? Buffer.alloc(0))
  expect(await refusal(transactions, forged)).toMatchObject({ code: 'notTheLog' })
  expect(await refusal(transactions, 'nothing')).toMatchObject({ code: 'notTheLog' })
  expect(mirror.log.root()).toEqual(before)
  expect(mirror.find('88.1.2/8')).toBeUndefined()
  expect(await refusal(transactions)).toBeUndefined()
})

test('a source that rewrote its past and signs it is refused: what follows does not fit what is here', async () => {
  const from = await source(6)
  const mirror = stores.open(undefined, { mirrorOf: from.log.verifierKey })
  await mirror.apply(page(from, 0, 6))
  await put(from, '88.1.2/1', partValues(7))
  const [row] = from.transactions(6, 1)
  const wrong = Buffer.from(row?.bytes ?? [])
  wrong[14] = (wrong[14] ?? 0) ^ 1
  const { checkpoint } = page(from, 6, 1)
  await expect(mirror.apply({ transactions: [wrong], checkpoint })).rejects.toMatchObject({
    seq: 7,
    message: expect.stringContaining('transaction 7 changes a record of 88.1.2/1 that is not the one'),
  })
})

test('a store that is no mirror follows nothing', async () => {
  const from = await source(1)
  await expect(from.apply(page(from, 0, 1))).rejects.toMatchObject({ code: 'readOnly' })
})

test('a transaction with a record that cannot be kept is refused with its number, though it was signed', async () => {
  const from = await source(1)
  const mirror = stores.open(undefined, { mirrorOf: from.log.verifierKey })
  const { transactions, checkpoint } = page(from, 0, 1)
  const short = transactions[0]?.subarray(0, -3) ?? Buffer.alloc(0)
  await expect(mirror.apply({ transactions: [short], checkpoint })).rejects.toMatchObject({
    code: 'notTheLog',
    seq: 1,
    message: expect.stringContaining('a record that cannot be kept'),
  })
})
