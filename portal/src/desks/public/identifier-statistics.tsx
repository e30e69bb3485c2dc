import { getIdentifierStatistics } from '@kapok/contracts/registry-nodes'
import { useTranslation } from 'react-i18next'
import { countText } from '../../api/format.ts'
import { useAsk } from '../../api/hooks.ts'
import { Instant, Stat } from '../../components/figures.tsx'

/** What the nodes sum up to, each figure with what it counts; nothing while none is known. */
export function IdentifierStatistics() {
  const { t } = useTranslation()
  const { statistics } = useAsk(getIdentifierStatistics, {}, { every: 60_000 }).data ?? {}
  if (!statistics) return null
  const { asOf, identifiers, resolutions, nodes, nodesKnown, nodesThatTold } = statistics
  return (
    <section className="stack" aria-label={t('statistics.title')}>
      <div className="row-between">
        <h2>{t('statistics.title')}</h2>
        <span className="quiet">
          {t('statistics.asOf')} <Instant at={asOf} seconds />
        </span>
      </div>
      <div className="stats" style={{ gridTemplateColumns: 'repeat(auto-fit, minmax(min(100%, 240px), 1fr))' }}>
        <Stat label={t('statistics.identifiers')} note={t('statistics.identifiersWhat')}>
          {countText(identifiers)}
        </Stat>
        <Stat label={t('statistics.resolutions')} note={t('statistics.resolutionsWhat')}>
          {countText(resolutions)}
        </Stat>
        <Stat label={t('statistics.nodes')} note={t('statistics.nodesWhat')}>
          {`${countText(nodes)} / ${countText(nodesKnown)}`}
        </Stat>
      </div>
      {nodesThatTold < nodes && <p className="quiet">{t('statistics.told', { told: countText(nodesThatTold) })}</p>}
    </section>
  )
}
