import { advanceWorld, getWorld } from '@kapok/contracts/world'
import { useQueryClient } from '@tanstack/react-query'
import { Button, Progress } from 'antd'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { instantText } from '../api/format.ts'
import { useAsk, useCommand } from '../api/hooks.ts'
import { StatusTag } from '../components/state.tsx'
import { Failure } from '../components/waiting.tsx'

/** A world's date, how far the replay of its past has come, and the button that plays on to the next working day. */
export function WorldBanner() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const world = useAsk(getWorld, {}, { every: (last) => (last?.replaying === false ? 15_000 : 1_000) })
  const advance = useCommand(advanceWorld)
  const state = world.data
  const wasReplaying = useRef(false)
  useEffect(() => {
    if (state === undefined) return
    // What was read while time ran is old when it stands: read all of it again.
    if (wasReplaying.current && !state.replaying) void client.invalidateQueries()
    wasReplaying.current = state.replaying
  }, [state, client])
  if (state === undefined) return null
  const { daysPlayed, daysTotal } = state
  const past = daysPlayed < daysTotal
  const words = past ? t('world.replaying', { played: daysPlayed, total: daysTotal }) : t('world.playingOn')
  return (
    <section className="world" aria-label={t('world.banner')}>
      <strong>{t('world.sample')}</strong>
      <span>
        {t('world.today')} <time className="figure">{instantText(state.now)}</time>
      </span>
      {state.replaying && (
        <>
          <span role="status">{words}</span>
          {past && (
            <Progress
              percent={Math.round((100 * daysPlayed) / Math.max(1, daysTotal))}
              size="small"
              showInfo={false}
              aria-label={words}
            />
          )}
        </>
      )}
      {state.stumbled && (
        <StatusTag tone="fault">
          {t('world.stumbled')} {state.message}
        </StatusTag>
      )}
      <Button
        size="small"
        loading={advance.isPending}
        disabled={state.replaying}
        onClick={() => advance.mutate({ body: {} }, { onSuccess: () => void client.invalidateQueries() })}
      >
        {t('world.nextWorkingDay')}
      </Button>
      {advance.isError && <Failure error={advance.error} />}
    </section>
  )
}
