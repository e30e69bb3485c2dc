import { importReadings, listReadings } from '@kapok/contracts/evidence'
import { Button } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { countText, instantText } from '../../api/format.ts'
import { useCommand } from '../../api/hooks.ts'
import { DataTable } from '../../components/data-table.tsx'
import { Instant } from '../../components/figures.tsx'
import { ErrorSummary, TextArea } from '../../components/form.tsx'
import { Card, Page } from '../../components/page.tsx'
import { Banner } from '../../components/state.tsx'
import { Empty, Failure } from '../../components/waiting.tsx'
import { parseReadings } from './parse-readings.ts'

/** The second source: the operator's own reading of the lines, day by day. */
export function Readings() {
  const { t } = useTranslation()
  const file = useCommand(importReadings, ['evidence.second-source.list'])
  const [text, setText] = useState('')
  const [wrong, setWrong] = useState<string>()
  const [round, setRound] = useState(0)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setRound(round + 1)
    const parsed = parseReadings(text)
    setWrong(Array.isArray(parsed) ? undefined : t('reading.lineWrong', { line: parsed.line }))
    if (Array.isArray(parsed)) file.mutate({ body: { readings: parsed } }, { onSuccess: () => setText('') })
  }
  return (
    <Page title={t('nav.readings')} lead={t('reading.lead')}>
      <div className="stack-wide">
        <DataTable
          contract={listReadings}
          caption={t('nav.readings')}
          search={t('reading.search')}
          exportName="readings"
          keyOf={(row) => `${row.uscc}${row.day}${row.filedAt}`}
          empty={<Empty title={t('reading.none')} />}
          columns={[
            { title: t('strip.day'), sort: 'day', cell: (row) => row.day, text: (row) => row.day },
            { title: t('case.enterprise'), cell: (row) => row.organisationName, text: (row) => row.organisationName },
            { title: t('account.uscc'), cell: (row) => <code>{row.uscc}</code>, text: (row) => row.uscc },
            {
              title: t('reading.minutes'),
              sort: 'activeMinutes',
              end: true,
              cell: (row) => row.activeMinutes,
              text: (row) => String(row.activeMinutes),
            },
            {
              title: t('reading.bytes'),
              end: true,
              cell: (row) => countText(row.bytes),
              text: (row) => String(row.bytes),
            },
            {
              title: t('reading.filedAt'),
              sort: 'filedAt',
              cell: (row) => <Instant at={row.filedAt} />,
              text: (row) => instantText(row.filedAt),
            },
          ]}
        />
        <Card title={t('reading.file')}>
          <form className="form" onSubmit={submit} noValidate>
            <ErrorSummary wrongs={wrong ? { readings: wrong } : {}} round={round} />
            <TextArea
              id="readings"
              label={t('reading.rows')}
              hint={t('reading.rowsHint')}
              wrong={wrong}
              value={text}
              onValue={setText}
            />
            <div>
              <Button type="primary" htmlType="submit" loading={file.isPending}>
                {t('reading.file')}
              </Button>
            </div>
            {file.data && (
              <Banner tone="good" live>
                {t('reading.accepted', { n: file.data.accepted })}
              </Banner>
            )}
            {file.isError && <Failure error={file.error} />}
          </form>
        </Card>
      </div>
    </Page>
  )
}
