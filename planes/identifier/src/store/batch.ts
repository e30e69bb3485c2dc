import { createHash } from 'node:crypto'
import { canonicalHandle } from '../handle/handle.ts'
import type { HandleValue } from '../handle/value.ts'
import { numberKey, numberOfKey, recordKey, sha256 } from './keys.ts'
import { storeLimits } from './limits.ts'
import { encodeContent, handleBytes } from './record-bytes.ts'
import { StoreRefusal, type StoreRefusalCode } from './refusal.ts'
import { bytesAt, type Tables } from './tables.ts'
import type { RecordWriter } from './write-record.ts'

/** `create` refuses a handle that has a record, `replace` and `delete` one that has none; `put` takes both. */
export type BatchKind = 'create' | 'replace' | 'put' | 'delete'

export interface BatchItem {
  handle: string
  /** Not looked at by a delete. */
  values: readonly HandleValue[]
  /** What is kept in place of `values`, when the node adds to them: whether a batch came before is told by `values`. */
  written?: readonly HandleValue[]
}

export type BatchResult = { done: true; seq: number } | { done: false; refused: StoreRefusal }

/** A batch as it will be written: what could be seen to be wrong before is refused already. */
export interface PreparedBatch {
  key: Buffer
  digest: Buffer
  by: Buffer
  kind: BatchKind
  items: readonly PreparedItem[]
}

type PreparedItem =
  | {
      handle: string
      key: Buffer
      values: readonly HandleValue[] | null
      encoded: Buffer | undefined
      /** The content as it was asked for. */
      asked: Buffer | undefined
    }
  | StoreRefusal

/** Throws StoreRefusal for what is no batch; a bad item is refused alone. */
export function prepareBatch(id: string, by: Buffer, items: readonly BatchItem[], kind: BatchKind): PreparedBatch {
  const idBytes = Buffer.from(id, 'utf8')
  if (idBytes.length === 0 || idBytes.length > storeLimits.batchIdBytes)
    throw new StoreRefusal('invalidBatch', `the id of a batch has 1 to ${storeLimits.batchIdBytes} bytes`)
  if (items.length === 0 || items.length > storeLimits.batchItems)
    throw new StoreRefusal('invalidBatch', `a batch has 1 to ${storeLimits.batchItems} items, this one ${items.length}`)
  const digest = createHash('sha256').update(`${kind}\n`)
  const prepared = items.map((item) => {
    const one = prepareItem(item, kind)
    const bytes = one instanceof StoreRefusal ? Buffer.from(`${item.handle}\n${one.message}`) : (one.asked ?? one.key)
    const length = Buffer.allocUnsafe(4)
    length.writeUInt32BE(bytes.length)
    digest.update(length).update(bytes)
    return one
  })
  // Two signers may use the same id.
  const key = sha256(Buffer.concat([numberKey(by.length), by, idBytes]))
  return { key, digest: digest.digest(), by, kind, items: prepared }
}

function prepareItem({ handle, values, written }: BatchItem, kind: BatchKind): PreparedItem {
  try {
    handleBytes(handle)
    const key = recordKey(Buffer.from(canonicalHandle(handle), 'utf8'))
    if (kind === 'delete') return { handle, key, values: null, encoded: undefined, asked: undefined }
    const asked = encodeContent(handle, values)
    return { handle, key, values: written ?? values, encoded: written ? encodeContent(handle, written) : asked, asked }
  } catch (error) {
    if (error instanceof StoreRefusal) return error
    throw error
  }
}

/** Writes the items one after another, each with a result of its own, and keeps the results for `resultsBefore`. */
export function writeBatch(tables: Tables, writer: RecordWriter, batch: PreparedBatch): BatchResult[] {
  const results = batch.items.map((item) => writeItem(writer, item, batch))
  tables.batches.put(batch.key, Buffer.concat([batch.digest, encodeResults(results)]))
  const [newest] = tables.batchOrder.getKeys({ reverse: true, limit: 1 })
  const number = newest === undefined ? 1 : numberOfKey(newest) + 1
  tables.batchOrder.put(numberKey(number), batch.key)
  const oldest = numberKey(Math.max(0, number - storeLimits.batchesKept))
  const forgotten = bytesAt(tables.batchOrder, oldest)
  if (forgotten) {
    tables.batches.remove(forgotten)
    tables.batchOrder.remove(oldest)
  }
  return results
}

function writeItem(writer: RecordWriter, item: PreparedItem, { kind, by }: PreparedBatch): BatchResult {
  const refuse = (refused: StoreRefusal): BatchResult => ({ done: false, refused })
  if (item instanceof StoreRefusal) return refuse(item)
  const before = writer.tryFind(item.key)
  if (before instanceof StoreRefusal) return refuse(before)
  if (kind === 'create' && before)
    return refuse(new StoreRefusal('handleExists', `${item.handle} is registered already`))
  if ((kind === 'replace' || kind === 'delete') && !before)
    return refuse(new StoreRefusal('handleNotFound', `there is no ${item.handle}`))
  const { handle, key, values, encoded } = item
  return writer.tryWrite({ handle, key, values, encoded, before, by })
}

/** The sequence number of the first that was done, and what was refused: those between follow one another. */
function encodeResults(results: readonly BatchResult[]): Buffer {
  const first = results.find((each) => each.done)?.seq ?? 0
  const refused = results.flatMap((each, i) => (each.done ? [] : [[i, each.refused.code, each.refused.message]]))
  return Buffer.from(JSON.stringify([first, results.length, refused]))
}

/** The results of the same batch when it came before. Throws StoreRefusal when its id came with other items. */
export function resultsBefore(tables: Tables, { key, digest }: PreparedBatch): BatchResult[] | undefined {
  const kept = bytesAt(tables.batches, key)
  if (kept === undefined) return undefined
  if (!kept.subarray(0, 32).equals(digest))
    throw new StoreRefusal('invalidBatch', 'this id came with other items before: a new batch has a new id')
  const [first, length, refused] = JSON.parse(kept.toString('utf8', 32)) as [
    number,
    number,
    [number, StoreRefusalCode, string][],
  ]
  const byItem = new Map(refused.map(([i, code, message]) => [i, new StoreRefusal(code, message)]))
  let seq = first
  return Array.from({ length }, (_, i) => {
    const refusal = byItem.get(i)
    return refusal ? { done: false, refused: refusal } : { done: true, seq: seq++ }
  })
}
