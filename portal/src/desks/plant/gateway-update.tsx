import type { getGatewayHealth } from '@kapok/contracts/gateway'
import { compareVersions } from '@kapok/contracts/gateway-release'
import { getGatewayUpdate, orderUpdate } from '@kapok/contracts/gateway-update'
import type { ReplyOf } from '@kapok/contracts/route'
import { Progress } from 'antd'
import { useTranslation } from 'react-i18next'
import { useAsk, useCommand } from '../../api/hooks.ts'
import { ConfirmAct } from '../../components/confirm-act.tsx'
import { Rows } from '../../components/data-table.tsx'
import { Instant } from '../../components/figures.tsx'
import { Card } from '../../components/page.tsx'
import { Banner, StatusTag } from '../../components/state.tsx'
import { Reply } from '../../components/waiting.tsx'
import { useSentence } from '../../i18n/sentence.ts'

type Report = NonNullable<ReplyOf<typeof getGatewayHealth>['health']>['report']
type Update = ReplyOf<typeof getGatewayUpdate>

/** Mebibytes, one decimal. */
export const sizeText = (bytes: number) => `${(bytes / (1 << 20)).toFixed(1)}\u00a0MiB`

/** The gateway's software: what runs, what there is, and what becomes of an update. */
export function GatewayUpdate({
  deviceId,
  report,
  connected,
}: {
  deviceId: string
  report: Report
  connected: boolean
}) {
  const { t } = useTranslation()
  const update = useAsk(getGatewayUpdate, { params: { deviceId } }, { every: 3_000 })
  return (
    <Card title={t('update.title')}>
      <Reply of={update}>
        {(each) => (
          <div className="stack">
            <Standing update={each} report={report} connected={connected} />
            {report.software?.starter === true ? (
              <Releases deviceId={deviceId} releases={each.releases} report={report} />
            ) : (
              <Banner tone="info">{t('update.noStarter')}</Banner>
            )}
          </div>
        )}
      </Reply>
    </Card>
  )
}

/** Which version runs, and what became of the one that was ordered. */
function Standing({ update, report, connected }: { update: Update; report: Report; connected: boolean }) {
  const { t } = useTranslation()
  const say = useSentence()
  const { ordered } = update
  const { order = null, doing = null, failed = null } = report.software ?? {}
  const isTaken = ordered === null || order === ordered.order
  return (
    <div className="stack" aria-live="polite">
      <p>
        <StatusTag tone="good">{t('update.runs', { version: report.version })}</StatusTag>
      </p>
      {!isTaken && (
        <Banner tone="notice">{t(connected ? 'update.sent' : 'update.waits', { version: ordered.version })}</Banner>
      )}
      {doing !== null && (
        <Banner tone="info">
          <p>{t(`update.step.${doing.step}`, { version: doing.version })}</p>
          {doing.step === 'download' && (
            <Progress
              percent={doing.total === 0 ? 0 : Math.floor((100 * doing.bytes) / doing.total)}
              aria-label={t('update.step.download', { version: doing.version })}
            />
          )}
        </Banner>
      )}
      {failed !== null && isTaken && (
        <Banner tone="fault">
          <p>{t('update.failed', { version: failed.version, running: report.version })}</p>
          <p>{say(failed.why)}</p>
          <p className="quiet">
            <Instant at={failed.at} seconds />
          </p>
        </Banner>
      )}
      {ordered !== null && isTaken && doing === null && failed === null && report.version === ordered.version && (
        <Banner tone="good">
          {t('update.done', { version: ordered.version })} {ordered.by} <Instant at={ordered.at} />
        </Banner>
      )}
    </div>
  )
}

function Releases(props: { deviceId: string; releases: Update['releases']; report: Report }) {
  const { t } = useTranslation()
  const { deviceId, releases, report } = props
  const order = useCommand(orderUpdate, ['data.gateway.'])
  if (releases.length === 0) return <p className="quiet">{t('update.none')}</p>
  return (
    <Rows
      caption={t('update.releases')}
      rows={releases}
      keyOf={(row) => row.id}
      columns={[
        {
          title: t('gateway.versionNo'),
          cell: (row) => (
            <span className="row">
              {row.version}
              {row.version === report.version && <StatusTag tone="good">{t('gateway.running')}</StatusTag>}
            </span>
          ),
        },
        { title: t('update.made'), cell: (row) => <Instant at={row.madeAt} /> },
        { title: t('update.size'), end: true, cell: (row) => sizeText(row.bytes) },
        { title: t('update.signers'), cell: (row) => row.keyids.map((each) => <Key key={each} id={each} />) },
        {
          title: t('plant.acts'),
          cell: (row) => {
            const step = compareVersions(row.version, report.version)
            if (step === 0) return '—'
            const versions = { version: row.version, running: report.version }
            return (
              <ConfirmAct
                button={t(step > 0 ? 'update.update' : 'update.downgrade')}
                title={t(step > 0 ? 'update.updateTo' : 'update.downgradeTo', versions)}
                effect={
                  <>
                    <p>{t('update.effect', versions)}</p>
                    {step < 0 && <p>{t('update.downgradeEffect', versions)}</p>}
                  </>
                }
                act={() =>
                  order.mutateAsync({ params: { deviceId }, body: { releaseId: row.id, downgrade: step < 0 } })
                }
              />
            )
          },
        },
      ]}
    />
  )
}

/** The beginning of a key's SHA-256, as the gateway names it too. */
export const Key = ({ id }: { id: string }) => <code title={id}>{id.slice(0, 16)}</code>
