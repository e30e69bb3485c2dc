import { afterEach, expect, test } from 'vitest'
import { numberKey } from './keys.ts'
import { encodeContent, sealRecord } from './record-bytes.ts'
import { openTables, type Tables } from './tables.ts'
import { forgedNote, partValues, put, TestStores, value } from './testing.ts'
import { encodeTransaction } from './transaction.ts'

const stores = new TestStores()
afterEach(() => stores.close())

/** A store of 40 records with a checkpoint, changed by somebody who has the file and knows its form. */
async function rewritten(change: (tables: Tables, folder: string) => void) {
  const folder = stores.folder()
  const store = stores.open(folder)
  for (let i = 1; i <= 40; i++) await put(store, `88.1.2/${i}`, partValues(i))
  await store.change('88.1.2/40', '', () => ({ next: null }))
  await store.checkpoint()
  expect(await store.verify()).toEqual({ ok: true, transactions: 41, records: 39, checkpoints: 1 })
  await store.close()
  const tables = openTables(folder, { readOnly: false })
  await tables.root.transaction(() => change(tables, folder))
  await tables.root.close()
  return stores.open(folder).verify()
}

const key = (n: number) => Buffer.from(`88.1.2/${n}`)
const other = (n: number) => encodeContent(`88.1.2/${n}`, [value(1, 'URL', 'https://elsewhere.example')])

test('a record that was changed silently is named', async () => {
  const verdict = await rewritten(({ records }) => records.put(key(7), sealRecord(key(7), 7, other(7))))
  expect(verdict).toEqual({
    ok: false,
    seq: 7,
    handle: '88.1.2/7',
    message: 'the record of 88.1.2/7 is not what transaction 7 made of it',
  })
})

test('a record that was removed silently, put back, or put in without a transaction is named', async () => {
  expect(await rewritten(({ records }) => records.remove(key(9)))).toMatchObject({ seq: 9, handle: '88.1.2/9' })
  expect(await rewritten(({ records }) => records.put(key(40), sealRecord(key(40), 40, other(40))))).toMatchObject({
    handle: '88.1.2/40',
  })
  expect(await rewritten(({ records }) => records.put(key(50), sealRecord(key(50), 5, other(50))))).toMatchObject({
    handle: '88.1.2/50',
    message: 'no transaction made the record of 88.1.2/50',
  })
})

const newRow = (n: number) =>
  encodeTransaction({ seq: n, at: 1, kind: 'create', before: undefined, by: Buffer.alloc(0), content: other(n) })

test('a record that was changed with its transaction is found by the tree, or by the signature when the tree fits', async () => {
  const both = ({ records, log }: Tables, n: number) => {
    records.put(key(n), sealRecord(key(n), n, other(n)))
    log.put(numberKey(n), newRow(n))
  }
  expect(await rewritten((tables) => both(tables, 12))).toMatchObject({ ok: false, seq: 16 })
  // Leaves 33 to 41 have no kept node above them yet.
  expect(await rewritten((tables) => both(tables, 35))).toMatchObject({
    ok: false,
    seq: 41,
    message: 'the log up to transaction 41 is not the one that was signed',
  })
})

test('a transaction that is gone, or not to be read, is named', async () => {
  expect(await rewritten(({ log }) => log.remove(numberKey(20)))).toMatchObject({ ok: false, seq: 20 })
  expect(await rewritten(({ log }) => log.put(numberKey(20), Buffer.of(1, 9)))).toMatchObject({ ok: false, seq: 20 })
  expect(await rewritten(({ log }) => log.put(numberKey(20), newRow(21)))).toMatchObject({ ok: false, seq: 20 })
})

test('a checkpoint that another key signed, or that signs another root, does not hold', async () => {
  const forge = (folder: string) => {
    const { log } = stores.open(folder, { readOnly: true })
    return forgedNote(log.verifierKey, 41, log.root(41) ?? Buffer.alloc(0))
  }
  const put41 = (note: string) => (tables: Tables) => tables.checkpoints.put(numberKey(41), Buffer.from(note))
  const message = 'the log up to transaction 41 is not the one that was signed'
  expect(await rewritten((tables, folder) => put41(forge(folder))(tables))).toMatchObject({ seq: 41, message })
  expect(await rewritten(put41('no note'))).toMatchObject({ seq: 41, message })
})
