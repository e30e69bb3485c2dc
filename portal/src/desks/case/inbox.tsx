import { listInbox, markInboxRead } from '@kapok/contracts/case'
import { Link } from '@tanstack/react-router'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { instantText } from '../../api/format.ts'
import { useCommand } from '../../api/hooks.ts'
import { DataTable } from '../../components/data-table.tsx'
import { Instant } from '../../components/figures.tsx'
import { Page } from '../../components/page.tsx'
import { StatusTag } from '../../components/state.tsx'
import { Empty, Failure } from '../../components/waiting.tsx'
import { useSentence } from '../../i18n/sentence.ts'

export function Inbox() {
  const { t } = useTranslation()
  const say = useSentence()
  const mark = useCommand(markInboxRead, ['subsidy.inbox.list'])
  return (
    <Page
      title={t('inbox.title')}
      lead={t('inbox.lead')}
      action={
        <Button onClick={() => mark.mutate({ body: {} })} loading={mark.isPending}>
          {t('inbox.readAll')}
        </Button>
      }
    >
      {mark.isError && <Failure error={mark.error} />}
      <DataTable
        contract={listInbox}
        caption={t('inbox.title')}
        search={t('inbox.search')}
        exportName="inbox"
        every={20_000}
        keyOf={(row) => row.id}
        empty={<Empty title={t('inbox.none')} />}
        columns={[
          {
            title: t('inbox.at'),
            sort: 'at',
            cell: (row) => <Instant at={row.at} />,
            text: (row) => instantText(row.at),
          },
          { title: t('inbox.text'), cell: (row) => say(row.text), text: (row) => say(row.text) },
          {
            title: t('case.no'),
            cell: (row) => (row.caseId ? <Link to={`/cases/${row.caseId}`}>{row.caseNo}</Link> : '—'),
            text: (row) => row.caseNo ?? '',
          },
          {
            title: t('inbox.state'),
            cell: (row) => (
              <StatusTag tone={row.readAt === null ? 'info' : 'off'}>
                {row.readAt === null ? t('inbox.unread') : t('inbox.read')}
              </StatusTag>
            ),
            text: (row) => (row.readAt === null ? t('inbox.unread') : t('inbox.read')),
          },
        ]}
      />
    </Page>
  )
}
