import { listProgrammes, publishProgramme, putHolidays, putRegions } from '@kapok/contracts/subsidy'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useAsk, useCommand } from '../../api/hooks.ts'
import { useHas } from '../../app/platform.ts'
import { ConfirmAct } from '../../components/confirm-act.tsx'
import { TextArea, TextField } from '../../components/form.tsx'
import { Card, Page } from '../../components/page.tsx'
import { Banner } from '../../components/state.tsx'
import { useSentence } from '../../i18n/sentence.ts'
import { isDay } from '../filing/check.ts'

/** Rules as data: publish a programme, enter regions and the holiday table of a year. */
export function Rules() {
  const { t } = useTranslation()
  const administers = useHas(['platform.administrator'])
  return (
    <Page title={t('nav.rules')} lead={t('rules.lead')}>
      <div className="stack-wide">
        <Programmes />
        {administers && (
          <div className="beside">
            <Regions />
            <Holidays />
          </div>
        )}
      </div>
    </Page>
  )
}

function Programmes() {
  const { t } = useTranslation()
  const say = useSentence()
  const programmes = useAsk(listProgrammes, { query: { size: 100 } })
  const publish = useCommand(publishProgramme, ['subsidy.programme.', 'insight.'])
  const [text, setText] = useState('')
  return (
    <Card title={t('rules.publish')}>
      <div className="form">
        <ul className="plain">
          {programmes.data?.rows.map((each) => (
            <li key={each.id}>
              <Link to={`/programmes/${each.id}`}>{say(each.title)}</Link> <code className="quiet">{each.id}</code>
            </li>
          ))}
        </ul>
        <div className="field">
          <label htmlFor="rules-file">{t('rules.file')}</label>
          <input
            id="rules-file"
            type="file"
            className="input"
            accept=".yaml,.yml"
            onChange={(event) => void event.target.files?.[0]?.text().then(setText)}
          />
        </div>
        <TextArea id="rules-text" label={t('rules.text')} limit={200_000} value={text} onValue={setText} />
        <ConfirmAct
          primary
          missing={text.trim() === '' ? t('form.needed', { what: t('rules.text') }) : undefined}
          button={t('rules.publish')}
          title={t('rules.publish')}
          effect={t('rules.publishEffect')}
          act={() => publish.mutateAsync({ body: { text } })}
        />
        {publish.data && (
          <Banner tone="good" live>
            <p>{t('rules.published', { id: publish.data.id, n: publish.data.tests })}</p>
            <p className="quiet">
              {t('programme.hash')} <code className="hash">{publish.data.sha256}</code>
            </p>
          </Banner>
        )}
      </div>
    </Card>
  )
}

function Regions() {
  const { t } = useTranslation()
  const put = useCommand(putRegions, ['subsidy.region.list'])
  const [text, setText] = useState('')
  const rows = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  const regions = rows.map((line) => {
    const [code = '', name = '', nameEn = ''] = line.split(/[,，\t]/).map((each) => each.trim())
    return { code, name, nameEn }
  })
  const wrong = regions.findIndex((each) => !/^\d{2}(\d{2}(\d{2})?)?$/.test(each.code) || !each.name || !each.nameEn)
  return (
    <Card title={t('rules.regions')}>
      <div className="form">
        <TextArea
          id="regions"
          label={t('rules.regionRows')}
          hint={t('rules.regionHint')}
          wrong={wrong >= 0 ? t('rules.lineWrong', { line: wrong + 1 }) : undefined}
          value={text}
          onValue={setText}
        />
        <ConfirmAct
          missing={
            regions.length === 0
              ? t('form.needed', { what: t('rules.regionRows') })
              : wrong >= 0
                ? t('rules.lineWrong', { line: wrong + 1 })
                : undefined
          }
          button={t('rules.enterRegions')}
          title={t('rules.enterRegions')}
          effect={t('rules.regionsEffect', { n: regions.length })}
          act={() => put.mutateAsync({ body: { regions } })}
          onDone={() => setText('')}
        />
        {put.data && (
          <Banner tone="good" live>
            {t('rules.regionsDone', { n: put.data.regions })}
          </Banner>
        )}
      </div>
    </Card>
  )
}

function Holidays() {
  const { t } = useTranslation()
  const put = useCommand(putHolidays, ['subsidy.'])
  const [year, setYear] = useState('')
  const [off, setOff] = useState('')
  const [worked, setWorked] = useState('')
  const days = (text: string) => text.split(/[\s,，、]+/).filter((each) => each !== '')
  const wrong = (text: string) => {
    const bad = days(text).find((each) => !isDay(each) || !each.startsWith(year))
    return bad === undefined ? undefined : t('rules.dayWrong', { day: bad })
  }
  return (
    <Card title={t('rules.holidays')}>
      <div className="form">
        <TextField
          id="year"
          short
          inputMode="numeric"
          label={t('rules.year')}
          value={year}
          onValue={setYear}
          maxLength={4}
        />
        <TextArea
          id="off"
          label={t('rules.off')}
          hint={t('rules.daysHint')}
          wrong={wrong(off)}
          value={off}
          onValue={setOff}
        />
        <TextArea
          id="worked"
          label={t('rules.worked')}
          hint={t('rules.daysHint')}
          wrong={wrong(worked)}
          value={worked}
          onValue={setWorked}
        />
        <ConfirmAct
          missing={
            !/^20\d{2}$/.test(year)
              ? t('form.needed', { what: t('rules.year') })
              : days(off).length === 0
                ? t('form.needed', { what: t('rules.off') })
                : (wrong(off) ?? wrong(worked))
          }
          button={t('rules.enterHolidays')}
          title={t('rules.enterHolidays')}
          effect={t('rules.holidaysEffect', { year })}
          act={() => put.mutateAsync({ params: { year }, body: { off: days(off), worked: days(worked) } })}
        />
        {put.data && (
          <Banner tone="good" live>
            {t('rules.recomputed', { n: put.data.recomputed })}
          </Banner>
        )}
      </div>
    </Card>
  )
}
