import { afterEach, expect, test } from 'vitest'
import { storeLimits } from './limits.ts'
import { partValues, put, TestStores, value } from './testing.ts'

const stores = new TestStores()
afterEach(() => stores.close())

const items = (n: number, from = 0) =>
  Array.from({ length: n }, (_, i) => ({ handle: `88.1.2/${from + i}`, values: partValues(from + i) }))

test('a batch has a result for each item, and bad items do not keep the others out', async () => {
  const store = stores.open()
  await put(store, '88.1.2/1', partValues(9))
  await put(store, '88.1.2/other', [value(1, 'OID', '1.2.156')])
  const mixed = [
    ...items(3),
    { handle: '88.1.2/alias', values: [value(1, 'OID', '1.2.156')] },
    { handle: '', values: [] },
    { handle: '88.1.2/twice', values: [value(1, 'A', ''), value(1, 'A', '')] },
    { handle: '88.1.2/0', values: [] },
  ]
  const results = await store.batch('b1', '', mixed)
  expect(results.map((each) => (each.done ? each.seq : each.refused.code))).toEqual([
    3,
    'handleExists',
    4,
    'aliasTaken',
    'invalidHandle',
    'invalidValue',
    'handleExists',
  ])
  expect(store.find('88.1.2/1')).toEqual(partValues(9))
  expect(store.find('88.1.2/2')).toEqual(partValues(2))
})

test('the same batch again gives the same results and writes nothing, also at once and after a start', async () => {
  const folder = stores.folder()
  const store = stores.open(folder)
  const mixed = [...items(20), { handle: '', values: [] }, ...items(20, 10)]
  const [first, second] = await Promise.all([store.batch('b1', 'me', mixed), store.batch('b1', 'me', mixed)])
  expect(second).toEqual(first)
  expect(first.filter(({ done }) => done)).toHaveLength(30)
  await store.close()
  const again = stores.open(folder)
  expect(await again.batch('b1', 'me', mixed)).toEqual(first)
  expect(again.stats().transactions).toBe(30)
})

test('an id that comes with other items is refused, and the same id of another signer is another batch', async () => {
  const store = stores.open()
  await store.batch('b1', 'me', items(2))
  await expect(store.batch('b1', 'me', items(3))).rejects.toMatchObject({ code: 'invalidBatch' })
  await expect(store.batch('b1', 'me', items(2), 'put')).rejects.toMatchObject({ code: 'invalidBatch' })
  const results = await store.batch('b1', 'you', items(3))
  expect(results.map(({ done }) => done)).toEqual([false, false, true])
})

test('a batch replaces, puts and deletes by its kind', async () => {
  const store = stores.open()
  const codes = async (id: string, kind: 'replace' | 'put' | 'delete', n: number) =>
    (await store.batch(id, '', items(n), kind)).map((each) => (each.done ? each.seq : each.refused.code))
  expect(await codes('1', 'replace', 1)).toEqual(['handleNotFound'])
  expect(await codes('2', 'put', 2)).toEqual([1, 2])
  expect(await codes('3', 'put', 3)).toEqual([3, 4, 5])
  expect(await codes('4', 'delete', 4)).toEqual([6, 7, 8, 'handleNotFound'])
  expect(store.stats().records).toBe(0)
})

test('a batch of the largest size is taken, one item more is refused, as are none and a bad id', async () => {
  const store = stores.open()
  const { batchItems, batchIdBytes } = storeLimits
  expect(await store.batch('x'.repeat(batchIdBytes), '', items(batchItems))).toHaveLength(batchItems)
  expect(store.stats().records).toBe(batchItems)
  const refused = { code: 'invalidBatch' }
  await expect(store.batch('b', '', items(batchItems + 1))).rejects.toMatchObject(refused)
  await expect(store.batch('b', '', [])).rejects.toMatchObject(refused)
  await expect(store.batch('', '', items(1))).rejects.toMatchObject(refused)
  await expect(store.batch('x'.repeat(batchIdBytes + 1), '', items(1))).rejects.toMatchObject(refused)
})
