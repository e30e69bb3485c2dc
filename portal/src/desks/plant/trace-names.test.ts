import { expect, test } from 'vitest'
import { layersOf } from './trace-layers.ts'
import { shortName } from './trace-names.ts'

test.each([
  ['https://id.gs1.org/01/09521234543213/21/P%2F1', '(01)09521234543213(21)P/1'],
  ['https://id.gs1.org/00/095212345000000018', '(00)095212345000000018'],
  ['https://example.com/about', 'https://example.com/about'],
  ['88.901.1001/P1', '88.901.1001/P1'],
  ['urn:epc:id:sgln:1', 'urn:epc:id:sgln:1'],
])('%s is shown as %s', (id, shown) => {
  expect(shortName(id)).toBe(shown)
})

test('things stand in columns by their steps from the start, the goods always from left to right', () => {
  const node = (id: string, depth: number) => ({
    id,
    name: null,
    handle: null,
    kind: 'thing' as const,
    depth,
    hidden: 0,
    touched: true,
  })
  const nodes = [node('steel', 0), node('a', 1), node('b', 1), node('pallet', 2)]
  expect(layersOf(nodes, 'forward').map((layer) => layer.map(({ id }) => id))).toEqual([
    ['steel'],
    ['a', 'b'],
    ['pallet'],
  ])
  expect(layersOf(nodes, 'backward').map((layer) => layer.map(({ id }) => id))).toEqual([
    ['pallet'],
    ['a', 'b'],
    ['steel'],
  ])
})
