import type { ReplyOf } from '@kapok/contracts/route'
import { checkEligibility, getProgramme, listRegions } from '@kapok/contracts/subsidy'
import { useParams } from '@tanstack/react-router'
import { Button } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fenOf, percentText } from '../../api/format.ts'
import { useAsk, useCommand } from '../../api/hooks.ts'
import { Money } from '../../components/figures.tsx'
import { Choices, Choose, ErrorSummary, TextField, type Wrongs } from '../../components/form.tsx'
import { Page } from '../../components/page.tsx'
import { Banner, StatusTag } from '../../components/state.tsx'
import { Failure, Reply } from '../../components/waiting.tsx'
import { useSentence } from '../../i18n/sentence.ts'
import { isDay } from '../filing/check.ts'

type Programme = ReplyOf<typeof getProgramme>
type Answer = ReplyOf<typeof checkEligibility>

/** Am I eligible, and for how much? Nothing is stored; the clauses that answered are shown. */
export function Eligibility() {
  const { programmeId = '' } = useParams({ strict: false })
  const programme = useAsk(getProgramme, { params: { programmeId } })
  return <Reply of={programme}>{(each) => <Questions programme={each} />}</Reply>
}

const empty = {
  region: '',
  industry: 'C',
  registeredOn: '',
  revenue: '',
  violation: '',
  violationOn: '',
  signedOn: '',
  line: '',
  amount: '',
}

function Questions({ programme }: { programme: Programme }) {
  const { t } = useTranslation()
  const say = useSentence()
  const regions = useAsk(listRegions, { query: { size: 500 } })
  const check = useCommand(checkEligibility)
  const [facts, setFacts] = useState(empty)
  const [wrongs, setWrongs] = useState<Wrongs>({})
  const [round, setRound] = useState(0)
  const set = (name: keyof typeof empty) => (value: string) => setFacts({ ...facts, [name]: value })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const found: Wrongs = {}
    if (facts.region === '') found.region = t('form.choose', { what: t('facts.region') })
    if (!/^[A-T]\d{2,4}$/.test(facts.industry)) found.industry = t('facts.industryWrong')
    if (!isDay(facts.registeredOn)) found.registeredOn = t('form.badDay', { what: t('facts.registeredOn') })
    const revenue = fenOf(facts.revenue)
    if (revenue === undefined) found.revenue = t('form.badAmount', { what: t('facts.revenue') })
    if (facts.violation === '') found.violation = t('form.choose', { what: t('facts.violation') })
    if (facts.violation === 'yes' && !isDay(facts.violationOn))
      found.violationOn = t('form.badDay', { what: t('facts.violationOn') })
    if (!isDay(facts.signedOn)) found.signedOn = t('form.badDay', { what: t('facts.signedOn') })
    if (facts.line === '') found.line = t('form.choose', { what: t('facts.line') })
    const amount = fenOf(facts.amount)
    if (amount === undefined) found.amount = t('form.badAmount', { what: t('facts.amount') })
    setWrongs(found)
    setRound(round + 1)
    const standard = programme.standards[Number(facts.line)]
    if (Object.keys(found).length > 0 || revenue === undefined || amount === undefined || standard === undefined) return
    check.mutate({
      params: { programmeId: programme.id },
      body: {
        region: facts.region,
        industry: facts.industry,
        registeredOn: facts.registeredOn,
        lastYearRevenueFen: revenue,
        fiscalViolationOn: facts.violation === 'yes' ? facts.violationOn : null,
        contractSignedOn: facts.signedOn,
        lines: [{ scene: standard.scene, feeKind: standard.feeKind, amountFen: amount }],
      },
    })
  }
  return (
    <Page
      title={t('programme.check')}
      lead={t('eligibility.lead')}
      crumbs={[
        { text: t('nav.programmes'), to: '/programmes' },
        { text: say(programme.title), to: `/programmes/${programme.id}` },
        { text: t('programme.check') },
      ]}
    >
      <div className="beside">
        <form className="form" onSubmit={submit} noValidate>
          <ErrorSummary wrongs={wrongs} round={round} />
          <Choose
            id="region"
            label={t('facts.region')}
            hint={t('facts.regionHint')}
            wrong={wrongs.region}
            value={facts.region}
            onValue={set('region')}
            none={t('form.pick')}
            options={(regions.data?.rows ?? [])
              .filter((each) => each.level === 'county' || (each.level === 'city' && !each.hasCounties))
              .map((each) => ({ value: each.code, text: say({ zh: each.name, en: each.nameEn }) }))}
          />
          <TextField
            id="industry"
            label={t('facts.industry')}
            hint={t('facts.industryHint')}
            wrong={wrongs.industry}
            value={facts.industry}
            onValue={set('industry')}
            short
          />
          <TextField
            id="registeredOn"
            type="date"
            label={t('facts.registeredOn')}
            wrong={wrongs.registeredOn}
            value={facts.registeredOn}
            onValue={set('registeredOn')}
            short
          />
          <TextField
            id="revenue"
            inputMode="decimal"
            label={t('facts.revenue')}
            hint={t('form.yuanHint')}
            wrong={wrongs.revenue}
            value={facts.revenue}
            onValue={set('revenue')}
            short
          />
          <Choices
            id="violation"
            legend={t('facts.violation')}
            wrong={wrongs.violation}
            value={facts.violation === '' ? [] : [facts.violation]}
            onValue={([value = '']) => set('violation')(value)}
            options={[
              { value: 'no', text: t('facts.no') },
              { value: 'yes', text: t('facts.yes') },
            ]}
          />
          {facts.violation === 'yes' && (
            <TextField
              id="violationOn"
              type="date"
              label={t('facts.violationOn')}
              wrong={wrongs.violationOn}
              value={facts.violationOn}
              onValue={set('violationOn')}
              short
            />
          )}
          <TextField
            id="signedOn"
            type="date"
            label={t('facts.signedOn')}
            wrong={wrongs.signedOn}
            value={facts.signedOn}
            onValue={set('signedOn')}
            short
          />
          <Choose
            id="line"
            label={t('facts.line')}
            wrong={wrongs.line}
            value={facts.line}
            onValue={set('line')}
            none={t('form.pick')}
            options={programme.standards.map((each, index) => ({
              value: String(index),
              text: `${say(each.sceneName)} · ${say(each.feeKindName)} · ${percentText(each.ratioBp)}`,
            }))}
          />
          <TextField
            id="amount"
            inputMode="decimal"
            label={t('facts.amount')}
            hint={t('form.yuanHint')}
            wrong={wrongs.amount}
            value={facts.amount}
            onValue={set('amount')}
            short
          />
          <div>
            <Button type="primary" size="large" htmlType="submit" loading={check.isPending}>
              {t('eligibility.ask')}
            </Button>
          </div>
          {check.isError && <Failure error={check.error} />}
        </form>
        <div aria-live="polite">{check.data && <Verdict answer={check.data} />}</div>
      </div>
    </Page>
  )
}

function Verdict({ answer }: { answer: Answer }) {
  const { t } = useTranslation()
  const say = useSentence()
  return (
    <section className="stack" aria-label={t('eligibility.answer')}>
      <Banner tone={answer.eligible ? 'good' : 'notice'}>
        <h2>{answer.eligible ? t('eligibility.yes') : t('eligibility.no')}</h2>
        {answer.eligible && (
          <p>
            {t('eligibility.upTo')}{' '}
            <strong>
              <Money fen={answer.totalFen} />
            </strong>
            {answer.cappedBy && <> · {t('eligibility.cappedBy', { cap: say(answer.cappedBy) })}</>}
          </p>
        )}
      </Banner>
      <h3>{t('eligibility.clauses')}</h3>
      <ul className="plain stack" style={{ gap: 8 }}>
        {answer.clauses.map((each) => (
          <li key={each.id} className="row">
            <StatusTag tone={each.passed ? 'good' : 'fault'}>
              {each.passed ? t('eligibility.met') : t('eligibility.unmet')}
            </StatusTag>
            <span>
              {say(each.text)} <span className="quiet">({each.cite})</span>
            </span>
            {each.sample && <StatusTag tone="notice">{t('programme.sample')}</StatusTag>}
          </li>
        ))}
      </ul>
      <p className="quiet">
        {t('programme.hash')} <code className="hash">{answer.ruleSha256}</code>
      </p>
    </section>
  )
}
