import type { getCase } from '@kapok/contracts/case'
import { decideCase } from '@kapok/contracts/case'
import type { ReplyOf } from '@kapok/contracts/route'
import { Link, Navigate } from '@tanstack/react-router'
import { Button } from 'antd'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCommand } from '../../api/hooks.ts'
import { Confirmation } from '../../components/confirmation.tsx'
import { Facts } from '../../components/figures.tsx'
import { ErrorSummary } from '../../components/form.tsx'
import { Card, Page } from '../../components/page.tsx'
import { Banner, StatusTag } from '../../components/state.tsx'
import { Failure } from '../../components/waiting.tsx'
import { Files } from '../case/files.tsx'

type CaseView = ReplyOf<typeof getCase>

export interface Section {
  id: string
  title: string
  /** 未开始 · 已填写 · 需补正. */
  state: 'empty' | 'filled' | 'correct'
  form(done: () => void): ReactNode
}

/**
 * A filing as a task list: sections in any order, papers when the draft is kept, then the answers to check, then the
 * confirmation with the case number and what happens next. The submission is refused here only for what is not filled;
 * everything else is for the server to say.
 */
export function Filing(props: {
  title: string
  lead: string
  sections: Section[]
  view: CaseView | undefined
  answers: [label: string, value: ReactNode][]
  next: string[]
  /** Something was filled that the platform does not have yet. */
  begun?: boolean
  /** Why the platform did not take the draft. */
  failure?: ReactNode
}) {
  const { t } = useTranslation()
  const [stage, setStage] = useState('tasks')
  const submit = useCommand(decideCase, ['subsidy.'])
  const { view } = props
  // As it was opened: submitting it here closes it too, and that ends with the confirmation.
  const [wasClosed] = useState(view !== undefined && view.state !== 'draft' && view.state !== 'returned')
  const toTasks = () => setStage('tasks')
  const missing = (view?.documents ?? []).filter((each) => !each.present)
  const papers: 'empty' | 'filled' | 'correct' =
    view === undefined || view.files.length === 0 ? 'empty' : missing.length > 0 ? 'correct' : 'filled'
  const section = props.sections.find((each) => each.id === stage)
  const ready = view !== undefined && props.sections.every((each) => each.state === 'filled') && missing.length === 0
  const [tried, setTried] = useState(0)

  if (submit.data && view)
    return (
      <Confirmation
        title={t('filing.submitted')}
        reference={view.caseNo}
        referenceLabel={t('case.no')}
        next={props.next}
      >
        <Link to={`/cases/${view.id}`}>{t('filing.seeCase')}</Link>
      </Confirmation>
    )
  // What was submitted is read, not written: its case page says where it is.
  if (view && wasClosed) return <Navigate to={`/cases/${view.id}`} replace />
  const crumbs = [{ text: t('nav.cases'), to: '/plant/cases' }, { text: props.title }]
  if (section)
    return (
      <Page title={section.title} crumbs={crumbs}>
        {section.form(toTasks)}
      </Page>
    )
  if (stage === 'papers' && view)
    return (
      <Page title={t('filing.papers')} crumbs={crumbs}>
        <div className="stack">
          <Files view={view} />
          <div>
            <Button type="primary" onClick={toTasks}>
              {t('action.continue')}
            </Button>
          </div>
        </div>
      </Page>
    )
  if (stage === 'check' && view)
    return (
      <Page title={t('filing.check')} lead={t('filing.checkLead')} crumbs={crumbs}>
        <div className="stack reading">
          <Card label={t('filing.check')}>
            <Facts rows={props.answers} />
          </Card>
          <Banner tone="info">{t('decide.effect.submit')}</Banner>
          {submit.isError && <Failure error={submit.error} />}
          <div className="row">
            <Button
              type="primary"
              size="large"
              loading={submit.isPending}
              onClick={() =>
                submit.mutate({ params: { caseId: view.id }, body: { verb: 'submit', expectedVersion: view.version } })
              }
            >
              {t('filing.submit')}
            </Button>
            <Button size="large" onClick={toTasks}>
              {t('action.back')}
            </Button>
          </div>
        </div>
      </Page>
    )
  const wrongs = Object.fromEntries([
    ...props.sections
      .filter((each) => each.state !== 'filled')
      .map((each) => [`task-${each.id}`, t('filing.notFilled', { section: each.title })]),
    ...(missing.length > 0 || view === undefined
      ? [['task-papers', t('filing.notFilled', { section: t('filing.papers') })]]
      : []),
  ])
  return (
    <Page title={props.title} lead={props.lead} crumbs={crumbs}>
      <div className="stack reading">
        {view?.lastReason && view.state === 'returned' && (
          <Banner tone="notice">
            <p>
              <strong>{t('case.returnedBecause')}</strong> {view.lastReason}
            </p>
          </Banner>
        )}
        {props.failure}
        {tried > 0 && <ErrorSummary wrongs={wrongs} round={tried} />}
        <Card label={props.title}>
          <ul className="plain tasks">
            {props.sections.map((each) => (
              <li key={each.id}>
                <button type="button" id={`task-${each.id}`} className="link-button" onClick={() => setStage(each.id)}>
                  {each.title}
                </button>
                <TaskState state={each.state} />
              </li>
            ))}
            <li>
              {view ? (
                <button type="button" id="task-papers" className="link-button" onClick={() => setStage('papers')}>
                  {t('filing.papers')}
                </button>
              ) : (
                <span id="task-papers" tabIndex={-1} className="quiet">
                  {t('filing.papers')} · {t('filing.papersLater')}
                </span>
              )}
              <TaskState state={papers} />
            </li>
          </ul>
        </Card>
        {view && <p className="quiet">{t('filing.kept', { no: view.caseNo })}</p>}
        {!view && props.begun && <p className="quiet">{t('filing.keptHere')}</p>}
        <div>
          <Button type="primary" size="large" onClick={() => (ready ? setStage('check') : setTried(tried + 1))}>
            {t('filing.check')}
          </Button>
        </div>
      </div>
    </Page>
  )
}

const tone = { empty: 'off', filled: 'good', correct: 'notice' } as const

function TaskState({ state }: { state: Section['state'] }) {
  const { t } = useTranslation()
  return <StatusTag tone={tone[state]}>{t(`filing.state.${state}`)}</StatusTag>
}
