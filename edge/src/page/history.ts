import { setImmediate as others } from 'node:timers/promises'
import type { EdgeBuffer } from '../buffer/buffer.ts'
import { quality, type TagValue } from '../driver.ts'

/** A stretch of the chart's time: least, greatest and last number in it. */
export interface Bin {
  at: number
  min: number
  max: number
  last: number
  /** When its last value was no longer known, because a bad one followed. */
  until?: number
}

export interface History {
  bins: Bin[]
  /** The newest values, oldest first, as far as there is room: what is no number is shown in a list. */
  newest: { at: number; value: TagValue; isGood: boolean }[]
  count: number
}

const binsMax = 400
const newestMax = 30

/** What a series was in [from, to), in bins that a screen can show. Bad values are counted and draw nothing. */
export async function historyOf(
  buffer: EdgeBuffer,
  { device, property, from, to }: { device: string; property: string; from: number; to: number },
): Promise<History> {
  const widthMs = Math.max(1, (to - from) / binsMax)
  const bins = new Map<number, Bin>()
  const newest: History['newest'] = []
  let count = 0
  let latest: Bin | undefined
  let next: number | undefined
  do {
    const piece = buffer.historyPiece({ from, to }, next)
    for (const point of piece.points) {
      if (point.device !== device || point.property !== property) continue
      count++
      const isGood = (point.quality ?? quality.good) !== quality.bad
      const value = point.value as TagValue
      newest.push({ at: point.at, value, isGood })
      if (newest.length > newestMax) newest.shift()
      if (typeof value === 'string') continue
      if (isGood) latest = putInto(bins, from, widthMs, { at: point.at, value: Number(value) })
      else if (latest !== undefined) latest.until ??= point.at
    }
    next = piece.next
    // A week is read in pieces, so that the machines go on being read.
    await others()
  } while (next !== undefined)
  return { bins: [...bins.values()].sort((a, b) => a.at - b.at), newest, count }
}

function putInto(bins: Map<number, Bin>, from: number, widthMs: number, point: { at: number; value: number }): Bin {
  const { at, value } = point
  const k = Math.floor((at - from) / widthMs)
  const bin = bins.get(k) ?? { at: from + k * widthMs, min: value, max: value, last: value }
  bins.set(k, bin)
  bin.min = Math.min(bin.min, value)
  bin.max = Math.max(bin.max, value)
  bin.last = value
  delete bin.until
  return bin
}
