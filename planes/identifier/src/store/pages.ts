import { canonicalHandle } from '../handle/handle.ts'
import { keyEnd, keyStart, numberKey, recordKey } from './keys.ts'
import { storeLimits } from './limits.ts'
import { referenceKey, sourceOfReference, targetKey } from './links.ts'
import { contentOf, handleOf } from './record-bytes.ts'
import { bytesAt, type Tables } from './tables.ts'
import { decodeTransaction, type Transaction } from './transaction.ts'

export interface ReferencePage {
  after?: { handle: string; index: number }
  limit: number
}

const limited = (limit: number) => Math.max(0, Math.min(limit, storeLimits.pageItems))

export function handlesFrom(tables: Tables, prefix: string, page: { after?: string; limit: number }): string[] {
  const start = canonicalHandle(`${prefix}/`)
  const bytes = Buffer.from(start, 'utf8')
  const after = page.after === undefined ? undefined : canonicalKey(page.after)
  const handles: string[] = []
  const range = { start: after ?? keyStart(bytes), end: keyEnd(bytes) }
  for (const { key, value } of tables.records.getRange(range)) {
    if (handles.length >= limited(page.limit)) break
    if (after?.equals(key)) continue
    const handle = handleOf(contentOf(value))
    if (canonicalHandle(handle).startsWith(start)) handles.push(handle)
  }
  return handles
}

export function referencesFrom(
  tables: Tables,
  handle: string,
  page: ReferencePage,
): { handle: string; index: number }[] {
  const target = targetKey(canonicalHandle(handle))
  const after = page.after && referenceKey(target, canonicalKey(page.after.handle), page.after.index)
  const found: { handle: string; index: number }[] = []
  for (const key of tables.references.getKeys({ start: after ?? target })) {
    if (found.length >= limited(page.limit) || !key.subarray(0, target.length).equals(target)) break
    if (after?.equals(key)) continue
    const { source, index } = sourceOfReference(key)
    const sealed = bytesAt(tables.records, source)
    if (sealed) found.push({ handle: handleOf(contentOf(sealed)), index })
  }
  return found
}

export function transactionsFrom(tables: Tables, after: number, limit: number): Transaction[] {
  const found: Transaction[] = []
  let bytes = 0
  for (const { value } of tables.log.getRange({ start: numberKey(after + 1) })) {
    if (found.length >= Math.min(limit, storeLimits.transactions) || bytes >= storeLimits.transactionBytes) break
    found.push(decodeTransaction(value))
    bytes += value.length
  }
  return found
}

const canonicalKey = (handle: string) => recordKey(Buffer.from(canonicalHandle(handle), 'utf8'))
