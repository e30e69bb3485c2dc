import type { getGatewayHealth } from '@kapok/contracts/gateway'
import type { ReplyOf } from '@kapok/contracts/route'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import { countText } from '../../api/format.ts'
import { usePlatformNow } from '../../app/platform.ts'
import { Rows } from '../../components/data-table.tsx'
import { Facts, Instant, Stat } from '../../components/figures.tsx'
import { Card } from '../../components/page.tsx'
import { Banner, StatusTag } from '../../components/state.tsx'
import { Empty } from '../../components/waiting.tsx'
import { useGatewayWords } from '../../i18n/sentence.ts'

type Health = NonNullable<ReplyOf<typeof getGatewayHealth>['health']>
/** Four reports that did not come. */
const silentMs = 60_000
/** Above this the times of its values are wrong enough to be seen in a chart. */
const clockOffsetMsMax = 2_000

/** `3.2 s`, `−0.4 s`: how far a clock is behind. */
const brokerTones = { online: 'good', waiting: 'notice', away: 'fault' } as const

export function secondsText(ms: number): string {
  return `${ms < 0 ? '−' : ''}${(Math.abs(ms) / 1000).toFixed(1)} s`
}

function durationText(ms: number, t: TFunction): string {
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 120) return `${minutes} ${t('unit.minutes')}`
  return minutes < 2_880
    ? `${Math.floor(minutes / 60)} ${t('unit.hours')}`
    : `${Math.floor(minutes / 1_440)} ${t('unit.days')}`
}

/** What the gateway last said of itself and of its machines. */
export function GatewayHealth({ health }: { health: Health }) {
  const { t } = useTranslation()
  const say = useGatewayWords()
  const now = usePlatformNow()
  const { report, receivedAt, clockOffsetMs } = health
  const isSilent = now !== undefined && now - receivedAt > silentMs
  return (
    <Card title={t('gateway.health')}>
      <div className="stack">
        {isSilent && (
          <Banner tone="notice">
            {t('gateway.silent')} <Instant at={receivedAt} seconds />
          </Banner>
        )}
        {Math.abs(clockOffsetMs) > clockOffsetMsMax && (
          <Banner tone="notice">
            {t(clockOffsetMs > 0 ? 'gateway.clockBehind' : 'gateway.clockAhead', {
              offset: secondsText(Math.abs(clockOffsetMs)),
            })}
          </Banner>
        )}
        {report.lost > 0 && <Banner tone="fault">{t('gateway.lostLead', { n: countText(report.lost) })}</Banner>}
        <div className="stats">
          <Stat
            label={t('gateway.backlog')}
            note={
              report.backlog.oldestAt !== null && (
                <>
                  {t('gateway.oldest')} <Instant at={report.backlog.oldestAt} seconds />
                </>
              )
            }
          >
            {countText(report.backlog.points)}
          </Stat>
          <Stat label={t('gateway.machines')}>
            {report.devices.filter((each) => each.connected).length} / {report.devicesTotal}
          </Stat>
          <Stat label={t('gateway.clockOffset')}>{secondsText(clockOffsetMs)}</Stat>
        </div>
        <Facts
          rows={[
            [t('gateway.version'), report.version],
            [t('gateway.uptime'), durationText(report.uptimeMs, t)],
            [t('gateway.bufferBytes'), `${countText(report.backlog.bytes)} B`],
            [t('gateway.reportedAt'), <Instant key="r" at={receivedAt} seconds />],
          ]}
        />
        {report.devices.length === 0 ? (
          <Empty title={t('gateway.noMachines')} />
        ) : (
          <Rows
            caption={t('gateway.machines')}
            rows={report.devices}
            keyOf={(row) => row.name}
            columns={[
              { title: t('gateway.machine'), cell: (row) => row.name },
              { title: t('gateway.protocol'), cell: (row) => <code>{row.protocol}</code> },
              {
                title: t('plant.state'),
                cell: (row) =>
                  !row.connected ? (
                    <StatusTag tone="fault">{t('gateway.notAnswering')}</StatusTag>
                  ) : row.bad > 0 ? (
                    <StatusTag tone="notice">{t('gateway.partly')}</StatusTag>
                  ) : (
                    <StatusTag tone="good">{t('gateway.reading')}</StatusTag>
                  ),
              },
              {
                title: t('gateway.tags'),
                cell: (row) => t('gateway.goodBad', { good: countText(row.good), bad: countText(row.bad) }),
              },
              {
                title: t('gateway.lastError'),
                cell: (row) => (row.lastError === null ? '—' : say(row.lastError, row.zh)),
              },
            ]}
          />
        )}
        {report.brokers !== undefined && report.brokers.length > 0 && (
          <Rows
            caption={t('gateway.brokers')}
            rows={report.brokers}
            keyOf={(row) => `${row.kind} ${row.name}`}
            columns={[
              { title: t('gateway.broker'), cell: (row) => <code>{row.name}</code> },
              { title: t('gateway.protocol'), cell: (row) => (row.kind === 'uns' ? t('gateway.uns') : 'Sparkplug B') },
              {
                title: t('plant.state'),
                cell: (row) => (
                  <StatusTag tone={brokerTones[row.phase]}>{t(`gateway.brokerState.${row.phase}`)}</StatusTag>
                ),
              },
              { title: t('gateway.batchesWaiting'), cell: (row) => countText(row.waiting) },
              { title: t('gateway.lastError'), cell: (row) => row.lastError ?? '—' },
            ]}
          />
        )}
      </div>
    </Card>
  )
}
