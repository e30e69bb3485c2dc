import { canonicalHandle, decodeData, formatOf, readOrUndefined } from '../handle/handle.ts'
import type { HandleValue } from '../handle/value.ts'
import { numberKey, sha256 } from './keys.ts'
import { storeLimits } from './limits.ts'
import { StoreRefusal } from './refusal.ts'

/** What a record says of other names, as keys of the tables that are asked from the other side. */
export interface Links {
  /** Other names of the record itself. */
  aliases: readonly string[]
  /** Starts of keys in `references`, without the source: target and index of the value that points there. */
  targets: readonly { handle: string; index: number }[]
}

const noLinks: Links = { aliases: [], targets: [] }

/**
 * Other names: text of values of the alias types. Targets: references of values, and handles that HS_ALIAS, HS_SERV and
 * HS_VLIST name. Data that cannot be read points nowhere. Throws StoreRefusal when there are too many.
 */
export function linksOf(values: readonly HandleValue[], aliasTypes: ReadonlySet<string>): Links {
  if (!values.some((value) => value.references.length > 0 || mayLink(value.type, aliasTypes))) return noLinks
  const aliases = new Set<string>()
  const targets = new Map<string, { handle: string; index: number }>()
  for (const value of values) {
    const point = (handle: string) => {
      const target = canonicalHandle(handle)
      targets.set(`${value.index} ${target}`, { handle: target, index: value.index })
    }
    for (const { handle } of value.references) point(handle)
    if (aliasTypes.has(value.type.toUpperCase())) {
      if (value.data.length > storeLimits.aliasBytes)
        throw new StoreRefusal(
          'invalidValue',
          `value ${value.index}: another name has at most ${storeLimits.aliasBytes} bytes, this one ${value.data.length}`,
        )
      if (value.data.length > 0) aliases.add(Buffer.from(value.data).toString('utf8'))
      continue
    }
    if (!mayLink(value.type, aliasTypes)) continue
    const data = readOrUndefined(() => decodeData(value.type, value.data))
    if (data?.format === 'handle') point(data.handle)
    if (data?.format === 'vlist') for (const { handle } of data.references) point(handle)
  }
  if (aliases.size > storeLimits.aliasesOfRecord)
    throw new StoreRefusal('invalidValue', `a record has at most ${storeLimits.aliasesOfRecord} other names`)
  if (targets.size > storeLimits.linksOfRecord)
    throw new StoreRefusal('invalidValue', `a record points to others at most ${storeLimits.linksOfRecord} times`)
  return { aliases: [...aliases], targets: [...targets.values()] }
}

function mayLink(type: string, aliasTypes: ReadonlySet<string>): boolean {
  const name = type.toUpperCase()
  return aliasTypes.has(name) || (name.startsWith('HS_') && ['handle', 'vlist'].includes(formatOf(name)))
}

export const aliasKey = (alias: string): Buffer => sha256(Buffer.from(alias, 'utf8'))
export const targetKey = (canonical: string): Buffer => sha256(Buffer.from(canonical, 'utf8'))

/** Key in `references`; sorts by target, then by source, then by index. */
export function referenceKey(target: Buffer, source: Buffer, index: number): Buffer {
  return Buffer.concat([target, source, numberKey(index)])
}

export function sourceOfReference(key: Buffer): { source: Buffer; index: number } {
  const end = key.length - 6
  return { source: key.subarray(32, end), index: key.readUIntBE(end, 6) }
}
