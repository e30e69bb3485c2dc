import { useTranslation } from 'react-i18next'
import { Page } from '../../components/page.tsx'
import { Empty } from '../../components/waiting.tsx'
import { CaseTable } from '../case/case-table.tsx'

/** Cases by their clocks: first what waits for me, then everything of the region. */
export function Queue() {
  const { t } = useTranslation()
  return (
    <Page title={t('nav.queue')} lead={t('review.lead')}>
      <div className="stack-wide">
        <section className="stack" aria-label={t('case.waitForMe')}>
          <h2>{t('case.waitForMe')}</h2>
          <CaseTable desk="mine" filter empty={<Empty title={t('case.nothingWaits')} />} />
        </section>
        <section className="stack" aria-label={t('review.all')}>
          <h2>{t('review.all')}</h2>
          <CaseTable desk="all" filter empty={<Empty title={t('review.none')} />} />
        </section>
      </div>
    </Page>
  )
}
