import { listNotices } from '@kapok/contracts/subsidy'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { instantText, yuanText } from '../../api/format.ts'
import { DataTable } from '../../components/data-table.tsx'
import { Instant, Money } from '../../components/figures.tsx'
import { Page } from '../../components/page.tsx'
import { StatusTag } from '../../components/state.tsx'
import { Empty } from '../../components/waiting.tsx'

const tone = { open: 'info', stopped: 'notice', closed: 'good', upheld: 'fault' } as const

/** Redemptions under public notice before they are paid: anybody may object. */
export function Notices() {
  const { t } = useTranslation()
  return (
    <Page title={t('nav.notices')} lead={t('notice.lead')}>
      <DataTable
        contract={listNotices}
        caption={t('nav.notices')}
        search={t('notice.search')}
        exportName="notices"
        keyOf={(row) => row.id}
        empty={<Empty title={t('notice.none')} />}
        columns={[
          { title: t('case.no'), cell: (row) => row.caseNo, text: (row) => row.caseNo },
          {
            title: t('case.enterprise'),
            sort: 'enterpriseName',
            cell: (row) => row.enterpriseName,
            text: (row) => row.enterpriseName,
          },
          { title: t('case.supplier'), cell: (row) => row.supplierName, text: (row) => row.supplierName },
          { title: t('case.region'), cell: (row) => row.regionName, text: (row) => row.regionName },
          {
            title: t('money.approved'),
            sort: 'approvedFen',
            end: true,
            cell: (row) => <Money fen={row.approvedFen} />,
            text: (row) => yuanText(row.approvedFen),
          },
          {
            title: t('notice.state'),
            cell: (row) => <StatusTag tone={tone[row.state]}>{t(`notice.${row.state}`)}</StatusTag>,
            text: (row) => t(`notice.${row.state}`),
          },
          {
            title: t('notice.until'),
            sort: 'closesAt',
            cell: (row) => (
              <>
                <Instant at={row.closesAt} />{' '}
                {row.provisional && <StatusTag tone="notice">{t('case.provisional')}</StatusTag>}
              </>
            ),
            text: (row) => instantText(row.closesAt),
          },
          {
            title: t('notice.object'),
            cell: (row) =>
              row.state === 'open' || row.state === 'stopped' ? (
                <Link to={`/notices/${row.id}/object`}>{t('notice.object')}</Link>
              ) : (
                '—'
              ),
          },
        ]}
      />
    </Page>
  )
}
