import type { getDevice } from '@kapok/contracts/data'
import type { ReplyOf } from '@kapok/contracts/route'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { instantText } from '../../api/format.ts'
import { type LiveValue, useLive } from '../../api/live.ts'
import { Card } from '../../components/page.tsx'
import { StatusTag } from '../../components/state.tsx'
import { type Series, TelemetryChart } from '../../components/telemetry-chart.tsx'
import { Empty } from '../../components/waiting.tsx'

type Device = ReplyOf<typeof getDevice>
type Property = Device['properties'][number]
/** A silence longer than this is drawn as a gap in the live chart. */
const gapMs = 70_000
const leastSpanMs = 60_000

/** What the machine says now: every property with its newest value, and one of them as a moving line. */
export function LiveValues({ device }: { device: Device }) {
  const { t, i18n } = useTranslation()
  const live = useLive(device.id)
  const numeric = device.properties.filter((each) => each.type === 'float' || each.type === 'int')
  const [chosen, setChosen] = useState((numeric.find((each) => each.type === 'float') ?? numeric[0])?.identifier)
  const index = device.properties.findIndex((each) => each.identifier === chosen)
  const property = device.properties[index]
  const nameOf = (each: Property) => (i18n.language === 'en' ? (each.nameEn ?? each.name) : each.name)
  return (
    <Card
      title={t('plant.live')}
      action={
        <StatusTag tone={live.connected ? 'good' : 'off'}>
          {live.connected ? t('plant.connected') : t('plant.notConnected')}
        </StatusTag>
      }
    >
      {live.points.size === 0 ? (
        <Empty title={t('plant.noLive')} />
      ) : (
        <div className="stack">
          <ul className="plain stats">
            {device.properties.map((each) => {
              const last = live.points.get(each.identifier)?.at(-1)
              const drawable = numeric.includes(each)
              return (
                <li key={each.identifier} className="stat" style={{ padding: 8 }}>
                  {drawable ? (
                    <button
                      type="button"
                      className="link-button"
                      style={{ textAlign: 'start' }}
                      aria-pressed={each.identifier === chosen}
                      onClick={() => setChosen(each.identifier)}
                    >
                      {nameOf(each)}
                    </button>
                  ) : (
                    <span className="quiet">{nameOf(each)}</span>
                  )}
                  <span className="figure" style={{ fontSize: 20 }}>
                    {valueText(last)}
                    <span className="unit">{each.unit}</span>
                  </span>
                  <span className="quiet">{last ? instantText(last[1], true).slice(11) : '—'}</span>
                </li>
              )
            })}
          </ul>
          {property && (
            <TelemetryChart
              label={`${t('plant.live')} ${nameOf(property)}`}
              colour={index}
              height={220}
              series={seriesOf(nameOf(property), property.unit, live.points.get(property.identifier) ?? [])}
            />
          )}
        </div>
      )}
    </Card>
  )
}

export function valueText(last: LiveValue | undefined): string {
  if (last === undefined) return '—'
  const value = last[2]
  return typeof value === 'number' ? String(Math.round(value * 1000) / 1000) : String(value)
}

function seriesOf(name: string, unit: string, points: readonly LiveValue[]): Series {
  const at: number[] = []
  const value: (number | null)[] = []
  const poor: [number, number][] = []
  for (const [, time, each, quality] of points) {
    const before = at.at(-1)
    if (before !== undefined && time - before > gapMs) {
      at.push(before + 1)
      value.push(null)
    }
    at.push(time)
    value.push(typeof each === 'number' ? each : null)
    if (quality < 192) poor.push([before ?? time, time])
  }
  // The first seconds stand at the end of a minute, not alone on an axis of years.
  const [first, last] = [at[0] ?? 0, at.at(-1) ?? 0]
  if (last - first < leastSpanMs) {
    at.unshift(last - leastSpanMs)
    value.unshift(null)
  }
  return { name, unit, at, value, poor }
}
