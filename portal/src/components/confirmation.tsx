import { CheckCircleFilled } from '@ant-design/icons'
import { type ReactNode, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'

/** What was done, under which reference number, and what happens next. */
export function Confirmation(props: {
  title: string
  reference?: string
  referenceLabel?: string
  next: string[]
  children?: ReactNode
}) {
  const { t } = useTranslation()
  const head = useRef<HTMLHeadingElement>(null)
  useEffect(() => head.current?.focus(), [])
  return (
    <div className="stack reading">
      <div className="confirmation" role="status">
        <CheckCircleFilled aria-hidden />
        <h1 ref={head} tabIndex={-1}>
          {props.title}
        </h1>
        {props.reference && (
          <>
            <span>{props.referenceLabel ?? t('form.reference')}</span>
            <span className="figure">{props.reference}</span>
          </>
        )}
      </div>
      <h2>{t('form.next')}</h2>
      <ol className="stack" style={{ gap: 8, paddingInlineStart: 24 }}>
        {props.next.map((each) => (
          <li key={each}>{each}</li>
        ))}
      </ol>
      {props.children}
    </div>
  )
}
