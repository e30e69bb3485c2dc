import type { RegistryNode } from '@kapok/contracts/registry-nodes'
import { useTranslation } from 'react-i18next'
import { instantText } from '../../api/format.ts'
import { csvOf, saveFile } from '../../components/csv.ts'
import { resolutionsOf } from './node-rows.ts'
import { standingOf } from './node-state.tsx'

/** Saves all nodes as CSV, whatever is shown of them. */
export function useNodesFile() {
  const { t } = useTranslation()
  const number = (n: number | null | undefined) => (n === null || n === undefined ? '' : `${n}`)
  const instant = (at: number | null) => (at === null ? '' : instantText(at, true))
  const columns: [title: string, text: (node: RegistryNode) => string][] = [
    [t('nodes.node'), ({ prefixes }) => prefixes.join(' ')],
    [t('nodes.url'), ({ url }) => url],
    [t('nodes.levelOf'), ({ level }) => t(`nodes.level.${level}`)],
    [t('nodes.organisation'), ({ organisation }) => organisation ?? ''],
    [t('nodes.standing'), (node) => t(`nodes.state.${standingOf(node)}`)],
    [t('nodes.answeredAt'), ({ answeredAt }) => instant(answeredAt)],
    [t('nodes.roleOf'), ({ role }) => (role === null ? '' : t(`nodes.role.${role}`))],
    [t('nodes.records'), ({ details }) => number(details?.records)],
    [t('nodes.registrations'), ({ details }) => number(details?.registrations)],
    [t('nodes.resolutions'), (node) => number(resolutionsOf(node))],
    [t('nodes.serial'), ({ serial }) => number(serial)],
    [
      t('nodes.mirrors'),
      ({ details }) => details?.mirrors.map(({ user, behind }) => `${user} −${behind}`).join('; ') ?? '',
    ],
  ]
  return (nodes: readonly RegistryNode[]) =>
    saveFile(
      csvOf([columns.map(([title]) => title), ...nodes.map((node) => columns.map(([, text]) => text(node)))]),
      'nodes.csv',
    )
}
