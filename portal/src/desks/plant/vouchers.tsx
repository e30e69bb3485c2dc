import { listVouchers } from '@kapok/contracts/subsidy'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { instantText, yuanText } from '../../api/format.ts'
import { DataTable } from '../../components/data-table.tsx'
import { Instant, Money } from '../../components/figures.tsx'
import { Page } from '../../components/page.tsx'
import { StatusTag } from '../../components/state.tsx'
import { Empty } from '../../components/waiting.tsx'

const tone = { issued: 'info', locked: 'notice', payable: 'notice', settled: 'good', expired: 'off' } as const

export function Vouchers() {
  const { t } = useTranslation()
  return (
    <Page title={t('nav.vouchers')} lead={t('voucher.lead')}>
      <DataTable
        contract={listVouchers}
        caption={t('nav.vouchers')}
        search={t('voucher.search')}
        exportName="vouchers"
        keyOf={(row) => row.no}
        empty={
          <Empty title={t('voucher.none')}>
            <Link to="/plant/apply/new">{t('filing.apply')}</Link>
          </Empty>
        }
        columns={[
          { title: t('voucher.no'), sort: 'no', cell: (row) => row.no, text: (row) => row.no },
          { title: t('case.supplier'), cell: (row) => row.supplierName, text: (row) => row.supplierName },
          {
            title: t('voucher.face'),
            sort: 'faceFen',
            end: true,
            cell: (row) => <Money fen={row.faceFen} />,
            text: (row) => yuanText(row.faceFen),
          },
          {
            title: t('money.paid'),
            end: true,
            cell: (row) => <Money fen={row.paidFen} />,
            text: (row) => yuanText(row.paidFen),
          },
          {
            title: t('voucher.state'),
            sort: 'state',
            cell: (row) => <StatusTag tone={tone[row.state]}>{t(`voucher.${row.state}`)}</StatusTag>,
            text: (row) => t(`voucher.${row.state}`),
          },
          {
            title: t('voucher.validTo'),
            sort: 'validTo',
            cell: (row) => <Instant at={row.validTo} />,
            text: (row) => instantText(row.validTo),
          },
          {
            title: t('voucher.act'),
            cell: (row) =>
              row.redeemable ? (
                <Link to={`/plant/redeem/${row.no}`}>{t('filing.redeem')}</Link>
              ) : row.redemptionId ? (
                <Link to={`/cases/${row.redemptionId}`}>{t('voucher.redemption')}</Link>
              ) : (
                <Link to={`/cases/${row.applicationId}`}>{t('voucher.application')}</Link>
              ),
          },
        ]}
      />
    </Page>
  )
}
