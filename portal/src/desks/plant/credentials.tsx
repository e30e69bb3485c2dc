import { createCredential, listCredentials, revokeCredential, rotateCredential } from '@kapok/contracts/data'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useAsk, useCommand } from '../../api/hooks.ts'
import { ConfirmAct } from '../../components/confirm-act.tsx'
import { Rows } from '../../components/data-table.tsx'
import { Copy, Instant } from '../../components/figures.tsx'
import { Card } from '../../components/page.tsx'
import { Banner, StatusTag } from '../../components/state.tsx'
import { Empty, Reply } from '../../components/waiting.tsx'

/** Minutes for which a replaced credential still works: a day to visit the machine. */
const overlapMinutes = 1440

export function Credentials({ deviceId }: { deviceId: string }) {
  const { t } = useTranslation()
  const credentials = useAsk(listCredentials, { params: { deviceId } })
  const changes = ['data.credential.list']
  const create = useCommand(createCredential, changes)
  const rotate = useCommand(rotateCredential, changes)
  const revoke = useCommand(revokeCredential, changes)
  const [token, setToken] = useState<string>()
  return (
    <Card title={t('plant.credentials')}>
      <div className="stack">
        {token && (
          <Banner tone="good" live>
            <p>{t('token.once')}</p>
            <p className="row">
              <code className="hash">{token}</code>
              <Copy text={token} />
            </p>
          </Banner>
        )}
        <Reply of={credentials}>
          {({ rows }) =>
            rows.length === 0 ? (
              <Empty title={t('plant.noCredentials')} />
            ) : (
              <Rows
                caption={t('plant.credentials')}
                rows={rows}
                keyOf={(row) => row.id}
                columns={[
                  {
                    title: t('plant.secret'),
                    cell: (row) => (
                      <span className="row">
                        <code>{row.hint}…</code>
                        <StatusTag tone={row.purpose === 'live' ? 'info' : 'off'}>
                          {t(`plant.purpose.${row.purpose}`)}
                        </StatusTag>
                      </span>
                    ),
                  },
                  { title: t('plant.lastUsed'), cell: (row) => <Instant at={row.lastUsedAt} /> },
                  { title: t('plant.ends'), cell: (row) => <Instant at={row.endsAt} /> },
                  {
                    title: t('plant.acts'),
                    cell: (row) =>
                      row.endsAt === null && (
                        <span className="row">
                          <ConfirmAct
                            button={t('plant.rotate')}
                            title={t('plant.rotate')}
                            effect={t('plant.rotateEffect')}
                            act={async () =>
                              setToken(
                                (
                                  await rotate.mutateAsync({
                                    params: { deviceId, credentialId: row.id },
                                    body: { overlapMinutes },
                                  })
                                ).token,
                              )
                            }
                          />
                          <ConfirmAct
                            danger
                            button={t('plant.revoke')}
                            title={t('plant.revoke')}
                            effect={t('plant.revokeEffect')}
                            act={() => revoke.mutateAsync({ params: { deviceId, credentialId: row.id } })}
                          />
                        </span>
                      ),
                  },
                ]}
              />
            )
          }
        </Reply>
        <div className="row">
          {(['live', 'import'] as const).map((purpose) => (
            <ConfirmAct
              key={purpose}
              button={t(`plant.make.${purpose}`)}
              title={t(`plant.make.${purpose}`)}
              effect={t(`plant.makeEffect.${purpose}`)}
              act={async () => setToken((await create.mutateAsync({ params: { deviceId }, body: { purpose } })).token)}
            />
          ))}
        </div>
      </div>
    </Card>
  )
}
