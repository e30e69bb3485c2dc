import { connect } from 'node:net'
import { ReadGroup } from '@kapok/edge/read-group'
import { readTagTable } from '@kapok/edge/tag-table'
import { startOfCivilDay } from '@kapok/kit/clock'
import { expect, test } from 'vitest'
import { plants } from '../province.ts'
import { controllerOf } from './controller.ts'
import { machineKinds } from './machine.ts'
import { serveMachine } from './serve.ts'

const plan = { fromHour: 8, toHour: 20, saturdays: true }
// A Monday.
const monday = startOfCivilDay('2026-11-16')

test('a machine of every kind is off at night and on Sunday, and its values stay in their ranges by day', () => {
  for (const kind of Object.values(machineKinds)) {
    const valuesAt = kind.make(plan, 7, monday)
    expect(valuesAt(monday + 3 * 3_600_000)).toBeUndefined()
    expect(valuesAt(monday + 6 * 86_400_000 + 12 * 3_600_000)).toBeUndefined()
    let minutes = 0
    for (let at = monday; at < monday + 86_400_000; at += 60_000) {
      const values = valuesAt(at)
      if (values === undefined) continue
      minutes++
      for (const [i, { property, min, max }] of kind.signals.entries()) {
        expect(values[i], `${kind.code} ${property}`).toBeGreaterThanOrEqual(min)
        expect(values[i], `${kind.code} ${property}`).toBeLessThanOrEqual(max)
      }
    }
    expect(minutes).toBeGreaterThan(690)
    expect(minutes).toBeLessThan(735)
  }
})

test('a plant of three shifts has values at every minute of the week', () => {
  const always = { fromHour: 0, toHour: 24, saturdays: true, sundays: true }
  const valuesAt = machineKinds.injectionMoulding.make(always, 7, monday)
  for (let at = monday; at < monday + 7 * 86_400_000; at += 60_000) expect(valuesAt(at)).toBeDefined()
})

test('counters never fall, whatever the order in which they are asked', () => {
  const { make, signals } = machineKinds.injectionMoulding
  const shots = signals.findIndex(({ property }) => property === 'shotCount')
  const forward = make(plan, 3, monday)
  const other = make(plan, 3, monday)
  let last = 0
  for (let at = monday + 9 * 3_600_000; at < monday + 3 * 86_400_000; at += 300_000) {
    const count = forward(at)?.[shots]
    if (count === undefined) continue
    expect(count).toBeGreaterThanOrEqual(last)
    last = count
  }
  const late = monday + 2 * 86_400_000 + 15 * 3_600_000
  other(late)
  other(monday + 9 * 3_600_000)
  expect(other(late)?.[shots]).toBe(forward(late)?.[shots])
})

test('what a machine says in its protocol is what its model says, within the resolution of what it holds', async () => {
  for (const words of plants.flatMap(({ machines }) => machines)) {
    const kind = machineKinds[words.kind]
    const controller = controllerOf(words)
    const values = kind.make(plan, 5, monday)(monday + 80 * 86_400_000 + 10 * 3_600_000)
    const machine = await serveMachine(controller, () => values)
    const device = { name: kind.code, protocol: controller.protocol, connection: machine.settings }
    const tags = controller.signals.map(({ property, where }) => ({ property, ...where }))
    const table = { platform: 'mqtt://nowhere', token: 'none', devices: [{ ...device, tags }] }
    const [read] = (await readTagTable(JSON.stringify(table))).devices
    if (read === undefined) throw new Error('the device is not in its table')
    const connection = read.driver.open(read.settings)
    const group = new ReadGroup(read.driver, read.settings, read.tags)
    const { samples, error } = await group.read(connection, Date.now)
    expect(error).toBeUndefined()
    for (const [i, { property, where }] of controller.signals.entries()) {
      const raw = samples.find(({ tag }) => tag.property === property)?.sample.value
      const resolution = where.type.startsWith('float')
        ? 1e-3 * Math.abs(values?.[i] ?? 1) + 1e-6
        : where.scale / 2 + 1e-9
      const difference = Math.abs(Number(raw) * where.scale - (values?.[i] ?? Number.NaN))
      expect(difference, `${words.name} ${property}`).toBeLessThanOrEqual(resolution)
    }
    await connection.close()
    await machine.stop()
  }
})

test('a machine that is switched off takes no connection, and is back at the same place when it is on again', async () => {
  let on = true
  const kind = machineKinds.compressor
  const machine = await serveMachine(kind, () => (on ? kind.signals.map(() => 1) : undefined))
  const takes = () =>
    new Promise<boolean>((answer) => {
      const socket = connect({ host: '127.0.0.1', port: Number(machine.settings.port) })
      socket.once('connect', () => answer(true)).once('error', () => answer(false))
      socket.once('connect', () => socket.destroy())
    })
  const becomes = async (wanted: boolean) => {
    while ((await takes()) !== wanted) await new Promise((go) => setTimeout(go, 20))
  }
  await becomes(true)
  on = false
  await becomes(false)
  on = true
  await becomes(true)
  await machine.stop()
  expect(await takes()).toBe(false)
})

test('the plants of the province speak six protocols and more', () => {
  const protocols = plants.flatMap(({ machines }) => machines.map((words) => controllerOf(words).protocol))
  expect(new Set(protocols).size).toBeGreaterThanOrEqual(6)
})
