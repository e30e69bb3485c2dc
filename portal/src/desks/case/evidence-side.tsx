import { useTranslation } from 'react-i18next'
import { percentText } from '../../api/format.ts'
import { EvidenceStrip } from '../../components/evidence-strip.tsx'
import { Facts, Instant, Money, Share } from '../../components/figures.tsx'
import { Card } from '../../components/page.tsx'
import { Banner } from '../../components/state.tsx'
import type { CaseView } from './case-page.tsx'

/** The claimed use as the programme's rule counts it, with every number of the formula. */
export function EvidenceSide({ coverage }: { coverage: NonNullable<CaseView['coverage']> }) {
  const { t } = useTranslation()
  const share =
    coverage.required === 0
      ? 0
      : Math.round((10_000 * Math.min(coverage.covered, coverage.required)) / coverage.required)
  return (
    <Card title={t('case.evidence')}>
      <div className="stack">
        {coverage.identicalDays > 0 && (
          <Banner tone="fault">{t('case.identicalDays', { n: coverage.identicalDays })}</Banner>
        )}
        {coverage.disagreeingDays > 0 && (
          <Banner tone="notice">{t('case.disagreeingDays', { n: coverage.disagreeingDays })}</Banner>
        )}
        {(coverage.unsignedDays ?? 0) > 0 && (
          <Banner tone="notice">{t('case.unsignedDays', { n: coverage.unsignedDays })}</Banner>
        )}
        <Share
          basisPoints={share}
          label={t('case.coveredOf', { covered: coverage.covered, required: coverage.required })}
        />
        <Facts
          rows={[
            [t('case.covered'), t('case.coveredOf', { covered: coverage.covered, required: coverage.required })],
            [
              t('case.requiredIs'),
              t('case.requiredHow', { machines: coverage.machines, days: coverage.requiredPerMachine }),
            ],
            [t('programme.minMinutes'), t('strip.minutesOf', { n: coverage.minMinutes })],
            [t('programme.tolerance'), percentText(coverage.toleranceBp)],
            [
              t('programme.minSigned'),
              coverage.minSignedBp === undefined ? undefined : percentText(coverage.minSignedBp),
            ],
            [t('case.eligibleFen'), <Money fen={coverage.eligibleFen} key="e" />],
            [
              t('case.supportedFen'),
              <strong key="s">
                <Money fen={coverage.supportedFen} />
              </strong>,
            ],
            [t('form.asOf'), <Instant at={coverage.asOf} key="t" />],
          ]}
        />
        <EvidenceStrip days={coverage.days} label={t('case.evidence')} />
      </div>
    </Card>
  )
}
