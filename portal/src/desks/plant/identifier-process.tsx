import { getDevice, getPointRange } from '@kapok/contracts/data'
import { getProcess } from '@kapok/contracts/registry-process'
import type { ReplyOf } from '@kapok/contracts/route'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useAsk } from '../../api/hooks.ts'
import { Facts, Instant } from '../../components/figures.tsx'
import { Choose } from '../../components/form.tsx'
import { Card } from '../../components/page.tsx'
import { TelemetryChart } from '../../components/telemetry-chart.tsx'
import { Empty, Reply } from '../../components/waiting.tsx'
import { pageOfIdentifier } from '../public/page-of-identifier.ts'
import { historySeries } from './history.tsx'

const minuteMs = 60_000
/** What a machine did before and after a thing left it. */
const window = { before: 15 * minuteMs, after: 5 * minuteMs } as const

/** What the machine did when a thing was made: the curves of the device that the machine is. */
export function IdentifierProcess({ identifierId }: { identifierId: string }) {
  const { t } = useTranslation()
  const reply = useAsk(getProcess, { params: { identifierId } })
  return (
    <Reply of={reply}>
      {({ machine, producedAt }) => {
        if (machine === null) return null
        const { device } = machine
        return (
          <Card title={t('process.title')}>
            <div className="stack">
              <Facts
                rows={[
                  [
                    t('process.machine'),
                    <Link key="m" to={pageOfIdentifier(machine.handle)}>
                      <code className="hash">{machine.handle}</code>
                    </Link>,
                  ],
                  [
                    t('process.device'),
                    device ? (
                      <Link key="d" to={`/plant/machines/${device.id}`}>
                        {device.name}
                      </Link>
                    ) : (
                      t('process.noDevice')
                    ),
                  ],
                  [t('process.producedAt'), <Instant key="p" at={producedAt} />],
                ]}
              />
              {device && producedAt !== null && <Curves deviceId={device.id} producedAt={producedAt} />}
              {device && producedAt === null && <p className="quiet">{t('process.noTime')}</p>}
            </div>
          </Card>
        )
      }}
    </Reply>
  )
}

function Curves({ deviceId, producedAt }: { deviceId: string; producedAt: number }) {
  const reply = useAsk(getDevice, { params: { deviceId } })
  return <Reply of={reply}>{(device) => <Curve device={device} producedAt={producedAt} />}</Reply>
}

function Curve({ device, producedAt }: { device: ReplyOf<typeof getDevice>; producedAt: number }) {
  const { t, i18n } = useTranslation()
  const numeric = device.properties.filter(({ type }) => type === 'float' || type === 'int')
  const [property, setProperty] = useState(
    (numeric.find(({ type }) => type === 'float') ?? numeric[0])?.identifier ?? '',
  )
  const nameOf = (identifier: string) => {
    const { name = '', nameEn } = numeric.find((each) => each.identifier === identifier) ?? {}
    return (i18n.language === 'en' ? (nameEn ?? name) : name) || identifier
  }
  const query = {
    deviceId: device.id,
    property,
    from: producedAt - window.before,
    to: producedAt + window.after,
    maxPoints: 2_000,
  }
  const history = useAsk(getPointRange, { query }, { enabled: property !== '', keep: true })
  if (property === '') return <p className="quiet">{t('process.noNumbers')}</p>
  return (
    <>
      <Choose
        id="processProperty"
        label={t('plant.property')}
        hint={t('process.window', { before: window.before / minuteMs, after: window.after / minuteMs })}
        value={property}
        onValue={setProperty}
        options={numeric.map(({ identifier }) => ({ value: identifier, text: nameOf(identifier) }))}
      />
      <Reply of={history} lines={6}>
        {(reply) =>
          reply.at.length === 0 ? (
            <Empty title={t('process.nothing')} />
          ) : (
            <TelemetryChart
              label={t('process.title')}
              series={{ ...historySeries(reply), name: nameOf(reply.property) }}
            />
          )
        }
      </Reply>
    </>
  )
}
