import type { Bucket } from './buckets.ts'

export interface Gap {
  from: number
  to: number
}

const leastGapMs = 10_000
const rhythms = 3
const gapsMax = 1000

/** Stretches between consecutive times that are longer than three times the usual distance. */
export function gapsBetween(at: readonly number[]): Gap[] {
  const distances = at.slice(1).map((time, i) => time - (at[i] ?? time))
  const allowed = Math.max(leastGapMs, rhythms * median(distances))
  return at
    .slice(1)
    .flatMap((time, i) => (time - (at[i] ?? time) > allowed ? [{ from: at[i] ?? time, to: time }] : []))
    .slice(-gapsMax)
}

/** The same from roll-ups, by the first and last point of each bucket. */
export function gapsOfBuckets(buckets: readonly Bucket[], sizeMs: number): Gap[] {
  const rhythm = median(
    buckets.map(({ firstAt, lastAt, count }) => (count > 1 ? (lastAt - firstAt) / (count - 1) : sizeMs)),
  )
  const allowed = Math.max(leastGapMs, rhythms * rhythm)
  return buckets
    .slice(1)
    .flatMap((bucket, i) => {
      const before = buckets[i]?.lastAt ?? bucket.firstAt
      return bucket.firstAt - before > allowed ? [{ from: before, to: bucket.firstAt }] : []
    })
    .slice(-gapsMax)
}

function median(values: readonly number[]): number {
  return Float64Array.from(values).sort()[values.length >> 1] ?? 0
}
