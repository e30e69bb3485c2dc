import { getProgramme } from '@kapok/contracts/subsidy'
import { useAsk } from '../../api/hooks.ts'
import { useSentence } from '../../i18n/sentence.ts'

/** Names of a programme's scenes in the reader's language; a scene that a later version dropped keeps its code. */
export function useSceneName(programmeId: string | null): (code: string) => string {
  const say = useSentence()
  const programme = useAsk(
    getProgramme,
    { params: { programmeId: programmeId ?? '' } },
    { enabled: programmeId !== null && programmeId !== '' },
  )
  return (code) => {
    const standard = programme.data?.standards.find((each) => each.scene === code)
    return standard ? say(standard.sceneName) : code
  }
}
