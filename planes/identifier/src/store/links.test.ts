import { afterEach, expect, test } from 'vitest'
import { encodeData } from '../handle/typed-data.ts'
import { countOf, openTables } from './tables.ts'
import { partValues, put, TestStores, value } from './testing.ts'

const stores = new TestStores()
afterEach(() => stores.close())

test('a record is found by its other names as long as it has them', async () => {
  const store = stores.open()
  const link = 'https://id.gs1.org/01/06901234567892/21/7'
  await put(store, '88.1.2/Part7', [...partValues(7), value(3000, 'gs1_dl', link), value(3001, 'OID', '1.2.156.7')])
  expect(store.recordByAlias(link)?.handle).toBe('88.1.2/Part7')
  expect(store.recordByAlias('1.2.156.7')?.handle).toBe('88.1.2/Part7')
  expect(store.recordByAlias('6204-2RS')?.handle).toBeUndefined()
  await put(store, '88.1.2/Part7', [...partValues(7), value(3001, 'OID', '1.2.156.7')])
  expect(store.recordByAlias(link)?.handle).toBeUndefined()
  expect(store.recordByAlias('1.2.156.7')?.handle).toBe('88.1.2/Part7')
})

test('a second record with the same other name is refused until the first gives it up', async () => {
  const store = stores.open()
  await put(store, '88.1.2/a', [value(1, 'OID', '1.2.3')])
  const second = () => store.change('88.1.2/b', '', () => ({ next: [value(1, 'DID', '1.2.3')] }))
  expect(await second()).toMatchObject({ refused: { message: '“1.2.3” is another name of 88.1.2/a already' } })
  expect(store.find('88.1.2/b')).toBeUndefined()
  await store.change('88.1.2/a', '', () => ({ next: null }))
  expect(await second()).toMatchObject({ done: true })
  expect(store.recordByAlias('1.2.3')?.handle).toBe('88.1.2/b')
})

test('what points to a handle is found from there, by references, HS_ALIAS, HS_SERV and HS_VLIST, in pages', async () => {
  const store = stores.open()
  const target = '88.a.2/Motor'
  const toTarget = [{ handle: target, index: 0 }]
  const list = encodeData({ format: 'vlist', references: [{ handle: '88.A.2/Motor', index: 7 }] })
  await put(store, '88.1.2/a', [
    value(1, 'part', '', { references: toTarget }),
    value(2, 'part', '', { references: [...toTarget, { handle: target, index: 3 }] }),
  ])
  await put(store, '88.1.2/b', [value(5, 'HS_ALIAS', target), value(6, 'HS_VLIST', list)])
  await put(store, '88.1.2/c', [value(1, 'HS_SERV', target), value(2, 'HS_ALIAS', Buffer.of(0xff))])
  const all = [
    { handle: '88.1.2/a', index: 1 },
    { handle: '88.1.2/a', index: 2 },
    { handle: '88.1.2/b', index: 5 },
    { handle: '88.1.2/b', index: 6 },
    { handle: '88.1.2/c', index: 1 },
  ]
  expect(store.referencesTo('88.A.2/Motor', { limit: 10 })).toEqual(all)
  expect(store.referencesTo(target, { limit: 2 })).toEqual(all.slice(0, 2))
  expect(store.referencesTo(target, { after: { handle: '88.1.2/a', index: 2 }, limit: 2 })).toEqual(all.slice(2, 4))
  expect(store.referencesTo('88.A.2/motor', { limit: 10 })).toEqual([])
  await put(store, '88.1.2/a', [value(2, 'part', '', { references: toTarget })])
  await store.change('88.1.2/b', '', () => ({ next: null }))
  expect(store.referencesTo(target, { limit: 10 })).toEqual([all[1], all[4]])
})

test('more other names or references than a record may have are refused', async () => {
  const store = stores.open()
  const names = Array.from({ length: 65 }, (_, i) => value(i + 1, 'OID', `1.2.${i}`))
  const references = Array.from({ length: 2_000 }, (_, i) => ({ handle: `88.1.2/${i}`, index: 0 }))
  const pointing = [1, 2, 3].map((index) => value(index, 'part', '', { references }))
  for (const next of [names, pointing])
    expect(await store.change('88.1.2/a', '', () => ({ next }))).toMatchObject({ refused: { code: 'invalidValue' } })
  await put(store, '88.1.2/a', names.slice(1))
  expect(store.recordByAlias('1.2.64')?.handle).toBe('88.1.2/a')
})

test('when the records are gone nothing of their links is left', async () => {
  const folder = stores.folder()
  const store = stores.open(folder)
  const references = [{ handle: '88.1.2/a', index: 0 }]
  await put(store, '88.1.2/a', [value(1, 'OID', '1.2.3'), value(2, 'EPC', 'urn:epc:id:sgtin:1', { references })])
  await put(store, '88.1.2/a', [value(1, 'OID', '1.2.4'), value(3, 'HS_ALIAS', '88.1.2/b')])
  await store.change('88.1.2/a', '', () => ({ next: null }))
  await store.close()
  const tables = openTables(folder, { readOnly: true })
  expect([countOf(tables.aliases), countOf(tables.references), countOf(tables.records)]).toEqual([0, 0, 0])
  await tables.root.close()
})
