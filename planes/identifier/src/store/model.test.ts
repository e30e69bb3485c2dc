import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { canonicalHandle } from '../handle/handle.ts'
import type { HandleValue } from '../handle/value.ts'
import { TestStores, value } from './testing.ts'

const stores = new TestStores()
afterEach(() => stores.close())

const runs = Math.min(Number(process.env.KAPOK_FUZZ_RUNS ?? 15), 500)
const handle = fc.constantFrom(
  '88.a.1/x',
  '88.A.1/x',
  '88.a.1/X',
  `88.a.1/${'长'.repeat(200)}`,
  '88.a.1/y',
  '0.NA/88.a',
)
const values = fc
  .tuple(fc.constantFrom('1.2.3', '1.2.4', '1.2.5'), fc.constantFrom('88.a.1/x', '88.a.1/z'), fc.nat(9))
  .map(([oid, target, n]): HandleValue[] => [
    value(1, n < 5 ? 'OID' : 'NAME', oid),
    value(2, n % 2 ? 'HS_ALIAS' : 'URL', target),
  ])
const step = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), handle, values }),
  fc.record({ kind: fc.constant('delete' as const), handle }),
  fc.record({ kind: fc.constant('start' as const) }),
)

test('whatever is registered, replaced and deleted, a store answers as a plain map does, and its log is whole', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const folder = stores.folder()
      let store = stores.open(folder)
      const model = new Map<string, { handle: string; values: HandleValue[] }>()
      const aliasesOf = (record: readonly HandleValue[]) =>
        record.filter(({ type }) => type === 'OID').map(({ data }) => String(data))
      for (const each of steps) {
        if (each.kind === 'start') {
          await store.close()
          store = stores.open(folder)
          continue
        }
        const key = canonicalHandle(each.handle)
        const next = each.kind === 'put' ? each.values : null
        const taken = [...model].some(
          ([other, record]) =>
            other !== key && aliasesOf(record.values).some((alias) => next && aliasesOf(next).includes(alias)),
        )
        const outcome = await store.change(each.handle, '', () => ({ next }))
        expect(outcome.done).toBe(!taken)
        if (taken) continue
        if (next) model.set(key, { handle: model.get(key)?.handle ?? each.handle, values: next })
        else model.delete(key)
      }
      for (const [key, record] of model) expect(store.record(key)).toEqual(record)
      expect(store.stats().records).toBe(model.size)
      for (const alias of ['1.2.3', '1.2.4', '1.2.5'])
        expect(store.recordByAlias(alias)?.handle).toBe(
          [...model.values()].find((record) => aliasesOf(record.values).includes(alias))?.handle,
        )
      for (const target of ['88.A.1/x', '88.A.1/z'])
        expect(new Set(store.referencesTo(target, { limit: 99 }).map((each) => each.handle))).toEqual(
          new Set(
            [...model.values()]
              .filter((record) =>
                record.values.some(({ type, data }) => type === 'HS_ALIAS' && canonicalHandle(String(data)) === target),
              )
              .map((record) => record.handle),
          ),
        )
      expect(await store.verify()).toMatchObject({ ok: true, records: model.size })
      const mirror = stores.open(undefined, { mirrorOf: store.log.verifierKey })
      if (store.log.size > 0) {
        const transactions = store.transactions(0, 100).map(({ bytes }) => bytes)
        await mirror.apply({ transactions, checkpoint: store.log.sign()?.note ?? '' })
      }
      expect(mirror.log.root()).toEqual(store.log.root())
      for (const [key, record] of model) expect(mirror.record(key)).toEqual(record)
      await mirror.close()
      await store.close()
    }),
    { numRuns: runs },
  )
})
