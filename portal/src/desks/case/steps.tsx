import { useTranslation } from 'react-i18next'
import { Instant } from '../../components/figures.tsx'
import { StatusTag } from '../../components/state.tsx'
import type { CaseView } from './case-page.tsx'

const tone = { done: 'good', open: 'info', ahead: 'off', voided: 'notice', skipped: 'off' } as const

/** The way of the case through the desks, in the order of the arrow. */
export function Steps({ steps }: { steps: CaseView['steps'] }) {
  const { t } = useTranslation()
  return (
    <ol
      className="plain"
      style={{ display: 'grid', gap: 12, gridTemplateColumns: 'repeat(auto-fit, minmax(150px, 1fr))' }}
    >
      {steps.map((step) => (
        <li key={step.index} aria-current={step.state === 'open' ? 'step' : undefined}>
          <div>
            <StatusTag tone={tone[step.state]}>{t(`case.step.${step.state}`)}</StatusTag>
          </div>
          <strong>{t(`case.desk.${step.desk}`)}</strong>
          <div className="quiet">{step.organisation}</div>
          {step.decidedBy && (
            <div className="quiet">
              {step.decidedBy} <Instant at={step.decidedAt} />
            </div>
          )}
        </li>
      ))}
    </ol>
  )
}
