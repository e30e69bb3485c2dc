import { afterEach, expect, test } from 'vitest'
import { HandleReader } from '../handle/bytes.ts'
import { canonicalHandle } from '../handle/handle.ts'
import { readValues } from '../handle/value.ts'
import { recordKey } from './keys.ts'
import { storeLimits } from './limits.ts'
import { StoreRefusal } from './refusal.ts'
import { partValues, put, TestStores, value } from './testing.ts'

const stores = new TestStores()
afterEach(() => stores.close())

const bytesOf = (handle: string) => Buffer.from(canonicalHandle(handle), 'utf8')

test('a registered record is found by its canonical handle, with its name as registered, and after a start too', async () => {
  const folder = stores.folder()
  const store = stores.open(folder)
  await put(store, '88.cn.8889/App_x', partValues(1))
  expect(store.find('88.CN.8889/App_x')).toEqual(partValues(1))
  expect(store.find('88.CN.8889/APP_X')).toBeUndefined()
  await put(store, '88.CN.8889/App_x', partValues(2))
  await store.close()
  const again = stores.open(folder)
  expect(again.record('88.CN.8889/App_x')).toEqual({ handle: '88.cn.8889/App_x', values: partValues(2) })
  expect(again.stats()).toMatchObject({ records: 1, transactions: 2 })
})

test('the public block holds the public values as an answer carries them, and no other', async () => {
  const store = stores.open()
  const secret = value(3, 'HS_SECKEY', 'secret', { permissions: 0x0c })
  await put(store, '88.1.2/a', [value(7, 'URL', 'https://a'), secret, value(1, 'EMAIL', 'a@b')])
  const block = store.publicBlock(bytesOf('88.1.2/a')) ?? Buffer.alloc(0)
  const reader = new HandleReader(block)
  expect(readValues(reader)).toEqual([value(1, 'EMAIL', 'a@b'), value(7, 'URL', 'https://a')])
  expect(reader.left).toBe(0)
  expect(block.includes('secret')).toBe(false)
  expect(store.find('88.1.2/a')?.map(({ index }) => index)).toEqual([1, 3, 7])
  await put(store, '88.1.2/b', [secret])
  expect(store.publicBlock(bytesOf('88.1.2/b'))).toEqual(Buffer.alloc(4))
  expect(store.publicBlock(bytesOf('88.1.2/c'))).toBeUndefined()
  expect(store.publicBlock(Buffer.alloc(0))).toBeUndefined()
})

test('handles of any length up to the limit are kept apart, beyond it refused', async () => {
  const store = stores.open()
  const { plainKeyBytes, handleBytes, keyHeadBytes } = storeLimits
  const name = (bytes: number, end: string) => `88.1.2/${'轴'.repeat(10)}${'x'.repeat(bytes - 37 - end.length)}${end}`
  const lengths = [keyHeadBytes, plainKeyBytes, plainKeyBytes + 1, handleBytes]
  for (const bytes of lengths)
    for (const end of ['a', 'b']) await put(store, name(bytes, end), [value(1, 'URL', `${bytes}${end}`)])
  for (const bytes of lengths)
    for (const end of ['a', 'b']) {
      expect(Buffer.byteLength(name(bytes, end))).toBe(bytes)
      expect(store.find(name(bytes, end))).toEqual([value(1, 'URL', `${bytes}${end}`)])
    }
  expect(new Set(store.handlesUnder('88.1.2', { limit: 100 }))).toEqual(
    new Set(lengths.flatMap((bytes) => [name(bytes, 'a'), name(bytes, 'b')])),
  )
  for (const handle of [name(handleBytes + 1, 'a'), '', '88.1.2/\ud800']) {
    const outcome = await store.change(handle, '', () => ({ next: partValues(1) }))
    expect(outcome).toMatchObject({ done: false, refused: { code: 'invalidHandle' } })
  }
})

test('a long handle’s key is no other handle’s own key', () => {
  const long = Buffer.from(`88.1.2/${'x'.repeat(1000)}`)
  const key = recordKey(long)
  expect(key.length).toBe(storeLimits.plainKeyBytes + 1)
  expect(recordKey(key)).not.toEqual(key)
})

test('changes of one handle happen one after another, in the order in which they were asked for', async () => {
  const store = stores.open()
  const seen: number[] = []
  await Promise.all(
    Array.from({ length: 200 }, (_, i) =>
      store.change('88.1.2/count', '', (current) => {
        const count = Number(Buffer.from(current?.values[0]?.data ?? '0').toString())
        seen.push(i)
        return { next: [value(1, 'COUNT', `${count + 1}`)] }
      }),
    ),
  )
  expect(store.find('88.1.2/count')).toEqual([value(1, 'COUNT', '200')])
  expect(seen).toEqual(Array.from({ length: 200 }, (_, i) => i))
  expect(store.transactions(0, 1000).map(({ seq }) => seq)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1))
})

test('a refusal comes back as it is and writes nothing; what decide throws fails its own change alone', async () => {
  const store = stores.open()
  await put(store, '88.1.2/a', partValues(1))
  const [refused, thrown, good] = await Promise.allSettled([
    store.change('88.1.2/a', '', () => ({ refused: 'not allowed' })),
    store.change('88.1.2/a', '', () => {
      throw new Error('a bug')
    }),
    store.change('88.1.2/b', '', () => ({ next: partValues(2) })),
  ])
  expect(refused).toMatchObject({ value: { done: false, refused: 'not allowed' } })
  expect(thrown).toMatchObject({ status: 'rejected', reason: { message: 'a bug' } })
  expect(good).toMatchObject({ value: { done: true, seq: 2 } })
  expect(store.find('88.1.2/a')).toEqual(partValues(1))
})

test('a deleted record is gone, deleting nothing is no transaction, and the handle may come again', async () => {
  const store = stores.open()
  await put(store, '88.1.2/a', partValues(1))
  expect(await store.change('88.1.2/a', '', () => ({ next: null }))).toEqual({ done: true, seq: 2 })
  expect(store.find('88.1.2/a')).toBeUndefined()
  expect(await store.change('88.1.2/a', '', () => ({ next: null }))).toEqual({ done: true, seq: undefined })
  await put(store, '88.1.2/A', partValues(2))
  await put(store, '88.1.2/a', partValues(3))
  expect(store.transactions(0, 10).map(({ kind, handle }) => `${kind} ${handle}`)).toEqual([
    'create 88.1.2/a',
    'delete 88.1.2/a',
    'create 88.1.2/A',
    'create 88.1.2/a',
  ])
})

test('values that cannot be kept are refused with a sentence', async () => {
  const store = stores.open()
  const refusal = async (values: ReturnType<typeof value>[]) => {
    const outcome = await store.change('88.1.2/a', '', () => ({ next: values }))
    return !outcome.done && outcome.refused instanceof StoreRefusal ? outcome.refused.message : outcome
  }
  expect(await refusal([value(1, 'A', ''), value(1, 'B', '')])).toBe('two values have the index 1')
  expect(await refusal([value(0, 'A', '')])).toBe('the index of a value is a number from 1')
  expect(await refusal([value(1, 'A', Buffer.alloc(storeLimits.recordBytes))])).toMatch(/a record has at most 245760/)
  expect(await refusal(Array.from({ length: 2_049 }, (_, i) => value(i + 1, 'A', '')))).toMatch(/at most 2048 values/)
  expect(store.stats()).toMatchObject({ records: 0, transactions: 0 })
})

test('a store that is closed, or open for reading, takes no changes; a reader sees what the writer wrote', async () => {
  const folder = stores.folder()
  const store = stores.open(folder)
  await put(store, '88.1.2/a', partValues(1))
  const reader = stores.open(folder, { readOnly: true })
  expect(reader.find('88.1.2/a')).toEqual(partValues(1))
  const change = { next: partValues(2) }
  expect(await reader.change('88.1.2/a', '', () => change)).toMatchObject({ refused: { code: 'readOnly' } })
  await store.close()
  expect(await store.change('88.1.2/a', '', () => change)).toMatchObject({ refused: { code: 'readOnly' } })
})

test('more changes than may wait are refused as busy, and those that were taken are written', async () => {
  const store = stores.open()
  const items = Array.from({ length: 2_000 }, (_, i) => ({ handle: `88.1.2/${i}`, values: [] }))
  const batches = Array.from({ length: 40 }, (_, i) => store.batch(`b${i}`, '', items, 'put'))
  const settled = await Promise.allSettled(batches)
  expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(32)
  expect(settled.at(-1)).toMatchObject({ reason: { code: 'busy' } })
  expect(store.stats()).toMatchObject({ records: 2_000, transactions: 64_000 })
})

test('handles are listed under a prefix in pages, whatever the case of the prefix, and those of no other', async () => {
  const store = stores.open()
  for (const handle of ['88.a.1/c', '88.A.1/a', '88.a.1/b', '88.a.10/x', '88.a/x', '88.a.1.2/x'])
    await put(store, handle, partValues(1))
  expect(store.handlesUnder('88.a.1', { limit: 2 })).toEqual(['88.A.1/a', '88.a.1/b'])
  expect(store.handlesUnder('88.A.1', { after: '88.a.1/b', limit: 2 })).toEqual(['88.a.1/c'])
  expect(store.handlesUnder('88.b', { limit: 2 })).toEqual([])
})
