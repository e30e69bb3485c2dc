import {
  applyConfiguration,
  dryRunConfiguration,
  getConfiguration,
  type getGatewayHealth,
  listConfigurations,
  saveConfiguration,
} from '@kapok/contracts/gateway'
import type { ReplyOf } from '@kapok/contracts/route'
import { Button } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useAsk, useCommand } from '../../api/hooks.ts'
import { ConfirmAct } from '../../components/confirm-act.tsx'
import { Rows } from '../../components/data-table.tsx'
import { Instant } from '../../components/figures.tsx'
import { TextArea, TextField } from '../../components/form.tsx'
import { Card } from '../../components/page.tsx'
import { Banner, StatusTag } from '../../components/state.tsx'
import { Empty, Failure, Reply } from '../../components/waiting.tsx'
import { useGatewayWords } from '../../i18n/sentence.ts'
import { DryRunOutcome } from './gateway-dry-run.tsx'
import { TableFile } from './gateway-table-file.tsx'
import { lineDiff, withContext } from './line-diff.ts'

type Versions = ReplyOf<typeof listConfigurations>
type Running = NonNullable<ReplyOf<typeof getGatewayHealth>['health']>['report']['configuration']

const firstText = `devices:
  - name: 1 号注塑机
    protocol: modbus
    connection: { host: 192.168.1.10, port: 502, unit: 1 }
    periodMs: 1000
    tags:
      - { property: temperature, address: holding/6, type: int16, scale: 0.1 }
`

/** What the gateway shall read: versions, what each changes, a dry run, and applying one. */
export function GatewayConfiguration(props: { deviceId: string; connected: boolean; running: Running | undefined }) {
  const { t } = useTranslation()
  const { deviceId, running } = props
  const versions = useAsk(listConfigurations, { params: { deviceId } }, { every: 3_000 })
  return (
    <Card title={t('gateway.configuration')}>
      <Reply of={versions}>
        {(each) => (
          <div className="stack">
            <Standing versions={each} running={running} connected={props.connected} />
            {each.rows.length > 0 && <VersionList deviceId={deviceId} versions={each} running={running} />}
            <Editor key={each.rows[0]?.version ?? 0} deviceId={deviceId} newest={each.rows[0]?.version ?? 0} />
          </div>
        )}
      </Reply>
    </Card>
  )
}

/** Which version runs, and what became of the one that was ordered. */
function Standing({
  versions,
  running,
  connected,
}: {
  versions: Versions
  running: Running | undefined
  connected: boolean
}) {
  const { t } = useTranslation()
  const say = useGatewayWords()
  const { ordered } = versions
  if (running?.source === 'local') return <Banner tone="info">{t('gateway.localTable')}</Banner>
  const isTaken = ordered === null || running?.order === ordered.order
  return (
    <div className="stack" aria-live="polite">
      {running?.version != null && (
        <p>
          <StatusTag tone="good">{t('gateway.runs', { version: running.version })}</StatusTag>
        </p>
      )}
      {!isTaken && (
        <Banner tone="notice">
          {t(connected ? 'gateway.orderSent' : 'gateway.orderWaits', { version: ordered.version })}
        </Banner>
      )}
      {running?.trying != null && <Banner tone="info">{t('gateway.trying', { version: running.trying })}</Banner>}
      {running?.failed != null && isTaken && (
        <Banner tone="fault">
          <p>
            {running.version === null
              ? t('gateway.failed', { version: running.failed.version })
              : t('gateway.rolledBack', { version: running.failed.version, good: running.version })}
          </p>
          <pre className="command">{say(running.failed.reason, running.failed.zh)}</pre>
          <p className="quiet">
            <Instant at={running.failed.at} seconds />
          </p>
        </Banner>
      )}
      {versions.rows.length === 0 && <Empty title={t('gateway.noVersions')} />}
    </div>
  )
}

function VersionList(props: { deviceId: string; versions: Versions; running: Running | undefined }) {
  const { t } = useTranslation()
  const { deviceId, running } = props
  const { rows } = props.versions
  const apply = useCommand(applyConfiguration, ['data.gateway.'])
  const tried = useCommand(dryRunConfiguration)
  const [seen, setSeen] = useState<number>()
  const [all, setAll] = useState(false)
  const paramsOf = (version: number) => ({ deviceId, version })
  // What a version changes: against the one that runs, or the one before it when it is that one.
  const against = running?.version == null || running.version === seen ? (seen ?? 0) - 1 : running.version
  return (
    <div className="stack">
      <Rows
        caption={t('gateway.versions')}
        rows={all ? rows : rows.slice(0, 5)}
        keyOf={(row) => String(row.version)}
        columns={[
          {
            title: t('gateway.versionNo'),
            cell: (row) => (
              <span className="row">
                {row.version}
                {row.version === running?.version && <StatusTag tone="good">{t('gateway.running')}</StatusTag>}
              </span>
            ),
          },
          { title: t('gateway.note'), cell: (row) => row.note || '—' },
          {
            title: t('gateway.made'),
            cell: (row) => (
              <>
                {row.madeBy} <Instant at={row.madeAt} />
              </>
            ),
          },
          {
            title: t('plant.acts'),
            cell: (row) => (
              <span className="row">
                <Button onClick={() => setSeen(row.version)}>{t('gateway.see')}</Button>
                {running !== undefined && running.source !== 'local' && (
                  <>
                    <Button
                      loading={tried.isPending && tried.variables?.params.version === row.version}
                      onClick={() => tried.mutate({ params: paramsOf(row.version), body: {} })}
                    >
                      {t('gateway.dryRun')}
                    </Button>
                    <ConfirmAct
                      button={t('gateway.apply')}
                      title={t('gateway.applyName', { version: row.version })}
                      effect={t('gateway.applyEffect')}
                      act={() => apply.mutateAsync({ params: paramsOf(row.version), body: {} })}
                    />
                  </>
                )}
              </span>
            ),
          },
        ]}
      />
      {!all && rows.length > 5 && (
        <div>
          <Button onClick={() => setAll(true)}>{t('gateway.allVersions', { n: rows.length })}</Button>
        </div>
      )}
      {tried.isError && <Failure error={tried.error} />}
      {tried.data !== undefined && (
        <DryRunOutcome outcome={tried.data} version={tried.variables?.params.version ?? 0} />
      )}
      {seen !== undefined && <Version deviceId={deviceId} version={seen} against={against} />}
    </div>
  )
}

/** A version, as what it changes. */
function Version({ deviceId, version, against }: { deviceId: string; version: number; against: number }) {
  const { t } = useTranslation()
  const text = useAsk(getConfiguration, { params: { deviceId, version } })
  const other = useAsk(getConfiguration, { params: { deviceId, version: against } }, { enabled: against > 0 })
  return (
    <section
      className="stack"
      aria-label={against > 0 ? t('gateway.diff', { version, against }) : t('gateway.text', { version })}
    >
      <h3>{against > 0 ? t('gateway.diff', { version, against }) : t('gateway.text', { version })}</h3>
      <Reply of={text}>
        {({ text: now }) =>
          against > 0 ? (
            <Reply of={other}>{({ text: before }) => <Diff before={before} after={now} />}</Reply>
          ) : (
            <pre className="command">{now}</pre>
          )
        }
      </Reply>
    </section>
  )
}

function Diff({ before, after }: { before: string; after: string }) {
  const { t } = useTranslation()
  if (before === after) return <p>{t('gateway.noDifference')}</p>
  return (
    <pre className="command diff">
      {withContext(lineDiff(before, after)).map((line, i) => {
        const kind = line?.sign === '+' ? 'added' : line?.sign === '-' ? 'removed' : undefined
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines of one diff never move
          <span key={i} className={kind}>
            {line === undefined ? '⋯' : `${line.sign} ${line.text}`}
            {'\n'}
          </span>
        )
      })}
    </pre>
  )
}

function Editor({ deviceId, newest }: { deviceId: string; newest: number }) {
  const { t } = useTranslation()
  const before = useAsk(getConfiguration, { params: { deviceId, version: newest } }, { enabled: newest > 0 })
  if (newest > 0 && before.data === undefined) return <Reply of={before}>{() => null}</Reply>
  return <Edit deviceId={deviceId} newest={newest} before={before.data?.text ?? firstText} title={t('gateway.edit')} />
}

function Edit(props: { deviceId: string; newest: number; before: string; title: string }) {
  const { t } = useTranslation()
  const { deviceId, newest } = props
  const save = useCommand(saveConfiguration, ['data.gateway.configuration.list'])
  const [text, setText] = useState(props.before)
  const [note, setNote] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate({ params: { deviceId }, body: { text, note: note.trim(), after: newest } })
  }
  return (
    <form className="stack" onSubmit={submit} aria-label={props.title}>
      <h3>{props.title}</h3>
      <TableFile text={text} onText={setText} />
      <div className="yaml">
        <TextArea
          id="configurationText"
          label={t('gateway.yaml')}
          hint={t('gateway.yamlHint')}
          value={text}
          onValue={setText}
        />
      </div>
      <TextField id="configurationNote" label={t('gateway.note')} maxLength={200} value={note} onValue={setNote} />
      <div>
        <Button
          type="primary"
          htmlType="submit"
          disabled={text.trim() === '' || (newest > 0 && text === props.before)}
          loading={save.isPending}
        >
          {t('gateway.save')}
        </Button>
      </div>
      {save.isError && <Failure error={save.error} />}
    </form>
  )
}
