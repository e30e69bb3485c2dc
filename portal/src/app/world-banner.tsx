import { advanceWorld, getWorld } from '@kapok/contracts/world'
import { useQueryClient } from '@tanstack/react-query'
import { Button, Progress } from 'antd'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { instantText } from '../api/format.ts'
import { useAsk, useCommand } from '../api/hooks.ts'
import { Failure } from '../components/waiting.tsx'

/** A world's date, how far the replay of its past has come, and the button that plays on to the next working day. */
export function WorldBanner() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const replaying = useRef(true)
  const world = useAsk(getWorld, {}, { every: replaying.current ? 2_000 : 15_000 })
  const advance = useCommand(advanceWorld)
  const state = world.data
  const wasReplaying = useRef(false)
  useEffect(() => {
    if (state === undefined) return
    replaying.current = state.replaying
    // What was read while time ran is old when it stands: read all of it again.
    if (wasReplaying.current && !state.replaying) void client.invalidateQueries()
    wasReplaying.current = state.replaying
  }, [state, client])
  if (state === undefined) return null
  const { daysPlayed, daysTotal } = state
  return (
    <section className="world" aria-label={t('world.banner')}>
      <strong>{t('world.sample')}</strong>
      <span>
        {t('world.today')} <time className="figure">{instantText(state.now)}</time>
      </span>
      {state.replaying && (
        <>
          <span>{t('world.replaying', { played: daysPlayed, total: daysTotal })}</span>
          <Progress
            percent={Math.round((100 * daysPlayed) / Math.max(1, daysTotal))}
            size="small"
            showInfo={false}
            aria-label={t('world.replaying', { played: daysPlayed, total: daysTotal })}
          />
        </>
      )}
      {state.message && <span className="quiet">{state.message}</span>}
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
