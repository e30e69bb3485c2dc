import { labelSheets } from '@kapok/contracts/registry'
import type { LabelledThing } from '@kapok/registry'
import { expect, test } from 'vitest'
import { readLabels } from '../../../../tests/support/read-labels.ts'
import { printLabelSheet } from './label-sheet.ts'

const part: LabelledThing = {
  handle: '88.901.1001/P20270201-1-01',
  facts: {
    name: '泵轴 φ25',
    gs1: 'https://id.gs1.org/01/09521234543220/10/LOT%2F1/21/A-1',
    model: 'PS-25',
    batch: '20270201-1',
  },
}
const machine: LabelledThing = { handle: '88.901.1001/压机 1/#2', facts: { name: '压机' } }
const ask = { portalUrl: 'https://kapok.example', title: '标签', atMs: 0 }

test.each(Object.keys(labelSheets) as (keyof typeof labelSheets)[])(
  'on a sheet %s every symbol is read by another decoder, and tells what the thing is',
  async (sheet) => {
    const things = [part, machine]
    const pages = await readLabels(await printLabelSheet({ ...ask, sheet, things }))
    const symbols = pages.flat()
    expect(symbols.map(({ format, text }) => `${format} ${text}`).sort()).toEqual([
      'DataMatrix 010952123454322010LOT/1\u001d21A-1',
      'QRCode https://id.gs1.org/01/09521234543220/10/LOT%2F1/21/A-1',
      'QRCode https://kapok.example/identify/88.901.1001/%E5%8E%8B%E6%9C%BA%201/%232',
    ])
    expect(symbols.find(({ format }) => format === 'DataMatrix')?.contentType).toBe('GS1')
  },
)

test('a page has as many labels as its sheet, and the next begins a new one', async () => {
  const things = Array.from({ length: 25 }, (_, i) => ({ ...machine, handle: `88.901.1001/M${i}` }))
  const pages = await readLabels(await printLabelSheet({ ...ask, sheet: 'a4-24', things }))
  expect(pages.map((symbols) => symbols.length)).toEqual([24, 1])
})
