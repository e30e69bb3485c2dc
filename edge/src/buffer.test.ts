import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openBuffer } from './buffer.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kapok-edge-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))
const file = () => join(folder, 'deep/edge.buffer')
const points = (n: number, from = 0) =>
  Array.from({ length: n }, (_, i) => ({ device: 'd', property: 'p', at: from + i, value: from + i }))
const everything = [0, Number.MAX_SAFE_INTEGER] as const

test('what was appended is there after reopening, in order, with its type, and ids go on', () => {
  const first = openBuffer(file())
  first.append([
    { device: 'a', property: 'on', at: 1, value: true },
    { device: 'a', property: 'n', at: 1, value: 1 },
    { device: 'b', property: 'off', at: 2, value: false },
  ])
  const next = first.nextId()
  first.close()
  const again = openBuffer(file())
  expect(again.count()).toBe(3)
  expect(again.nextId()).toBe(next)
  expect(
    again.oldest(...everything, 10).map(({ device, property, at, value }) => [device, property, at, value]),
  ).toEqual([
    ['a', 'on', 1, true],
    ['a', 'n', 1, 1],
    ['b', 'off', 2, false],
  ])
  // Removing everything must not begin the ids anew: a live lane would take new points for old ones.
  again.remove(again.oldest(...everything, 10).map(({ id }) => id))
  again.close()
  const third = openBuffer(file())
  expect([third.count(), third.nextId()]).toEqual([0, next])
  third.close()
})

test('a full quota drops the oldest, keeps the newest, and counts what it dropped over restarts', () => {
  const buffer = openBuffer(file(), 100)
  for (let i = 0; i < 250; i += 10) buffer.append(points(10, i))
  expect(buffer.count()).toBe(100)
  expect(buffer.dropped()).toBe(150)
  expect(buffer.oldest(...everything, 1000).map(({ at }) => at)).toEqual(points(100, 150).map(({ at }) => at))
  // More at once than the quota holds.
  buffer.append(points(130, 1000))
  expect([buffer.count(), buffer.dropped()]).toEqual([100, 280])
  expect(buffer.oldest(...everything, 1)[0]?.at).toBe(1030)
  buffer.close()
  const again = openBuffer(file(), 100)
  expect([again.count(), again.dropped()]).toEqual([100, 280])
  again.close()
})

test('removing takes exactly the ids that it was given, whatever runs and gaps they have', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 60 })), (given) => {
      const ids = given.sort((a, b) => a - b)
      const buffer = openBuffer(':memory:')
      buffer.append(points(50))
      buffer.remove(ids)
      const left = buffer.oldest(...everything, 100).map(({ id }) => id)
      expect(left).toEqual(points(50).flatMap((_, i) => (ids.includes(i + 1) ? [] : [i + 1])))
      expect(buffer.count()).toBe(left.length)
      buffer.close()
    }),
  )
})

test('a lane sees only the ids between its borders', () => {
  const buffer = openBuffer(file())
  buffer.append(points(10))
  expect(buffer.oldest(4, 7, 10).map(({ id }) => id)).toEqual([4, 5, 6])
  expect(buffer.oldest(4, 7, 2).map(({ id }) => id)).toEqual([4, 5])
  buffer.close()
})

test('an append that fails leaves nothing of itself behind, in the count either', () => {
  const buffer = openBuffer(file())
  buffer.append(points(2))
  expect(() => buffer.append([...points(3), { device: 'd', property: 'p', at: Number.NaN, value: 1 }])).toThrow()
  expect(buffer.count()).toBe(2)
  expect(buffer.oldest(...everything, 10)).toHaveLength(2)
  buffer.append(points(1))
  expect(buffer.count()).toBe(3)
  buffer.close()
})
