import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { DeviceError, type DriverTag, RefusedRequest, type TagType } from '../../driver.ts'
import type { Simulator } from '../../simulator.ts'
import type { LogixAddress } from './address.ts'
import { driver } from './driver.ts'
import { simulate } from './simulator.ts'

let machine: Simulator
const opened: ReturnType<typeof driver.open>[] = []
beforeAll(async () => {
  machine = await simulate()
})
afterAll(() => machine.stop())
beforeEach(() => {
  Object.assign(machine.faults, { silent: false, answersForAnother: false, refusesAll: false })
  machine.faults.missing.clear()
})
afterEach(async () => {
  for (const device of opened.splice(0)) await device.close()
})

const settingsOf = (extra: Record<string, unknown> = {}) =>
  driver.settings({ ...machine.settings, timeoutMs: 2_000, ...extra }, 'device')
function open(extra: Record<string, unknown> = {}) {
  const device = driver.open(settingsOf(extra))
  opened.push(device)
  return device
}
const tag = (address: string, type: TagType): DriverTag<LogixAddress> => ({
  address: driver.parseAddress(address, type, settingsOf()),
  type,
})
async function read(device: ReturnType<typeof open>, ...tags: DriverTag<LogixAddress>[]) {
  const samples = await Promise.all(driver.plan(tags, settingsOf()).map((request) => device.read(request)))
  return samples.flat()
}
const values = async (device: ReturnType<typeof open>, ...tags: DriverTag<LogixAddress>[]) =>
  (await read(device, ...tags)).map(({ value, reason }) => reason ?? value)

test('every type is read and written as the controller keeps it, in any case of letters', async () => {
  const entries = [
    ['Run', 'bool', true, false],
    ['Small', 'int8', -8, 7],
    ['Motor.Speed', 'int16', -1600, 1600],
    ['Program:Main.Count', 'int32', -7, 2_000_000_000],
    ['Total', 'int64', -9_000_000_000_000, 5],
    ['Word', 'uint32', 4_000_000_000, 1],
    ['Zones[300]', 'float32', 0.5, 14.5],
    ['Grid[1,2,3]', 'int32', 123, 321],
    ['Deep[2].Part.Value', 'float64', 21.25, 1e300],
    ['Local:1:I.Data', 'int32', 6, 9],
    ['Recipe', 'text', 'P-7 注塑', ''],
  ] as const
  for (const [address, type, value] of entries) machine.set(address, type, value)
  const device = open()
  const tags = entries.map(([address, type]) => tag(address.toLowerCase(), type))
  expect(await values(device, ...tags)).toEqual(entries.map(([, , value]) => value))
  for (const [i, [address, type, , next]] of entries.entries()) {
    await device.write!(tags[i]!, next)
    expect(machine.get(address, type)).toBe(next)
  }
  expect(await values(device, ...tags)).toEqual(entries.map(([, , , next]) => next))
})

test('bits of whole numbers and of arrays of BOOL are read and written without touching their neighbours', async () => {
  machine.set('Status', 'int32', 0b1010)
  machine.set('Wide', 'int64', 0)
  machine.set('Flags[37]', 'bool', true)
  machine.set('Flags[0]', 'bool', false)
  const device = open()
  const bits = [0, 1, 2, 3].map((n) => tag(`Status.${n}`, 'bool'))
  expect(await values(device, ...bits, tag('Flags[37]', 'bool'), tag('Flags[36]', 'bool'))).toEqual([
    false,
    true,
    false,
    true,
    true,
    false,
  ])
  // Bits of one number are one reading.
  expect(driver.plan(bits, settingsOf())[0]).toMatchObject({ reads: { length: 1 } })
  await device.write!(bits[0]!, true)
  await device.write!(bits[1]!, false)
  expect(machine.get('Status', 'int32')).toBe(0b1001)
  await device.write!(tag('Flags[36]', 'bool'), true)
  await device.write!(tag('Flags[37]', 'bool'), false)
  expect([36, 37].map((n) => machine.get(`Flags[${n}]`, 'bool'))).toEqual([true, false])
  await device.write!(tag('Wide.63', 'bool'), true)
  expect(machine.get('Wide.63', 'bool')).toBe(true)
  await expect(device.write!(tag('Status.32', 'bool'), true)).rejects.toThrow('Status.32: there is no such bit')
})

test('a tag that cannot be read says why and takes nothing from the others', async () => {
  machine.set('Good', 'int32', 70_000)
  machine.set('Half', 'float32', 0.5)
  machine.set('List[0]', 'int32', 1)
  machine.set('Name', 'text', 'x')
  const device = open()
  const tags = [
    tag('Good', 'int32'),
    tag('Absent', 'int32'),
    tag('List[9]', 'int32'),
    tag('Good', 'int16'),
    tag('Half', 'int32'),
    tag('Name', 'int32'),
    tag('Good', 'text'),
    tag('Good', 'bool'),
    tag('Half.1', 'bool'),
    tag('Good.40', 'bool'),
    tag('List[0]', 'bool'),
  ]
  expect(await values(device, ...tags)).toEqual([
    70_000,
    'path segment error: there is no such tag',
    'element beyond the end of the array',
    '70000 does not fit int16',
    '0.5 is no whole number: take float64',
    'a STRING, which does not fit int32',
    'a DINT, which does not fit text',
    'a DINT, which does not fit bool',
    'a REAL, which does not fit bool',
    'a DINT, which does not fit bool',
    'a DINT, which does not fit bool',
  ])
  await expect(device.write!(tag('Good', 'int32'), 1.5)).rejects.toThrow('Good: number 1.5 does not fit a DINT')
  await expect(device.write!(tag('Absent', 'int32'), 1)).rejects.toBeInstanceOf(RefusedRequest)
  await expect(device.write!(tag('Name', 'text'), 'y'.repeat(83))).rejects.toThrow(
    /does not fit a structure of 82 bytes/,
  )
})

test('many tags are read in as few messages as the controller takes', async () => {
  const tags = Array.from({ length: 200 }, (_, i) => {
    machine.set(`Line.Station[${i}].Value`, 'int32', i)
    return tag(`Line.Station[${i}].Value`, 'int32')
  })
  const requests = driver.plan(tags, settingsOf())
  expect(requests.length).toBeLessThanOrEqual(17)
  expect(requests.flatMap((request) => request.tags)).toEqual(tags)
  expect(await values(open(), ...tags)).toEqual(tags.map((_, i) => i))
  const texts = Array.from({ length: 20 }, (_, i) => {
    machine.set(`Text${i}`, 'text', 'x'.repeat(82))
    return tag(`Text${i}`, 'text')
  })
  expect(await values(open(), ...texts)).toEqual(texts.map(() => 'x'.repeat(82)))
})

test('faults of a controller are told apart, and it is read again when they are over', async () => {
  machine.set('Good', 'int32', 5)
  machine.set('Other', 'int32', 6)
  const device = open({ timeoutMs: 300 })
  const both = () => values(device, tag('Good', 'int32'), tag('Other', 'int32'))
  expect(await both()).toEqual([5, 6])
  machine.faults.refusesAll = true
  await expect(both()).rejects.toThrow(/^the controller refused: device state conflict/)
  machine.faults.refusesAll = false
  machine.faults.missing.add('Other')
  expect(await both()).toEqual([5, expect.stringMatching(/no such tag/)])
  machine.faults.missing.clear()
  for (const fault of ['silent', 'answersForAnother'] as const) {
    machine.faults[fault] = true
    await expect(both()).rejects.toThrow('no answer within 300 ms')
    machine.faults[fault] = false
    expect(await both()).toEqual([5, 6])
  }
  const otherSlot = open({ slot: 3 })
  await expect(values(otherSlot, tag('Good', 'int32'))).rejects.toThrow(/the chassis refused: .*no such slot/)
  await expect(values(otherSlot, tag('Good', 'int32'), tag('Other', 'int32'))).rejects.toBeInstanceOf(RefusedRequest)
})

test('a restarted controller is read again', async () => {
  const first = await simulate()
  first.set('A', 'int32', 1)
  const device = open(first.settings)
  expect(await values(device, tag('A', 'int32'))).toEqual([1])
  await first.stop()
  await expect(values(device, tag('A', 'int32'))).rejects.toBeInstanceOf(DeviceError)
  const second = await simulate({ port: first.settings.port as number })
  second.set('A', 'int32', 2)
  expect(await values(device, tag('A', 'int32'))).toEqual([2])
  await second.stop()
})

test('whoever is not there, closes, or talks nonsense is a device error; what waits ends when the driver is closed', async () => {
  const sockets: Socket[] = []
  let behaviour: 'close' | 'nonsense' | 'silent' = 'close'
  const strange = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    if (behaviour === 'close') socket.destroy()
    if (behaviour === 'nonsense') socket.end(Buffer.alloc(200, 0xff))
  })
  await new Promise<void>((done) => strange.listen(0, '127.0.0.1', done))
  const { port } = strange.address() as AddressInfo
  const device = open({ port })
  const value = () => values(device, tag('A', 'int32'))
  await expect(value()).rejects.toBeInstanceOf(DeviceError)
  behaviour = 'nonsense'
  await expect(value()).rejects.toThrow('a frame of 65535 bytes')
  behaviour = 'silent'
  const waiting = Promise.allSettled([value(), value()])
  await new Promise((go) => setTimeout(go, 50))
  await device.close()
  for (const each of await waiting) expect(each).toMatchObject({ reason: { message: 'the connection was closed' } })
  const nobody = open({ port: 1 })
  await expect(values(nobody, tag('A', 'int32'))).rejects.toBeInstanceOf(DeviceError)
  for (const socket of sockets) socket.destroy()
  await new Promise((done) => strange.close(done))
})

test('symbols of the controller and of its programs are listed in addresses that the driver reads', async () => {
  const other = await simulate()
  other.set('Speed', 'float32', 1)
  other.set('Name', 'text', 'x')
  other.set('List[1]', 'int16', 1)
  other.set('List[0]', 'int16', 1)
  other.set('Motor.Running', 'bool', true)
  other.set('Program:Main.Count', 'int32', 1)
  other.set('Program:Main.Done', 'bool', true)
  const device = open(other.settings)
  const found = []
  for await (const each of device.browse!()) found.push(each)
  expect(found.map(({ address, type }) => [address, type])).toEqual([
    ['Speed', 'float32'],
    ['Name', 'text'],
    ['List[0]', 'int16'],
    ['List[1]', 'int16'],
    ['Program:Main.Count', 'int32'],
    ['Program:Main.Done', 'bool'],
  ])
  const samples = await read(device, ...found.map(({ address, type }) => tag(address, type)))
  expect(samples.filter((sample) => sample.quality === 0)).toEqual([])
  await other.stop()
})
