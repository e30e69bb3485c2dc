import type { RegistryNode } from '@kapok/contracts/registry-nodes'
import { expect, test } from 'vitest'
import { levelOf, parentsOf } from './node-tree.ts'
import { statisticsOf } from './statistics.ts'

const node = (url: string, prefixes: string[], role: RegistryNode['role'] = 'primary') => ({ url, prefixes, role })

test('a node hangs below the nearest one above that is known, a mirror below its primary', () => {
  const nodes = [
    node('e', ['88.608.1']),
    node('mirror', ['88.608'], 'mirror'),
    node('s', ['88.608']),
    node('root', ['0.NA']),
    node('far', ['86.1.2.3']),
    node('lonely', ['88.7'], 'mirror'),
    node('recursive', [], 'recursive'),
    node('silent', [], null),
  ]
  expect(Object.fromEntries(parentsOf(nodes))).toEqual({
    e: 's',
    mirror: 's',
    s: 'root',
    far: 'root',
    lonely: 'root',
  })
  expect(nodes.map(levelOf)).toEqual([
    'enterprise',
    'secondary',
    'secondary',
    'root',
    'enterprise',
    'secondary',
    'recursive',
    'unknown',
  ])
})

test('nodes with several prefixes, twice the same and of two that are above each other, never make a circle', () => {
  const nodes = [
    node('a', ['88.1.1', '88.2']),
    node('b', ['88.2.1', '88.1']),
    node('c', ['88.1'], 'mirror'),
    node('d', ['88.1'], 'mirror'),
    node('top', ['88']),
    node('top again', ['88']),
  ]
  const parents = parentsOf(nodes)
  for (const { url } of nodes) {
    const way = [url]
    for (let at = parents.get(url); at !== undefined; at = parents.get(at)) {
      expect(way).not.toContain(at)
      way.push(at)
    }
  }
  expect(parents.get('c')).toBe('b')
})

const row = (url: string, role: RegistryNode['role'], more: Partial<RegistryNode> = {}): RegistryNode => ({
  ...node(url, ['88.1'], role),
  level: 'secondary',
  parent: null,
  organisation: null,
  state: 'answers',
  answeredAt: 1,
  failsSince: null,
  serial: 1,
  takesChanges: true,
  details: {
    refuses: null,
    records: 10,
    registrations: 12,
    resolutions: [
      { code: 1, count: 5 },
      { code: 100, count: 2 },
      { code: 303, count: 900 },
    ],
    mirrors: [],
    resting: [],
    restingInAll: 0,
    cachedAnswers: 0,
    uptimeMs: 1,
  },
  ...more,
})

test('copies, referrals and what a silent node said before are not counted; nothing is told when nobody told anything', () => {
  const silent = row('silent', 'primary', { prefixes: ['88.2'], state: 'silent' })
  const closed = row('closed', 'primary', { prefixes: ['88.3'], details: null })
  const nodes = [row('a', 'primary'), row('a by another address', 'primary'), row('copy', 'mirror'), silent, closed]
  expect(statisticsOf(nodes, 7)).toEqual({
    asOf: 7,
    identifiers: 10,
    resolutions: 21,
    nodes: 4,
    nodesKnown: 5,
    nodesThatTold: 3,
  })
  expect(statisticsOf([silent, closed], 7)).toBeUndefined()
  expect(statisticsOf([], 7)).toBeUndefined()
})
