import { afterEach, expect, test } from 'vitest'
import { partValues, put, TestStores } from './testing.ts'

const stores = new TestStores()
afterEach(() => stores.close())

test('a backup that is made while changes go on is one state, opens with the same key, and is whole', async () => {
  const store = stores.open()
  for (let i = 0; i < 50; i++) await put(store, `88.1.2/${i}`, partValues(i))
  await store.checkpoint()
  let going = true
  const changes = (async () => {
    for (let i = 50; going; i++) await put(store, `88.1.2/${i}`, partValues(i))
  })()
  const folder = stores.folder()
  await store.backup(folder)
  going = false
  await changes
  const copy = stores.open(folder)
  expect(copy.stats().records).toBeGreaterThanOrEqual(50)
  expect(copy.stats().records).toBe(copy.stats().transactions)
  expect(copy.log.verifierKey).toBe(store.log.verifierKey)
  expect(await copy.verify()).toMatchObject({ ok: true, checkpoints: 1 })
  await expect(store.backup(folder)).rejects.toThrow('has a store already')
})
