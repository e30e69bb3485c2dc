import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { protocols } from '../drivers.ts'

const root = join(import.meta.dirname, '../../..')
const folders = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

/** Cells of the rows of the table, without the heads. */
function rowsOf(markdown: string): string[][] {
  return markdown
    .split('\n')
    .filter((line) => line.startsWith('| ['))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

const rows = rowsOf(readFileSync(join(import.meta.dirname, 'README.md'), 'utf8'))
const fileIn = (cell: string) => /`([^`]+)`/.exec(cell)?.[1]

test('every driver has its folder, its row in the table and its place in the registry', () => {
  const named = rows.map(([name = '']) => /^\[([^\]]+)\]/.exec(name)?.[1])
  expect([...named].sort()).toEqual([...folders].sort())
  expect([...protocols].sort()).toEqual([...folders].sort())
})

test.each(rows.map((row) => [row[0] ?? '', row] as const))('the grade of %s is what stands behind it', (_, row) => {
  const [name = '', , peer = '', frames = '', hardware = '', grade] = row
  const folder = join(import.meta.dirname, /\(([^)]+)\)/.exec(name)?.[1] ?? '')
  for (const file of [
    'codec.ts',
    'codec.test.ts',
    'address.ts',
    'driver.ts',
    'driver.test.ts',
    'simulator.ts',
    'README.md',
  ])
    expect(existsSync(join(folder, file)), `${name} ${file}`).toBe(true)
  const [peerFile, framesFile] = [fileIn(peer), fileIn(frames)]
  if (peerFile !== undefined) expect(existsSync(join(root, peerFile)), peerFile).toBe(true)
  else expect(peer).toBe('–')
  if (framesFile !== undefined)
    expect(readFileSync(join(import.meta.dirname, framesFile), 'utf8')).toMatch(/https?:|published|§|capture/i)
  else expect(frames).toBe('–')
  const isTriedByOthers = peerFile !== undefined || framesFile !== undefined
  const expected = !isTriedByOthers ? 'bronze' : hardware === '–' ? 'silver' : 'gold'
  expect(grade).toBe(expected)
})
