import { BellOutlined } from '@ant-design/icons'
import { caseReaders, listInbox } from '@kapok/contracts/case'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useAsk } from '../api/hooks.ts'
import { useHas } from './platform.ts'

/** How many messages wait, for everybody who can be a party of a case. */
export function InboxLink() {
  const { t } = useTranslation()
  const reads = useHas(caseReaders)
  const inbox = useAsk(listInbox, { query: { unread: true, size: 1 } }, { enabled: reads, every: 30_000 })
  if (!reads) return null
  const n = inbox.data?.unread ?? 0
  return (
    <Link to="/inbox" className="icon-button" aria-label={t('shell.inbox', { n })} title={t('shell.inbox', { n })}>
      <BellOutlined aria-hidden /> {n > 0 && <span className="figure">{n}</span>}
    </Link>
  )
}
