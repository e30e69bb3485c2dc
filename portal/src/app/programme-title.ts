import { listProgrammes } from '@kapok/contracts/subsidy'
import { useAsk } from '../api/hooks.ts'
import { useSentence } from '../i18n/sentence.ts'

/** Titles of programmes by id, in the reader's language; the id until they are known. */
export function useProgrammeTitle(): (programmeId: string) => string {
  const say = useSentence()
  const programmes = useAsk(listProgrammes, { query: { size: 100 } })
  return (programmeId) => {
    const found = programmes.data?.rows.find((each) => each.id === programmeId)
    return found ? say(found.title) : programmeId
  }
}
