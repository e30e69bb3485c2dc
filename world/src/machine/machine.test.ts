import { ModbusClient } from '@kapok/edge/modbus-client'
import { planBlocks, valuesOf } from '@kapok/edge/read-plan'
import { startOfCivilDay } from '@kapok/kit/clock'
import { expect, test } from 'vitest'
import { machineKinds } from './machine.ts'
import { serveMachine } from './modbus-server.ts'

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

test('what a machine says over Modbus TCP is what its model says, within the resolution of its registers', async () => {
  for (const kind of Object.values(machineKinds)) {
    const values = kind.make(plan, 5, monday)(monday + 10 * 3_600_000)
    const machine = await serveMachine(kind.signals, () => values)
    const client = new ModbusClient({ host: '127.0.0.1', port: machine.port, inFlightMax: 4, timeoutMs: 2_000 })
    const tags = kind.signals.map(({ property, register }) => ({ property, ...register, offset: 0, deadBand: 0 }))
    const read = new Map<string, number | boolean>()
    for (const block of planBlocks(tags))
      for (const [tag, value] of valuesOf(block, await client.read({ unit: 1, ...block })))
        read.set(tag.property, value)
    for (const [i, { property, register }] of kind.signals.entries())
      expect(
        Math.abs(Number(read.get(property)) - (values?.[i] ?? Number.NaN)),
        `${kind.code} ${property}`,
      ).toBeLessThanOrEqual(
        register.type === 'float32' ? 1e-3 * Math.abs(values?.[i] ?? 1) + 1e-6 : register.scale / 2 + 1e-9,
      )
    client.close()
    await machine.stop()
  }
})
