import { listProgrammes } from '@kapok/contracts/subsidy'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useAsk } from '../../api/hooks.ts'
import { Empty, Reply } from '../../components/waiting.tsx'
import { useSentence } from '../../i18n/sentence.ts'

/** The programme that a page of money is about; the newest one first. */
export function PickProgramme({ children }: { children(programmeId: string): ReactNode }) {
  const { t } = useTranslation()
  const say = useSentence()
  const programmes = useAsk(listProgrammes, { query: { size: 100 } })
  const [picked, setPicked] = useState<string>()
  return (
    <Reply of={programmes}>
      {({ rows }) => {
        const programmeId = picked ?? rows[0]?.id
        if (programmeId === undefined) return <Empty title={t('programme.none')} />
        return (
          <div className="stack-wide">
            {rows.length > 1 && (
              <select
                className="input"
                style={{ maxWidth: 420 }}
                aria-label={t('programme.title')}
                value={programmeId}
                onChange={(event) => setPicked(event.target.value)}
              >
                {rows.map((each) => (
                  <option key={each.id} value={each.id}>
                    {say(each.title)}
                  </option>
                ))}
              </select>
            )}
            {children(programmeId)}
          </div>
        )
      }}
    </Reply>
  )
}
