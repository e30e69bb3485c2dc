import { Link } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'

export interface Crumb {
  text: string
  to?: string
}

/** The head of every page: title, one sentence, one primary action; breadcrumbs where the depth is more than two. */
export function Page(props: {
  title: string
  lead?: ReactNode
  action?: ReactNode
  crumbs?: Crumb[]
  children: ReactNode
}) {
  const { t } = useTranslation()
  useEffect(() => {
    document.title = `${props.title} · Kapok 木棉`
  }, [props.title])
  return (
    <>
      {props.crumbs && (
        <nav className="crumbs" aria-label={t('shell.crumbs')}>
          <ol>
            {props.crumbs.map((each) => (
              <li key={each.text}>{each.to ? <Link to={each.to}>{each.text}</Link> : each.text}</li>
            ))}
          </ol>
        </nav>
      )}
      <div className="pagehead">
        <div>
          <h1>{props.title}</h1>
          {props.lead && <p>{props.lead}</p>}
        </div>
        {props.action}
      </div>
      {props.children}
    </>
  )
}

export function Card(props: {
  title?: string
  action?: ReactNode
  children: ReactNode
  label?: string
  /** It opens below what was pressed, perhaps out of sight: take the reader there. */
  opened?: boolean
}) {
  const box = useRef<HTMLElement>(null)
  useEffect(() => {
    if (!props.opened) return
    box.current?.scrollIntoView({ block: 'nearest' })
    box.current?.focus({ preventScroll: true })
  }, [props.opened])
  return (
    <section
      className="card"
      aria-label={props.title ?? props.label}
      ref={box}
      tabIndex={props.opened ? -1 : undefined}
    >
      {props.title && (
        <div className="row-between">
          <h2>{props.title}</h2>
          {props.action}
        </div>
      )}
      {props.children}
    </section>
  )
}
