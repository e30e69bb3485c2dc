import { decodeCompactBatch } from '@kapok/contracts/compact-batch'
import { SettableClock } from '@kapok/kit/clock'
import { afterEach, expect, test } from 'vitest'
import { EdgeBuffer } from '../buffer/buffer.ts'
import { quality } from '../driver.ts'
import type { DeviceState } from '../reading/reader.ts'
import { readTagTable } from '../tag-table.ts'
import { Derivation } from './derivation.ts'

const clock = new SettableClock()
const began = 1_790_000_000_000
const running: { stop(): void }[] = []
afterEach(() => {
  for (const each of running.splice(0)) each.stop()
})

interface Written {
  name?: string
  derived?: object[]
  alarms?: object[]
}
const tags = ['temp', 'volt', 'amp'].map((property, i) => ({ property, address: `holding/${i * 2}`, type: 'float32' }))
const tableOf = (devices: Written[]) =>
  readTagTable(
    JSON.stringify({
      devices: devices.map(({ name = 'A', ...more }) => ({
        ...{ name, protocol: 'modbus', connection: { host: 'nowhere' }, tags },
        ...more,
      })),
    }),
  )
const alarm = (more: object) => ({
  ...{ name: 'hot', property: 'overheated', severity: 'critical', message: { zh: '过热', en: 'too hot' } },
  ...more,
})

async function derive(devices: Written[], buffer = new EdgeBuffer(':memory:')) {
  const { derive: plan } = await tableOf(devices)
  if (plan === undefined) throw new Error('the table has no expressions')
  const derivation = new Derivation(plan, buffer, clock)
  running.push(derivation)
  const states = devices.map(({ name = 'A' }) => ({ name, values: {} }) as DeviceState)
  derivation.show(states)
  /** Reads the values of a device at a second; a text is why the tag is bad. */
  const read = (second: number, values: Record<string, number | string>, device = 'A') => {
    clock.set(began + second * 1_000, { running: false })
    const at = clock.now()
    const { points, notes } = derivation.took(
      device,
      Object.entries(values).map(([property, value]) =>
        typeof value === 'string'
          ? [property, { at, value: 0, quality: quality.bad, reason: value }]
          : [property, { at, value, quality: quality.good, reason: undefined }],
      ),
    )
    void buffer.append(points, notes)
    return points.map(({ device: of, property, value, quality: q = quality.good }) =>
      of === 'A' ? [property, value, q] : [of, property, value, q],
    )
  }
  return { derivation, buffer, read, values: states[0]?.values ?? {} }
}
const { good, uncertain, bad } = quality

test('a derived tag follows the tags that it stands on, once a round, after what it needs itself', async () => {
  const { read, values } = await derive([
    {
      derived: [
        { property: 'cost', expression: 'power * 2' },
        { property: 'power', expression: 'volt * amp' },
      ],
    },
  ])
  expect(read(0, { volt: 230 })).toEqual([])
  expect(values.power).toMatchObject({ quality: bad, reason: 'amp has no value yet', zh: 'amp 还没有值' })
  expect(read(1, { volt: 230, amp: 2, temp: 5 })).toEqual([
    ['power', 460, good],
    ['cost', 920, good],
  ])
  expect(values.cost).toEqual({ at: began + 1_000, value: 920, quality: good, reason: undefined })
  // The same again is not worth sending.
  expect(read(2, { volt: 230, amp: 2 })).toEqual([])
})

test('several values of a tag are computed one after another, in the order in which they came', async () => {
  const { derivation } = await derive([
    {
      derived: [
        { property: 'double', expression: 'temp * 2' },
        { property: 'peak', expression: 'max(temp, 60)' },
      ],
    },
  ])
  const one = (value: number) => ['temp', { at: began + value, value, quality: good, reason: undefined }] as const
  expect(
    derivation
      .took('A', [one(1), one(5), one(3)])
      .points.map(({ property, value, at }) => [property, value, at - began]),
  ).toEqual([
    ['double', 2, 1],
    ['peak', 1, 1],
    ['double', 10, 5],
    ['peak', 5, 5],
    ['double', 6, 3],
  ])
})

test('bad in, bad out with the reason; another device may be named; a hole in a window makes it uncertain', async () => {
  const { read, values } = await derive([
    {
      derived: [
        { property: 'diff', expression: 'temp - device["B"].temp' },
        { property: 'mean', expression: 'avg(temp, 60)' },
      ],
    },
    { name: 'B' },
  ])
  read(0, { temp: 10 })
  expect(read(1, { temp: 4 }, 'B')).toEqual([['diff', 6, good]])
  expect(read(2, { temp: 'illegal data address' })).toEqual([
    ['diff', 6, bad],
    ['mean', 10, bad],
  ])
  expect(values.diff?.reason).toBe('temp: illegal data address')
  expect(read(3, { temp: 10 })).toEqual([
    ['diff', 6, good],
    ['mean', 10, uncertain],
  ])
  expect(values.mean?.reason).toBe('temp had no value for a part of the last 60 s')
  expect(read(120, { temp: 10 })).toContainEqual(['mean', 10, good])
})

test('an alarm is raised when its condition has held long enough, stays over a bad value, and is cleared', async () => {
  const { read, derivation } = await derive([{ alarms: [alarm({ when: 'temp > 80', forSeconds: 10 })] }])
  expect(read(0, { temp: 70 })).toEqual([['overheated', false, good]])
  expect(read(1, { temp: 90 })).toEqual([])
  expect(read(5, { temp: 70 })).toEqual([])
  expect(read(6, { temp: 90 })).toEqual([])
  expect(read(15, { temp: 90 })).toEqual([])
  expect(read(16, { temp: 90 })).toEqual([['overheated', true, good]])
  expect(derivation.alarms()).toMatchObject([{ name: 'hot', raised: true, changedAt: began + 16_000 }])
  expect(read(17, { temp: 'no answer' })).toEqual([['overheated', true, uncertain]])
  expect(derivation.alarms()).toMatchObject([{ raised: true, reason: { en: 'temp: no answer' } }])
  expect(read(18, { temp: 70 })).toEqual([['overheated', false, good]])
})

test('an alarm whose time has come is raised without a new value', async () => {
  const { read, derivation, buffer } = await derive([
    { alarms: [alarm({ when: 'temp > 80', forSeconds: 10, type: 'text' })] },
  ])
  expect(read(0, { temp: 90 })).toEqual([['overheated', 'cleared', good]])
  clock.set(began + 10_000, { running: false })
  derivation.tick()
  buffer.flush()
  const points = buffer.waiting(0, 1e9, 99).flatMap(({ body }) => decodeCompactBatch(body))
  expect(points.at(-1)).toMatchObject({ device: 'A', property: 'overheated', value: 'raised', at: began + 10_000 })
})

test('windows and alarms go on over a restart', async () => {
  const table = [
    {
      derived: [{ property: 'mean', expression: 'avg(temp, 60)' }],
      alarms: [
        alarm({ when: 'temp > 80' }),
        alarm({ name: 'warm', property: 'warm', when: 'temp > 50', forSeconds: 30 }),
      ],
    },
  ]
  const { read, derivation, buffer } = await derive(table)
  read(0, { temp: 100 })
  read(20, { temp: 100 })
  derivation.stop()
  const { read: readAgain, derivation: next } = await derive(table, buffer)
  expect(next.alarms()).toMatchObject([
    { name: 'hot', raised: true, changedAt: began },
    { name: 'warm', raised: false, holdsSince: began },
  ])
  expect(readAgain(30, { temp: 60 })).toEqual([
    ['mean', 100, uncertain],
    ['overheated', false, good],
    ['warm', true, good],
  ])
  expect(readAgain(40, { temp: 60 })).toContainEqual(['mean', (20 * 100 + 10 * 60) / 30, uncertain])
})

test('what the disk refused is said again', async () => {
  const { derivation } = await derive([{ derived: [{ property: 'double', expression: 'temp * 2' }] }])
  const taken = [['temp', { at: began, value: 1, quality: good, reason: undefined }]] as const
  const first = derivation.took('A', taken)
  expect(first.points).toHaveLength(1)
  expect(derivation.took('A', taken).points).toEqual([])
  first.undo()
  expect(derivation.took('A', taken).points).toHaveLength(1)
})

test('derived tags that need each other, unknown tags and names that are taken are refused where they stand', async () => {
  const derived = [
    { property: 'a', expression: 'b + 1' },
    { property: 'b', expression: 'max(c, 60)' },
    { property: 'c', expression: 'a' },
  ]
  await expect(tableOf([{ derived }])).rejects.toThrow('derived tags need each other: A.a → A.b → A.c → A.a')
  await expect(tableOf([{ derived: [{ property: 'a', expression: 'temp + nope' }] }])).rejects.toThrow(
    'table.devices[0].derived[0].expression: “temp + nope”, position 8: a tag is expected; the device has no “nope”',
  )
  await expect(tableOf([{ derived: [{ property: 'temp', expression: '1' }] }])).rejects.toThrow(
    'table.devices[0].derived[0].property: “temp” is there twice',
  )
  await expect(tableOf([{ alarms: [alarm({ when: 'temp >' })] }])).rejects.toThrow(
    'table.devices[0].alarms[0].when: “temp >”, position 6',
  )
})

test('a thousand derived tags, each on the one before, are computed in their order', async () => {
  const derived = Array.from({ length: 1_000 }, (_, i) => ({
    property: `d${i}`,
    expression: i === 0 ? 'temp + 1' : `d${i - 1} + 1`,
  }))
  const { read } = await derive([{ derived: derived.reverse() }])
  const points = read(0, { temp: 0 })
  expect(points).toHaveLength(1_000)
  expect(points.at(-1)).toEqual(['d999', 1_000, good])
  expect(read(1, { temp: 1 }).at(-1)).toEqual(['d999', 1_001, good])
})
