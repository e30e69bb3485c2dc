import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { rowBytes, writeRow } from '../store/point-row.ts'
import { recoverSegments } from './recover-segments.ts'
import { SegmentLog } from './segment-log.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kapok-log-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const openLog = (closed: string[] = []) =>
  new SegmentLog({
    folder,
    segmentBytes: 1 << 20,
    segmentMs: 60_000,
    commitMs: 1,
    onDiskFailure: (error) => {
      throw error
    },
    onClosed: (file) => closed.push(file),
  })
const append = (log: SegmentLog, series: number) => {
  const { view, at } = log.reserve(rowBytes)
  writeRow(view, at, series, 1_700_000_000_000 + series, series / 2, 192, 1, 3, 1_700_000_000_500)
}
const seriesIn = (bytes: Buffer) => {
  const found: number[] = []
  for (let at = 0; at < bytes.length; at += rowBytes) if (bytes.readUInt32LE(at) > 0) found.push(bytes.readUInt32LE(at))
  return found
}

test('what was said to be durable is in the file, in the order in which it was appended', async () => {
  const closed: string[] = []
  const log = openLog(closed)
  for (let series = 1; series <= 100; series++) append(log, series)
  await log.durable()
  for (let series = 101; series <= 150; series++) append(log, series)
  await log.stop()
  expect(closed).toHaveLength(1)
  expect(seriesIn(readFileSync(closed[0] ?? ''))).toEqual(Array.from({ length: 150 }, (_, i) => i + 1))
  expect(log.pendingBytes).toBe(0)
})

test('a tail torn at any byte is cut back to the last whole block', async () => {
  const log = openLog()
  append(log, 1)
  await log.durable()
  append(log, 2)
  append(log, 3)
  await log.durable()
  const open = join(folder, readdirSync(folder)[0] ?? '')
  const whole = readFileSync(open)
  rmSync(open)
  const firstBlock = 2 * rowBytes
  for (let end = 0; end <= whole.length; end++) {
    writeFileSync(open, whole)
    truncateSync(open, end)
    const [recovered = ''] = recoverSegments(folder).files
    expect(seriesIn(readFileSync(recovered))).toEqual(end < firstBlock ? [] : end < whole.length ? [1] : [1, 2, 3])
    rmSync(recovered)
  }
})

test('damage within a segment costs its block only: the others are loaded, the file is kept aside', async () => {
  const log = openLog()
  for (let series = 1; series <= 3; series++) {
    append(log, series)
    await log.durable()
  }
  const open = join(folder, readdirSync(folder)[0] ?? '')
  const whole = readFileSync(open)
  const inSecondBlock = 3 * rowBytes + 12
  whole[inSecondBlock] = (whole[inSecondBlock] ?? 0) ^ 4
  writeFileSync(open, whole)
  const { files, damaged } = recoverSegments(folder)
  expect(files.map((file) => seriesIn(readFileSync(file)))).toEqual([[1, 3]])
  expect(damaged.map((file) => readFileSync(file))).toEqual([whole])
  expect(recoverSegments(folder)).toEqual({ files, damaged: [] })
})

test('a flipped bit ends the segment before its block', async () => {
  const log = openLog()
  append(log, 1)
  await log.durable()
  append(log, 2)
  await log.durable()
  const open = join(folder, readdirSync(folder)[0] ?? '')
  const whole = readFileSync(open)
  rmSync(open)
  for (let bit = 2 * rowBytes * 8; bit < whole.length * 8; bit++) {
    const damaged = Buffer.from(whole)
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    writeFileSync(open, damaged)
    const [recovered = ''] = recoverSegments(folder).files
    const series = seriesIn(readFileSync(recovered))
    // Bits of the header that say nothing about the block (its retention, its value) may flip unseen.
    expect([[1], [1, 2]]).toContainEqual(series)
    if (bit >= 3 * rowBytes * 8) expect(series).toEqual([1])
    rmSync(recovered)
  }
  appendFileSync(join(folder, 'other'), 'x')
  expect(recoverSegments(folder)).toEqual({ files: [], damaged: [] })
})
