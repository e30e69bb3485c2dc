import { canonicalHandle, encodeValue, type HandleValue, partsOf } from './handle/handle.ts'
import { Homes } from './node/homes.ts'
import { NodeService } from './node/service.ts'
import type { ChangingRecords } from './registration/changing-records.ts'
import type { RecordSource } from './resolution/records.ts'
import type { HandleServerOptions } from './resolution/server.ts'

/** A service that answers for every handle from given records, for tests of the wire. */
export function answersFrom(records: RecordSource, clock: { now(): number }): HandleServerOptions['answer'] {
  const everywhere = Object.assign(new Homes(inMemory(), []), { answersFor: () => true })
  const service = new NodeService({
    records,
    homes: everywhere,
    registrar: undefined,
    recursion: undefined,
    site: () => undefined,
    clock,
  })
  return (frame) => service.answer(frame)
}

/** Records in memory that change, for tests. */
export function inMemory(
  records: Iterable<readonly [handle: string, values: readonly HandleValue[]]> = [],
): ChangingRecords {
  const kept = new Map(Array.from(records, ([handle, values]) => [canonicalHandle(handle), { handle, values }]))
  return {
    find: (handle) => kept.get(handle)?.values,
    change: (handle, _by, decide) => {
      const name = canonicalHandle(handle)
      const decision = decide(kept.get(name)?.values)
      if ('refuse' in decision) return Promise.resolve({ refused: decision.refuse })
      // As a store on disk: what was written is other objects than what was given.
      for (const value of decision.values ?? []) encodeValue(value)
      if (decision.values === null) kept.delete(name)
      else
        kept.set(name, {
          handle: kept.get(name)?.handle ?? handle,
          values: decision.values.map((value) => ({ ...value })),
        })
      return Promise.resolve({})
    },
    handlesUnder: (prefix, { after = '', limit }) =>
      [...kept]
        .filter(([name]) => partsOf(name).prefix === prefix && name > canonicalHandle(after))
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .slice(0, limit)
        .map(([, { handle }]) => handle),
  }
}
