import { expect, test } from 'vitest'
import { EdgeBuffer } from '../buffer/buffer.ts'
import { quality } from '../driver.ts'
import { chartOf } from './chart.ts'
import { historyOf } from './history.ts'

const to = 1_790_000_000_000
const week = 7 * 86_400_000
const say = (_: string, en: string) => en

test('a week of a tag is brought to what a screen can show, with its least and greatest, and nothing of other tags', async () => {
  const buffer = new EdgeBuffer(':memory:')
  for (let minute = 0; minute < 10_080; minute++) {
    const at = to - week + minute * 60_000
    const value = minute === 5_000 ? 999 : minute % 10
    void buffer.append([
      { device: 'A', property: 'x', at, value },
      { device: 'B', property: 'x', at, value: 5_000 },
    ])
    // Many batches, so that the week is read in pieces.
    if (minute % 50 === 0) buffer.flush()
  }
  buffer.flush()
  const history = await historyOf(buffer, { device: 'A', property: 'x', from: to - week, to })
  expect(history.count).toBe(10_080)
  expect(history.bins).toHaveLength(400)
  expect(Math.max(...history.bins.map(({ max }) => max))).toBe(999)
  expect(history.bins.filter(({ min }) => min === 0).length).toBeGreaterThan(350)
  const day = await historyOf(buffer, { device: 'A', property: 'x', from: to - 86_400_000, to })
  expect(day.count).toBe(1_440)
  buffer.close()
})

test('the line stops at a bad value and at a gap, and goes on after it', async () => {
  const buffer = new EdgeBuffer(':memory:')
  const hour = 3_600_000
  void buffer.append([
    { device: 'A', property: 'x', at: to - hour, value: 1 },
    { device: 'A', property: 'x', at: to - hour / 2, value: 1, quality: quality.bad },
    { device: 'A', property: 'x', at: to - hour / 4, value: 1 },
  ])
  buffer.flush()
  const from = to - hour
  const history = await historyOf(buffer, { device: 'A', property: 'x', from, to })
  const path = (gaps: { firstAt: number; lastAt: number }[]) =>
    chartOf(history, {
      ...{ from, to, title: 't', holds: true, say },
      gaps: gaps.map((gap) => ({ id: 1, points: 0, reason: '', ...gap })),
    }).text.match(/<path d="([^"]*)"/)?.[1]
  expect(path([])).toBe('M8 110H360M536 110H712')
  expect(path([{ firstAt: to - hour / 8, lastAt: to }])).toBe('M8 110H360M536 110H624')
  buffer.close()
})
