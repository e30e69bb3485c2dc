import { getBundle, getStrip, listSeals } from '@kapok/contracts/evidence'
import { Link } from '@tanstack/react-router'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '../../api/call.ts'
import { addDays, civilDayText, countText, instantText, percentText } from '../../api/format.ts'
import { useAsk } from '../../api/hooks.ts'
import { usePlatformNow } from '../../app/platform.ts'
import { saveFile } from '../../components/csv.ts'
import { DataTable } from '../../components/data-table.tsx'
import { EvidenceStrip } from '../../components/evidence-strip.tsx'
import { Instant } from '../../components/figures.tsx'
import { Card, Page } from '../../components/page.tsx'
import { Empty, Failure, Reply, Skeleton } from '../../components/waiting.tsx'

export function Evidence() {
  const { t } = useTranslation()
  const now = usePlatformNow()
  return (
    <Page title={t('nav.evidence')} lead={t('evidence.lead')}>
      {now === undefined ? <Skeleton /> : <Strips today={civilDayText(now)} />}
    </Page>
  )
}

function Strips({ today }: { today: string }) {
  const { t } = useTranslation()
  const [from, setFrom] = useState(addDays(today, -90))
  const [to, setTo] = useState(addDays(today, -1))
  const strip = useAsk(getStrip, { query: { from, to } }, { keep: true })
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const download = async () => {
    setBusy(true)
    setError(undefined)
    try {
      saveFile((await call(getBundle, { query: { from, to } })) as Blob, `kapok-bundle-${from}-${to}.json`)
    } catch (refusal) {
      setError(refusal)
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className="stack-wide">
      <div className="row">
        <label>
          {t('evidence.from')}{' '}
          <input
            className="input"
            style={{ width: 'auto' }}
            type="date"
            value={from}
            max={to}
            onChange={(event) => event.target.value && setFrom(event.target.value)}
          />
        </label>
        <label>
          {t('evidence.to')}{' '}
          <input
            className="input"
            style={{ width: 'auto' }}
            type="date"
            value={to}
            min={from}
            max={today}
            onChange={(event) => event.target.value && setTo(event.target.value)}
          />
        </label>
        <Button type="primary" loading={busy} onClick={() => void download()}>
          {t('evidence.bundle')}
        </Button>
        <Link to="/verify">{t('nav.verify')}</Link>
      </div>
      {error !== undefined && <Failure error={error} />}
      <Card title={t('evidence.strip')}>
        <Reply of={strip} lines={8}>
          {(reply) =>
            reply.days.length === 0 ? (
              <Empty title={t('plant.noEvidence')} />
            ) : (
              <div className="stack">
                <p className="quiet">
                  {t('evidence.rule', { minutes: reply.minMinutes, tolerance: percentText(reply.toleranceBp) })}
                </p>
                <EvidenceStrip days={reply.days} label={t('evidence.strip')} />
              </div>
            )
          }
        </Reply>
      </Card>
      <section className="stack" aria-label={t('evidence.seals')}>
        <h2>{t('evidence.seals')}</h2>
        <DataTable
          contract={listSeals}
          caption={t('evidence.seals')}
          search={t('evidence.searchSeals')}
          exportName="seals"
          keyOf={(row) => `${row.day}/${row.revision}`}
          empty={<Empty title={t('evidence.noSeals')} />}
          columns={[
            {
              title: t('strip.day'),
              sort: 'day',
              cell: (row) => (row.revision > 0 ? `${row.day} · ${t('strip.corrected')} ${row.revision}` : row.day),
              text: (row) => `${row.day}/${row.revision}`,
            },
            { title: t('nav.machines'), end: true, cell: (row) => row.devices, text: (row) => String(row.devices) },
            {
              title: t('strip.points'),
              end: true,
              cell: (row) => countText(row.points),
              text: (row) => String(row.points),
            },
            {
              title: t('evidence.leaf'),
              sort: 'leafIndex',
              end: true,
              cell: (row) => row.leafIndex,
              text: (row) => String(row.leafIndex),
            },
            {
              title: t('strip.sealHash'),
              cell: (row) => <code title={row.leafHash}>{row.leafHash.slice(0, 16)}…</code>,
              text: (row) => row.leafHash,
            },
            {
              title: t('evidence.sealedAt'),
              cell: (row) => <Instant at={row.sealedAt} />,
              text: (row) => instantText(row.sealedAt),
            },
          ]}
        />
      </section>
    </div>
  )
}
