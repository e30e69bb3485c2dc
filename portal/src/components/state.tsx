import {
  CheckCircleFilled,
  CloseCircleFilled,
  ExclamationCircleFilled,
  InfoCircleFilled,
  MinusCircleFilled,
} from '@ant-design/icons'
import type { ReactNode } from 'react'

/** 正常 good · 注意 notice · 故障 fault · 离线 off · 信息 info. */
export type Tone = 'good' | 'notice' | 'fault' | 'off' | 'info'

const icons = {
  good: CheckCircleFilled,
  notice: ExclamationCircleFilled,
  fault: CloseCircleFilled,
  off: MinusCircleFilled,
  info: InfoCircleFilled,
}

/** A state as icon, word and colour, never colour alone. */
export function StatusTag({ tone, children }: { tone: Tone; children: ReactNode }) {
  const Icon = icons[tone]
  return (
    <span className={`tag tag-${tone}`}>
      <Icon aria-hidden />
      {children}
    </span>
  )
}

export function Banner({ tone, children, live }: { tone: Exclude<Tone, 'off'>; children: ReactNode; live?: boolean }) {
  const Icon = icons[tone]
  return (
    <div className={`banner banner-${tone}`} role={live ? 'status' : undefined}>
      <Icon aria-hidden />
      <div className="banner-body">{children}</div>
    </div>
  )
}
