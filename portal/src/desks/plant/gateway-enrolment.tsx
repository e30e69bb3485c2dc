import { type getGatewayStanding, makeEnrolmentCode } from '@kapok/contracts/gateway'
import type { ReplyOf } from '@kapok/contracts/route'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { useCommand } from '../../api/hooks.ts'
import { ConfirmAct } from '../../components/confirm-act.tsx'
import { Copy, Facts, Instant } from '../../components/figures.tsx'
import { Card } from '../../components/page.tsx'
import { Banner } from '../../components/state.tsx'
import { Failure } from '../../components/waiting.tsx'

/** What is typed on the gateway's box: as the packed gateway, or from the repository. */
const commandsOf = (platform: string, code: string) =>
  [
    {
      where: 'packed',
      commands: [
        `npx kapok-edge enrol ${platform} ${code} --home /var/lib/kapok-edge`,
        'npx kapok-edge run --home /var/lib/kapok-edge',
      ],
    },
    {
      where: 'fromRepository',
      commands: [
        `npm run kapok -- edge-enrol ${platform} ${code} --home kapok-edge`,
        'npm run kapok -- edge --home kapok-edge',
      ],
    },
  ] as const

/** The gateway's key, and the one-time code by which it brings one. */
export function GatewayEnrolment(props: { deviceId: string; enrolled: ReplyOf<typeof getGatewayStanding>['key'] }) {
  const { t } = useTranslation()
  const { enrolled } = props
  const make = useCommand(makeEnrolmentCode, [])
  const ask = { params: { deviceId: props.deviceId }, body: {} }
  // The code is spent when the key that it brought is there.
  const made = make.data !== undefined && (enrolled?.enrolledAt ?? 0) < make.data.madeAt ? make.data : undefined
  return (
    <Card title={t('gateway.enrolment')}>
      <div className="stack">
        {enrolled === null ? (
          <p>{t('gateway.enrolLead')}</p>
        ) : (
          <Facts
            rows={[
              [
                t('gateway.fingerprint'),
                <code key="f" className="hash">
                  {enrolled.fingerprint}
                </code>,
              ],
              [t('gateway.enrolledAt'), <Instant key="e" at={enrolled.enrolledAt} />],
            ]}
          />
        )}
        {made !== undefined && (
          <Banner tone="notice">
            <p>{t('gateway.codeOnce')}</p>
            <p className="row">
              <code className="hash">{made.code}</code>
              <Copy text={made.code} />
            </p>
            <p className="quiet">
              {t('gateway.codeEnds')} <Instant at={made.endsAt} />
            </p>
            <p>{t('gateway.codeCommand')}</p>
            {commandsOf(location.origin, made.code).map(({ where, commands }) => (
              <div key={where} className="stack">
                <span className="quiet">{t(where === 'packed' ? 'gateway.packed' : 'gateway.fromRepository')}</span>
                <pre className="command">{commands.join('\n')}</pre>
                <div>
                  <Copy text={commands.join('\n')} />
                </div>
              </div>
            ))}
          </Banner>
        )}
        {enrolled === null ? (
          <div>
            <Button type="primary" loading={make.isPending} onClick={() => make.mutate(ask)}>
              {t('gateway.makeCode')}
            </Button>
            {make.isError && <Failure error={make.error} />}
          </div>
        ) : (
          <div>
            <ConfirmAct
              button={t('gateway.enrolAgain')}
              title={t('gateway.enrolAgain')}
              effect={t('gateway.enrolAgainEffect')}
              act={() => make.mutateAsync(ask)}
            />
          </div>
        )}
      </div>
    </Card>
  )
}
