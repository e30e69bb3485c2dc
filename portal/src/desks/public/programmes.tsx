import { listProgrammes } from '@kapok/contracts/subsidy'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { instantText } from '../../api/format.ts'
import { DataTable } from '../../components/data-table.tsx'
import { Instant } from '../../components/figures.tsx'
import { Page } from '../../components/page.tsx'
import { StatusTag } from '../../components/state.tsx'
import { Empty } from '../../components/waiting.tsx'
import { useSentence } from '../../i18n/sentence.ts'

export function Programmes() {
  const { t } = useTranslation()
  const say = useSentence()
  return (
    <Page title={t('nav.programmes')} lead={t('programme.listLead')}>
      <DataTable
        contract={listProgrammes}
        caption={t('nav.programmes')}
        search={t('programme.search')}
        exportName="programmes"
        keyOf={(row) => row.id}
        empty={<Empty title={t('programme.none')} />}
        columns={[
          {
            title: t('programme.title'),
            cell: (row) => (
              <span className="row">
                <Link to={`/programmes/${row.id}`}>{say(row.title)}</Link>
                {row.sample && <StatusTag tone="notice">{t('programme.sample')}</StatusTag>}
              </span>
            ),
            text: (row) => say(row.title),
          },
          { title: t('programme.year'), cell: (row) => row.fiscalYear, text: (row) => String(row.fiscalYear) },
          {
            title: t('programme.applying'),
            cell: (row) => (
              <StatusTag tone={row.applyOpen ? 'good' : 'off'}>
                {row.applyOpen ? t('programme.applyOpen') : t('programme.applyClosed')}
              </StatusTag>
            ),
            text: (row) => (row.applyOpen ? t('programme.applyOpen') : t('programme.applyClosed')),
          },
          {
            title: t('programme.until'),
            cell: (row) => <Instant at={row.applyClosesAt} />,
            text: (row) => (row.applyClosesAt === null ? '' : instantText(row.applyClosesAt)),
          },
        ]}
      />
    </Page>
  )
}
