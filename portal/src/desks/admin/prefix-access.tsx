import { checkRegistryAccount, getRegistryAccountOf, withdrawPrefix } from '@kapok/contracts/registry'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { useAsk, useCommand } from '../../api/hooks.ts'
import { ConfirmAct } from '../../components/confirm-act.tsx'
import { Copy } from '../../components/figures.tsx'
import { Card } from '../../components/page.tsx'
import { Banner } from '../../components/state.tsx'
import { Failure, Reply } from '../../components/waiting.tsx'
import { useSentence } from '../../i18n/sentence.ts'

/** What the administrator of a prefix adds to its record so that the platform is let in, and whether it is. */
export function PrefixAccess({ orgId, onGone }: { orgId: string; onGone(): void }) {
  const { t } = useTranslation()
  const say = useSentence()
  const params = { orgId }
  const reply = useAsk(getRegistryAccountOf, { params })
  const check = useCommand(checkRegistryAccount, ['registry.account.list'])
  const withdraw = useCommand(withdrawPrefix, ['registry.account.list'])
  return (
    <Reply of={reply}>
      {({ organisation, prefix, url, values }) => {
        const json = JSON.stringify(values, null, 2)
        return (
          <Card title={t('registry.admin.valuesTitle', { organisation, prefix })} action={<Copy text={json} />} opened>
            <div className="stack">
              <p>{t('registry.admin.values', { prefix })}</p>
              <p>
                {t('registry.admin.address')}{' '}
                <code className="hash">{`${url}/api/handles/0.NA/${prefix}?index=various`}</code>
              </p>
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard */}
              <pre className="command" tabIndex={0}>
                {json}
              </pre>
              <div className="row">
                <Button type="primary" loading={check.isPending} onClick={() => check.mutate({ params })}>
                  {t('registry.admin.check')}
                </Button>
                <ConfirmAct
                  danger
                  button={t('registry.admin.withdraw')}
                  title={t('registry.admin.withdrawTitle', { organisation, prefix })}
                  effect={t('registry.admin.withdrawEffect')}
                  act={() => withdraw.mutateAsync({ params })}
                  onDone={onGone}
                />
              </div>
              {check.data && (
                <Banner tone={check.data.fault === null ? 'good' : 'fault'} live>
                  {check.data.fault === null ? t('registry.admin.checkGood') : say(check.data.fault)}
                </Banner>
              )}
              {check.isError && <Failure error={check.error} />}
            </div>
          </Card>
        )
      }}
    </Reply>
  )
}
