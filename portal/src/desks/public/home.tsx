import { getPublicTotals } from '@kapok/contracts/insight'
import { listProgrammes } from '@kapok/contracts/subsidy'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useAsk } from '../../api/hooks.ts'
import { Instant, Money, Stat } from '../../components/figures.tsx'
import { Page } from '../../components/page.tsx'
import { StatusTag } from '../../components/state.tsx'
import { Reply } from '../../components/waiting.tsx'
import { useSentence } from '../../i18n/sentence.ts'

/** What Kapok is, which programmes run, where the money stands. */
export function Home() {
  const { t } = useTranslation()
  const say = useSentence()
  const totals = useAsk(getPublicTotals, {}, { every: 5_000 })
  const programmes = useAsk(listProgrammes, { query: { size: 5 } }, { every: 30_000 })
  const steps = ['connect', 'seal', 'apply', 'redeem', 'pay'] as const
  return (
    <Page title={t('home.title')} lead={t('home.lead')}>
      <div className="stack-wide">
        <ol className="plain columns steps" aria-label={t('home.chain')}>
          {steps.map((step, index) => (
            <li className="card" key={step}>
              <h2>
                <span className="quiet">{index + 1}</span> {t(`home.${step}`)}
              </h2>
              <p>{t(`home.${step}Lead`)}</p>
            </li>
          ))}
        </ol>
        <section className="stack" aria-labelledby="programmes">
          <h2 id="programmes">{t('home.programmes')}</h2>
          <Reply of={programmes}>
            {({ rows }) =>
              rows.length === 0 ? (
                <p>{t('programme.none')}</p>
              ) : (
                <ul className="plain stack">
                  {rows.map((row) => (
                    <li className="card row-between" key={row.id}>
                      <div>
                        <h3>
                          <Link to={`/programmes/${row.id}`}>{say(row.title)}</Link>
                        </h3>
                        <div className="row">
                          <StatusTag tone={row.applyOpen ? 'good' : 'off'}>
                            {row.applyOpen ? t('programme.applyOpen') : t('programme.applyClosed')}
                          </StatusTag>
                          {row.sample && <StatusTag tone="notice">{t('programme.sample')}</StatusTag>}
                          {row.applyClosesAt !== null && (
                            <span className="quiet">
                              {t('programme.until')} <Instant at={row.applyClosesAt} />
                            </span>
                          )}
                        </div>
                      </div>
                      <Link to={`/programmes/${row.id}/check`}>{t('programme.check')}</Link>
                    </li>
                  ))}
                </ul>
              )
            }
          </Reply>
        </section>
        <Reply of={totals}>
          {({ totals: each }) => (
            <>
              {each.map((total) => (
                <section className="stack" key={total.programmeId} aria-label={t('home.money')}>
                  <div className="row-between">
                    <h2>{t('home.money')}</h2>
                    <span className="quiet">
                      {t('form.asOf')} <Instant at={total.asOf} /> · <Link to="/indicators">{t('home.why')}</Link>
                    </span>
                  </div>
                  <div className="stats">
                    <Stat label={t('money.appropriated')}>
                      <Money fen={total.appropriatedFen} />
                    </Stat>
                    <Stat label={t('money.issued')} note={t('home.vouchers', { n: total.vouchers })}>
                      <Money fen={everIssued(total)} />
                    </Stat>
                    <Stat label={t('money.paid')} note={t('home.enterprises', { n: total.enterprises })}>
                      <Money fen={total.paidFen} />
                    </Stat>
                  </div>
                </section>
              ))}
            </>
          )}
        </Reply>
      </div>
    </Page>
  )
}

/** Every voucher's amount that did not go back to its city, wherever it is on its way now. */
function everIssued(total: Record<'issuedFen' | 'lockedFen' | 'payableFen' | 'paidFen', string>): string {
  return String(BigInt(total.issuedFen) + BigInt(total.lockedFen) + BigInt(total.payableFen) + BigInt(total.paidFen))
}
