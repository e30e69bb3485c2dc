import { expect, test } from 'vitest'
import { hoursOfRows, rowBytes, writeRow } from './point-row.ts'

const hourMs = 3_600_000

test('the hours that a run of rows touches are those of its points and texts, whatever the length of a text', () => {
  const textBytes = 20_000
  const rows = Buffer.alloc(4 * rowBytes + 2 + textBytes)
  const view = new DataView(rows.buffer, rows.byteOffset)
  writeRow(view, 0, 0, 999, 0, 0x4b, 0, 0, 0)
  writeRow(view, rowBytes, 7, 5 * hourMs, 1, 192, 1, 1, 0)
  writeRow(view, 2 * rowBytes, 8, 6 * hourMs + 1, 0, 192, 0x81, 1, 0)
  // The length of a text is written in groups of seven bits.
  rows.set([(textBytes & 0x7f) | 0x80, ((textBytes >> 7) & 0x7f) | 0x80, textBytes >> 14], 3 * rowBytes - 1)
  writeRow(view, 3 * rowBytes + 2 + textBytes, 7, 400 * 24 * hourMs, 1, 192, 1, 1, 0)
  expect([...hoursOfRows(rows)]).toEqual([5, 6, 400 * 24])
})
