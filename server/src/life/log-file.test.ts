import { mkdtempSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openLogFile } from './log-file.ts'

test('a log that grew too large moves on, the newest lines are in kapok.log, and only so many files stay', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kapok-log-'))
  const log = openLogFile(folder, 100, 3)
  try {
    for (let n = 1; n <= 6; n++) {
      writeSync(log.fd, `${String(n).repeat(101)}\n`)
      log.look()
    }
    writeSync(log.fd, 'last\n')
    log.look()
    expect(readdirSync(folder).sort()).toEqual(['kapok.log', 'kapok.log.1', 'kapok.log.2', 'kapok.log.3'])
    const firstOf = (name: string) => readFileSync(join(folder, name), 'utf8')[0]
    expect(['kapok.log', 'kapok.log.1', 'kapok.log.2', 'kapok.log.3'].map(firstOf)).toEqual(['l', '6', '5', '4'])
  } finally {
    log.stop()
    rmSync(folder, { recursive: true })
  }
})
