import { getCockpit } from '@kapok/contracts/insight'
import { useTranslation } from 'react-i18next'
import { useAsk } from '../../api/hooks.ts'
import { Rows } from '../../components/data-table.tsx'
import { Instant, Money, Stat } from '../../components/figures.tsx'
import { Page } from '../../components/page.tsx'
import { StatusTag } from '../../components/state.tsx'
import { Empty, Reply } from '../../components/waiting.tsx'
import { PickProgramme } from '../finance/pick-programme.tsx'
import { IndicatorCards } from '../public/indicators.tsx'
import { Quotas } from './quotas.tsx'

/** The cockpit: quotas and take-up, what waits on which desk, indicators with the query behind each. */
export function Cockpit() {
  const { t } = useTranslation()
  return (
    <Page title={t('nav.cockpit')} lead={t('province.lead')}>
      <PickProgramme>{(programmeId) => <Instruments programmeId={programmeId} />}</PickProgramme>
    </Page>
  )
}

function Instruments({ programmeId }: { programmeId: string }) {
  const { t } = useTranslation()
  const cockpit = useAsk(getCockpit, { query: { programmeId } }, { every: 30_000 })
  return (
    <Reply of={cockpit} lines={10}>
      {(reply) => (
        <>
          <div className="stats">
            <Stat
              label={t('money.appropriated')}
              note={
                <>
                  {t('form.asOf')} <Instant at={reply.asOf} />
                </>
              }
            >
              <Money fen={reply.appropriatedFen} />
            </Stat>
            <Stat label={t('money.unallocated')}>
              <Money fen={reply.unallocatedFen} />
            </Stat>
          </div>
          <IndicatorCards indicators={reply.indicators} />
          <Quotas quotas={reply.quotas} />
          <section className="stack" aria-label={t('province.desks')}>
            <h2>{t('province.desks')}</h2>
            <div className="table-wrap">
              {reply.desks.length === 0 ? (
                <Empty title={t('province.noDesks')} />
              ) : (
                <Rows
                  caption={t('province.desks')}
                  rows={reply.desks}
                  keyOf={(row) => row.desk}
                  columns={[
                    {
                      title: t('case.whoseDesk'),
                      cell: (row) => t(`case.desk.${row.desk as 'city'}`, { defaultValue: row.desk }),
                    },
                    { title: t('province.open'), end: true, cell: (row) => row.open },
                    {
                      title: t('case.overdue'),
                      end: true,
                      cell: (row) => (row.overdue > 0 ? <StatusTag tone="fault">{row.overdue}</StatusTag> : 0),
                    },
                  ]}
                />
              )}
            </div>
          </section>
        </>
      )}
    </Reply>
  )
}
