import { dayMs } from '@kapok/kit/clock'

/** A roll-up row. Times in Unix ms; `integral` is value × seconds between the first and the last point. */
export interface Bucket {
  start: number
  count: number
  good: number
  min: number
  max: number
  first: number
  last: number
  firstAt: number
  lastAt: number
  integral: number
}
export type Averaged = Bucket & { average: number }

const hourMs = 3_600_000
const shanghaiMs = 8 * hourMs

interface Area {
  area: number
  seconds: number
}

/** Each value holds until the next one; the last value of the bucket right before is carried in. */
function areaOf(bucket: Bucket, before: Bucket | undefined, sizeMs: number, nowMs: number): Area {
  const end = Math.max(bucket.lastAt, Math.min(bucket.start + sizeMs, nowMs))
  const carried = before !== undefined && before.start === bucket.start - sizeMs
  const carrySeconds = carried ? (bucket.firstAt - bucket.start) / 1000 : 0
  const tailSeconds = (end - bucket.lastAt) / 1000
  return {
    area: (carried ? before.last * carrySeconds : 0) + bucket.integral + bucket.last * tailSeconds,
    seconds: carrySeconds + (bucket.lastAt - bucket.firstAt) / 1000 + tailSeconds,
  }
}

/** Time-weighted averages of buckets in order of time. */
export function timeWeighted(buckets: readonly Bucket[], sizeMs: number, nowMs: number): Averaged[] {
  return buckets.map((bucket, i) => {
    const { area, seconds } = areaOf(bucket, buckets[i - 1], sizeMs, nowMs)
    return { ...bucket, average: seconds > 0 ? area / seconds : bucket.last }
  })
}

/** Days of Asia/Shanghai from hours in order of time. */
export function combineDays(hours: readonly Bucket[], nowMs: number): Averaged[] {
  const days: (Averaged & Area)[] = []
  for (const [i, hour] of hours.entries()) {
    const start = Math.floor((hour.start + shanghaiMs) / dayMs) * dayMs - shanghaiMs
    const { area, seconds } = areaOf(hour, hours[i - 1], hourMs, nowMs)
    const day = days.at(-1)
    if (day === undefined || day.start !== start) days.push({ ...hour, start, area, seconds, average: 0 })
    else {
      day.count += hour.count
      day.good += hour.good
      day.min = Math.min(day.min, hour.min)
      day.max = Math.max(day.max, hour.max)
      day.last = hour.last
      day.lastAt = hour.lastAt
      day.area += area
      day.seconds += seconds
    }
  }
  return days.map((day) => ({ ...day, average: day.seconds > 0 ? day.area / day.seconds : day.last }))
}
