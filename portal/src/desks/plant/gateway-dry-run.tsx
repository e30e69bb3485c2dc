import type { dryRunConfiguration } from '@kapok/contracts/gateway'
import type { ReplyOf } from '@kapok/contracts/route'
import { useTranslation } from 'react-i18next'
import { countText } from '../../api/format.ts'
import { Rows } from '../../components/data-table.tsx'
import { Banner, StatusTag } from '../../components/state.tsx'
import { useGatewayWords } from '../../i18n/sentence.ts'

type Outcome = ReplyOf<typeof dryRunConfiguration>

/** What the gateway found when it checked a version and read the tags that it changes. */
export function DryRunOutcome({ outcome, version }: { outcome: Outcome; version: number }) {
  const { t } = useTranslation()
  const say = useGatewayWords()
  const { problems, problemsTotal, tags, tagsTotal, tagsFailed } = outcome
  return (
    <section className="stack" role="status" aria-label={t('gateway.dryRunOf', { version })}>
      <h3>{t('gateway.dryRunOf', { version })}</h3>
      {problemsTotal > 0 ? (
        <>
          <Banner tone="fault">{t('gateway.cannotStart', { n: countText(problemsTotal) })}</Banner>
          <Rows
            caption={t('gateway.problems')}
            rows={problems}
            keyOf={(row) => `${row.where} ${row.why}`}
            columns={[
              { title: t('gateway.where'), cell: (row) => row.where || '—' },
              { title: t('gateway.why'), cell: (row) => say(row.why, row.zh) },
            ]}
          />
        </>
      ) : (
        <>
          {tagsTotal === 0 ? (
            <Banner tone="good">{t('gateway.nothingChanged')}</Banner>
          ) : tagsFailed === 0 ? (
            <Banner tone="good">{t('gateway.allRead', { n: countText(tagsTotal) })}</Banner>
          ) : (
            <Banner tone="notice">
              {t('gateway.someFail', { failed: countText(tagsFailed), n: countText(tagsTotal) })}
            </Banner>
          )}
          {outcome.devicesUnchanged > 0 && (
            <p className="quiet">{t('gateway.unchanged', { n: countText(outcome.devicesUnchanged) })}</p>
          )}
          {tags.length > 0 && (
            <Rows
              caption={t('gateway.tags')}
              rows={tags}
              keyOf={(row) => `${row.device} ${row.property}`}
              columns={[
                { title: t('gateway.machine'), cell: (row) => row.device },
                { title: t('gateway.tag'), cell: (row) => <code>{row.property}</code> },
                { title: t('gateway.address'), cell: (row) => <code>{row.address}</code> },
                {
                  title: t('gateway.answer'),
                  cell: (row) =>
                    row.why === null ? (
                      <StatusTag tone="good">{String(row.value)}</StatusTag>
                    ) : (
                      <span className="row">
                        <StatusTag tone="fault">{t('gateway.fails')}</StatusTag>
                        {say(row.why, row.zh)}
                      </span>
                    ),
                },
              ]}
            />
          )}
          {tagsTotal > tags.length && (
            <p className="quiet">{t('gateway.firstRows', { shown: tags.length, n: countText(tagsTotal) })}</p>
          )}
          <Overlaps overlaps={outcome.overlaps ?? []} total={outcome.overlapsTotal ?? 0} />
        </>
      )}
    </section>
  )
}

/** Tags that share a part of their place: to be looked at, and no error. */
function Overlaps({ overlaps, total }: { overlaps: NonNullable<Outcome['overlaps']>; total: number }) {
  const { t } = useTranslation()
  if (overlaps.length === 0) return null
  return (
    <>
      <Banner tone="info">{t('gateway.overlaps', { n: countText(total) })}</Banner>
      <Rows
        caption={t('gateway.overlapsCaption')}
        rows={overlaps}
        keyOf={(row) => `${row.device} ${row.property} ${row.address}`}
        columns={[
          { title: t('gateway.machine'), cell: (row) => row.device },
          { title: t('gateway.tag'), cell: (row) => <code>{row.property}</code> },
          { title: t('gateway.address'), cell: (row) => <code>{row.address}</code> },
          {
            title: t('gateway.overlapsWith'),
            cell: ({ with: other }) => (
              <code>
                {other.property} ({other.address})
              </code>
            ),
          },
        ]}
      />
      {total > overlaps.length && (
        <p className="quiet">{t('gateway.firstOverlaps', { shown: overlaps.length, n: countText(total) })}</p>
      )}
    </>
  )
}
