import { exportPoints, type getDevice, getPointRange } from '@kapok/contracts/data'
import type { ReplyOf } from '@kapok/contracts/route'
import { Segmented } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { addressOf } from '../../api/call.ts'
import { useAsk } from '../../api/hooks.ts'
import { usePlatformNow } from '../../app/platform.ts'
import { Card } from '../../components/page.tsx'
import { type Series, TelemetryChart } from '../../components/telemetry-chart.tsx'
import { Empty, Reply } from '../../components/waiting.tsx'

const hourMs = 3_600_000
const ranges = { '1h': hourMs, '24h': 24 * hourMs, '7d': 168 * hourMs, '90d': 2160 * hourMs } as const
type Range = keyof typeof ranges

/** History of one property over an hour to 90 days; the server picks points or roll-ups and the page says which. */
export function History({ device }: { device: ReplyOf<typeof getDevice> }) {
  const { t, i18n } = useTranslation()
  const numeric = device.properties.filter(
    (each) => each.type === 'float' || each.type === 'int' || each.type === 'bool',
  )
  const [identifier, setIdentifier] = useState(
    (numeric.find((each) => each.type === 'float') ?? numeric[0])?.identifier ?? '',
  )
  const [range, setRange] = useState<Range>('24h')
  const now = usePlatformNow() ?? 0
  // A round end keeps the question the same for a while, so that pages share one answer.
  const step = range === '1h' ? 10_000 : 60_000
  const to = Math.ceil(now / step) * step
  const query = { deviceId: device.id, property: identifier, from: to - ranges[range], to }
  const history = useAsk(
    getPointRange,
    { query: { ...query, maxPoints: 2000 } },
    { enabled: now > 0 && identifier !== '', keep: true },
  )
  if (identifier === '') return null
  const index = device.properties.findIndex((each) => each.identifier === identifier)
  const property = device.properties[index]
  const nameOf = (each: typeof property) =>
    (i18n.language === 'en' ? (each?.nameEn ?? each?.name) : each?.name) ?? identifier
  return (
    <Card
      title={t('plant.history')}
      action={
        <a href={addressOf(exportPoints, { query })} download>
          {t('table.export')}
        </a>
      }
    >
      <div className="stack">
        <div className="row">
          <select
            className="input"
            style={{ width: 'auto' }}
            aria-label={t('plant.property')}
            value={identifier}
            onChange={(event) => setIdentifier(event.target.value)}
          >
            {numeric.map((each) => (
              <option key={each.identifier} value={each.identifier}>
                {nameOf(each)}
              </option>
            ))}
          </select>
          <Segmented
            aria-label={t('plant.range')}
            value={range}
            onChange={setRange}
            options={(Object.keys(ranges) as Range[]).map((value) => ({ value, label: t(`plant.ranges.${value}`) }))}
          />
          {history.data && <span className="quiet">{t(`plant.source.${history.data.source}`)}</span>}
        </div>
        <Reply of={history} lines={6}>
          {(reply) =>
            reply.at.length === 0 ? (
              <Empty title={t('chart.nothing')} />
            ) : (
              <TelemetryChart
                label={t('plant.history')}
                colour={index}
                series={{ ...historySeries(reply), name: nameOf(property) }}
              />
            )
          }
        </Reply>
      </div>
    </Card>
  )
}

const bucketMs = { raw: 0, '1m': 60_000, '1h': hourMs, '1d': 24 * hourMs }

/** Columns of the reply as a line: a null where each gap begins, and a band where the quality was not good. */
export function historySeries(
  reply: Pick<ReplyOf<typeof getPointRange>, 'name' | 'unit' | 'source' | 'at' | 'value' | 'quality' | 'gaps'>,
): Series {
  const at: number[] = []
  const value: (number | null)[] = []
  const poor: [number, number][] = []
  const good = reply.source === 'raw' ? 192 : 10_000
  // In a roll-up a night without points is part of its bucket; only whole buckets that are missing break the line.
  const bucket = bucketMs[reply.source]
  const gaps = reply.gaps.filter((each) => each.to - each.from > bucket)
  let gap = 0
  for (const [index, time] of reply.at.entries()) {
    const each = reply.value[index]
    while ((gaps[gap]?.from ?? Number.POSITIVE_INFINITY) < time) {
      const from = gaps[gap]?.from ?? 0
      gap++
      // A gap that begins before the first point shown has nothing to break.
      if (at.length === 0 || from <= (at.at(-1) ?? 0)) {
        const before = at.at(-1)
        if (before === undefined || before + 1 >= time) continue
        at.push(before + 1)
      } else at.push(from)
      value.push(null)
    }
    at.push(time)
    value.push(typeof each === 'number' ? each : typeof each === 'boolean' ? Number(each) : null)
    if ((reply.quality[index] ?? good) < good) poor.push([time, reply.at[index + 1] ?? time])
  }
  return { name: reply.name, unit: reply.unit, at, value, poor }
}
