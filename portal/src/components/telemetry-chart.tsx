import { Segmented } from 'antd'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { instantText } from '../api/format.ts'
import { Rows } from './data-table.tsx'
import { Empty, Skeleton } from './waiting.tsx'

/** One line of a chart: times in Unix ms ascending; `null` where there is a gap. */
export interface Series {
  name: string
  unit: string
  at: number[]
  value: (number | null)[]
  /** Intervals in which the quality was not good, drawn as a band. */
  poor?: [from: number, to: number][]
}

const Plot = lazy(() => import('./plot.tsx'))
const tableRows = 500

/** Telemetry as a chart, or the same data as a table; the chart's code is loaded when one is first shown. */
export function TelemetryChart({
  series,
  height = 260,
  label,
  colour = 0,
}: {
  series: Series
  height?: number
  label: string
  colour?: number
}) {
  const { t } = useTranslation()
  const [view, setView] = useState<'chart' | 'table'>('chart')
  if (series.at.length === 0) return <Empty title={t('chart.nothing')} />
  return (
    <figure className="stack" style={{ gap: 8 }} aria-label={label}>
      <div className="row-between">
        <figcaption>
          {series.name}
          {series.unit && <span className="unit">{series.unit}</span>}
        </figcaption>
        <Segmented
          size="small"
          value={view}
          onChange={setView}
          options={[
            { value: 'chart', label: t('chart.chart') },
            { value: 'table', label: t('chart.table') },
          ]}
        />
      </div>
      {view === 'chart' ? (
        <Suspense fallback={<Skeleton lines={5} />}>
          <Plot series={series} height={height} colour={colour} />
        </Suspense>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        <section className="table-wrap" style={{ maxHeight: height + 40 }} tabIndex={0} aria-label={label}>
          <Rows
            caption={label}
            rows={series.at
              .map((at, index) => ({ at, value: series.value[index] }))
              .slice(-tableRows)
              .reverse()}
            keyOf={(row) => String(row.at)}
            columns={[
              { title: t('chart.time'), cell: (row) => instantText(row.at, true) },
              { title: `${series.name} ${series.unit}`, end: true, cell: (row) => row.value ?? t('chart.gap') },
            ]}
          />
        </section>
      )}
    </figure>
  )
}
