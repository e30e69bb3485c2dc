import { expect, test } from 'vitest'
import { hexDump } from './hex-dump.ts'

test('bytes are shown as offset, hex and readable text', () => {
  expect(hexDump(btoa('{"a":\u0000}'))).toBe('000000  7b 22 61 22 3a 00 7d                             {"a":·}')
})
test('a long payload is cut and says how much is left', () => {
  const lines = hexDump(btoa('x'.repeat(5000))).split('\n')
  expect(lines).toHaveLength(257)
  expect(lines.at(-1)).toBe('… 904 B')
})
