import type { getCockpit } from '@kapok/contracts/insight'
import type { ReplyOf } from '@kapok/contracts/route'
import { useTranslation } from 'react-i18next'
import { percentText } from '../../api/format.ts'
import { Rows } from '../../components/data-table.tsx'
import { Money, Share } from '../../components/figures.tsx'
import { StatusTag } from '../../components/state.tsx'
import { Empty } from '../../components/waiting.tsx'

/** Quotas city by city: allocated, where it is, and the share that was taken up. */
export function Quotas({ quotas }: { quotas: ReplyOf<typeof getCockpit>['quotas'] }) {
  const { t } = useTranslation()
  return (
    <section className="stack" aria-label={t('province.quotas')}>
      <h2>{t('province.quotas')}</h2>
      <div className="table-wrap">
        {quotas.length === 0 ? (
          <Empty title={t('province.noQuotas')} />
        ) : (
          <Rows
            caption={t('province.quotas')}
            rows={quotas}
            keyOf={(row) => row.city}
            columns={[
              { title: t('finance.city'), cell: (row) => row.cityName },
              { title: t('money.allocated'), end: true, cell: (row) => <Money fen={row.allocatedFen} /> },
              { title: t('province.available'), end: true, cell: (row) => <Money fen={row.availableFen} /> },
              { title: t('money.issuedOpen'), end: true, cell: (row) => <Money fen={row.issuedFen} /> },
              { title: t('money.locked'), end: true, cell: (row) => <Money fen={row.lockedFen} /> },
              { title: t('money.payable'), end: true, cell: (row) => <Money fen={row.payableFen} /> },
              { title: t('money.paid'), end: true, cell: (row) => <Money fen={row.paidFen} /> },
              {
                title: t('province.takeUp'),
                end: true,
                cell: (row) => (
                  <div style={{ minWidth: 88 }}>
                    {percentText(row.takeUpBp)}
                    <Share
                      basisPoints={row.takeUpBp}
                      label={`${row.cityName} ${t('province.takeUp')} ${percentText(row.takeUpBp)}`}
                    />
                  </div>
                ),
              },
              {
                title: t('province.waiting'),
                end: true,
                cell: (row) => (row.waiting > 0 ? <StatusTag tone="notice">{row.waiting}</StatusTag> : 0),
              },
            ]}
          />
        )}
      </div>
    </section>
  )
}
