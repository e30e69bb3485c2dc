import { expect, test } from 'vitest'
import { csv } from './csv.ts'

test('a cell that a spreadsheet would run as a formula is made text', () => {
  const lines = csv(['户名'], [['=HYPERLINK("x")'], ['+1'], ['-1'], ['@a'], ['佛山']]).split('\r\n')
  expect(lines.slice(1, 6)).toEqual([`"'=HYPERLINK(""x"")"`, "'+1", "'-1", "'@a", '佛山'])
})
