import { rmSync } from 'node:fs'
import { consistencyHolds, consistencyPath, inclusionPath, rootFromInclusion, rootOf } from '@kapok/kit/merkle'
import { ed25519Holds, openNote, sizeOf } from '@kapok/kit/signed-note'
import { afterEach, expect, test } from 'vitest'
import { logKeyFile } from './log-key.ts'
import { decodeContent } from './record-bytes.ts'
import { partValues, put, TestStores } from './testing.ts'
import { leafHash } from './tree.ts'

const stores = new TestStores()
afterEach(() => stores.close())

const registerMany = async (store: ReturnType<TestStores['open']>, n: number, from = 0) => {
  const items = Array.from({ length: n }, (_, i) => ({ handle: `88.1.2/${from + i}`, values: partValues(from + i) }))
  for (let i = 0; i < n; i += 500) await store.batch(`b${from + i}`, '300:0.NA/88.1.2', items.slice(i, i + 500))
}

test('a transaction says what was done, by whom and when, and holds the record after it', async () => {
  const store = stores.open()
  stores.now = 1_767_225_600_000
  await put(store, '88.a.2/x', partValues(1))
  await put(store, '88.A.2/x', partValues(2))
  await store.change('88.A.2/x', '', () => ({ next: null }))
  const [created, replaced, deleted] = store.transactions(0, 10)
  expect(created).toMatchObject({ seq: 1, kind: 'create', at: 1_767_225_600_000, by: '300:0.NA/88.608.8889' })
  expect(created?.before).toBeUndefined()
  expect(decodeContent(replaced?.after ?? Buffer.alloc(0))).toEqual({ handle: '88.a.2/x', values: partValues(2) })
  expect(deleted).toMatchObject({ seq: 3, kind: 'delete', handle: '88.a.2/x', after: undefined, by: '' })
  expect(store.transactions(2, 10)).toEqual([deleted])
  expect(store.transactions(3, 10)).toEqual([])
})

test('roots, audit paths and consistency proofs are those of RFC 6962 over the transactions, at every size', async () => {
  const folder = stores.folder()
  const first = stores.open(folder)
  await registerMany(first, 300)
  await first.close()
  const store = stores.open(folder)
  await registerMany(store, 300, 300)
  const leaves = store.transactions(0, 1000).map(({ bytes }) => leafHash(bytes))
  expect(leaves).toHaveLength(600)
  const { log } = store
  for (const size of [0, 1, 2, 3, 15, 16, 17, 255, 256, 257, 299, 300, 301, 599, 600]) {
    expect(log.root(size)?.toString('hex')).toBe(Buffer.from(rootOf(leaves.slice(0, size))).toString('hex'))
    for (let seq = 1; seq <= size; seq += 37) {
      const proof = log.inclusion(seq, size)
      expect(proof?.path.map((hash) => hash.toString('hex'))).toEqual(
        inclusionPath(leaves.slice(0, size), seq - 1).map((hash) => Buffer.from(hash).toString('hex')),
      )
      const root = rootFromInclusion(proof?.leafHash ?? Buffer.alloc(0), seq - 1, size, proof?.path ?? [])
      expect(Buffer.from(root ?? []).equals(log.root(size) ?? Buffer.alloc(0))).toBe(true)
    }
    for (let from = 1; from <= size; from += 29)
      expect(log.consistency(from, size)?.map((hash) => hash.toString('hex'))).toEqual(
        consistencyPath(leaves.slice(0, size), from).map((hash) => Buffer.from(hash).toString('hex')),
      )
  }
  const [firstRoot, secondRoot] = [log.root(300), log.root(600)] as [Buffer, Buffer]
  const path = log.consistency(300, 600) ?? []
  expect(consistencyHolds({ first: 300, firstRoot, second: 600, secondRoot, path })).toBe(true)
  for (const none of [
    log.root(601),
    log.inclusion(1, 601),
    log.inclusion(0, 600),
    log.consistency(5, 4),
    log.root(1.5),
  ])
    expect(none).toBeUndefined()
})

test('a checkpoint is signed by the log’s key, kept, and the same until something comes', async () => {
  const folder = stores.folder()
  const store = stores.open(folder)
  expect(await store.checkpoint()).toBeUndefined()
  await registerMany(store, 10)
  const checkpoint = await store.checkpoint()
  const note = openNote(checkpoint?.note ?? '')
  expect(ed25519Holds(note, store.log.verifierKey)).toBe(true)
  expect([sizeOf(note), Buffer.from(note.hash)]).toEqual([10, store.log.root(10)])
  expect((await store.checkpoint())?.note).toBe(checkpoint?.note)
  const key = store.log.verifierKey
  await store.close()
  expect(stores.open(folder).log.verifierKey).toBe(key)
})

test('a store that signed is not opened without its key', async () => {
  const folder = stores.folder()
  const store = stores.open(folder)
  await registerMany(store, 1)
  await store.checkpoint()
  await store.close()
  rmSync(logKeyFile(folder))
  expect(() => stores.open(folder)).toThrow(/log-key.json is gone, with which this log was signed/)
  expect(stores.open(folder, { takesOver: true }).stats().records).toBe(1)
})
