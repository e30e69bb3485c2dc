import { useTranslation } from 'react-i18next'
import { Facts, Money, Stat } from '../../components/figures.tsx'
import { Card } from '../../components/page.tsx'
import { StatusTag } from '../../components/state.tsx'
import { useSentence } from '../../i18n/sentence.ts'
import type { CaseView } from './case-page.tsx'

/** The clauses that fired and the numbers in the order of the computation, with the hashes that pin both. */
export function DecisionTrace({ trace }: { trace: NonNullable<CaseView['decision']> }) {
  const { t } = useTranslation()
  const say = useSentence()
  return (
    <Card title={t('case.decision')}>
      <div className="stack">
        <ul className="plain stack" style={{ gap: 8 }}>
          {trace.clauses.map((each) => (
            <li key={each.id} className="row" style={{ flexWrap: 'nowrap', alignItems: 'flex-start' }}>
              <StatusTag tone={each.passed ? 'good' : 'fault'}>
                {each.passed ? t('eligibility.met') : t('eligibility.unmet')}
              </StatusTag>
              <span>
                {say(each.text)} <span className="quiet">({each.cite})</span>{' '}
                {each.sample && <StatusTag tone="notice">{t('programme.sample')}</StatusTag>}
              </span>
            </li>
          ))}
        </ul>
        <Facts
          rows={trace.numbers.map((each): [string, string] => [say(each.label), `${each.value} ${say(each.unit)}`])}
        />
        <details>
          <summary>{t('case.hashes')}</summary>
          <p className="quiet">
            {t('programme.hash')} <code className="hash">{trace.ruleSha256}</code>
          </p>
          <p className="quiet">
            {t('case.factsHash')} <code className="hash">{trace.factsSha256}</code>
          </p>
        </details>
      </div>
    </Card>
  )
}

/** Face, what the use supports, what was paid, and the least of them, which nobody may exceed. */
export function MoneyBounds({ money }: { money: NonNullable<CaseView['money']> }) {
  const { t } = useTranslation()
  return (
    <div className="stats">
      <Stat label={t('voucher.face')}>
        <Money fen={money.faceFen} />
      </Stat>
      {money.supportedFen !== null && (
        <Stat label={t('case.supportedFen')}>
          <Money fen={money.supportedFen} />
        </Stat>
      )}
      {money.paidByEnterpriseFen !== null && (
        <Stat label={t('case.paidByEnterprise')}>
          <Money fen={money.paidByEnterpriseFen} />
        </Stat>
      )}
      <Stat label={t('case.ceiling')} note={t('case.boundBy', { bound: t(`case.bound.${money.boundBy}`) })}>
        <Money fen={money.ceilingFen} />
      </Stat>
      {money.approvedFen !== null && (
        <Stat label={t('money.approved')}>
          <Money fen={money.approvedFen} />
        </Stat>
      )}
    </div>
  )
}
