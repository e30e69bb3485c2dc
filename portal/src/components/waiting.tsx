import type { UseQueryResult } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button } from 'antd'
import { type ReactNode, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { RefusalError } from '../api/refusal.ts'
import { Banner } from './state.tsx'

/** Grey lines after 150 ms of waiting; before that nothing, so that a quick page does not flicker. */
export function Skeleton({ lines = 4 }: { lines?: number }) {
  const { t } = useTranslation()
  const [shown, setShown] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), 150)
    return () => clearTimeout(timer)
  }, [])
  if (!shown) return null
  return (
    <div className="skeleton" role="status">
      <span className="hidden-visually" style={{ height: 1 }}>
        {t('state.loading')}
      </span>
      {Array.from({ length: lines }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all alike and never move
        <span key={i} style={{ width: `${100 - ((i * 17) % 45)}%` }} />
      ))}
    </div>
  )
}

/** What happened, what to do, and the reference number that the server's log holds. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useTranslation()
  const refusal = error instanceof RefusalError ? error : undefined
  const text = refusal?.message || (refusal ? t('state.failed', { status: refusal.status }) : t('state.unreachable'))
  return (
    <div role="alert">
      <Banner tone="fault">
        <p>{text}</p>
        {refusal?.requestId && (
          <p className="quiet">
            {t('state.reference')} <code className="hash">{refusal.requestId}</code>
          </p>
        )}
        <div className="row">
          {retry && <Button onClick={retry}>{t('state.retry')}</Button>}
          {refusal?.code === 'session.missing' && <Link to="/sign-in">{t('shell.signIn')}</Link>}
        </div>
      </Banner>
    </div>
  )
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <p>{title}</p>
      {children}
    </div>
  )
}

/** Shows a reply when it is there, grey lines while it is not, the refusal when it never will be. */
export function Reply<T>({
  of,
  lines,
  children,
}: {
  of: UseQueryResult<T>
  lines?: number
  children: (reply: T) => ReactNode
}) {
  if (of.data !== undefined) return <>{children(of.data)}</>
  if (of.isError) return <Failure error={of.error} retry={() => void of.refetch()} />
  return <Skeleton lines={lines} />
}
