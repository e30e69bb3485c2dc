import { type getGatewayHealth, getGatewayLogs, readGatewayTag, restartGateway } from '@kapok/contracts/gateway'
import type { ReplyOf } from '@kapok/contracts/route'
import { Button } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { instantText } from '../../api/format.ts'
import { useCommand } from '../../api/hooks.ts'
import { ConfirmAct } from '../../components/confirm-act.tsx'
import { Facts, Instant } from '../../components/figures.tsx'
import { Choose, TextField } from '../../components/form.tsx'
import { Card } from '../../components/page.tsx'
import { Banner, StatusTag } from '../../components/state.tsx'
import { Failure } from '../../components/waiting.tsx'
import { useGatewayWords } from '../../i18n/sentence.ts'

type Devices = NonNullable<ReplyOf<typeof getGatewayHealth>['health']>['report']['devices']

/** What can be asked of a gateway that is connected: one tag, its log, a new beginning. */
export function GatewayDiagnosis({ deviceId, devices }: { deviceId: string; devices: Devices }) {
  const { t } = useTranslation()
  const params = { deviceId }
  const logs = useCommand(getGatewayLogs)
  const restart = useCommand(restartGateway, ['data.gateway.health'])
  return (
    <Card title={t('gateway.diagnosis')}>
      <div className="stack">
        {devices.length > 0 && <ReadTag deviceId={deviceId} devices={devices} />}
        <div className="row">
          <Button loading={logs.isPending} onClick={() => logs.mutate({ params, body: {} })}>
            {t('gateway.fetchLogs')}
          </Button>
          <ConfirmAct
            button={t('gateway.restart')}
            title={t('gateway.restart')}
            effect={t('gateway.restartEffect')}
            act={() => restart.mutateAsync({ params, body: {} })}
          />
        </div>
        {restart.isSuccess && (
          <Banner tone="info" live>
            {t('gateway.restarting')}
          </Banner>
        )}
        {logs.isError && <Failure error={logs.error} />}
        {logs.data !== undefined && (
          <section aria-label={t('gateway.logs')}>
            <h3>{t('gateway.logs')}</h3>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no pointer scrolls it too */}
            <pre className="command log" role="status" tabIndex={0}>
              {logs.data.lines.length === 0
                ? t('gateway.noLogs')
                : logs.data.lines
                    .toReversed()
                    .map(({ at, level, text }) => `${instantText(at, true)}  ${level.padEnd(5)}  ${text}`)
                    .join('\n')}
            </pre>
          </section>
        )}
      </div>
    </Card>
  )
}

function ReadTag({ deviceId, devices }: { deviceId: string; devices: Devices }) {
  const { t } = useTranslation()
  const say = useGatewayWords()
  const read = useCommand(readGatewayTag)
  const [device, setDevice] = useState(devices[0]?.name ?? '')
  const [property, setProperty] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    read.mutate({ params: { deviceId }, body: { device, property: property.trim() } })
  }
  return (
    <form className="stack" onSubmit={submit} aria-label={t('gateway.readNow')}>
      <h3>{t('gateway.readNow')}</h3>
      <Choose
        id="readDevice"
        label={t('gateway.machine')}
        value={device}
        onValue={setDevice}
        options={devices.map(({ name }) => ({ value: name, text: name }))}
      />
      <TextField
        id="readProperty"
        label={t('gateway.property')}
        hint={t('gateway.propertyHint')}
        maxLength={200}
        value={property}
        onValue={setProperty}
      />
      <div>
        <Button htmlType="submit" disabled={property.trim() === ''} loading={read.isPending}>
          {t('gateway.read')}
        </Button>
      </div>
      {read.isError && <Failure error={read.error} />}
      {read.data !== undefined && (
        <div role="status">
          <Facts
            rows={[
              [
                t('gateway.answer'),
                read.data.why === null ? (
                  <StatusTag key="v" tone="good">
                    {String(read.data.value)}
                  </StatusTag>
                ) : (
                  <span key="v" className="row">
                    <StatusTag tone="fault">{t('gateway.fails')}</StatusTag>
                    {say(read.data.why, read.data.zh)}
                  </span>
                ),
              ],
              [t('gateway.address'), <code key="a">{read.data.address}</code>],
              [t('gateway.at'), <Instant key="t" at={read.data.at} seconds />],
              [t('gateway.took'), `${read.data.tookMs} ms`],
            ]}
          />
        </div>
      )}
    </form>
  )
}
