import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { CommandError, inspectBuffer } from '../command.ts'
import { EdgeBuffer } from './buffer.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})
const homeOf = () => {
  const home = mkdtempSync(join(tmpdir(), 'kapok-inspect-'))
  folders.push(home)
  return home
}
const midnight = Date.UTC(2027, 0, 1)
const text = (home: string, range: { from?: string; to?: string; csv?: boolean } = {}) =>
  [...inspectBuffer(home, range)].join('')

test('a buffer says what waits, what was delivered, its gaps and runs, also while the gateway is running', () => {
  const home = homeOf()
  const buffer = new EdgeBuffer(join(home, 'batches'))
  buffer.beginRun(midnight)
  void buffer.append([{ device: 'A', property: 'x', at: midnight, value: 1 }])
  buffer.flush()
  buffer.delivered([1])
  void buffer.append([{ device: 'A', property: 'x', at: midnight + 1_000, value: 2 }])
  buffer.flush()
  buffer.beginRun(midnight + 60_000)
  const said = text(home)
  expect(said).toMatch(/^waiting {5}1 values in \d batches, \d+ bytes, oldest 2027-01-01T00:00:01.000Z$/m)
  expect(said).toContain('delivered   1 values in 1 batches')
  expect(said).toContain('gaps        1, 0 values lost')
  expect(said).toContain('2027-01-01T00:00:01.000Z – 2027-01-01T00:01:00.000Z  0 values  the gateway was not running')
  expect(said).toContain('runs        the last 2, newest first\n            2027-01-01T00:01:00.000Z')
  buffer.close()
})

test('a range is exported as CSV, in order of time, with cells that are quoted where they must be', () => {
  const home = homeOf()
  const buffer = new EdgeBuffer(join(home, 'batches'))
  for (let i = 0; i < 200; i++) {
    void buffer.append([
      { device: 'A', property: 'x', at: midnight + i * 1_000, value: i },
      { device: 'B, "the old one"', property: 'y', at: midnight + i * 1_000, value: i % 2 === 0, quality: 0 },
    ])
    buffer.flush()
  }
  buffer.close()
  const lines = text(home, { csv: true, from: '2027-01-01T00:00:10Z', to: '2027-01-01T00:02:30Z' })
    .trimEnd()
    .split('\n')
  expect(lines).toHaveLength(1 + 2 * 140)
  expect(lines.slice(0, 3)).toEqual([
    'time,device,property,value,quality',
    '2027-01-01T00:00:10.000Z,A,x,10,192',
    '2027-01-01T00:00:10.000Z,"B, ""the old one""",y,true,0',
  ])
  expect(lines.slice(1)).toEqual(lines.slice(1).toSorted((a, b) => a.slice(0, 24).localeCompare(b.slice(0, 24))))
  expect(text(home, { csv: true }).trimEnd().split('\n')).toHaveLength(401)
})

test('a folder without a buffer and a time that is none are refused in a sentence, and nothing is made', () => {
  const home = homeOf()
  expect(() => text(home)).toThrow(CommandError)
  expect(() => text(home)).toThrow('there is no buffer at')
  expect(existsSync(join(home, 'batches'))).toBe(false)
  expect(() => text(home, { csv: true, from: 'yesterday' })).toThrow('“yesterday” is no time')
})
