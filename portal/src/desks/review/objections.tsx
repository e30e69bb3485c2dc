import type { ReplyOf } from '@kapok/contracts/route'
import { answerObjection, listObjections } from '@kapok/contracts/subsidy'
import { Link } from '@tanstack/react-router'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { instantText } from '../../api/format.ts'
import { useCommand } from '../../api/hooks.ts'
import { useHas } from '../../app/platform.ts'
import { ConfirmAct } from '../../components/confirm-act.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { Facts, Instant } from '../../components/figures.tsx'
import { TextArea } from '../../components/form.tsx'
import { Card, Page } from '../../components/page.tsx'
import { StatusTag } from '../../components/state.tsx'
import { Empty } from '../../components/waiting.tsx'

type Objection = ReplyOf<typeof listObjections>['rows'][number]
const tone = { open: 'notice', upheld: 'fault', dismissed: 'good' } as const

export function Objections() {
  const { t } = useTranslation()
  const answers = useHas(['province.reviewer'])
  const [open, setOpen] = useState<Objection>()
  return (
    <Page title={t('nav.objections')} lead={t('objection.lead')}>
      <div className="stack">
        <DataTable
          contract={listObjections}
          caption={t('nav.objections')}
          search={t('objection.search')}
          exportName="objections"
          keyOf={(row) => row.id}
          empty={<Empty title={t('objection.none')} />}
          columns={[
            {
              title: t('case.no'),
              cell: (row) => <Link to={`/cases/${row.caseId}`}>{row.caseNo}</Link>,
              text: (row) => row.caseNo,
            },
            { title: t('case.enterprise'), cell: (row) => row.enterpriseName, text: (row) => row.enterpriseName },
            { title: t('notice.objector'), cell: (row) => row.objector, text: (row) => row.objector },
            { title: t('notice.reason'), cell: (row) => row.reason, text: (row) => row.reason },
            {
              title: t('objection.at'),
              sort: 'receivedAt',
              cell: (row) => <Instant at={row.receivedAt} />,
              text: (row) => instantText(row.receivedAt),
            },
            {
              title: t('notice.state'),
              sort: 'state',
              cell: (row) => <StatusTag tone={tone[row.state]}>{t(`objection.${row.state}`)}</StatusTag>,
              text: (row) => t(`objection.${row.state}`),
            },
            {
              title: t('objection.answer'),
              cell: (row) =>
                row.answer ?? (answers ? <Button onClick={() => setOpen(row)}>{t('objection.answer')}</Button> : '—'),
              text: (row) => row.answer ?? '',
            },
          ]}
        />
        {open && <Answer key={open.id} objection={open} done={() => setOpen(undefined)} />}
      </div>
    </Page>
  )
}

function Answer({ objection, done }: { objection: Objection; done(): void }) {
  const { t } = useTranslation()
  const answer = useCommand(answerObjection, ['subsidy.'])
  const [text, setText] = useState('')
  return (
    <Card opened title={t('objection.answer')}>
      <div className="form">
        <Facts
          rows={[
            [t('notice.objector'), `${objection.objector} · ${objection.contact}`],
            [t('notice.reason'), objection.reason],
          ]}
        />
        <TextArea
          id="answer"
          label={t('objection.words')}
          hint={t('objection.wordsHint')}
          limit={2000}
          value={text}
          onValue={setText}
        />
        <div className="row">
          {[false, true].map((upheld) => (
            <ConfirmAct
              key={String(upheld)}
              danger={upheld}
              missing={text.trim().length < 5 ? t('objection.wordsHint') : undefined}
              button={upheld ? t('objection.uphold') : t('objection.dismiss')}
              title={`${upheld ? t('objection.uphold') : t('objection.dismiss')} · ${objection.caseNo}`}
              effect={upheld ? t('objection.upholdEffect') : t('objection.dismissEffect')}
              act={() =>
                answer.mutateAsync({ params: { objectionId: objection.id }, body: { upheld, answer: text.trim() } })
              }
              onDone={done}
            />
          ))}
        </div>
      </div>
    </Card>
  )
}
