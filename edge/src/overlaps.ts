import type { EdgeDevice, Tag } from './tag-table.ts'

export interface Overlap {
  device: string
  /** The tag that begins later, and the one whose place it shares. */
  tag: Tag
  with: Tag
}

/**
 * Tags of numbers or texts that share a part of their place without having the same one: mostly a type that is too wide or an
 * address that is one off. It is no error, since a machine may mean it so; bits of a word are not told.
 */
export function overlapsIn(devices: readonly EdgeDevice[]): Overlap[] {
  return devices.flatMap(({ name, driver, tags }) => {
    const placed = tags
      .filter(({ type }) => type !== 'bool')
      .flatMap((tag) => {
        const place = driver.place?.(tag)
        return place === undefined ? [] : [{ tag, ...place }]
      })
      .sort((a, b) => (a.area === b.area ? a.from - b.from || b.to - a.to : a.area < b.area ? -1 : 1))
    const overlaps: Overlap[] = []
    let widest = placed[0]
    for (const each of placed.slice(1)) {
      if (widest?.area === each.area && each.from < widest.to) {
        if (each.from !== widest.from || each.to !== widest.to)
          overlaps.push({ device: name, tag: each.tag, with: widest.tag })
      }
      if (widest?.area !== each.area || each.to > widest.to) widest = each
    }
    return overlaps
  })
}
