import { releasePieceBytes, type SignedRelease } from '@kapok/contracts/gateway-release'
import { listReleases, putRelease, putReleasePiece, withdrawRelease } from '@kapok/contracts/gateway-update'
import { useQueryClient } from '@tanstack/react-query'
import { Button, Progress } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '../../api/call.ts'
import { forget, useAsk, useCommand } from '../../api/hooks.ts'
import { ConfirmAct } from '../../components/confirm-act.tsx'
import { Rows } from '../../components/data-table.tsx'
import { Instant } from '../../components/figures.tsx'
import { Field } from '../../components/form.tsx'
import { Card, Page } from '../../components/page.tsx'
import { Banner, StatusTag } from '../../components/state.tsx'
import { Empty, Failure, Reply } from '../../components/waiting.tsx'
import { Key, sizeText } from '../plant/gateway-update.tsx'

/** Releases of the gateway's software that plants may take from this platform. */
export function Releases() {
  const { t } = useTranslation()
  const releases = useAsk(listReleases, {}, { every: 10_000 })
  const withdraw = useCommand(withdrawRelease, ['data.release.list'])
  return (
    <Page title={t('nav.releases')} lead={t('update.lead')}>
      <div className="stack-wide">
        <Upload />
        <Card title={t('update.releases')}>
          <Reply of={releases}>
            {({ rows }) =>
              rows.length === 0 ? (
                <Empty title={t('update.noneHere')} />
              ) : (
                <Rows
                  caption={t('update.releases')}
                  rows={rows}
                  keyOf={(row) => row.id}
                  columns={[
                    {
                      title: t('gateway.versionNo'),
                      cell: (row) => (
                        <span className="row">
                          {row.version}
                          {row.received < row.bytes && (
                            <StatusTag tone="notice">
                              {t('update.partly', { received: sizeText(row.received), bytes: sizeText(row.bytes) })}
                            </StatusTag>
                          )}
                        </span>
                      ),
                    },
                    {
                      title: t('update.platform'),
                      cell: (row) => (
                        <span className="row">
                          <code>{row.platform}</code>
                          {!row.bringsNode && <span className="quiet">{t('update.noNode')}</span>}
                        </span>
                      ),
                    },
                    { title: t('update.minimum'), cell: (row) => row.minimumVersion },
                    { title: t('update.size'), end: true, cell: (row) => sizeText(row.bytes) },
                    { title: t('update.signers'), cell: (row) => row.keyids.map((id) => <Key key={id} id={id} />) },
                    { title: t('update.ordered'), end: true, cell: (row) => row.ordered },
                    {
                      title: t('update.put'),
                      cell: (row) => (
                        <>
                          {row.putBy} <Instant at={row.putAt} />
                        </>
                      ),
                    },
                    {
                      title: t('plant.acts'),
                      cell: (row) => (
                        <ConfirmAct
                          danger
                          button={t('update.withdraw')}
                          title={t('update.withdrawName', { version: row.version, platform: row.platform })}
                          effect={t('update.withdrawEffect')}
                          act={() => withdraw.mutateAsync({ params: { releaseId: row.id } })}
                        />
                      ),
                    },
                  ]}
                />
              )
            }
          </Reply>
        </Card>
      </div>
    </Page>
  )
}

/** Takes the two files that were made together; the large one goes up in pieces, and goes on where it was left. */
function Upload() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const [files, setFiles] = useState<File[]>([])
  const [percent, setPercent] = useState<number>()
  const [error, setError] = useState<unknown>()
  const [done, setDone] = useState<string>()
  const manifest = files.find((each) => each.name.endsWith('.json'))
  const archive = files.find((each) => each.name.endsWith('.tar.gz'))
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (manifest === undefined || archive === undefined || percent !== undefined) return
    setError(undefined)
    setDone(undefined)
    setPercent(0)
    try {
      const body = JSON.parse(await manifest.text()) as SignedRelease
      const put = await call(putRelease, { body })
      for (let { received } = put; received < archive.size; ) {
        const piece = archive.slice(received, received + releasePieceBytes.up)
        const ask = { params: { releaseId: put.releaseId }, query: { offset: received }, body: piece }
        ;({ received } = await call(putReleasePiece, ask))
        setPercent(Math.floor((100 * received) / archive.size))
      }
      setDone(body.signed.version)
    } catch (refusal) {
      setError(refusal instanceof SyntaxError ? new Error(t('update.noManifest', { file: manifest.name })) : refusal)
    } finally {
      setPercent(undefined)
      await forget(client, ['data.release.list'])
    }
  }
  return (
    <Card title={t('update.upload')}>
      <form className="form" onSubmit={(event) => void submit(event)}>
        <Field id="release-files" label={t('update.files')} hint={t('update.filesHint')}>
          {(aria) => (
            <input
              {...aria}
              type="file"
              className="input"
              multiple
              accept=".json,.gz"
              disabled={percent !== undefined}
              onChange={(event) => setFiles([...(event.target.files ?? [])])}
            />
          )}
        </Field>
        {files.length > 0 && (manifest === undefined || archive === undefined) && (
          <p role="alert">{t('update.filesMissing')}</p>
        )}
        <div>
          <Button
            htmlType="submit"
            type="primary"
            disabled={manifest === undefined || archive === undefined}
            loading={percent !== undefined}
          >
            {t('update.upload')}
          </Button>
        </div>
        {percent !== undefined && <Progress percent={percent} aria-label={t('update.upload')} />}
        {error !== undefined && <Failure error={error} />}
        {done !== undefined && (
          <Banner tone="good" live>
            {t('update.uploaded', { version: done })}
          </Banner>
        )}
      </form>
    </Card>
  )
}
