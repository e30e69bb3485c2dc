import { type KeyboardEvent, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { useLook } from '../app/look.tsx'
import { seriesColours } from '../app/palette.ts'
import type { Series } from './telemetry-chart.tsx'

/** uPlot in the page's colours: gaps as gaps, poor quality as a band, zoom by dragging or by + − ← → 0. */
export default function Plot({ series, height, colour }: { series: Series; height: number; colour: number }) {
  const { theme, palette } = useLook()
  const { t } = useTranslation()
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(undefined)
  const data = useRef(series)
  data.current = series

  // biome-ignore lint/correctness/useExhaustiveDependencies: new points go in by setData below; only the look rebuilds the plot
  useEffect(() => {
    const element = box.current
    if (element === null) return
    const stroke = seriesColours[theme][colour % seriesColours[theme].length]
    const axis = {
      stroke: palette.quiet,
      grid: { stroke: palette.line, width: 1 },
      ticks: { stroke: palette.line, width: 1 },
    }
    const font = '12px system-ui, sans-serif'
    const made = new uPlot(
      {
        width: element.clientWidth,
        height,
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Asia/Shanghai'),
        cursor: { drag: { x: true, y: false } },
        legend: { live: true },
        axes: [
          { ...axis, font, values: timeLabels },
          { ...axis, font, size: 64 },
        ],
        series: [
          { label: t('chart.time'), value: (_, seconds) => (seconds === null ? '—' : stamp(seconds)) },
          {
            label: series.unit ? `${series.name} (${series.unit})` : series.name,
            stroke,
            width: 1.5,
            spanGaps: false,
            points: { show: series.at.length < 40 },
            value: (_, value) => (value === null ? '—' : String(Math.round(value * 1000) / 1000)),
          },
        ],
        hooks: { drawClear: [(u) => drawBands(u, data.current.poor ?? [], palette.noticeSoft)] },
      },
      columns(data.current),
      element,
    )
    plot.current = made
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
      plot.current = undefined
    }
  }, [theme, height, colour, series.name, series.unit])

  useEffect(() => plot.current?.setData(columns(series)), [series])

  const zoom = (event: KeyboardEvent) => {
    const u = plot.current
    const from = u?.scales.x?.min
    const to = u?.scales.x?.max
    if (u === undefined || from == null || to == null) return
    const span = to - from
    const moves: Record<string, [number, number]> = {
      '+': [from + span / 4, to - span / 4],
      '=': [from + span / 4, to - span / 4],
      '-': [from - span / 2, to + span / 2],
      ArrowLeft: [from - span / 4, to - span / 4],
      ArrowRight: [from + span / 4, to + span / 4],
    }
    const move = moves[event.key]
    if (event.key === '0') u.setData(columns(series))
    else if (move) u.setScale('x', { min: move[0], max: move[1] })
    else return
    event.preventDefault()
  }
  return (
    <div
      ref={box}
      className="plot"
      role="img"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the plot is walked and zoomed with the keyboard
      tabIndex={0}
      aria-label={`${series.name} · ${t('chart.keys')}`}
      onKeyDown={zoom}
    />
  )
}

function columns(series: Series): uPlot.AlignedData {
  return [series.at.map((at) => at / 1000), series.value]
}

function stamp(seconds: number): string {
  return new Date(seconds * 1000 + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')
}

/** Days show the date, anything finer the time of day; the first label of a day carries the date. */
function timeLabels(_: uPlot, seconds: number[]): string[] {
  const step = (seconds[1] ?? 0) - (seconds[0] ?? 0)
  let day = ''
  return seconds.map((each) => {
    const text = stamp(each)
    const date = text.slice(5, 10)
    const label =
      step >= 86_400 ? date : date === day ? text.slice(11, step < 60 ? 19 : 16) : `${text.slice(11, 16)}\n${date}`
    day = date
    return label
  })
}

function drawBands(u: uPlot, bands: readonly [number, number][], fill: string): void {
  u.ctx.save()
  u.ctx.fillStyle = fill
  for (const [from, to] of bands) {
    const left = u.valToPos(from / 1000, 'x', true)
    const right = u.valToPos(to / 1000, 'x', true)
    u.ctx.fillRect(left, u.bbox.top, Math.max(1, right - left), u.bbox.height)
  }
  u.ctx.restore()
}
