import { getHealth } from '@kapok/contracts/access'
import { useTranslation } from 'react-i18next'
import { useAsk } from '../../api/hooks.ts'
import { usePlatform } from '../../app/platform.ts'
import { Rows } from '../../components/data-table.tsx'
import { Facts, Instant } from '../../components/figures.tsx'
import { Card, Page } from '../../components/page.tsx'
import { Banner, StatusTag } from '../../components/state.tsx'
import { Reply } from '../../components/waiting.tsx'

export function Health() {
  const { t } = useTranslation()
  const health = useAsk(getHealth, {}, { every: 10_000 })
  const platform = usePlatform()
  return (
    <Page title={t('nav.health')} lead={t('health.lead')}>
      <div className="stack">
        {platform.data && !platform.data.tls && <Banner tone="notice">{t('health.plain')}</Banner>}
        <Reply of={health}>
          {({ checks }) => (
            <div className="table-wrap">
              <Rows
                caption={t('nav.health')}
                rows={checks}
                keyOf={(row) => row.name}
                columns={[
                  { title: t('health.name'), cell: (row) => t(`health.part.${row.name}`, row.name) },
                  {
                    title: t('case.stateOf'),
                    cell: (row) => (
                      <StatusTag tone={row.ok ? 'good' : 'fault'}>
                        {row.ok ? t('health.good') : t('health.fault')}
                      </StatusTag>
                    ),
                  },
                  { title: t('health.detail'), cell: (row) => row.detail },
                ]}
              />
            </div>
          )}
        </Reply>
        <Reply of={platform}>
          {(each) => (
            <Card label={t('nav.health')}>
              <Facts
                rows={[
                  [t('health.version'), each.version],
                  [t('health.mode'), t(`health.${each.mode}`)],
                  [t('health.now'), <Instant at={each.now} seconds key="n" />],
                ]}
              />
            </Card>
          )}
        </Reply>
      </div>
    </Page>
  )
}
