import type { Resolution } from '@kapok/contracts/identifier'
import { useTranslation } from 'react-i18next'
import { Card } from '../../components/page.tsx'
import { StatusTag } from '../../components/state.tsx'

type Step = Resolution['steps'][number]

const referrals = new Set([302, 303])
const ms = (value: number) => value.toFixed(value < 10 ? 1 : 0)

/** Who answered on the way from the root down, how long each took, and how far the answer is proven. */
export function ResolutionPath({ of }: { of: Resolution }) {
  const { t } = useTranslation()
  return (
    <Card title={t('identify.path')}>
      <div className="stack">
        <p className="quiet">{t(`identify.from.${of.from}`, { ms: ms(of.tookMs) })}</p>
        {of.verified && <Proof of={of.verified} />}
        {of.steps.length > 0 && (
          <div className="table-wrap">
            <table className="data cards">
              <thead>
                <tr>
                  <th>{t('identify.node')}</th>
                  <th>{t('identify.asked')}</th>
                  <th>{t('identify.answer')}</th>
                  <th className="end">{t('identify.took')}</th>
                </tr>
              </thead>
              <tbody>
                {of.steps.map((step, i) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: the steps are a record of what was and never move
                  <tr key={i}>
                    <td data-title={t('identify.node')}>
                      {t(`identify.level.${levelOf(step.of)}`)} <code className="hash">{step.of}</code>
                    </td>
                    <td data-title={t('identify.asked')}>
                      <code className="hash">{step.asked}</code>
                    </td>
                    <td data-title={t('identify.answer')}>
                      <Said of={step} />
                    </td>
                    <td className="end" data-title={t('identify.took')}>
                      {ms(step.tookMs)} ms
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </div>
    </Card>
  )
}

const verdictTones = { verified: 'good', unproven: 'off', refused: 'fault' } as const

type Verified = NonNullable<Resolution['verified']>

export function VerdictTag({ of: verdict }: { of: Verified['verdict'] }) {
  const { t } = useTranslation()
  return <StatusTag tone={verdictTones[verdict]}>{t(`identify.verdict.${verdict}`)}</StatusTag>
}

/** The verdict in plain words; its steps for whoever wants to know. */
function Proof({ of: { verdict, steps } }: { of: Verified }) {
  const { t } = useTranslation()
  const fault = steps.find(({ holds }) => !holds)
  return (
    <div className="stack">
      <p>
        <VerdictTag of={verdict} /> {t(`identify.verdictLead.${verdict}`)}
      </p>
      {fault?.why && <p>{t(`identify.fault.${fault.why}`, { of: fault.of })}</p>}
      <details>
        <summary>{t('identify.proof')}</summary>
        <ol>
          {steps.map((step) => (
            <li key={`${step.kind} ${step.of}`}>
              {t(`identify.step.${step.kind}`)} <code className="hash">{step.of}</code>{' '}
              <StatusTag tone={step.holds ? 'good' : verdictTones[verdict]}>
                {t(step.holds ? 'identify.holds' : 'identify.holdsNot')}
              </StatusTag>
            </li>
          ))}
        </ol>
      </details>
    </div>
  )
}

function Said({ of: { responseCode } }: { of: Step }) {
  const { t } = useTranslation()
  if (responseCode === undefined) return <StatusTag tone="fault">{t('identify.silent')}</StatusTag>
  if (referrals.has(responseCode)) return <StatusTag tone="info">{t('identify.referred')}</StatusTag>
  if (responseCode === 1) return <StatusTag tone="good">{t('identify.answered')}</StatusTag>
  if (responseCode === 100 || responseCode === 200) return <StatusTag tone="off">{t('identify.notThere')}</StatusTag>
  return <StatusTag tone="notice">{t('identify.refused', { code: responseCode })}</StatusTag>
}

/** Which level of the national tree a prefix is: root, top (88), secondary (88.x), enterprise (88.x.y). */
function levelOf(prefix: string): 'root' | 'top' | 'secondary' | 'enterprise' {
  if (prefix === '0.NA') return 'root'
  return (['top', 'secondary', 'enterprise'] as const)[prefix.split('.').length - 1] ?? 'enterprise'
}
