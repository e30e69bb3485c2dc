import { InboxOutlined } from '@ant-design/icons'
import {
  checkIdentifierFile,
  getIdentifierSheet,
  getRegistryAccount,
  listIdentifierImports,
  registryFileBytesMax,
  registryRowsMax,
} from '@kapok/contracts/registry'
import { Link, useNavigate } from '@tanstack/react-router'
import { Button } from 'antd'
import { type DragEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '../../api/call.ts'
import { countText } from '../../api/format.ts'
import { useAsk, useCommand } from '../../api/hooks.ts'
import { saveFile } from '../../components/csv.ts'
import { DataTable } from '../../components/data-table.tsx'
import { Instant } from '../../components/figures.tsx'
import { Field } from '../../components/form.tsx'
import { Card, Page } from '../../components/page.tsx'
import { Empty, Failure, Reply } from '../../components/waiting.tsx'
import { NoAccount } from './identifiers.tsx'
import './identifiers.css'

const mib = registryFileBytesMax >> 20

/** A batch by Excel: the template, the file that is checked, and what became of earlier ones. */
export function IdentifierFiles() {
  const { t } = useTranslation()
  const account = useAsk(getRegistryAccount, {})
  return (
    <Page
      title={t('registry.byExcel')}
      lead={t('registry.importLead')}
      crumbs={[{ text: t('nav.identifiers'), to: '/plant/identifiers' }, { text: t('registry.byExcel') }]}
    >
      <Reply of={account}>
        {({ account: own }) =>
          own === null ? (
            <NoAccount />
          ) : (
            <div className="stack-wide">
              <Card label={t('registry.file')}>
                <FilePicker />
              </Card>
              <Card title={t('registry.recent')}>
                <Recent />
              </Card>
            </div>
          )
        }
      </Reply>
    </Page>
  )
}

function FilePicker() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const check = useCommand(checkIdentifierFile, ['registry.import.list'])
  const [large, setLarge] = useState(false)
  const [over, setOver] = useState(false)
  const picker = useRef<HTMLInputElement>(null)
  const read = (file: File | undefined) => {
    if (file === undefined || check.isPending) return
    setLarge(file.size > registryFileBytesMax)
    if (file.size > registryFileBytesMax) return
    check.mutate(
      { query: { name: file.name.slice(-200) }, body: file },
      {
        onSuccess: ({ id }) => void navigate({ to: `/plant/identifiers/files/${id}` }),
        onSettled: () => {
          if (picker.current) picker.current.value = ''
        },
      },
    )
  }
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    read(event.dataTransfer.files[0])
  }
  return (
    <div className="stack">
      <Template />
      <Field
        id="identifierFile"
        label={t('registry.file')}
        hint={t('registry.fileHint', { rows: countText(registryRowsMax), mib })}
      >
        {(aria) => (
          // biome-ignore lint/a11y/noStaticElementInteractions: dropping is an addition; the input within is for everybody
          <div
            className={over ? 'drop drop-over' : 'drop'}
            onDragOver={(event) => {
              event.preventDefault()
              setOver(true)
            }}
            onDragLeave={() => setOver(false)}
            onDrop={drop}
          >
            <InboxOutlined aria-hidden />
            <span>{t('registry.drop')}</span>
            <input
              {...aria}
              ref={picker}
              type="file"
              accept=".xlsx"
              disabled={check.isPending}
              onChange={(event) => read(event.target.files?.[0])}
            />
          </div>
        )}
      </Field>
      {check.isPending && <p aria-live="polite">{t('registry.checking')}</p>}
      {large && <p role="alert">{t('registry.tooLarge', { mib })}</p>}
      {check.isError && <Failure error={check.error} />}
    </div>
  )
}

function Template() {
  const { t } = useTranslation()
  const [error, setError] = useState<unknown>()
  const save = async () => {
    try {
      saveFile((await call(getIdentifierSheet, {})) as Blob, 'identifiers.xlsx')
    } catch (refusal) {
      setError(refusal)
    }
  }
  return (
    <>
      <div>
        <Button onClick={() => void save()}>{t('registry.template')}</Button>
      </div>
      {error !== undefined && <Failure error={error} />}
    </>
  )
}

function Recent() {
  const { t } = useTranslation()
  return (
    <DataTable
      contract={listIdentifierImports}
      caption={t('registry.recent')}
      keyOf={(row) => row.id}
      every={5_000}
      empty={<Empty title={t('registry.noFiles')} />}
      columns={[
        {
          title: t('registry.fileName'),
          cell: (row) => <Link to={`/plant/identifiers/files/${row.id}`}>{row.fileName}</Link>,
        },
        { title: t('plant.state'), cell: (row) => t(`registry.fileState.${row.state}`) },
        { title: t('registry.rows'), end: true, cell: (row) => countText(row.counts.total) },
        {
          title: t('registry.rowState.done'),
          end: true,
          cell: (row) => countText(row.counts.done + row.counts.same),
        },
        { title: t('registry.uploaded'), cell: (row) => <Instant at={row.createdAt} /> },
      ]}
    />
  )
}
