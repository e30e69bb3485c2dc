import { useTranslation } from 'react-i18next'
import { useSentence } from '../i18n/sentence.ts'
import { Instant } from './figures.tsx'
import { StatusTag } from './state.tsx'
import './timeline.css'

interface Desk {
  desk: string | null
  deskOrganisation: string | null
  since: number
  due: number | null
  dueProvisional: boolean
  overdue: boolean
}
interface Happening {
  version: number
  at: number
  actorName: string
  organisationName: string
  said: { zh: string; en: string }
  reason: string | null
}

/** What has happened, oldest first, and on top whose desk it is on, since when and until when. */
export function Timeline({ events, desk }: { events: readonly Happening[]; desk: Desk }) {
  const { t } = useTranslation()
  const say = useSentence()
  return (
    <div className="stack">
      {desk.desk !== null && (
        <div className="row">
          <strong>{t('case.onDesk', { who: desk.deskOrganisation ?? t(`case.desk.${desk.desk as 'city'}`) })}</strong>
          <span className="quiet">
            {t('case.since')} <Instant at={desk.since} />
          </span>
          {desk.due !== null && (
            <span className="row">
              <span className="quiet">
                {t('case.until')} <Instant at={desk.due} />
              </span>
              {desk.overdue && <StatusTag tone="fault">{t('case.overdue')}</StatusTag>}
              {desk.dueProvisional && <StatusTag tone="notice">{t('case.provisional')}</StatusTag>}
            </span>
          )}
        </div>
      )}
      <ol className="timeline">
        {events.map((event, index) => (
          <li key={event.version} aria-current={index === events.length - 1 ? 'step' : undefined}>
            <div>{say(event.said)}</div>
            <div className="quiet">
              <Instant at={event.at} /> · {event.organisationName} {event.actorName}
            </div>
            {event.reason && <blockquote style={{ margin: '4px 0 0' }}>「{event.reason}」</blockquote>}
          </li>
        ))}
      </ol>
    </div>
  )
}
