import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { decodeCompactBatch } from '@kapok/contracts/compact-batch'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BufferFull, type BufferOptions, EdgeBuffer, type EdgePoint } from './buffer.ts'

let folder = ''
const open: EdgeBuffer[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kapok-edge-'))
})
afterEach(() => {
  for (const buffer of open.splice(0)) buffer.close()
  rmSync(folder, { recursive: true, force: true })
})
const file = () => join(folder, 'deep/edge.batches')
const buffered = (options?: BufferOptions) => {
  const buffer = new EdgeBuffer(file(), options)
  open.push(buffer)
  return buffer
}
const reopened = (options?: BufferOptions) => {
  for (const buffer of open.splice(0)) buffer.close()
  return buffered(options)
}
const points = (n: number, from = 0): EdgePoint[] =>
  Array.from({ length: n }, (_, i) => ({ device: 'd', property: 'p', at: from + i, value: (from + i) / 7 }))
const everything = [0, Number.MAX_SAFE_INTEGER] as const
const kept = (buffer: EdgeBuffer) =>
  buffer.waiting(...everything, 10_000).flatMap(({ kind, body }) => (kind === 'points' ? decodeCompactBatch(body) : []))
const put = async (buffer: EdgeBuffer, some: EdgePoint[]) => {
  const done = buffer.append(some)
  buffer.flush()
  await done
}

test('what was appended is there after reopening, in order, with type and quality, and the sequence goes on', async () => {
  const first = buffered()
  const some: EdgePoint[] = [
    { device: 'a', property: 'on', at: 1, value: true, quality: 192 },
    { device: 'a', property: 'word', at: 1, value: '木棉', quality: 0 },
    { device: 'b', property: 'n', at: 2, value: 1.5, quality: 64 },
  ]
  await put(first, some)
  await put(first, points(3, 10))
  expect(first.nextSeq()).toBe(3)
  const again = reopened()
  expect(again.tally()).toMatchObject({ points: 6, lost: 0 })
  expect(again.waiting(...everything, 9).map(({ seq, firstAt, lastAt }) => [seq, firstAt, lastAt])).toEqual([
    [1, 1, 2],
    [2, 10, 12],
  ])
  expect(kept(again).slice(0, 3)).toEqual([{ ...some[0], quality: undefined }, some[1], some[2]])
  // With everything delivered the sequence must not begin anew: a used number would hide a gap.
  again.delivered([1, 2])
  expect(reopened().tally().points).toBe(0)
  expect(reopened().nextSeq()).toBe(3)
})

test('values of one moment share a batch, and those that come later do not wait for them', async () => {
  const buffer = buffered()
  await Promise.all([buffer.append(points(2)), buffer.append(points(3, 100)), buffer.append(points(1, 200))])
  expect(buffer.waiting(...everything, 9).map((batch) => batch.points)).toEqual([6])
  await buffer.append(points(1, 300))
  expect(buffer.waiting(...everything, 9).map((batch) => batch.points)).toEqual([6, 1])
})

test('a batch never grows past what the platform takes in one message', async () => {
  const buffer = buffered()
  await put(buffer, points(12_000))
  expect(buffer.waiting(...everything, 9).map((batch) => batch.points)).toEqual([5_000, 5_000, 2_000])
  await put(
    buffer,
    points(4_000, 50_000).map((point) => ({ ...point, value: 'x'.repeat(500) })),
  )
  for (const { body } of buffer.waiting(...everything, 99)) expect(body.length).toBeLessThanOrEqual(512 * 1024)
  expect(buffer.tally().points).toBe(16_000)
})

test('a full quota drops delivered values first, then the oldest that wait, and says what is missing', async () => {
  const options = { quotaBytes: 3_000_000 }
  const buffer = buffered(options)
  const batchOf = (i: number) => points(5_000, i * 5_000).map((point) => ({ ...point, value: `${point.value}` }))
  await put(buffer, batchOf(0))
  buffer.delivered([1])
  let n = 1
  while (buffer.tally().lost === 0) await put(buffer, batchOf(n++))
  const [gap] = buffer.gaps(0, 10)
  const left = kept(buffer)
  // What was delivered is gone without a gap; the gap ends exactly where the values begin.
  expect(gap).toMatchObject({ firstAt: 5_000, reason: 'the buffer was full' })
  expect(left[0]?.at).toBe((gap?.lastAt ?? 0) + 1)
  expect(left.length + (gap?.points ?? 0)).toBe((n - 1) * 5_000)
  expect(reopened(options).tally()).toEqual({ points: left.length, bytes: expect.any(Number), lost: gap?.points })
})

test('with the policy to stop, new values are refused while the buffer is full, and told as a gap when there is room', async () => {
  const buffer = buffered({ quotaBytes: 50_000, whenFull: 'stop' })
  let n = 0
  const more = () => put(buffer, points(2_000, n++ * 2_000))
  await more()
  await more()
  await expect(more()).rejects.toThrow(BufferFull)
  await expect(more()).rejects.toThrow(BufferFull)
  expect(kept(buffer)).toHaveLength(4_000)
  buffer.delivered([1, 2])
  await more()
  expect(buffer.gaps(0, 10)).toEqual([
    { id: 1, firstAt: 4_000, lastAt: 7_999, points: 4_000, reason: 'refused by the disk' },
  ])
  expect(kept(buffer).map(({ at }) => at)).toEqual(points(2_000, 8_000).map(({ at }) => at))
  // The record goes to the platform too, and counts as no value that waits.
  const told = buffer.waiting(...everything, 99).filter(({ kind }) => kind === 'gap')
  expect(told).toMatchObject([{ points: 4_000, firstAt: 4_000, lastAt: 7_999 }])
  expect(JSON.parse(Buffer.from(told[0]?.body ?? []).toString())).toEqual({ reason: 'refused by the disk' })
  expect(buffer.tally().points).toBe(2_000)
})

test('a value that cannot be written takes no other with it', async () => {
  const buffer = buffered()
  const good = buffer.append(points(2))
  await expect(buffer.append([{ device: 'd', property: 'p', at: Number.NaN, value: 1 }])).rejects.toThrow('p 1 at NaN')
  await expect(buffer.append([{ device: 'd', property: 'p', at: 1, value: Number.NaN }])).rejects.toThrow(RangeError)
  await good
  expect(kept(buffer)).toHaveLength(2)
  expect(buffer.tally().lost).toBe(0)
})

test('delivering takes exactly the batches that it was given, twice or not', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 40 }), async (seqs) => {
      const buffer = new EdgeBuffer(':memory:')
      for (let i = 0; i < 20; i++) await put(buffer, points(i + 1, i * 100))
      buffer.delivered(seqs)
      buffer.flush()
      const left = Array.from({ length: 20 }, (_, i) => i + 1).filter((seq) => !seqs.includes(seq))
      expect(buffer.waiting(...everything, 99).map(({ seq }) => seq)).toEqual(left)
      expect(buffer.tally().points).toBe(left.reduce((sum, seq) => sum + seq, 0))
      buffer.close()
    }),
    { numRuns: 30 },
  )
})

test('a lane sees only the batches between its borders', async () => {
  const buffer = buffered()
  for (let i = 0; i < 10; i++) await put(buffer, points(1, i))
  expect(buffer.waiting(4, 7, 10).map(({ seq }) => seq)).toEqual([4, 5, 6])
  expect(buffer.waiting(4, 7, 2).map(({ seq }) => seq)).toEqual([4, 5])
})

test('who waits for more is woken by the next batch', async () => {
  const buffer = buffered()
  const more = buffer.more(60_000)
  await put(buffer, points(1))
  await more
})

test('the history of a series has delivered values too, for as long as it is kept, and notes survive a restart', async () => {
  const buffer = buffered({ historyMs: 1_000 })
  const now = Date.now()
  await put(buffer, points(5, now - 500))
  await put(buffer, points(5, now - 60_000))
  buffer.delivered([1, 2])
  buffer.flush()
  expect([...buffer.history('d', 'p', now - 500, now - 498)].map(({ at }) => at - now)).toEqual([-500, -499])
  expect([...buffer.history('d', 'q', 0, now)]).toEqual([])
  void buffer.append(points(1, now), [['counter', '7']])
  const again = reopened({ historyMs: 1_000 })
  expect(again.note('counter')).toBe('7')
  again.delivered([])
  expect([...again.history('d', 'p', 0, now)]).toHaveLength(5)
})

test('a file of another version is refused with what to do', () => {
  buffered()
  reopened().close()
  open.length = 0
  const db = new DatabaseSync(file())
  db.exec('PRAGMA user_version = 99')
  db.close()
  expect(() => new EdgeBuffer(file())).toThrow(/made by another version of the gateway; start that, or move/)
})

test('between two runs there is a gap record, from the last value to the start', async () => {
  const buffer = buffered()
  buffer.beginRun(0)
  await put(buffer, points(3, 1_000))
  const again = reopened()
  again.beginRun(60_000)
  expect(again.gaps(0, 9)).toEqual([
    { id: 1, firstAt: 1_002, lastAt: 60_000, points: 0, reason: 'the gateway was not running' },
  ])
})

test('values that wait are moved by a step of the clock, those of an earlier run and those after it are not', async () => {
  const hour = 3_600_000
  const buffer = buffered()
  buffer.beginRun(0)
  await put(buffer, points(2, 1_000))
  const again = reopened()
  again.beginRun(5_000)
  await put(again, points(2, 10_000))
  again.clockWasSet({ before: 11_000, after: 11_000 + hour })
  await put(again, points(1, 12_000 + hour))
  again.clockWasSet({ before: 13_000 + hour, after: 13_000 - hour })
  const times = (from: EdgeBuffer) => kept(from).map(({ at }) => at)
  const moved = [1_000, 1_001, 10_000 - hour, 10_001 - hour, 12_000 - hour]
  expect(times(again)).toEqual(moved)
  const next = reopened()
  expect(times(next)).toEqual(moved)
  const steps = next.waiting(...everything, 99).filter(({ kind }) => kind === 'clock')
  expect(steps.map(({ firstAt, lastAt }) => lastAt - firstAt)).toEqual([hour, -2 * hour])
})

test('a batch that was sent already is the same when it is sent again, whatever the clock did meanwhile', async () => {
  const buffer = buffered()
  buffer.beginRun(0)
  await put(buffer, points(1, 1_000))
  await put(buffer, points(1, 2_000))
  buffer.sending(1)
  buffer.clockWasSet({ before: 3_000, after: 63_000 })
  expect(kept(buffer).map(({ at }) => at)).toEqual([1_000, 62_000])
  const again = reopened()
  expect(kept(again).map(({ at }) => at)).toEqual([1_000, 62_000])
})
