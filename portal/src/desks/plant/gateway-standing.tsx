import type { getGatewayStanding } from '@kapok/contracts/gateway'
import type { ReplyOf } from '@kapok/contracts/route'
import { gapReasons } from '@kapok/contracts/signed-batch'
import { useTranslation } from 'react-i18next'
import { countText } from '../../api/format.ts'
import { Rows } from '../../components/data-table.tsx'
import { Instant, Stat } from '../../components/figures.tsx'
import { Card } from '../../components/page.tsx'
import { StatusTag } from '../../components/state.tsx'

const reasons = ['off', 'full', 'disk'] as const

/** What arrived of a gateway by its own sequence: a batch that is missing is told from machines that were silent. */
export function GatewayStanding({ standing }: { standing: ReplyOf<typeof getGatewayStanding> }) {
  const { t } = useTranslation()
  const { missing, gaps, clockSteps } = standing
  // Other words than these a gateway of another version may say.
  const reasonOf = (words: string) => {
    const [known] = reasons.filter((each) => gapReasons[each] === words)
    return known === undefined ? words : t(`gateway.gapReason.${known}`)
  }
  return (
    <Card title={t('gateway.standing')}>
      <div className="stack">
        <p className="quiet">{t('gateway.standingLead')}</p>
        <div className="stats">
          <Stat label={t('gateway.batches')}>{countText(standing.batches)}</Stat>
          <Stat label={t('gateway.points')}>{countText(standing.points)}</Stat>
          <Stat label={t('gateway.lastSequence')}>{countText(standing.lastSequence)}</Stat>
          <Stat label={t('gateway.lastReceived')}>
            <Instant at={standing.lastReceived} seconds />
          </Stat>
        </div>
        {missing.length === 0 ? (
          <p>
            <StatusTag tone="good">{t('gateway.noneMissing')}</StatusTag>
          </p>
        ) : (
          <>
            <h3>{t('gateway.missing')}</h3>
            <Rows
              caption={t('gateway.missing')}
              rows={missing}
              keyOf={(row) => String(row.from)}
              columns={[
                {
                  title: t('gateway.sequences'),
                  cell: (row) => (row.from === row.to ? row.from : `${row.from}–${row.to}`),
                },
                { title: t('gateway.after'), cell: (row) => <Instant at={row.after} seconds /> },
                { title: t('gateway.before'), cell: (row) => <Instant at={row.before} seconds /> },
              ]}
            />
          </>
        )}
        {gaps.length > 0 && (
          <>
            <h3>{t('gateway.gaps')}</h3>
            <Rows
              caption={t('gateway.gaps')}
              rows={gaps}
              keyOf={(row) => `${row.firstAt} ${row.lastAt} ${row.reason}`}
              columns={[
                { title: t('gateway.from'), cell: (row) => <Instant at={row.firstAt} seconds /> },
                { title: t('gateway.to'), cell: (row) => <Instant at={row.lastAt} seconds /> },
                { title: t('gateway.reason'), cell: (row) => reasonOf(row.reason) },
                { title: t('gateway.lostPoints'), end: true, cell: (row) => countText(row.points) },
              ]}
            />
          </>
        )}
        {clockSteps.length > 0 && (
          <>
            <h3>{t('gateway.clockSteps')}</h3>
            <Rows
              caption={t('gateway.clockSteps')}
              rows={clockSteps}
              keyOf={(row) => `${row.before} ${row.after}`}
              columns={[
                { title: t('gateway.clockBefore'), cell: (row) => <Instant at={row.before} seconds /> },
                { title: t('gateway.clockAfter'), cell: (row) => <Instant at={row.after} seconds /> },
              ]}
            />
          </>
        )}
      </div>
    </Card>
  )
}
