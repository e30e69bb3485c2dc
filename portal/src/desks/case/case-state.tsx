import type { CaseState } from '@kapok/contracts/case'
import { useTranslation } from 'react-i18next'
import { StatusTag, type Tone } from '../../components/state.tsx'

const tones: Record<CaseState, Tone> = {
  draft: 'off',
  review: 'info',
  returned: 'notice',
  approved: 'good',
  passed: 'good',
  waiting: 'notice',
  issued: 'good',
  noticed: 'info',
  payable: 'info',
  paying: 'info',
  paid: 'good',
  rejected: 'fault',
  withdrawn: 'off',
}

export function CaseStateTag({ state }: { state: CaseState }) {
  const { t } = useTranslation()
  return <StatusTag tone={tones[state]}>{t(`case.state.${state}`)}</StatusTag>
}
