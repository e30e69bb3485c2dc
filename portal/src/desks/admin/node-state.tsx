import type { RegistryNode } from '@kapok/contracts/registry-nodes'
import { useTranslation } from 'react-i18next'
import { instantText } from '../../api/format.ts'
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
  const since = of.failsSince === null ? '' : ` ${t('nodes.since', { at: instantText(of.failsSince) })}`
  return <StatusTag tone={tones[standing]}>{`${t(`nodes.state.${standing}`)}${since}`}</StatusTag>
}

/** A mirror asks every second; one that was not seen for so long is taken for gone. */
const unseenMs = 60_000

export function useMirrorState() {
  const { t } = useTranslation()
  return ({ behind, silentMs }: MirrorOf): { tone: Tone; text: string } => {
    if (silentMs > unseenMs) return { tone: 'off', text: t('nodes.notSeen', { n: Math.floor(silentMs / 60_000) }) }
    return behind > 0
      ? { tone: 'notice', text: t('nodes.behind', { n: behind }) }
      : { tone: 'good', text: t('nodes.upToDate') }
  }
}

/** How far a mirror was when its primary last told of it. */
export function MirrorState({ of, primary }: { of: MirrorOf; primary: RegistryNode }) {
  const { t } = useTranslation()
  const { tone, text } = useMirrorState()(of)
  if (primary.state === 'answers') return <StatusTag tone={tone}>{text}</StatusTag>
  return <StatusTag tone="off">{`${text}${t('nodes.lastKnown')}`}</StatusTag>
}
