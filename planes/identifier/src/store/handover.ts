import { createHash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { canonicalHandle } from '../handle/handle.ts'
import { numberKey } from './keys.ts'
import { storeLimits } from './limits.ts'
import { contentOf } from './record-bytes.ts'
import { bytesAt, type Tables } from './tables.ts'
import { decodeTransaction } from './transaction.ts'

/** By handle as given. Reads backward from transaction `size`, a slice at a time, until the last change of each is found. */
export async function contentsAt(
  tables: Tables,
  size: number,
  handles: readonly string[],
): Promise<ReadonlyMap<string, Buffer | undefined>> {
  const contents = new Map<string, Buffer | undefined>(handles.map((handle) => [handle, undefined]))
  const missing = new Map(handles.map((handle) => [canonicalHandle(handle), handle]))
  for (let seq = size; seq > 0 && missing.size > 0; seq--) {
    if (seq % storeLimits.walkItems === 0) await turn()
    const bytes = bytesAt(tables.log, numberKey(seq))
    if (bytes === undefined) continue
    const { handle, after } = decodeTransaction(bytes)
    const name = canonicalHandle(handle)
    const asked = missing.get(name)
    if (asked === undefined) continue
    missing.delete(name)
    contents.set(asked, after)
  }
  return contents
}

export async function digestOfRecords(tables: Tables): Promise<{ records: number; digest: string }> {
  const hash = createHash('sha256')
  const length = Buffer.alloc(8)
  let records = 0
  let start: Buffer | undefined
  for (;;) {
    const slice = [...tables.records.getRange({ start, limit: storeLimits.walkItems })]
    for (const { key, value } of slice) {
      if (start?.equals(key)) continue
      records++
      const content = contentOf(value)
      length.writeUInt32BE(key.length, 0)
      length.writeUInt32BE(content.length, 4)
      hash.update(length).update(key).update(content)
    }
    if (slice.length < storeLimits.walkItems) return { records, digest: hash.digest('hex') }
    start = slice.at(-1)?.key
    await turn()
  }
}
