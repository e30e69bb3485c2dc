import { systemClock } from '@kapok/kit/clock'
import { makeLog } from '@kapok/kit/log'
import { afterEach, expect, test } from 'vitest'
import { EdgeBuffer } from '../buffer/buffer.ts'
import { quality } from '../driver.ts'
import { protocols } from '../drivers.ts'
import { sampleMachines } from '../sample-machines.ts'
import { simulateAgain } from '../simulator.ts'
import { simulatorOf } from '../simulators.ts'
import { readTagTable } from '../tag-table.ts'
import { until } from '../testing.ts'
import { startReader } from './reader.ts'

const running: { stop(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop()
})

test('there is a sample machine for every driver', () => {
  expect(sampleMachines.map(({ protocol }) => protocol).sort()).toEqual([...protocols].sort())
})

test.each(sampleMachines.map((machine) => [machine.protocol, machine] as const))(
  '%s: values are read, follow the machine, turn bad one by one or all when it is gone, and are back with it',
  async (protocol, { tags, removable }) => {
    const simulate = await simulatorOf(protocol)
    const machine = await simulate()
    const setAll = (simulator: typeof machine, n: number) => {
      for (const { address, type, at } of tags) simulator.set(address, type, at(n))
      if (removable !== undefined) simulator.set(removable, tags[0]?.type ?? 'uint16', tags[0]?.at(n) ?? n)
    }
    setAll(machine, 1)
    const written = tags.map(({ address, type }, i) => ({ property: `p${i}`, address, type }))
    if (removable !== undefined)
      written.push({ property: 'extra', address: removable, type: tags[0]?.type ?? 'uint16' })
    const device = {
      name: 'm',
      protocol,
      connection: { ...machine.settings, timeoutMs: 1_000 },
      periodMs: 100,
      tags: written,
    }
    const [read] = (await readTagTable(JSON.stringify({ devices: [device] }))).devices
    if (read === undefined) throw new Error('the device is not in its table')
    const reader = startReader(read, new EdgeBuffer(':memory:'), systemClock, makeLog('test', 'silent'))
    running.push(reader)
    const seen = () => tags.map((_, i) => reader.state.values[`p${i}`])
    const isGood = (n: number) =>
      seen().every((state, i) => state?.quality === quality.good && state.value === tags[i]?.at(n))
    await until('the first values', () => isGood(1))
    setAll(machine, 2)
    await until('the values to follow', () => isGood(2))
    if (removable !== undefined) {
      machine.faults.missing.add(removable)
      await until('the missing one to be bad', () => reader.state.values.extra?.quality === quality.bad)
      await until('the others to be good', () => isGood(2))
    }
    await machine.stop()
    await until('all to be bad', () => seen().every((state) => state?.quality === quality.bad))
    expect(reader.state.connected).toBe(false)
    expect(seen().every((state) => (state?.reason ?? '') !== '')).toBe(true)
    const again = await simulateAgain(simulate, machine.settings)
    running.push(again)
    setAll(again, 3)
    await until('the values to be back', () => isGood(3))
  },
  60_000,
)
