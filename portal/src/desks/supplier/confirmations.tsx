import { listSupplierCaps } from '@kapok/contracts/subsidy'
import { useTranslation } from 'react-i18next'
import { useAsk } from '../../api/hooks.ts'
import { useProgrammeTitle } from '../../app/programme-title.ts'
import { Money, Share, Stat } from '../../components/figures.tsx'
import { Page } from '../../components/page.tsx'
import { Banner } from '../../components/state.tsx'
import { Empty, Reply } from '../../components/waiting.tsx'
import { CaseTable } from '../case/case-table.tsx'

/** What waits for this supplier's word, and how much of its cap is left. */
export function Confirmations() {
  const { t } = useTranslation()
  const titleOf = useProgrammeTitle()
  const caps = useAsk(listSupplierCaps, { query: { size: 20 } })
  return (
    <Page title={t('nav.confirmations')} lead={t('supplier.lead')}>
      <div className="stack-wide">
        <Reply of={caps}>
          {({ rows }) =>
            rows.length === 0 ? (
              <Empty title={t('supplier.noCap')} />
            ) : (
              <div className="stack">
                {rows.map((each) => {
                  const used =
                    each.capFen === '0' ? 10_000 : Number((BigInt(each.reservedFen) * 10_000n) / BigInt(each.capFen))
                  return (
                    <div key={each.programmeId} className="stack">
                      {each.suspended && (
                        <Banner tone="fault">
                          {t('supplier.suspended')} {each.suspendedReason}
                        </Banner>
                      )}
                      <div className="stats">
                        <Stat label={t('supplier.left')} note={titleOf(each.programmeId)}>
                          <Money fen={each.leftFen} />
                        </Stat>
                        <Stat
                          label={t('supplier.reserved')}
                          note={<Share basisPoints={used} label={t('supplier.reserved')} />}
                        >
                          <Money fen={each.reservedFen} />
                        </Stat>
                        <Stat label={t('supplier.cap')}>
                          <Money fen={each.capFen} />
                        </Stat>
                      </div>
                    </div>
                  )
                })}
              </div>
            )
          }
        </Reply>
        <section className="stack" aria-label={t('nav.confirmations')}>
          <h2>{t('nav.confirmations')}</h2>
          <CaseTable desk="mine" empty={<Empty title={t('supplier.nothing')} />} />
        </section>
        <section className="stack" aria-label={t('supplier.all')}>
          <h2>{t('supplier.all')}</h2>
          <CaseTable desk="all" filter empty={<Empty title={t('supplier.none')} />} />
        </section>
      </div>
    </Page>
  )
}
