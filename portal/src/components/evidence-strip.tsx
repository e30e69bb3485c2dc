import { type KeyboardEvent, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { countText, percentText } from '../api/format.ts'
import './strip.css'

/** One device and day, as a seal or a programme's rule counts it. */
export interface StripDay {
  deviceId: string
  deviceName: string
  day: string
  state: 'covered' | 'partial' | 'gap' | 'disputed' | 'open'
  sealed: boolean
  corrected?: boolean
  minutes: number
  points: number
  identicalTo: string[]
  secondSourceMinutes: number | null
  orgMinutes: number
  signedBp?: number | null
  gateways?: { missing: number; gapMinutes: number; doubled: number }
  sealHash?: string | null
  why?: { zh: string; en: string } | null
}

const states = ['covered', 'partial', 'gap', 'disputed', 'open'] as const

/**
 * The platform's signature: one cell a day. Shape tells the state as well as colour does (full, half, empty, mark,
 * hatched), a foot under the cell says that the day is sealed. Arrow keys walk, the chosen day is told below.
 */
export function EvidenceStrip({ days, label }: { days: readonly StripDay[]; label: string }) {
  const { t } = useTranslation()
  const [chosen, setChosen] = useState<StripDay>()
  const devices = useMemo(() => {
    const rows = new Map<string, StripDay[]>()
    for (const day of days) {
      const row = rows.get(day.deviceId)
      if (row) row.push(day)
      else rows.set(day.deviceId, [day])
    }
    for (const row of rows.values()) row.sort((a, b) => (a.day < b.day ? -1 : 1))
    return [...rows.values()]
  }, [days])
  return (
    // biome-ignore lint/a11y/useSemanticElements: rows of cells are no fieldset
    <div className="strip" role="group" aria-label={label}>
      {devices.map((row) => (
        <StripRow key={row[0]?.deviceId} days={row} alone={devices.length === 1} chosen={chosen} onChoose={setChosen} />
      ))}
      <div className="strip-detail" aria-live="polite">
        {chosen ? <DayDetail day={chosen} /> : <span className="quiet">{t('strip.hint')}</span>}
      </div>
      <ul className="strip-legend" aria-label={t('strip.legend')}>
        {states.map((state) => (
          <li key={state}>
            <span className={`strip-cell strip-${state}`} aria-hidden>
              {state === 'disputed' && '!'}
            </span>
            {t(`strip.${state}`)}
          </li>
        ))}
        <li>
          <span className="strip-cell strip-covered strip-sealed" aria-hidden />
          {t('strip.sealed')}
        </li>
      </ul>
    </div>
  )
}

function StripRow(props: { days: StripDay[]; alone: boolean; chosen?: StripDay; onChoose(day: StripDay): void }) {
  const { t } = useTranslation()
  const [at, setAt] = useState(props.days.length - 1)
  const box = useRef<HTMLDivElement>(null)
  const walk = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 7, ArrowUp: -7, Home: -1e6, End: 1e6 }[event.key]
    if (step === undefined) return
    event.preventDefault()
    const next = Math.max(0, Math.min(props.days.length - 1, at + step))
    setAt(next)
    const cell = box.current?.children[next]
    if (cell instanceof HTMLElement) cell.focus()
  }
  const name = props.days[0]?.deviceName ?? ''
  const covered = props.days.filter((each) => each.state === 'covered').length
  return (
    <div className="strip-row">
      <div className="row-between">
        {!props.alone && <span>{name}</span>}
        <span className="quiet">{t('strip.count', { covered, days: props.days.length })}</span>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a toolbar of cells is no fieldset */}
      <div className="strip-cells" ref={box} role="group" aria-label={name} onKeyDown={walk}>
        {props.days.map((day, index) => (
          <button
            type="button"
            key={day.day}
            tabIndex={index === at ? 0 : -1}
            className={cellClass(day)}
            aria-pressed={props.chosen === day}
            aria-label={`${day.day} ${t(`strip.${day.state}`)}${day.sealed ? ` ${t('strip.sealed')}` : ''} ${t('strip.minutesOf', { n: day.minutes })}`}
            onFocus={() => {
              setAt(index)
              props.onChoose(day)
            }}
            onMouseEnter={() => props.onChoose(day)}
          >
            {day.state === 'disputed' && '!'}
          </button>
        ))}
      </div>
    </div>
  )
}

function cellClass(day: StripDay): string {
  const marks = `${day.sealed ? ' strip-sealed' : ''}${day.corrected ? ' strip-corrected' : ''}`
  return `strip-cell strip-${day.state}${marks}`
}

function DayDetail({ day }: { day: StripDay }) {
  const { t, i18n } = useTranslation()
  const rows: [string, string | undefined][] = [
    [t('strip.day'), `${day.day} · ${day.deviceName}`],
    [t('strip.state'), t(`strip.${day.state}`) + (day.corrected ? ` · ${t('strip.corrected')}` : '')],
    [t('strip.minutes'), t('strip.minutesOf', { n: day.minutes })],
    [t('strip.points'), countText(day.points)],
    [t('strip.signed'), typeof day.signedBp === 'number' && day.points > 0 ? percentText(day.signedBp) : undefined],
    [t('strip.missing'), day.gateways?.missing ? t('strip.batches', { n: day.gateways.missing }) : undefined],
    [t('strip.told'), day.gateways?.gapMinutes ? t('strip.minutesOf', { n: day.gateways.gapMinutes }) : undefined],
    [t('strip.doubled'), day.gateways?.doubled ? t('strip.batches', { n: day.gateways.doubled }) : undefined],
    [t('strip.identicalTo'), day.identicalTo.join('、') || undefined],
    [
      t('strip.secondSource'),
      day.secondSourceMinutes === null
        ? undefined
        : t('strip.secondSourceOf', { theirs: day.secondSourceMinutes, ours: day.orgMinutes }),
    ],
    [t('strip.why'), day.why ? (i18n.language === 'en' ? day.why.en : day.why.zh) : undefined],
  ]
  return (
    <>
      <dl>
        {rows
          .filter(([, value]) => value)
          .map(([term, value]) => (
            <div key={term}>
              <dt>{term}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
      {day.sealHash && (
        <div>
          <span className="quiet">{t('strip.sealHash')}</span> <code className="hash">{day.sealHash}</code>
        </div>
      )}
    </>
  )
}
