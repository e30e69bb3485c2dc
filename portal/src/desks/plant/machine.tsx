import { deleteDevice, disableDevice, enableDevice, getDevice } from '@kapok/contracts/data'
import { getStrip } from '@kapok/contracts/evidence'
import type { ReplyOf } from '@kapok/contracts/route'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { addDays, civilDayText } from '../../api/format.ts'
import { useAsk, useCommand } from '../../api/hooks.ts'
import { usePlatformNow } from '../../app/platform.ts'
import { ConfirmAct } from '../../components/confirm-act.tsx'
import { EvidenceStrip } from '../../components/evidence-strip.tsx'
import { Facts, Instant } from '../../components/figures.tsx'
import { Card, Page } from '../../components/page.tsx'
import { Banner } from '../../components/state.tsx'
import { Empty, Reply } from '../../components/waiting.tsx'
import { Credentials } from './credentials.tsx'
import { DeviceState } from './device-state.tsx'
import { History } from './history.tsx'
import { LiveValues } from './live-values.tsx'
import { MachineIdentifier } from './machine-identifier.tsx'
import { Rename } from './rename.tsx'

/** One machine: what it says now, its last 90 days, and which of those days are evidence. */
export function Machine() {
  const { deviceId = '' } = useParams({ strict: false })
  const device = useAsk(getDevice, { params: { deviceId } }, { every: 15_000 })
  return <Reply of={device}>{(each) => <OneMachine key={each.id} device={each} />}</Reply>
}

function OneMachine({ device }: { device: ReplyOf<typeof getDevice> }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const changes = ['data.device.']
  const enable = useCommand(enableDevice, changes)
  const disable = useCommand(disableDevice, changes)
  const remove = useCommand(deleteDevice, changes)
  const params = { deviceId: device.id }
  return (
    <Page
      title={device.name}
      lead={
        <span className="row">
          <DeviceState device={device} />
          <span>{device.productName || t(`plant.${device.kind}`)}</span>
          <span>
            {t('plant.lastSeen')} <Instant at={device.lastSeen} seconds />
          </span>
        </span>
      }
      crumbs={[{ text: t('nav.machines'), to: '/plant/machines' }, { text: device.name }]}
    >
      <div className="stack-wide">
        {device.sharedCredentialAt !== null && <Banner tone="fault">{t('plant.sharedLead')}</Banner>}
        {device.properties.length > 0 && (
          <>
            <LiveValues device={device} />
            <History device={device} />
          </>
        )}
        <Strip deviceId={device.id} />
        <div className="beside">
          <Credentials deviceId={device.id} />
          <Card title={t('plant.about')}>
            <div className="stack">
              <Facts
                rows={[
                  [
                    t('plant.product'),
                    device.productId ? (
                      <Link key="p" to={`/plant/products/${device.productId}`}>
                        {device.productName}
                      </Link>
                    ) : null,
                  ],
                  [t('plant.kind'), t(`plant.${device.kind}`)],
                  [
                    t('plant.id'),
                    <code key="i" className="hash">
                      {device.id}
                    </code>,
                  ],
                  [t('plant.created'), <Instant key="c" at={device.createdAt} />],
                ]}
              />
              <Rename deviceId={device.id} name={device.name} />
              <MachineIdentifier deviceId={device.id} />
              <div className="row">
                {device.enabled ? (
                  <ConfirmAct
                    button={t('plant.disable')}
                    title={t('plant.disableName', { name: device.name })}
                    effect={t('plant.disableEffect')}
                    act={() => disable.mutateAsync({ params })}
                  />
                ) : (
                  <ConfirmAct
                    button={t('plant.enable')}
                    title={t('plant.enable')}
                    effect={t('plant.enableEffect')}
                    act={() => enable.mutateAsync({ params })}
                  />
                )}
                <ConfirmAct
                  danger
                  button={t('plant.delete')}
                  title={t('plant.deleteName', { name: device.name })}
                  effect={t('plant.deleteEffect')}
                  act={() => remove.mutateAsync({ params })}
                  onDone={() => void navigate({ to: '/plant/machines' })}
                />
              </div>
            </div>
          </Card>
        </div>
      </div>
    </Page>
  )
}

function Strip({ deviceId }: { deviceId: string }) {
  const { t } = useTranslation()
  const now = usePlatformNow()
  const today = civilDayText(now ?? 0)
  const strip = useAsk(
    getStrip,
    { query: { deviceId, from: addDays(today, -90), to: addDays(today, -1) } },
    { enabled: now !== undefined },
  )
  return (
    <Card title={t('plant.strip')}>
      <Reply of={strip}>
        {(reply) =>
          reply.days.length === 0 ? (
            <Empty title={t('plant.noEvidence')} />
          ) : (
            <EvidenceStrip days={reply.days} label={t('plant.strip')} />
          )
        }
      </Reply>
    </Card>
  )
}
