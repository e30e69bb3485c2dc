import { CaretDownOutlined, CaretRightOutlined, DownloadOutlined } from '@ant-design/icons'
import { listRegistryNodes, type RegistryNode } from '@kapok/contracts/registry-nodes'
import type { ReplyOf } from '@kapok/contracts/route'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { countText } from '../../api/format.ts'
import { useAsk } from '../../api/hooks.ts'
import { type Column, Rows } from '../../components/data-table.tsx'
import { Instant } from '../../components/figures.tsx'
import { Page } from '../../components/page.tsx'
import { Banner } from '../../components/state.tsx'
import { Empty, Reply } from '../../components/waiting.tsx'
import { NodeDetail } from './node-detail.tsx'
import { type NodeRow, nameOf, nodeRows, resolutionsOf } from './node-rows.ts'
import { MirrorState, NodeState } from './node-state.tsx'
import { useNodesFile } from './nodes-file.ts'
import './nodes.css'

/** How the identifier nodes stand that the platform knows, as a tree. */
export function IdentifierNodes() {
  const { t } = useTranslation()
  const reply = useAsk(listRegistryNodes, {}, { every: 10_000 })
  return (
    <Page title={t('nav.nodes')} lead={t('nodes.lead')}>
      <Reply of={reply} lines={8}>
        {(each) => (
          <div className="stack-wide">
            {!each.resolves && each.nodes.length > 0 && <Banner tone="notice">{t('nodes.noResolver')}</Banner>}
            {each.notAsked > 0 && <Banner tone="notice">{t('nodes.notAsked', { n: countText(each.notAsked) })}</Banner>}
            {each.nodes.length === 0 ? (
              <Empty title={t('nodes.none')}>
                <p className="quiet">{t('nodes.noneWhat')}</p>
              </Empty>
            ) : (
              <Tree of={each} />
            )}
          </div>
        )}
      </Reply>
    </Page>
  )
}

function Tree({ of: { nodes, asOf } }: { of: ReplyOf<typeof listRegistryNodes> }) {
  const { t } = useTranslation()
  const [search, setSearch] = useState('')
  const [chosen, setChosen] = useState<ReadonlyMap<string, boolean>>(new Map())
  const [opened, setOpened] = useState<string>()
  const saveNodes = useNodesFile()
  const rows = nodeRows(nodes, { search, chosen })
  const shown = nodes.find(({ url }) => url === opened)
  const answering = nodes.filter(({ state }) => state === 'answers').length
  const columns = useColumns({
    onToggle: ({ node, open }) => setChosen(new Map(chosen).set(node.url, !open)),
    onOpen: setOpened,
  })
  return (
    <>
      <div>
        <p className="quiet">
          {t('nodes.found', { known: countText(nodes.length), answering: countText(answering) })} ·{' '}
          {asOf === null ? (
            t('nodes.asking')
          ) : (
            <>
              {t('nodes.asOf')} <Instant at={asOf} seconds />
            </>
          )}
        </p>
        <div className="table-tools">
          <input
            className="input"
            type="search"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
            placeholder={t('nodes.search')}
            aria-label={t('nodes.search')}
          />
          <span className="end">
            <button type="button" className="icon-button" onClick={() => saveNodes(nodes)}>
              <DownloadOutlined aria-hidden /> {t('table.export')}
            </button>
          </span>
        </div>
        <div className="table-wrap">
          {rows.length === 0 ? (
            <Empty title={t('table.nothingFound', { search: search.trim() })} />
          ) : (
            <Rows caption={t('nav.nodes')} rows={rows} keyOf={({ key }) => key} columns={columns} />
          )}
        </div>
      </div>
      {shown && <NodeDetail key={shown.url} of={shown} />}
    </>
  )
}

function useColumns({ onToggle, onOpen }: { onToggle(row: NodeRow): void; onOpen(url: string): void }) {
  const { t } = useTranslation()
  const number = (title: string, value: (node: RegistryNode) => number | null | undefined): Column<NodeRow> => ({
    title,
    end: true,
    cell: ({ node, mirror }) => {
      if (mirror) return null
      const n = value(node)
      return n === null || n === undefined ? <span className="quiet">—</span> : countText(n)
    },
  })
  const columns: Column<NodeRow>[] = [
    { title: t('nodes.node'), cell: (row) => <Name of={row} onToggle={onToggle} /> },
    {
      title: t('nodes.standing'),
      cell: ({ node, mirror }) => (mirror ? <MirrorState of={mirror} primary={node} /> : <NodeState of={node} />),
    },
    number(t('nodes.records'), ({ details }) => details?.records),
    number(t('nodes.registrations'), ({ details }) => details?.registrations),
    number(t('nodes.resolutions'), resolutionsOf),
    number(t('nodes.serial'), ({ serial }) => serial),
    {
      title: t('nodes.detail'),
      cell: ({ node, mirror }) =>
        mirror ? null : (
          <Button
            size="small"
            aria-label={t('nodes.detailOf', { name: nameOf(node) })}
            onClick={() => onOpen(node.url)}
          >
            {t('nodes.detail')}
          </Button>
        ),
    },
  ]
  return columns
}

function Name({ of: row, onToggle }: { of: NodeRow; onToggle(row: NodeRow): void }) {
  const { t } = useTranslation()
  const { node, mirror, depth, below, open } = row
  const name = nameOf(node)
  return (
    <div className="tree-name" style={{ paddingInlineStart: `calc(${depth} * var(--step))` }}>
      {below > 0 ? (
        <button
          type="button"
          className="icon-button tree-toggle"
          aria-expanded={open}
          aria-label={t(open ? 'nodes.close' : 'nodes.open', { name })}
          onClick={() => onToggle(row)}
        >
          {open ? <CaretDownOutlined aria-hidden /> : <CaretRightOutlined aria-hidden />}
        </button>
      ) : (
        <span className="tree-toggle" />
      )}
      <div>
        {mirror ? (
          <>
            {t('nodes.mirror')} <code className="hash">{mirror.user}</code>
          </>
        ) : (
          <>
            <code className="hash">{name}</code> <span className="quiet">{t(`nodes.level.${node.level}`)}</span>
            {node.organisation !== null && <div>{node.organisation}</div>}
          </>
        )}
      </div>
    </div>
  )
}
