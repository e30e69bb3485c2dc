import type { RegistryNode } from '@kapok/contracts/registry-nodes'
import { useTranslation } from 'react-i18next'
import { countText, instantText } from '../../api/format.ts'
import { Facts, Instant } from '../../components/figures.tsx'
import { Card } from '../../components/page.tsx'
import { Banner } from '../../components/state.tsx'
import { nameOf } from './node-rows.ts'
import { MirrorState, NodeState } from './node-state.tsx'
import { TakeoverAdvice } from './takeover-advice.tsx'

type Details = NonNullable<RegistryNode['details']>
const hourMs = 3_600_000

/** All that a node told, and what to do when it is silent. */
export function NodeDetail({ of: node }: { of: RegistryNode }) {
  const { t } = useTranslation()
  const { state, details, role, answeredAt } = node
  return (
    <Card title={t('nodes.detailOf', { name: nameOf(node) })} opened>
      <div className="stack">
        <NodeState of={node} />
        {state === 'strange' && <Banner tone="fault">{t('nodes.strangeWhat')}</Banner>}
        <Facts
          rows={[
            [
              t('nodes.url'),
              <code className="hash" key="u">
                {node.url}
              </code>,
            ],
            [t('nodes.levelOf'), t(`nodes.level.${node.level}`)],
            [t('nodes.organisation'), node.organisation],
            [t('nodes.roleOf'), role && t(`nodes.role.${role}`)],
            [t('nodes.serial'), node.serial],
            [t('nodes.answeredAt'), answeredAt === null ? null : <Instant at={answeredAt} seconds key="a" />],
            [t('nodes.refusesWhy'), details?.refuses],
          ]}
        />
        {state === 'silent' && node.prefixes.length > 0 && <TakeoverAdvice of={node} />}
        {details ? (
          <>
            {state !== 'answers' && answeredAt !== null && (
              <p className="quiet">{t('nodes.before', { at: instantText(answeredAt, true) })}</p>
            )}
            <Figures of={details} node={node} />
          </>
        ) : (
          state === 'answers' && (
            <Banner tone="info">
              <p>{t('nodes.untold')}</p>
              <p className="quiet">{t('nodes.untoldWhat')}</p>
            </Banner>
          )
        )}
      </div>
    </Card>
  )
}

function Figures({ of: details, node }: { of: Details; node: RegistryNode }) {
  const { t } = useTranslation()
  const { resting, restingInAll, mirrors } = details
  const keeps = node.prefixes.length > 0 && node.role !== 'mirror'
  return (
    <>
      <Facts
        rows={[
          [t('nodes.records'), countText(details.records)],
          [t('nodes.registrations'), countText(details.registrations)],
          [t('nodes.cached'), details.cachedAnswers === 0 ? null : countText(details.cachedAnswers)],
          [t('nodes.uptime'), t('nodes.hours', { n: (details.uptimeMs / hourMs).toFixed(1) })],
          [
            t('nodes.resting'),
            restingInAll === 0 ? null : (
              <code className="hash" key="r">
                {resting.join(' ')}
                {restingInAll > resting.length && ` … ${t('nodes.restingMore', { n: countText(restingInAll) })}`}
              </code>
            ),
          ],
        ]}
      />
      {keeps && (
        <div>
          <h3>{t('nodes.mirrors')}</h3>
          {mirrors.length === 0 ? (
            <p className="quiet">{t('nodes.noMirrors')}</p>
          ) : (
            <ul className="tight">
              {mirrors.map((mirror) => (
                <li key={mirror.user}>
                  <code className="hash">{mirror.user}</code>
                  <MirrorState of={mirror} primary={node} />
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
      <ByCode of={details} />
    </>
  )
}

function ByCode({ of: { resolutions } }: { of: Details }) {
  const { t } = useTranslation()
  if (resolutions.length === 0) return null
  return (
    <div>
      <h3>{t('nodes.byCode')}</h3>
      <Facts
        sums
        rows={resolutions.map(({ code, count }) => [`${code} ${t(`nodes.code.${wordOf(code)}`)}`, countText(count)])}
      />
    </div>
  )
}

const words = {
  1: 'found',
  100: 'unknown',
  200: 'noValues',
  301: 'notHere',
  302: 'elsewhere',
  303: 'elsewhere',
  603: 'busy',
  604: 'busy',
  605: 'busy',
} as const
const wordOf = (code: number) => (words as Record<number, (typeof words)[keyof typeof words]>)[code] ?? 'other'
