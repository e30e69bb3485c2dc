import { getPublicTotals, listIndicators } from '@kapok/contracts/insight'
import type { ReplyOf } from '@kapok/contracts/route'
import { useTranslation } from 'react-i18next'
import { countText } from '../../api/format.ts'
import { useAsk } from '../../api/hooks.ts'
import { Rows } from '../../components/data-table.tsx'
import { Facts, Instant, Money } from '../../components/figures.tsx'
import { Card, Page } from '../../components/page.tsx'
import { Empty, Reply } from '../../components/waiting.tsx'
import { useSentence } from '../../i18n/sentence.ts'

/** Every figure with its definition, its time, and the query that gave it. */
export function Indicators() {
  const { t } = useTranslation()
  const indicators = useAsk(listIndicators, {})
  const totals = useAsk(getPublicTotals, {})
  return (
    <Page title={t('nav.indicators')} lead={t('indicator.lead')}>
      <div className="stack-wide">
        <Reply of={indicators}>
          {(reply) =>
            reply.indicators.length === 0 ? (
              <Empty title={t('indicator.none')} />
            ) : (
              <IndicatorCards indicators={reply.indicators} />
            )
          }
        </Reply>
        <Reply of={totals}>
          {(reply) => reply.totals.map((each) => <Totals key={each.programmeId} total={each} />)}
        </Reply>
      </div>
    </Page>
  )
}

type Indicator = ReplyOf<typeof listIndicators>['indicators'][number]

export function IndicatorCards({ indicators }: { indicators: readonly Indicator[] }) {
  const { t } = useTranslation()
  const say = useSentence()
  return (
    <div className="columns">
      {indicators.map((each) => (
        <article className="card stack" key={each.code} style={{ gap: 8 }}>
          <h2>{say(each.name)}</h2>
          <div className="figure" style={{ fontSize: 28, fontWeight: 600 }}>
            {each.value}
            <span className="unit">{say(each.unit)}</span>
          </div>
          <p>{say(each.definition)}</p>
          <p className="quiet">
            {t('indicator.count', { n: countText(each.count) })} · {t('form.asOf')} <Instant at={each.asOf} />
          </p>
          <details>
            <summary>{t('indicator.why')}</summary>
            <pre className="command">{each.query}</pre>
          </details>
        </article>
      ))}
    </div>
  )
}

function Totals({ total }: { total: ReplyOf<typeof getPublicTotals>['totals'][number] }) {
  const { t } = useTranslation()
  const parts: [string, string][] = [
    [t('money.unallocated'), total.unallocatedFen],
    [t('money.citiesAvailable'), total.citiesAvailableFen],
    [t('money.issuedOpen'), total.issuedFen],
    [t('money.locked'), total.lockedFen],
    [t('money.payable'), total.payableFen],
    [t('money.paid'), total.paidFen],
  ]
  return (
    <div className="beside">
      <Card title={t('indicator.addsUp')}>
        <Facts
          sums
          rows={[
            ...parts.map(([label, fen]): [string, React.ReactNode] => [label, <Money fen={fen} key={label} />]),
            [
              t('money.appropriated'),
              <strong key="a">
                <Money fen={total.appropriatedFen} />
              </strong>,
            ],
            [t('form.asOf'), <Instant at={total.asOf} key="t" />],
          ]}
        />
      </Card>
      <section className="stack" aria-label={t('indicator.cities')}>
        <h2>{t('indicator.cities')}</h2>
        <div className="table-wrap">
          <Rows
            caption={t('indicator.cities')}
            rows={total.cities}
            keyOf={(row) => row.city}
            columns={[
              { title: t('case.region'), cell: (row) => row.cityName },
              { title: t('money.allocated'), end: true, cell: (row) => <Money fen={row.allocatedFen} /> },
              { title: t('money.paid'), end: true, cell: (row) => <Money fen={row.paidFen} /> },
              { title: t('nav.vouchers'), end: true, cell: (row) => row.vouchers },
            ]}
          />
        </div>
      </section>
    </div>
  )
}
