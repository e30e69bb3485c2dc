import { type TraceGraph as Graph, traceIdentifier } from '@kapok/contracts/registry-trace'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { instantText } from '../../api/format.ts'
import { useAsk } from '../../api/hooks.ts'
import { csvOf, saveFile } from '../../components/csv.ts'
import { Instant } from '../../components/figures.tsx'
import { Choices } from '../../components/form.tsx'
import { LookUp, useAsked } from '../../components/look-up.tsx'
import { Card, Page } from '../../components/page.tsx'
import { Banner } from '../../components/state.tsx'
import { Empty, Reply } from '../../components/waiting.tsx'
import { Named } from './named-thing.tsx'
import { Recall } from './recall.tsx'
import { TraceGraph } from './trace-graph.tsx'
import { pageOfTrace } from './trace-names.ts'

type Direction = 'backward' | 'forward' | 'recall'
const directions = ['backward', 'forward', 'recall'] as const

/** Where a thing comes from, where it went, and whom a recall of it reaches. */
export function TracePage() {
  const { t } = useTranslation()
  const id = useAsked()
  const [direction, setDirection] = useState<Direction>('forward')
  return (
    <Page
      title={t('trace.title')}
      lead={t('trace.lead')}
      crumbs={[{ text: t('nav.identifiers'), to: '/plant/identifiers' }, { text: t('trace.title') }]}
    >
      <div className="stack-wide">
        <LookUp
          id="thing"
          label={t('trace.thing')}
          hint={t('trace.thingHint')}
          button={t('trace.look')}
          pageOf={pageOfTrace}
        />
        {id !== '' && (
          <>
            <Choices
              id="direction"
              legend={t('trace.direction')}
              options={directions.map((each) => ({ value: each, text: t(`trace.${each}`) }))}
              value={[direction]}
              onValue={([chosen]) => setDirection(directions.find((each) => each === chosen) ?? 'forward')}
            />
            {direction === 'recall' ? (
              <Recall key={id} id={id} />
            ) : (
              <Traced key={id + direction} {...{ id, direction }} />
            )}
          </>
        )}
      </div>
    </Page>
  )
}

function Traced({ id, direction }: { id: string; direction: 'backward' | 'forward' }) {
  const { t } = useTranslation()
  const reply = useAsk(traceIdentifier, { query: { id, direction } })
  return (
    <Reply of={reply}>
      {(graph) =>
        graph.edges.length === 0 ? (
          <Empty title={t('trace.none')}>
            <p className="quiet">{t('trace.noneWhat')}</p>
          </Empty>
        ) : (
          <>
            {(graph.cut.depth || graph.cut.size) && <Banner tone="notice">{t('trace.cut')}</Banner>}
            <Card title={t(`trace.${direction}`)}>
              <TraceGraph of={graph} direction={direction} />
            </Card>
            <Card
              title={t('trace.steps', { n: graph.edges.length })}
              action={
                <Button onClick={() => saveFile(csvOf(rowsOf(graph, t('trace.columns'))), 'trace.csv')}>
                  {t('table.export')}
                </Button>
              }
            >
              <Steps of={graph} />
            </Card>
          </>
        )
      }
    </Reply>
  )
}

function rowsOf({ nodes, edges }: Graph, head: string): string[][] {
  const names = new Map(nodes.map(({ id, name }) => [id, name ?? '']))
  return [
    head.split(','),
    ...edges.map(({ from, to, kind, since, until }) => [
      from,
      names.get(from) ?? '',
      kind,
      to,
      names.get(to) ?? '',
      instantText(since),
      until === null ? '' : instantText(until),
    ]),
  ]
}

function Steps({ of: { nodes, edges } }: { of: Graph }) {
  const { t } = useTranslation()
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const titles = t('trace.columns').split(',')
  return (
    <div className="table-wrap">
      <table className="data cards">
        <thead>
          <tr>
            <th>{t('trace.from')}</th>
            <th>{t('trace.became')}</th>
            <th>{t('trace.to')}</th>
            <th>{titles[5]}</th>
          </tr>
        </thead>
        <tbody>
          {edges.map(({ from, to, kind, since }) => (
            <tr key={`${from} ${to} ${kind} ${since}`}>
              <td data-title={t('trace.from')}>
                <Named id={from} node={byId.get(from)} />
              </td>
              <td data-title={t('trace.became')}>{t(`trace.kind.${kind}`)}</td>
              <td data-title={t('trace.to')}>
                <Named id={to} node={byId.get(to)} />
              </td>
              <td data-title={titles[5]}>
                <Instant at={since} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
