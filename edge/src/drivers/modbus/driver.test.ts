import { afterEach, expect, test } from 'vitest'
import { DeviceError, type DriverTag, RefusedRequest, type TagType, type TagValue } from '../../driver.ts'
import { pseudoTerminalTo } from '../../pseudo-terminal.ts'
import type { Simulate, Simulator } from '../../simulator.ts'
import type { ModbusAddress } from './address.ts'
import { driver, type ModbusSettings } from './driver.ts'
import { simulate, simulateRtuOverTcp } from './simulator.ts'

const running: { stop(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop()
})

async function machine(make: Simulate, more: Partial<ModbusSettings> = {}) {
  const simulator = await make()
  const settings = driver.settings({ timeoutMs: 300, ...simulator.settings, ...more }, 'connection')
  const connection = driver.open(settings)
  running.push({ stop: () => connection.close() }, simulator)
  const tag = (text: string, type: TagType): DriverTag<ModbusAddress> => ({
    address: driver.parseAddress(text, type, settings),
    type,
  })
  const read = async (...wanted: [string, TagType][]) => {
    const values = new Map<unknown, TagValue | undefined>()
    const tags = wanted.map(([text, type]) => tag(text, type))
    for (const block of driver.plan(tags, settings))
      for (const [i, sample] of (await connection.read(block)).entries()) values.set(block.tags[i], sample.value)
    return tags.map((each) => values.get(each))
  }
  const write = (text: string, type: TagType, value: TagValue) => connection.write?.(tag(text, type), value)
  return { simulator, connection, read, write }
}

const everything: [string, TagType, TagValue][] = [
  ['holding/0', 'int16', -7],
  ['holding/2#CDAB', 'float32', 1.5],
  ['holding/6.3', 'bool', true],
  ['holding/10[8]', 'text', '木棉'],
  ['input/400', 'uint32', 4_000_000_000],
  ['input/404', 'float64', Math.PI],
  ['coil/1999', 'bool', true],
  ['discrete/12', 'bool', true],
]

test.each([
  ['Modbus TCP', simulate],
  ['RTU over TCP', simulateRtuOverTcp],
])('over %s every type of every area is read as the device holds it', async (_, make) => {
  const { simulator, read } = await machine(make)
  for (const [text, type, value] of everything) simulator.set(text, type, value)
  expect(await read(...everything.map(([text, type]): [string, TagType] => [text, type]))).toEqual(
    everything.map(([, , value]) => value),
  )
})

test.each([
  ['Modbus TCP', simulate],
  ['RTU over TCP', simulateRtuOverTcp],
])('over %s what is written stands in the device, a bit without touching its neighbours', async (_, make) => {
  const { simulator, write } = await machine(make)
  simulator.set('holding/6', 'uint16', 0b1000_0001)
  for (const [text, type, value] of everything.slice(0, 4)) await write(text, type, value)
  await write('coil/5', 'bool', true)
  for (const [text, type, value] of everything.slice(0, 4)) expect(simulator.get(text, type)).toBe(value)
  expect(simulator.get('holding/6', 'uint16')).toBe(0b1000_1001)
  expect(simulator.get('coil/5', 'bool')).toBe(true)
  await expect(write('input/0', 'int16', 1)).rejects.toThrow('can only be read')
  await expect(write('holding/0', 'int16', 40_000)).rejects.toThrow(RangeError)
})

test('a missing address and a device in trouble are refusals, a silent or confused one is an error; none is a value', async () => {
  const { simulator, read } = await machine(simulate)
  simulator.faults.missing.add('holding/3')
  await expect(read(['holding/2', 'float32'])).rejects.toThrow(
    new RefusedRequest({ zh: 'holding/2: 非法数据地址', en: 'holding/2: illegal data address' }),
  )
  expect(await read(['holding/4', 'int16'])).toEqual([0])
  simulator.faults.refusesAll = true
  await expect(read(['holding/4', 'int16'])).rejects.toThrow('holding/4: server device failure')
  simulator.faults.refusesAll = false
  simulator.faults.answersForAnother = true
  await expect(read(['holding/4', 'int16'])).rejects.toThrow(/no answer within 300 ms/)
  simulator.faults.answersForAnother = false
  simulator.faults.silent = true
  await expect(read(['holding/4', 'int16'])).rejects.toThrow(DeviceError)
  simulator.faults.silent = false
  expect(await read(['holding/4', 'int16'])).toEqual([0])
})

test('on a line without transactions an answer of another unit is named, and no value', async () => {
  const { simulator, read } = await machine(simulateRtuOverTcp)
  simulator.faults.answersForAnother = true
  await expect(read(['holding/4', 'int16'])).rejects.toThrow('unit 2 answered instead of unit 1')
})

test('a device that was restarted is read again by the next request', async () => {
  const { simulator, read } = await machine(simulate)
  expect(await read(['holding/0', 'int16'])).toEqual([0])
  await simulator.stop()
  await expect(read(['holding/0', 'int16'])).rejects.toThrow(DeviceError)
  const again: Simulator = await simulate({ port: Number(simulator.settings.port) })
  running.push(again)
  again.set('holding/0', 'int16', 5)
  expect(await read(['holding/0', 'int16'])).toEqual([5])
})

test('many requests at once are all answered with their own values, and closing settles what waits', async () => {
  const { simulator, read, connection } = await machine(simulate, { inFlightMax: 8 })
  for (let i = 0; i < 200; i++) simulator.set(`holding/${i * 200}`, 'uint16', i)
  const wanted = Array.from({ length: 200 }, (_, i): [string, TagType] => [`holding/${i * 200}`, 'uint16'])
  const each = await Promise.all(wanted.map((one) => read(one)))
  expect(each.flat()).toEqual(wanted.map((_, i) => i))
  simulator.faults.silent = true
  const waiting = Promise.allSettled(wanted.slice(0, 20).map((one) => read(one)))
  await connection.close()
  expect((await waiting).every(({ status }) => status === 'rejected')).toBe(true)
})

test('units on one serial line take turns, and one that is not there costs the others one time-out', async (context) => {
  const simulator = await simulateRtuOverTcp()
  running.push(simulator)
  const terminal = await pseudoTerminalTo(Number(simulator.settings.port))
  if (typeof terminal === 'string') return context.skip(terminal)
  const onLine = (unit: number) => driver.settings({ serialPort: terminal.path, unit, timeoutMs: 400 }, 'connection')
  const [here, there] = [driver.open(onLine(1)), driver.open(onLine(2))]
  const [first, second] = ['holding/0', 'holding/100'].map((text) => {
    const tag = { address: driver.parseAddress(text, 'uint16', onLine(1)), type: 'uint16' as const }
    return driver.plan([tag], onLine(1))[0]
  })
  if (first === undefined || second === undefined) throw new Error('no plan')
  simulator.set('holding/0', 'uint16', 7)
  simulator.set('holding/100', 'uint16', 8)
  const reads = await Promise.all([here.read(first), there.read(second), here.read(second), there.read(first)])
  expect(reads.map(([sample]) => sample?.value)).toEqual([7, 8, 8, 7])
  simulator.faults.silent = true
  const failed = await Promise.allSettled([there.read(first), there.read(second), here.read(first)])
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  simulator.faults.silent = false
  expect((await here.read(first))[0]?.value).toBe(7)
  await Promise.all([here.close(), there.close()])
  terminal.stop()
})

test('settings that lead nowhere are refused with their path', () => {
  const settings = (value: unknown) => () => driver.settings(value, 'connection')
  expect(settings({})).toThrow('connection: either host (and port) or serialPort')
  expect(settings({ host: 'a', serialPort: '/dev/ttyS0' })).toThrow('either host')
  expect(settings({ host: 'a', unit: 256 })).toThrow('connection.unit: a whole number from 0 to 255')
  expect(settings({ host: 'a', hots: 'b' })).toThrow('connection.hots: unknown key')
})
