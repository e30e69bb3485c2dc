import { getCheckpoint, getLogKeys } from '@kapok/contracts/evidence'
import { useTranslation } from 'react-i18next'
import { addressOf } from '../../api/call.ts'
import { useAsk } from '../../api/hooks.ts'
import { Copy, Facts, Instant } from '../../components/figures.tsx'
import { Card, Page } from '../../components/page.tsx'
import { Empty, Reply } from '../../components/waiting.tsx'

/** How to check a bundle without trusting this platform: the one-file verifier, the log's keys, the newest checkpoint. */
export function Verify() {
  const { t } = useTranslation()
  const keys = useAsk(getLogKeys, {})
  const checkpoint = useAsk(getCheckpoint, {})
  return (
    <Page title={t('nav.verify')} lead={t('verify.lead')}>
      <div className="stack-wide">
        <Card title={t('verify.file')}>
          <div className="stack">
            <p>{t('verify.fileLead')}</p>
            <p className="row">
              <a href="/verify.html">{t('verify.open')}</a>
              <a href="/verify.html" download="kapok-verify.html">
                {t('verify.keep')}
              </a>
            </p>
            <p>{t('verify.command')}</p>
            <pre className="command">npm run kapok -- verify bundle.json --keys kapok-keys.json</pre>
          </div>
        </Card>
        <div className="columns">
          <Card title={t('verify.keys')}>
            <div className="stack">
              <p>{t('verify.keysLead')}</p>
              <p>
                <a href={addressOf(getLogKeys)} download="kapok-keys.json">
                  {t('verify.keepKeys')}
                </a>
              </p>
              <Reply of={keys}>
                {(each) => (
                  <>
                    {(
                      [
                        ['Ed25519', each.ed25519],
                        ['SM2', each.sm2],
                      ] as const
                    ).map(([name, key]) => (
                      <div key={name}>
                        <div className="row-between">
                          <h3>{name}</h3>
                          <Copy text={key.verifierKey} />
                        </div>
                        <code className="hash">{key.verifierKey}</code>
                        <p className="quiet">
                          {t('verify.fingerprint')} <code className="hash">{key.fingerprint}</code>
                        </p>
                      </div>
                    ))}
                  </>
                )}
              </Reply>
            </div>
          </Card>
          <Card title={t('verify.checkpoint')}>
            <Reply of={checkpoint}>
              {(each) =>
                each === null ? (
                  <Empty title={t('verify.noCheckpoint')} />
                ) : (
                  <div className="stack">
                    <Facts
                      rows={[
                        [t('verify.size'), each.size],
                        [
                          t('verify.root'),
                          <code className="hash" key="r">
                            {each.rootHash}
                          </code>,
                        ],
                        [t('form.asOf'), <Instant at={each.at} key="t" />],
                      ]}
                    />
                    <pre className="command">{each.note}</pre>
                  </div>
                )
              }
            </Reply>
          </Card>
        </div>
      </div>
    </Page>
  )
}
