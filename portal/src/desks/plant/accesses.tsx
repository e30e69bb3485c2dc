import { listAccesses } from '@kapok/contracts/registry-trace'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useAsk } from '../../api/hooks.ts'
import { Instant } from '../../components/figures.tsx'
import { Page } from '../../components/page.tsx'
import { StatusTag } from '../../components/state.tsx'
import { Empty, Reply } from '../../components/waiting.tsx'

const pageSize = 50

/** Who looked at what is not public. */
export function Accesses() {
  const { t } = useTranslation()
  /** Where each page that was turned began. */
  const [turned, setTurned] = useState<readonly number[]>([])
  const before = turned.at(-1)
  const reply = useAsk(
    listAccesses,
    { query: { size: pageSize, ...(before !== undefined && { before }) } },
    { keep: true },
  )
  return (
    <Page
      title={t('accesses.title')}
      lead={t('accesses.lead')}
      crumbs={[{ text: t('nav.identifiers'), to: '/plant/identifiers' }, { text: t('accesses.title') }]}
    >
      <Reply of={reply}>
        {({ accesses }) =>
          accesses.length === 0 && before === undefined ? (
            <Empty title={t('accesses.none')}>
              <p className="quiet">{t('accesses.noneWhat')}</p>
            </Empty>
          ) : (
            <div className="stack">
              <div className="table-wrap">
                <table className="data cards">
                  <caption className="hidden-visually">{t('accesses.title')}</caption>
                  <thead>
                    <tr>
                      <th>{t('accesses.at')}</th>
                      <th>{t('accesses.who')}</th>
                      <th>{t('accesses.what')}</th>
                      <th>{t('accesses.result')}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {accesses.map((access) => (
                      <tr key={access.seq}>
                        <td data-title={t('accesses.at')}>
                          <Instant at={access.at} seconds />
                        </td>
                        <td data-title={t('accesses.who')}>
                          {access.isPlatform ? t('accesses.platform') : <code className="hash">{access.user}</code>}
                        </td>
                        <td data-title={t('accesses.what')}>
                          {access.asked === null ? (
                            <span>
                              <code className="hash">{access.handle}</code>{' '}
                              <span className="quiet">
                                {t('accesses.values', { indexes: access.indexes.join(', ') })}
                              </span>
                            </span>
                          ) : (
                            <span>
                              {t('accesses.events')} <code className="hash">{readable(access.asked)}</code>
                            </span>
                          )}
                        </td>
                        <td data-title={t('accesses.result')}>
                          <StatusTag tone={access.wasRefused ? 'fault' : 'good'}>
                            {t(access.wasRefused ? 'accesses.refused' : 'accesses.read')}
                          </StatusTag>
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
              <div className="row">
                <Button disabled={turned.length === 0} onClick={() => setTurned(turned.slice(0, -1))}>
                  {t('accesses.newer')}
                </Button>
                <Button
                  disabled={accesses.length < pageSize}
                  onClick={() => setTurned([...turned, accesses.at(-1)?.seq ?? 1])}
                >
                  {t('accesses.older')}
                </Button>
              </div>
            </div>
          )
        }
      </Reply>
    </Page>
  )
}

/** An address as people read it; one that cannot be decoded as it is. */
function readable(address: string): string {
  try {
    return decodeURIComponent(address)
  } catch {
    return address
  }
}
