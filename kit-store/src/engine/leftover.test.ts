import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeLog } from '@kapok/kit/log'
import { expect, test } from 'vitest'
import { removeDataFolder } from '../testing.ts'
import { startPostgres } from './postgres.ts'

test('a start waits for the children of a postmaster that was killed, which hold its memory until they notice', async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'kapok-leftover-'))
  const ask = { dataFolder, log: makeLog('test', 'silent'), fsync: false }
  try {
    const first = await startPostgres(ask)
    const [child = 0] = readFileSync(`/proc/${first.pid}/task/${first.pid}/children`, 'utf8').split(' ').map(Number)
    expect(child).toBeGreaterThan(1)
    process.kill(child, 'SIGSTOP')
    process.kill(first.pid, 'SIGKILL')
    await first.exited
    setTimeout(() => process.kill(child, 'SIGCONT'), 2000)
    const second = await startPostgres(ask)
    await second.stop()
  } finally {
    removeDataFolder(dataFolder)
  }
})
