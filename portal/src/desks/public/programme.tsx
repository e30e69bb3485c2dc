import { getProgramme } from '@kapok/contracts/subsidy'
import { useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { percentText } from '../../api/format.ts'
import { useAsk } from '../../api/hooks.ts'
import { Rows } from '../../components/data-table.tsx'
import { Facts, Instant, Money } from '../../components/figures.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { Card, Page } from '../../components/page.tsx'
import { Banner, StatusTag } from '../../components/state.tsx'
import { Reply } from '../../components/waiting.tsx'
import { useSentence } from '../../i18n/sentence.ts'

/** A programme in plain words: when, who, how much, which papers, how use is counted, and the clauses it stands on. */
export function Programme() {
  const { programmeId = '' } = useParams({ strict: false })
  const programme = useAsk(getProgramme, { params: { programmeId } })
  return <Reply of={programme}>{(each) => <Rules rules={each} />}</Reply>
}

type RuleSet = NonNullable<ReturnType<typeof useAsk<typeof getProgramme>>['data']>
const windowTone = { coming: 'info', open: 'good', closed: 'off' } as const

function Rules({ rules }: { rules: RuleSet }) {
  const { t } = useTranslation()
  const say = useSentence()
  const sampleTag = (sample: boolean) => sample && <StatusTag tone="notice">{t('programme.sample')}</StatusTag>
  return (
    <Page
      title={say(rules.title)}
      lead={t('programme.yearLead', { year: rules.fiscalYear })}
      crumbs={[{ text: t('nav.programmes'), to: '/programmes' }, { text: say(rules.title) }]}
      action={
        <LinkButton to={`/programmes/${rules.id}/check`} primary large>
          {t('programme.check')}
        </LinkButton>
      }
    >
      <div className="stack-wide">
        {rules.sample && <Banner tone="notice">{t('programme.sampleLead')}</Banner>}
        <div className="prose reading stack">
          {rules.plain.map((each) => (
            <p key={each.zh}>{say(each)}</p>
          ))}
        </div>
        <div className="columns">
          <Card title={t('programme.windows')}>
            <ul className="plain stack">
              {rules.windows.map((each) => (
                <li key={`${each.kind}${each.opensAt}`}>
                  <div className="row">
                    <strong>{t(`programme.window.${each.kind}`)}</strong>
                    <StatusTag tone={windowTone[each.state]}>{t(`programme.${each.state}`)}</StatusTag>
                  </div>
                  <Instant at={each.opensAt} /> — <Instant at={each.closesAt} />
                </li>
              ))}
            </ul>
          </Card>
          <Card title={t('programme.evidence')}>
            <div className="stack">
              <p>
                {say(rules.evidence.text)} {sampleTag(rules.evidence.sample)}
              </p>
              {rules.evidence.mode === 'metered' && (
                <Facts
                  rows={[
                    [t('programme.required'), t('programme.requiredOf', { n: rules.evidence.required })],
                    [t('programme.minMinutes'), t('strip.minutesOf', { n: rules.evidence.minMinutes })],
                    [t('programme.tolerance'), percentText(rules.evidence.toleranceBp)],
                    [
                      t('programme.minSigned'),
                      rules.evidence.minSignedBp === undefined ? undefined : percentText(rules.evidence.minSignedBp),
                    ],
                  ]}
                />
              )}
            </div>
          </Card>
        </div>
        <section className="stack" aria-labelledby="who">
          <h2 id="who">{t('programme.who')}</h2>
          <ul className="stack" style={{ gap: 8, paddingInlineStart: 24 }}>
            {rules.eligibility.map((each) => (
              <li key={each.id}>
                {say(each.text)} <span className="quiet">({each.cite})</span> {sampleTag(each.sample)}
              </li>
            ))}
          </ul>
        </section>
        <section className="stack" aria-labelledby="howmuch">
          <h2 id="howmuch">{t('programme.howMuch')}</h2>
          <div className="table-wrap">
            <Rows
              caption={t('programme.howMuch')}
              rows={rules.standards}
              keyOf={(row) => row.scene + row.feeKind}
              columns={[
                { title: t('programme.scene'), cell: (row) => say(row.sceneName) },
                { title: t('programme.fee'), cell: (row) => say(row.feeKindName) },
                { title: t('programme.ratio'), end: true, cell: (row) => percentText(row.ratioBp) },
                { title: t('programme.most'), end: true, cell: (row) => <Money fen={row.perEnterpriseFen} /> },
                { title: t('programme.source'), cell: (row) => sampleTag(row.sample) || t('programme.published') },
              ]}
            />
          </div>
          <ul className="plain stack" style={{ gap: 8 }}>
            {rules.caps.map((each) => (
              <li key={each.kind}>
                {say(each.name)} <Money fen={each.fen} /> {sampleTag(each.sample)}
              </li>
            ))}
          </ul>
        </section>
        <section className="stack" aria-labelledby="papers">
          <h2 id="papers">{t('programme.documents')}</h2>
          <ul className="stack" style={{ gap: 8, paddingInlineStart: 24 }}>
            {rules.documents.map((each) => (
              <li key={each.kind + each.role}>
                <span className="quiet">{t(`case.kind.${each.kind}`)}</span> {say(each.text)}
              </li>
            ))}
          </ul>
        </section>
        <Card title={t('programme.basis')}>
          <Facts
            rows={[
              ...rules.basis.map((each): [string, string] => [each.document, each.clause]),
              [t('programme.valid'), `${rules.effectiveFrom} — ${rules.effectiveTo}`],
              [t('programme.noticeDays'), t('programme.workingDays', { n: rules.noticeWorkingDays })],
              [t('programme.appealDays'), t('programme.workingDays', { n: rules.appealWorkingDays })],
              [
                t('programme.hash'),
                <code className="hash" key="h">
                  {rules.sha256}
                </code>,
              ],
            ]}
          />
        </Card>
      </div>
    </Page>
  )
}
