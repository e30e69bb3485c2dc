import { useTranslation } from 'react-i18next'
import { Copy, Instant } from '../../components/figures.tsx'
import { Banner } from '../../components/state.tsx'

/** A one-time link to hand over by any safe way; the platform needs no mail server. */
export function OneTimeLink({ link, expiresAt }: { link: string; expiresAt?: number }) {
  const { t } = useTranslation()
  const address = new URL(link, location.origin).href
  return (
    <Banner tone="good" live>
      <p>{t('admin.link')}</p>
      <p className="row">
        <code className="hash">{address}</code>
        <Copy text={address} />
      </p>
      {expiresAt !== undefined && (
        <p className="quiet">
          {t('account.linkUntil')} <Instant at={expiresAt} />
        </p>
      )}
    </Banner>
  )
}
