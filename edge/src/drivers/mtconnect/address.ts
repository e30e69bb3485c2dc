import { AddressScanner } from '../../address.ts'

export interface MtconnectAddress {
  /** An id or a name alone, or a path whose last part is one of those or a type. As it was written. */
  parts: readonly string[]
  /** Part of a value that consists of several, as a position in three axes does; from 0. */
  element: number | undefined
}

/** `x2`, `Xact`, `VMC-3Axis/Axes/X/Xact`, `X/POSITION`, and `Ppos[2]` for a part of a value. */
export function parseMtconnectAddress(address: string): MtconnectAddress {
  const scan = new AddressScanner(address)
  const parts: string[] = []
  do {
    parts.push(
      scan.take(
        /[^/[\]\s][^/[\]]{0,199}/y,
        parts.length === 0 ? { zh: 'id、名称或路径', en: 'an id, a name or a path' } : { zh: '名称', en: 'a name' },
      ),
    )
  } while (parts.length < 20 && scan.optional(/\//y) !== undefined)
  const element =
    scan.optional(/\[/y) === undefined ? undefined : scan.number(0, 9999, { zh: '值的下标', en: 'a part of the value' })
  if (element !== undefined) scan.take(/\]/y, ']')
  scan.end()
  return { parts, element }
}

/** A data item of a probe. */
export interface DataItem {
  id: string
  name: string | undefined
  category: string
  type: string
  subType: string | undefined
  units: string | undefined
  representation: string | undefined
  /** Names (or, where there is none, kinds) of device and components that it is in. */
  path: readonly string[]
}

/**
 * The id of the data item that an address means: an id is taken as it is; then names, types and paths, as long as they
 * fit one data item only. A sentence when they do not.
 */
export function findDataItem({ parts }: MtconnectAddress, items: readonly DataItem[]): { id: string } | string {
  const [last = ''] = parts.slice(-1)
  if (parts.length === 1) {
    const byId = items.find(({ id }) => id === last)
    if (byId !== undefined) return byId
  }
  const same = (a: string | undefined, b: string | undefined) => a?.toUpperCase() === b?.toUpperCase()
  const fits = (item: DataItem, word: string | undefined) => word !== undefined && same(word, last) && isBelow(item)
  const isBelow = ({ path }: DataItem) => {
    const above = parts.slice(0, -1)
    // Every part of the address stands in the path, in its order; those between may be left out.
    let at = 0
    for (const each of path) if (at < above.length && same(each, above[at])) at++
    return at === above.length
  }
  for (const word of ['id', 'name', 'type'] as const) {
    const found = [...new Map(items.filter((item) => fits(item, item[word])).map((item) => [item.id, item])).values()]
    if (found.length === 1) return found[0]!
    if (found.length > 1)
      return `${found.length} data items fit ${parts.join('/')}: ${found
        .slice(0, 4)
        .map(({ id }) => id)
        .join(', ')}; take an id`
  }
  return `the agent has no data item ${parts.join('/')}`
}
