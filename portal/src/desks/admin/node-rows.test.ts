import type { RegistryNode } from '@kapok/contracts/registry-nodes'
import { expect, test } from 'vitest'
import { nodeRows, resolutionsOf } from './node-rows.ts'

const node = (prefix: string, parent: string | null, more: Partial<RegistryNode> = {}): RegistryNode => ({
  url: `http://${prefix}`,
  prefixes: [prefix],
  level:
    (['root', 'top', 'secondary', 'enterprise'] as const)[prefix === '0.NA' ? 0 : prefix.split('.').length] ??
    'unknown',
  parent: parent && `http://${parent}`,
  organisation: null,
  state: 'answers',
  answeredAt: 1,
  failsSince: null,
  role: 'primary',
  serial: 1,
  takesChanges: true,
  details: null,
  ...more,
})
const mirror = { user: '300:88.2/mirror', behind: 4, silentMs: 10 }
const details = {
  refuses: null,
  records: 1,
  registrations: 1,
  resolutions: [
    { code: 1, count: 5 },
    { code: 303, count: 9 },
    { code: 100, count: 1 },
  ],
  mirrors: [mirror],
  resting: [],
  restingInAll: 0,
  cachedAnswers: 0,
  uptimeMs: 1,
}
const tree = [
  node('88.10', '88'),
  node('88.2', '88', { details }),
  node('88.2.7', '88.2', { organisation: '凤城注塑' }),
  node('88', '0.NA'),
  node('0.NA', null),
]
const told = (rows: ReturnType<typeof nodeRows>) =>
  rows.map(({ depth, node, mirror }) => `${'  '.repeat(depth)}${mirror ? `mirror ${mirror.user}` : node.prefixes[0]}`)
const none = new Map<string, boolean>()

test('the tree goes from the root down, by number, with mirrors under their node', () => {
  expect(told(nodeRows(tree, { search: '', chosen: none }))).toEqual([
    '0.NA',
    '  88',
    '    88.2',
    '      mirror 300:88.2/mirror',
    '      88.2.7',
    '    88.10',
  ])
})

test('what was closed hides what is below; a search shows what fits and the way to it, also in what was closed', () => {
  const chosen = new Map([['http://88', false]])
  const closed = nodeRows(tree, { search: '', chosen })
  expect(told(closed)).toEqual(['0.NA', '  88'])
  expect(closed.map(({ below, open }) => [below, open])).toEqual([
    [1, true],
    [2, false],
  ])
  expect(told(nodeRows(tree, { search: '凤城', chosen }))).toEqual(['0.NA', '  88', '    88.2', '      88.2.7'])
  expect(nodeRows(tree, { search: 'nothing', chosen })).toEqual([])
})

test('of many nodes a secondary one is closed, unless something below it needs to be seen', () => {
  const many = Array.from({ length: 12 }, (_, n) => node(`88.10.${n}`, '88.10'))
  expect(nodeRows([...tree, ...many], { search: '', chosen: none })).toHaveLength(4)
  const ill = [...tree, ...many, node('88.10.99', '88.10', { state: 'silent' })]
  expect(nodeRows(ill, { search: '', chosen: none })).toHaveLength(17)
})

test('referrals are no answers; a node that tells nothing has no number', () => {
  expect(tree.map(resolutionsOf)).toEqual([undefined, 6, undefined, undefined, undefined])
})
