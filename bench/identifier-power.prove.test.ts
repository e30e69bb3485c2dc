import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import proveIdentifierPower from './identifier-power.prove.ts'

const hasStrace = spawnSync('strace', ['-V']).status === 0

test.skipIf(!hasStrace)('acknowledged records survive a power cut at any write, sync or acknowledgement', async () => {
  const { ok, tried, result } = await proveIdentifierPower({ short: true })
  expect(ok, `${tried}: ${result}`).toBe(true)
})

test.skipIf(!hasStrace)('the proof notices a disk that lies about its syncs', async () => {
  const { ok, result } = await proveIdentifierPower({ short: true, fault: 'lying-disk' })
  expect(ok).toBe(false)
  expect(result).not.toMatch(/^0 lost, 0 stores broken/)
})
