import { listCustomers } from '@kapok/contracts/subsidy'
import { useTranslation } from 'react-i18next'
import { yuanText } from '../../api/format.ts'
import { DataTable } from '../../components/data-table.tsx'
import { Money, Share } from '../../components/figures.tsx'
import { Page } from '../../components/page.tsx'
import { Empty } from '../../components/waiting.tsx'

export function Customers() {
  const { t } = useTranslation()
  return (
    <Page title={t('nav.customers')} lead={t('supplier.customersLead')}>
      <DataTable
        contract={listCustomers}
        caption={t('nav.customers')}
        search={t('supplier.searchCustomers')}
        exportName="customers"
        keyOf={(row) => row.voucherNo}
        empty={<Empty title={t('supplier.noCustomers')} />}
        columns={[
          {
            title: t('case.enterprise'),
            sort: 'enterpriseName',
            cell: (row) => row.enterpriseName,
            text: (row) => row.enterpriseName,
          },
          { title: t('voucher.no'), cell: (row) => row.voucherNo, text: (row) => row.voucherNo },
          { title: t('paper.contractNo'), cell: (row) => row.contractNo, text: (row) => row.contractNo },
          {
            title: t('voucher.face'),
            sort: 'faceFen',
            end: true,
            cell: (row) => <Money fen={row.faceFen} />,
            text: (row) => yuanText(row.faceFen),
          },
          { title: t('paper.machines'), end: true, cell: (row) => row.machines, text: (row) => String(row.machines) },
          {
            title: t('supplier.covered'),
            cell: (row) => (
              <div style={{ minWidth: 120 }}>
                {t('case.coveredOf', { covered: row.coveredDays, required: row.possibleDays })}
                <Share
                  basisPoints={row.possibleDays === 0 ? 0 : Math.round((10_000 * row.coveredDays) / row.possibleDays)}
                  label={t('supplier.covered')}
                />
              </div>
            ),
            text: (row) => `${row.coveredDays}/${row.possibleDays}`,
          },
        ]}
      />
    </Page>
  )
}
