import { expect, test } from 'vitest'
import { parseReadings } from './parse-readings.ts'

const uscc = '91440101MA00000000'

test('rows from a spreadsheet or a file are read alike', () => {
  const wanted = [{ uscc, day: '2026-11-23', activeMinutes: 600, bytes: 1234 }]
  expect(parseReadings(`${uscc},2026-11-23,600,1234\n`)).toEqual(wanted)
  expect(parseReadings(`\n${uscc}\t2026-11-23\t600\t1234`)).toEqual(wanted)
})
test('the first line that is no reading is named', () => {
  expect(parseReadings(`${uscc},2026-11-23,600,1\n${uscc},2026-02-30,600,1`)).toEqual({ line: 2 })
  expect(parseReadings(`${uscc},2026-11-23,1441,1`)).toEqual({ line: 1 })
  expect(parseReadings('')).toEqual({ line: 1 })
})
