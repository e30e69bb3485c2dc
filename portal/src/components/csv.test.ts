import { expect, test } from 'vitest'
import { csvOf } from './csv.ts'

test('a cell that a spreadsheet would run is made text', () => {
  for (const evil of ['=1+1', '+cmd', '-2+3', '@SUM(A1)', '\tx'])
    expect(csvOf([[evil]])).toContain(`'${evil.replaceAll('"', '""')}`)
})
test('a negative number stays a number', () => {
  expect(csvOf([['-12.50']])).toBe('\uFEFF-12.50\r\n')
})
test('commas, quotes and line breaks are quoted', () => {
  expect(csvOf([['a,b', 'say "x"', 'two\nlines']])).toBe('\uFEFF"a,b","say ""x""","two\nlines"\r\n')
})
