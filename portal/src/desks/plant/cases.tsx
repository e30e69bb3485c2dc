import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { LinkButton } from '../../components/link-button.tsx'
import { Page } from '../../components/page.tsx'
import { Empty } from '../../components/waiting.tsx'
import { CaseTable } from '../case/case-table.tsx'

/** Every case of the own enterprise with whose desk it is on, and the doors to file a new one. */
export function Cases() {
  const { t } = useTranslation()
  return (
    <Page
      title={t('nav.cases')}
      lead={t('case.listLead')}
      action={
        <span className="row">
          <LinkButton to="/plant/certify/new">{t('filing.certify')}</LinkButton>
          <LinkButton to="/plant/apply/new" primary>
            {t('filing.apply')}
          </LinkButton>
        </span>
      }
    >
      <CaseTable
        desk="all"
        filter
        empty={
          <Empty title={t('case.noneFiled')}>
            <Link to="/plant/certify/new">{t('filing.certify')}</Link>
          </Empty>
        }
      />
    </Page>
  )
}
