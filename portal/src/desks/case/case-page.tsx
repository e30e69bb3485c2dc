import { getCase, getCasePdf } from '@kapok/contracts/case'
import type { ReplyOf } from '@kapok/contracts/route'
import { useParams } from '@tanstack/react-router'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { addressOf } from '../../api/call.ts'
import { useAsk } from '../../api/hooks.ts'
import { queueOf } from '../../app/desks.ts'
import { useHas, useSession } from '../../app/platform.ts'
import { Instant } from '../../components/figures.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { Card, Page } from '../../components/page.tsx'
import { Banner } from '../../components/state.tsx'
import { Timeline } from '../../components/timeline.tsx'
import { Reply } from '../../components/waiting.tsx'
import { CaseStateTag } from './case-state.tsx'
import { Decide } from './decide.tsx'
import { DecisionTrace, MoneyBounds } from './decision-trace.tsx'
import { EvidenceSide } from './evidence-side.tsx'
import { Files } from './files.tsx'
import { Paper } from './paper.tsx'
import { Steps } from './steps.tsx'

export type CaseView = ReplyOf<typeof getCase>

/** One case on one page: paper beside evidence, the decision's numbers, whose desk it is on, and what I may do now. */
export function CasePage() {
  const { caseId = '' } = useParams({ strict: false })
  const view = useAsk(getCase, { params: { caseId } }, { every: 30_000 })
  return (
    <Reply of={view} lines={10}>
      {(each) => <OneCase view={each} />}
    </Reply>
  )
}

/** Where the filer goes on writing a draft or a returned case. */
export function writeAddress(view: Pick<CaseView, 'id' | 'kind' | 'redemption'>): string {
  if (view.kind === 'certification') return `/plant/certify/${view.id}`
  if (view.kind === 'application') return `/plant/apply/${view.id}`
  return `/plant/redeem/${view.redemption?.voucherNo ?? ''}`
}

function OneCase({ view }: { view: CaseView }) {
  const { t } = useTranslation()
  const files = useHas(['plant.manager'])
  // The page is long, the most of all on a phone: who has to decide gets there at once, and back to the queue after.
  const decides = view.verbs.some(({ verb }) => verb === 'approve' || verb === 'confirm')
  const queue = queueOf(useSession().data?.roles ?? [])
  const writing = files && (view.state === 'draft' || view.state === 'returned')
  return (
    <Page
      title={`${t(`case.kind.${view.kind}`)} ${view.caseNo}`}
      lead={
        <span className="row">
          <CaseStateTag state={view.state} />
          <span>{view.filerName}</span>
          <span>{view.regionName}</span>
        </span>
      }
      crumbs={queue && [{ text: t(`nav.${queue.word as 'queue'}`), to: queue.to }, { text: view.caseNo }]}
      action={
        <span className="row no-print">
          {decides && (
            <Button type="primary" href="#decide">
              {t('decide.title')}
            </Button>
          )}
          <Button href={addressOf(getCasePdf, { params: { caseId: view.id } })} download={`${view.caseNo}.pdf`}>
            {t('case.pdf')}
          </Button>
          <Button onClick={() => window.print()}>{t('case.print')}</Button>
          {writing && (
            <LinkButton to={writeAddress(view)} primary>
              {view.state === 'draft' ? t('case.goOn') : t('case.correct')}
            </LinkButton>
          )}
        </span>
      }
    >
      <div className="stack-wide">
        {view.lastReason && (view.state === 'returned' || view.state === 'rejected') && (
          <Banner tone={view.state === 'rejected' ? 'fault' : 'notice'}>
            <p>
              <strong>{view.state === 'rejected' ? t('case.rejectedBecause') : t('case.returnedBecause')}</strong>{' '}
              {view.lastReason}
            </p>
            {view.appealUntil !== null && (
              <p>
                {t('case.appealUntil')} <Instant at={view.appealUntil} />
              </p>
            )}
          </Banner>
        )}
        <Card title={t('case.steps')}>
          <Steps steps={view.steps} />
        </Card>
        {view.money && <MoneyBounds money={view.money} />}
        <div className="beside">
          <div className="stack">
            <Paper view={view} />
            <Files view={view} />
          </div>
          <div className="stack">
            {view.coverage && <EvidenceSide coverage={view.coverage} />}
            {view.decision && <DecisionTrace trace={view.decision} />}
            <Card title={t('case.timeline')}>
              <Timeline events={view.timeline} desk={view} />
            </Card>
          </div>
        </div>
        <Decide view={view} />
      </div>
    </Page>
  )
}
