import type { Gap } from '../buffer/buffer.ts'
import type { Bin, History } from './history.ts'
import { type Html, html } from './html.ts'
import { type Say, timeOf } from './language.ts'

const [width, height, edge] = [720, 220, 8]

export interface ChartOptions {
  from: number
  to: number
  gaps: readonly Gap[]
  title: string
  /** The last value still holds. */
  holds: boolean
  say: Say
}

/** A line that holds each value until the next, with the range of every stretch; times that are not known are left out. */
export function chartOf({ bins }: History, { from, to, gaps, title, holds, say }: ChartOptions): Html {
  const low = bins.reduce((least, { min }) => Math.min(least, min), Number.POSITIVE_INFINITY)
  const high = bins.reduce((most, { max }) => Math.max(most, max), Number.NEGATIVE_INFINITY)
  const shown = gaps.filter(({ firstAt, lastAt }) => lastAt > from && firstAt < to)
  const x = (at: number) =>
    tenths(edge + ((Math.min(to, Math.max(from, at)) - from) / (to - from)) * (width - 2 * edge))
  // A value that never changes is drawn in the middle.
  const y = (value: number) =>
    high === low ? height / 2 : tenths(edge + ((high - value) / (high - low)) * (height - 2 * edge))
  const line = bins.map((bin, i) => {
    const next = bins[i + 1]
    const end = endOf(bin, next?.at ?? (holds ? to : bin.at), shown)
    return `M${x(bin.at)} ${y(bin.last)}H${x(end)}${next !== undefined && end === next.at ? `V${y(next.last)}` : ''}`
  })
  const ranges = bins.filter(({ min, max }) => min !== max).map(({ at, min, max }) => `M${x(at)} ${y(min)}V${y(max)}`)
  return html`<p class="ends"><small>${say('最高', 'max')} ${numberOf(high)}</small><small>${say('最低', 'min')} ${numberOf(low)}</small></p>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
${shown.map(({ firstAt, lastAt }) => html`<rect class="gap" x="${x(firstAt)}" y="0" width="${Math.max(1, x(lastAt) - x(firstAt))}" height="${height}"/>`)}
<path class="range" d="${ranges.join('')}"/><path d="${line.join('')}"/></svg>
<p class="ends"><small>${timeOf(from)}</small><small>${timeOf(to)}</small></p>`
}

/** How long the bin's last value is known to hold. */
function endOf(bin: Bin, next: number, gaps: readonly Gap[]): number {
  const gap = gaps.find(({ firstAt }) => firstAt >= bin.at && firstAt < next)
  return Math.max(bin.at, Math.min(next, bin.until ?? next, gap?.firstAt ?? next))
}

const tenths = (n: number) => Math.round(n * 10) / 10
const numberOf = (value: number) => (Number.isFinite(value) ? Number(value.toPrecision(7)) : '—')
