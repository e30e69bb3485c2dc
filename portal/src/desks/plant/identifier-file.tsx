import {
  getIdentifierImport,
  getImportResult,
  getRegistryAccount,
  type IdentifierImport,
  listImportRows,
  startIdentifierImport,
  stopIdentifierImport,
} from '@kapok/contracts/registry'
import { useParams } from '@tanstack/react-router'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '../../api/call.ts'
import { countText } from '../../api/format.ts'
import { useAsk, useCommand } from '../../api/hooks.ts'
import { ConfirmAct } from '../../components/confirm-act.tsx'
import { saveFile } from '../../components/csv.ts'
import { DataTable } from '../../components/data-table.tsx'
import { Share } from '../../components/figures.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { Card, Page } from '../../components/page.tsx'
import { Banner } from '../../components/state.tsx'
import { Empty, Failure, Reply } from '../../components/waiting.tsx'
import { useSentence } from '../../i18n/sentence.ts'
import { useFactTitle } from './identifiers.tsx'
import { LabelsDialog } from './labels-dialog.tsx'

const stale = ['registry.import.get', 'registry.import.rows', 'registry.import.list', 'registry.identifier.list']

/** A file on its way: what is wrong with it, how far it is, what became of it. */
export function IdentifierFile() {
  const { t } = useTranslation()
  const { importId = '' } = useParams({ strict: false }) as { importId?: string }
  const reply = useAsk(
    getIdentifierImport,
    { params: { importId } },
    { every: (last) => (last?.state === 'running' ? 1_000 : 60_000) },
  )
  const name = reply.data?.fileName ?? t('registry.fileName')
  return (
    <Page
      title={name}
      crumbs={[
        { text: t('nav.identifiers'), to: '/plant/identifiers' },
        { text: t('registry.byExcel'), to: '/plant/identifiers/files' },
        { text: name },
      ]}
    >
      <Reply of={reply}>
        {(file) => (
          <div className="stack-wide">
            <Card label={t(`registry.fileState.${file.state}`)}>
              <div className="stack">{file.state === 'done' ? <Done file={file} /> : <Open file={file} />}</div>
            </Card>
            <FileRows file={file} />
          </div>
        )}
      </Reply>
    </Page>
  )
}

function Open({ file }: { file: IdentifierImport }) {
  const { t } = useTranslation()
  const say = useSentence()
  const stop = useCommand(stopIdentifierImport, stale)
  const { counts, state } = file
  if (state === 'checked') return <Checked file={file} />
  const through = counts.total - counts.waiting
  return (
    <>
      <p aria-live="polite">
        {t('registry.progress', { done: countText(through), total: countText(counts.total) })} ·{' '}
        {t(`registry.fileState.${state}`)}
      </p>
      <Share basisPoints={Math.round((through / counts.total) * 10_000)} label={`${through} / ${counts.total}`} />
      {file.hold !== null && <Banner tone="notice">{say(file.hold)}</Banner>}
      <div className="row">
        {state === 'running' ? (
          <Button loading={stop.isPending} onClick={() => stop.mutate({ params: { importId: file.id } })}>
            {t('registry.stop')}
          </Button>
        ) : (
          <Start file={file} button={t('registry.goOn')} />
        )}
      </div>
      {stop.isError && <Failure error={stop.error} />}
    </>
  )
}

function Checked({ file }: { file: IdentifierImport }) {
  const { t } = useTranslation()
  const { total, bad, waiting } = file.counts
  const words = { n: countText(total), bad: countText(bad), good: countText(waiting) }
  return (
    <>
      <Banner tone={bad === 0 ? 'good' : waiting === 0 ? 'fault' : 'notice'} live>
        {bad === 0
          ? t('registry.allGood', { n: words.n })
          : waiting === 0
            ? t('registry.allBad', { bad: words.bad })
            : t('registry.someBad', { bad: words.bad, good: words.good })}
      </Banner>
      <div className="row">
        {waiting > 0 && <Start file={file} button={t('registry.start', { n: words.good })} />}
        {bad > 0 && <ResultFile file={file} />}
        <LinkButton to="/plant/identifiers/files">{t('registry.anotherFile')}</LinkButton>
      </div>
    </>
  )
}

function Start({ file, button }: { file: IdentifierImport; button: string }) {
  const { t } = useTranslation()
  const account = useAsk(getRegistryAccount, {})
  const start = useCommand(startIdentifierImport, stale)
  return (
    <ConfirmAct
      primary
      button={button}
      title={button}
      effect={t('registry.startEffect', {
        prefix: account.data?.account?.prefix ?? '',
        n: countText(file.counts.waiting),
        bad: countText(file.counts.bad),
      })}
      act={() => start.mutateAsync({ params: { importId: file.id } })}
    />
  )
}

function Done({ file }: { file: IdentifierImport }) {
  const { t } = useTranslation()
  const { done, same, failed, bad } = file.counts
  const registered = done + same
  return (
    <>
      <Banner tone={failed + bad === 0 ? 'good' : 'notice'} live>
        {t('registry.doneAll', {
          done: countText(done),
          same: countText(same),
          failed: countText(failed),
          bad: countText(bad),
        })}
      </Banner>
      <div className="row">
        {registered > 0 && (
          <LabelsDialog button={t('registry.labels.all')} count={registered} of={{ importId: file.id }} primary />
        )}
        <ResultFile file={file} />
        <LinkButton to="/plant/identifiers">{t('registry.toList')}</LinkButton>
      </div>
    </>
  )
}

function ResultFile({ file }: { file: IdentifierImport }) {
  const { t } = useTranslation()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const save = async () => {
    setBusy(true)
    setError(undefined)
    try {
      const name = `${file.fileName.replace(/\.xlsx$/i, '')}-result.xlsx`
      saveFile((await call(getImportResult, { params: { importId: file.id } })) as Blob, name)
    } catch (refusal) {
      setError(refusal)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <Button loading={busy} onClick={() => void save()}>
        {t('registry.result')}
      </Button>
      {error !== undefined && <Failure error={error} />}
    </>
  )
}

/** What is wrong comes first; a file without faults shows how it was read. */
function FileRows({ file }: { file: IdentifierImport }) {
  const { t } = useTranslation()
  const say = useSentence()
  const titleOf = useFactTitle()
  const wrong = file.counts.bad + file.counts.failed > 0
  const title = wrong ? t('registry.wrongRows') : t('registry.firstRows')
  return (
    <Card title={title}>
      <DataTable
        key={`${wrong} ${file.state} ${file.counts.failed}`}
        contract={listImportRows}
        ask={{ params: { importId: file.id }, query: { wrong: wrong || undefined } }}
        caption={title}
        keyOf={(row) => String(row.row)}
        empty={<Empty title={t('registry.noFiles')} />}
        columns={[
          { title: t('registry.row'), cell: (row) => row.row },
          { title: t('registry.handle'), cell: (row) => <code className="hash">{row.handle || '—'}</code> },
          { title: titleOf('name'), cell: (row) => row.facts.name ?? '—' },
          {
            title: t('registry.what'),
            cell: (row) => (row.fault === null ? t(`registry.rowState.${row.state}`) : say(row.fault)),
          },
        ]}
      />
    </Card>
  )
}
