import { canonicalHandle, type HandleValue } from './handle/handle.ts'
import { Homes } from './node/homes.ts'
import { NodeService } from './node/service.ts'
import type { RecordSource } from './resolution/records.ts'
import type { HandleServerOptions } from './resolution/server.ts'
import type { RecordStore } from './store/store.ts'
import type { TestStores } from './store/testing.ts'

/** A service that answers for every handle from given records, for tests of the wire. */
export function answersFrom(records: RecordSource, clock: { now(): number }): HandleServerOptions['answer'] {
  const homes = Object.assign(Object.create(Homes.prototype) as Homes, { answersFor: () => true })
  const service = new NodeService({
    records,
    homes,
    registrar: undefined,
    recursion: undefined,
    site: () => undefined,
    clock,
  })
  return (frame) => service.answer(frame)
}

/** A record source in memory. */
export function recordsOf(records: Iterable<readonly [handle: string, values: readonly HandleValue[]]>): RecordSource {
  const byHandle = new Map(Array.from(records, ([handle, values]) => [canonicalHandle(handle), values]))
  return { find: (handle) => byHandle.get(handle) }
}

/** A store of its own with these records. */
export async function storeWith(
  stores: TestStores,
  records: Iterable<readonly [handle: string, values: readonly HandleValue[]]> = [],
): Promise<RecordStore> {
  const store = stores.open()
  for (const [handle, values] of records) {
    const written = await store.change<never>(handle, '', () => ({ next: values }))
    if (!written.done) throw written.refused
  }
  return store
}
