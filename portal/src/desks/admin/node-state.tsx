import type { RegistryNode } from '@kapok/contracts/registry-nodes'
import { useTranslation } from 'react-i18next'
import { countText, instantText } from '../../api/format.ts'
import { StatusTag, type Tone } from '../../components/state.tsx'
import type { MirrorOf } from './node-rows.ts'

type Standing = Exclude<RegistryNode['state'], 'answers'> | NonNullable<RegistryNode['role']> | 'refuses'

const tones: Record<Standing, Tone> = {
  primary: 'good',
  recursive: 'good',
  mirror: 'good',
  taker: 'notice',
  replaced: 'notice',
  refuses: 'notice',
  silent: 'fault',
  strange: 'fault',
  waiting: 'off',
}

/** What is most worth knowing of a node, in a word. */
export function standingOf({ state, role, details }: RegistryNode): Standing {
  if (state !== 'answers') return state
  if (role === 'primary' && details !== null && details.refuses !== null) return 'refuses'
  return role ?? 'waiting'
}

export function NodeState({ of }: { of: RegistryNode }) {
  const { t } = useTranslation()
  const standing = standingOf(of)
  return (
    <div>
      <StatusTag tone={tones[standing]}>{t(`nodes.state.${standing}`)}</StatusTag>
      {of.failsSince !== null && <div className="quiet">{t('nodes.since', { at: instantText(of.failsSince) })}</div>}
    </div>
  )
}

/** A mirror asks every second; one that was not seen for so long is taken for gone. */
const unseenMs = 60_000

/** How far a mirror was when its primary last told of it. */
export function MirrorState({ of: { behind, silentMs }, primary }: { of: MirrorOf; primary: RegistryNode }) {
  const { t } = useTranslation()
  const isKnown = primary.state === 'answers'
  const isSeen = silentMs <= unseenMs
  const tone = !isKnown || !isSeen ? 'off' : behind > 0 ? 'notice' : 'good'
  return (
    <div>
      <StatusTag tone={tone}>
        {!isSeen
          ? t('nodes.notSeen', { n: countText(Math.floor(silentMs / 60_000)) })
          : behind > 0
            ? t('nodes.behind', { n: countText(behind) })
            : t('nodes.upToDate')}
      </StatusTag>
      {!isKnown && <div className="quiet">{t('nodes.lastKnown')}</div>}
    </div>
  )
}
