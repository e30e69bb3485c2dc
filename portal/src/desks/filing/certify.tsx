import { getCase } from '@kapok/contracts/case'
import type { BodyOf } from '@kapok/contracts/route'
import { createCertification, listRegions, updateCertification } from '@kapok/contracts/subsidy'
import { useNavigate, useParams } from '@tanstack/react-router'
import { Button } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fenOf, yuanText } from '../../api/format.ts'
import { useAsk, useCommand } from '../../api/hooks.ts'
import { Money } from '../../components/figures.tsx'
import { Choices, Choose, ErrorSummary, TextField, type Wrongs } from '../../components/form.tsx'
import { Failure, Reply } from '../../components/waiting.tsx'
import { useSentence } from '../../i18n/sentence.ts'
import type { CaseView } from '../case/case-page.tsx'
import { isDay } from './check.ts'
import { Filing } from './flow.tsx'

/** 企业认证: what the enterprise states about itself, its licence, submit. */
export function Certify() {
  const { caseId = '' } = useParams({ strict: false })
  const view = useAsk(getCase, { params: { caseId } }, { enabled: caseId !== 'new' })
  if (caseId === 'new') return <Form view={undefined} />
  return <Reply of={view}>{(each) => <Form key={each.id} view={each} />}</Reply>
}

type Facts = BodyOf<typeof createCertification>

function Form({ view }: { view: CaseView | undefined }) {
  const { t } = useTranslation()
  const facts = view?.certification
  return (
    <Filing
      title={t('filing.certify')}
      lead={t('filing.certifyLead')}
      view={view}
      sections={[
        {
          id: 'facts',
          title: t('filing.aboutEnterprise'),
          state: facts ? 'filled' : 'empty',
          form: (done) => <EnterpriseFacts view={view} done={done} />,
        },
      ]}
      answers={
        facts
          ? [
              [t('account.uscc'), facts.uscc],
              [t('facts.region'), view.regionName],
              [t('facts.industry'), facts.industry],
              [t('facts.registeredOn'), facts.registeredOn],
              [t('facts.revenue'), <Money fen={facts.lastYearRevenueFen} key="r" />],
              [t('facts.violation'), facts.fiscalViolationOn ?? t('facts.no')],
              [t('paper.contact'), `${facts.contactName} ${facts.contactPhone}`],
              [t('paper.files'), view.files.map((each) => each.name).join('、')],
            ]
          : []
      }
      next={[t('filing.certifyNext1'), t('filing.certifyNext2')]}
    />
  )
}

function EnterpriseFacts({ view, done }: { view: CaseView | undefined; done(): void }) {
  const { t } = useTranslation()
  const say = useSentence()
  const navigate = useNavigate()
  const regions = useAsk(listRegions, { query: { size: 500 } })
  const changes = ['subsidy.case.']
  const create = useCommand(createCertification, changes)
  const update = useCommand(updateCertification, changes)
  const known = view?.certification
  const [form, setForm] = useState({
    region: known?.region ?? '',
    industry: known?.industry ?? 'C',
    registeredOn: known?.registeredOn ?? '',
    revenue: known ? yuanText(known.lastYearRevenueFen) : '',
    violation: known ? (known.fiscalViolationOn === null ? 'no' : 'yes') : '',
    violationOn: known?.fiscalViolationOn ?? '',
    contactName: known?.contactName ?? '',
    contactPhone: known?.contactPhone ?? '',
    promised: known?.promised ?? false,
  })
  const [wrongs, setWrongs] = useState<Wrongs>({})
  const [round, setRound] = useState(0)
  const set = (name: keyof typeof form) => (value: string) => setForm({ ...form, [name]: value })
  const save = (event: FormEvent) => {
    event.preventDefault()
    const found: Wrongs = {}
    if (form.region === '') found.region = t('form.choose', { what: t('facts.region') })
    if (!/^[A-T]\d{2,4}$/.test(form.industry)) found.industry = t('facts.industryWrong')
    if (!isDay(form.registeredOn)) found.registeredOn = t('form.badDay', { what: t('facts.registeredOn') })
    const revenue = fenOf(form.revenue)
    if (revenue === undefined) found.revenue = t('form.badAmount', { what: t('facts.revenue') })
    if (form.violation === '') found.violation = t('form.choose', { what: t('facts.violation') })
    if (form.violation === 'yes' && !isDay(form.violationOn))
      found.violationOn = t('form.badDay', { what: t('facts.violationOn') })
    if (form.contactName.trim() === '') found.contactName = t('form.needed', { what: t('filing.contactName') })
    if (!/^[0-9+ -]{5,20}$/.test(form.contactPhone)) found.contactPhone = t('filing.phoneWrong')
    if (!form.promised) found.promised = t('filing.promiseNeeded')
    setWrongs(found)
    setRound(round + 1)
    if (Object.keys(found).length > 0 || revenue === undefined) return
    const body: Facts = {
      region: form.region,
      industry: form.industry,
      registeredOn: form.registeredOn,
      lastYearRevenueFen: revenue,
      fiscalViolationOn: form.violation === 'yes' ? form.violationOn : null,
      contactName: form.contactName.trim(),
      contactPhone: form.contactPhone,
      promised: true,
    }
    if (view)
      update.mutate(
        { params: { caseId: view.id }, body: { ...body, expectedVersion: view.version } },
        { onSuccess: done },
      )
    else create.mutate({ body }, { onSuccess: (made) => navigate({ to: `/plant/certify/${made.id}`, replace: true }) })
  }
  const error = create.error ?? update.error
  return (
    <form className="form" onSubmit={save} noValidate>
      <ErrorSummary wrongs={wrongs} round={round} />
      <Choose
        id="region"
        label={t('facts.region')}
        hint={t('facts.regionHint')}
        wrong={wrongs.region}
        value={form.region}
        onValue={set('region')}
        none={t('form.pick')}
        options={(regions.data?.rows ?? [])
          .filter((each) => each.level === 'county' || (each.level === 'city' && !each.hasCounties))
          .map((each) => ({ value: each.code, text: say({ zh: each.name, en: each.nameEn }) }))}
      />
      <TextField
        id="industry"
        short
        label={t('facts.industry')}
        hint={t('facts.industryHint')}
        wrong={wrongs.industry}
        value={form.industry}
        onValue={set('industry')}
      />
      <TextField
        id="registeredOn"
        short
        type="date"
        label={t('facts.registeredOn')}
        wrong={wrongs.registeredOn}
        value={form.registeredOn}
        onValue={set('registeredOn')}
      />
      <TextField
        id="revenue"
        short
        inputMode="decimal"
        label={t('facts.revenue')}
        hint={t('form.yuanHint')}
        wrong={wrongs.revenue}
        value={form.revenue}
        onValue={set('revenue')}
      />
      <Choices
        id="violation"
        legend={t('facts.violation')}
        wrong={wrongs.violation}
        value={form.violation === '' ? [] : [form.violation]}
        onValue={([value = '']) => set('violation')(value)}
        options={[
          { value: 'no', text: t('facts.no') },
          { value: 'yes', text: t('facts.yes') },
        ]}
      />
      {form.violation === 'yes' && (
        <TextField
          id="violationOn"
          short
          type="date"
          label={t('facts.violationOn')}
          wrong={wrongs.violationOn}
          value={form.violationOn}
          onValue={set('violationOn')}
        />
      )}
      <TextField
        id="contactName"
        label={t('filing.contactName')}
        autoComplete="name"
        wrong={wrongs.contactName}
        value={form.contactName}
        onValue={set('contactName')}
      />
      <TextField
        id="contactPhone"
        short
        label={t('filing.contactPhone')}
        type="tel"
        autoComplete="tel"
        wrong={wrongs.contactPhone}
        value={form.contactPhone}
        onValue={set('contactPhone')}
      />
      <Choices
        id="promised"
        many
        legend={t('filing.promise')}
        wrong={wrongs.promised}
        value={form.promised ? ['yes'] : []}
        onValue={(value) => setForm({ ...form, promised: value.length > 0 })}
        options={[{ value: 'yes', text: t('filing.promiseText') }]}
      />
      <div className="row">
        <Button type="primary" size="large" htmlType="submit" loading={create.isPending || update.isPending}>
          {t('filing.keep')}
        </Button>
        <Button size="large" onClick={done}>
          {t('action.back')}
        </Button>
      </div>
      {error && <Failure error={error} />}
    </form>
  )
}
