import { Link } from '@tanstack/react-router'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
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
          <Link to="/plant/certify/new">
            <Button>{t('filing.certify')}</Button>
          </Link>
          <Link to="/plant/apply/new">
            <Button type="primary">{t('filing.apply')}</Button>
          </Link>
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
