import { getDevice } from '@kapok/contracts/data'
import { getGatewayHealth, getGatewayStanding } from '@kapok/contracts/gateway'
import type { ReplyOf } from '@kapok/contracts/route'
import { Link, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useAsk } from '../../api/hooks.ts'
import { Instant } from '../../components/figures.tsx'
import { Page } from '../../components/page.tsx'
import { Banner } from '../../components/state.tsx'
import { Reply } from '../../components/waiting.tsx'
import { DeviceState } from './device-state.tsx'
import { GatewayConfiguration } from './gateway-configuration.tsx'
import { GatewayDiagnosis } from './gateway-diagnosis.tsx'
import { GatewayEnrolment } from './gateway-enrolment.tsx'
import { GatewayHealth } from './gateway-health.tsx'
import { GatewayStanding } from './gateway-standing.tsx'
import { GatewayUpdate } from './gateway-update.tsx'

/** One gateway: who it is, how it is, and what arrived of it. */
export function Gateway() {
  const { deviceId = '' } = useParams({ strict: false })
  const device = useAsk(getDevice, { params: { deviceId } }, { every: 10_000 })
  return <Reply of={device}>{(each) => <OneGateway key={each.id} device={each} />}</Reply>
}

function OneGateway({ device }: { device: ReplyOf<typeof getDevice> }) {
  const { t } = useTranslation()
  const params = { deviceId: device.id }
  const health = useAsk(getGatewayHealth, { params }, { every: 3_000 })
  const standing = useAsk(getGatewayStanding, { params }, { every: 10_000 })
  const online = standing.data?.key ? (health.data?.connected ?? device.online) : device.online
  return (
    <Page
      title={device.name}
      lead={
        <span className="row">
          <DeviceState device={{ ...device, online }} />
          <span>
            {t('gateway.lastHeard')} <Instant at={device.lastSeen} seconds />
          </span>
          <Link to={`/plant/machines/${device.id}`}>{t('gateway.asDevice')}</Link>
        </span>
      }
      crumbs={[{ text: t('nav.gateways'), to: '/plant/gateways' }, { text: device.name }]}
    >
      <div className="stack-wide">
        {device.sharedCredentialAt !== null && <Banner tone="fault">{t('plant.sharedLead')}</Banner>}
        <Reply of={standing}>
          {(each) => (
            <>
              {each.doubled > 0 && <Banner tone="fault">{t('gateway.doubled', { n: each.doubled })}</Banner>}
              <GatewayEnrolment deviceId={device.id} enrolled={each.key} />
              {health.data?.health && <GatewayHealth health={health.data.health} />}
              {each.key !== null && (
                <GatewayConfiguration
                  deviceId={device.id}
                  connected={online}
                  running={health.data?.health?.report.configuration}
                />
              )}
              {health.data?.health && (
                <GatewayDiagnosis deviceId={device.id} devices={health.data.health.report.devices} />
              )}
              {each.key !== null && health.data?.health && (
                <GatewayUpdate deviceId={device.id} report={health.data.health.report} connected={online} />
              )}
              {each.key !== null && <GatewayStanding standing={each} />}
            </>
          )}
        </Reply>
      </div>
    </Page>
  )
}
