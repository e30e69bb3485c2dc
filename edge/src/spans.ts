/** What takes the places `from` (first) to `to` (exclusive) of an area. */
export interface Span<T> {
  area: string
  from: number
  to: number
  item: T
}

export interface MergedSpan<T> {
  area: string
  from: number
  to: number
  items: T[]
}

/**
 * Merges neighbours of an area, in order of address, as long as no more than `gapMax` places that nobody asked for lie
 * between them and the whole takes no more than `sizeMax`. Each item is in exactly one; one that is larger by itself
 * stands alone.
 */
export function mergeSpans<T>(spans: readonly Span<T>[], limits: { sizeMax: number; gapMax: number }): MergedSpan<T>[] {
  const merged: MergedSpan<T>[] = []
  const sorted = [...spans].sort((a, b) => (a.area === b.area ? a.from - b.from : a.area < b.area ? -1 : 1))
  for (const { area, from, to, item } of sorted) {
    const open = merged.at(-1)
    const end = Math.max(open?.to ?? 0, to)
    if (open?.area === area && from - open.to <= limits.gapMax && end - open.from <= limits.sizeMax) {
      open.to = end
      open.items.push(item)
    } else merged.push({ area, from, to, items: [item] })
  }
  return merged
}
