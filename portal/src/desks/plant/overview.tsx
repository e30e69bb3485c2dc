import { listCases } from '@kapok/contracts/case'
import { listDevices, listQuarantine } from '@kapok/contracts/data'
import { getStrip } from '@kapok/contracts/evidence'
import { listVouchers } from '@kapok/contracts/subsidy'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { addDays, civilDayText } from '../../api/format.ts'
import { useAsk } from '../../api/hooks.ts'
import { useHas, usePlatformNow } from '../../app/platform.ts'
import { EvidenceStrip } from '../../components/evidence-strip.tsx'
import { Stat } from '../../components/figures.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { Card, Page } from '../../components/page.tsx'
import { Empty, Reply } from '../../components/waiting.tsx'
import { CaseTable } from '../case/case-table.tsx'

/** The plant at one look: what runs, what waits for me, and how much of the last month counts as evidence. */
export function Overview() {
  const { t } = useTranslation()
  const manager = useHas(['plant.manager'])
  const all = useAsk(listDevices, { query: { size: 1 } }, { every: 30_000 })
  const online = useAsk(listDevices, { query: { size: 1, online: true } }, { every: 30_000 })
  const quarantine = useAsk(listQuarantine, { query: { size: 1 } })
  const mine = useAsk(listCases, { query: { size: 1, desk: 'mine' } }, { enabled: manager })
  const vouchers = useAsk(listVouchers, { query: { size: 1, state: 'issued' } }, { enabled: manager })
  return (
    <Page
      title={t('nav.overview')}
      lead={t('plant.overviewLead')}
      action={
        <LinkButton to="/plant/connect" primary>
          {t('plant.connect')}
        </LinkButton>
      }
    >
      <div className="stack-wide">
        <div className="stats">
          <Stat label={t('plant.online')} note={<Link to="/plant/machines">{t('nav.machines')}</Link>}>
            {online.data?.total ?? '—'} <span className="unit">/ {all.data?.total ?? '—'}</span>
          </Stat>
          <Stat label={t('nav.quarantine')} note={<Link to="/plant/quarantine">{t('plant.look')}</Link>}>
            {quarantine.data?.total ?? '—'}
          </Stat>
          {manager && (
            <>
              <Stat label={t('case.waitForMe')} note={<Link to="/plant/cases">{t('nav.cases')}</Link>}>
                {mine.data?.total ?? '—'}
              </Stat>
              <Stat label={t('plant.openVouchers')} note={<Link to="/plant/vouchers">{t('nav.vouchers')}</Link>}>
                {vouchers.data?.total ?? '—'}
              </Stat>
            </>
          )}
        </div>
        <LastMonth />
        {manager && (
          <section className="stack" aria-label={t('case.waitForMe')}>
            <h2>{t('case.waitForMe')}</h2>
            <CaseTable desk="mine" empty={<Empty title={t('case.nothingWaits')} />} />
          </section>
        )}
      </div>
    </Page>
  )
}

function LastMonth() {
  const { t } = useTranslation()
  const now = usePlatformNow()
  const today = now === undefined ? undefined : civilDayText(now)
  const strip = useAsk(
    getStrip,
    { query: { from: addDays(today ?? '2000-01-01', -30), to: addDays(today ?? '2000-01-01', -1) } },
    { enabled: today !== undefined },
  )
  return (
    <Card title={t('plant.lastMonth')} action={<Link to="/plant/evidence">{t('nav.evidence')}</Link>}>
      <Reply of={strip}>
        {(reply) =>
          reply.days.length === 0 ? (
            <Empty title={t('plant.noEvidence')}>
              <Link to="/plant/connect">{t('plant.connect')}</Link>
            </Empty>
          ) : (
            <EvidenceStrip days={reply.days} label={t('plant.lastMonth')} />
          )
        }
      </Reply>
    </Card>
  )
}
