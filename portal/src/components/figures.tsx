import { CopyOutlined } from '@ant-design/icons'
import type { TFunction } from 'i18next'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { instantText, yuanText } from '../api/format.ts'
import { usePlatformNow } from '../app/platform.ts'

/** An amount in 元: thousands separators, two decimals, the unit lighter than the number. */
export function Money({ fen }: { fen: string | null | undefined }) {
  const { t } = useTranslation()
  if (fen === null || fen === undefined) return <span className="quiet">—</span>
  return (
    <span className="money">
      {yuanText(fen)}
      {/* A large figure in a narrow card may break before its unit. */}
      <wbr />
      <span className="unit">{t('unit.yuan')}</span>
    </span>
  )
}

/** A time as `2026-11-23 18:10` on the clock of Shanghai; how long ago it is stands in the tooltip. */
export function Instant({ at, seconds }: { at: number | null | undefined; seconds?: boolean }) {
  const now = usePlatformNow()
  const { t } = useTranslation()
  if (at === null || at === undefined) return <span className="quiet">—</span>
  return (
    <time dateTime={new Date(at).toISOString()} title={now === undefined ? undefined : distance(at - now, t)}>
      {instantText(at, seconds)}
    </time>
  )
}

function distance(ms: number, t: TFunction): string {
  const minutes = Math.round(Math.abs(ms) / 60_000)
  const n = minutes < 60 ? minutes : minutes < 2880 ? Math.round(minutes / 60) : Math.round(minutes / 1440)
  const unit = minutes < 60 ? t('unit.minutes') : minutes < 2880 ? t('unit.hours') : t('unit.days')
  return ms < 0 ? t('unit.ago', { n, unit }) : t('unit.ahead', { n, unit })
}

export function Stat(props: { label: string; children: ReactNode; note?: ReactNode }) {
  return (
    <div className="stat">
      <span className="quiet">{props.label}</span>
      <span className="figure">{props.children}</span>
      {props.note && <span className="quiet">{props.note}</span>}
    </div>
  )
}

/** Facts as a list of terms; rows without a value are left out. Amounts that add up stand under each other. */
export function Facts({ rows, sums }: { rows: [label: string, value: ReactNode][]; sums?: boolean }) {
  return (
    <dl className={sums ? 'facts sums' : 'facts'}>
      {rows
        .filter(([, value]) => value !== undefined && value !== null && value !== '')
        .map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}

export function Copy({ text }: { text: string }) {
  const { t } = useTranslation()
  const [copied, setCopied] = useState(false)
  return (
    <button
      type="button"
      className="icon-button"
      onClick={() => {
        void navigator.clipboard?.writeText(text).then(() => setCopied(true))
      }}
    >
      <CopyOutlined aria-hidden />
      <span aria-live="polite">{copied ? t('action.copied') : t('action.copy')}</span>
    </button>
  )
}

/** A share drawn as a bar with its number beside it. */
export function Share({ basisPoints, label }: { basisPoints: number; label: string }) {
  return (
    <div className="bar" role="img" aria-label={label}>
      <span style={{ width: `${Math.min(100, basisPoints / 100)}%` }} />
    </div>
  )
}
