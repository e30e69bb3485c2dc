import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { DeviceError, type DriverTag, RefusedRequest, type Sample, type TagType } from '../../driver.ts'
import { until } from '../../testing.ts'
import type { OpcUaAddress } from './address.ts'
import { driver } from './driver.ts'
import { type OpcUaSimulator, startOpcUaSimulator } from './simulator.ts'

let machine: OpcUaSimulator
beforeAll(async () => {
  machine = await startOpcUaSimulator({
    namespaces: ['urn:machine', 'urn:press'],
    limits: { maxNodesPerRead: 7, maxMonitoredItemsPerCall: 5, maxNodesPerBrowse: 3 },
  })
})
afterAll(() => machine.stop())
beforeEach(() => {
  Object.assign(machine.faults, { silent: false, answersForAnother: false, refusesAll: false })
  machine.faults.missing.clear()
})

const settingsOf = (extra: Record<string, unknown> = {}, of = machine) =>
  driver.settings({ ...of.settings, timeoutMs: 2_000, ...extra }, 'device')
const open = (extra: Record<string, unknown> = {}, of = machine) => driver.open(settingsOf(extra, of))
const tag = (address: string, type: TagType): DriverTag<OpcUaAddress> => ({
  address: driver.parseAddress(address, type, settingsOf()),
  type,
})
const requestOf = (...tags: DriverTag<OpcUaAddress>[]) => driver.plan(tags, settingsOf())[0]!

test('every type is read as it was set, with the time of the server', async () => {
  const values = { bool: true, int8: -8, uint8: 250, int16: -1600, uint16: 65_000, int32: -7, uint32: 4e9 } as const
  const wide = {
    int64: -9_000_000_000_000,
    uint64: 9_000_000_000_000,
    float32: 0.5,
    float64: 21.25,
    text: '注塑',
  } as const
  const entries = Object.entries({ ...values, ...wide }) as [TagType, string | number | boolean][]
  for (const [type, value] of entries) machine.set(`ns=2;s=${type}`, type, value)
  const device = open()
  const samples = await device.read(requestOf(...entries.map(([type]) => tag(`nsu=urn:machine;s=${type}`, type))))
  expect(samples.map(({ value }) => value)).toEqual(entries.map(([, value]) => value))
  for (const sample of samples) expect(sample).toMatchObject({ quality: 192, at: expect.any(Number) })
  await device.close()
})

test('a tag that cannot be read says why and takes nothing from the others', async () => {
  machine.set('ns=2;s=Good', 'int32', 5)
  machine.set('ns=2;s=List[2]', 'float32', 1.5)
  machine.set('ns=2;s=Half', 'float64', 0.5)
  machine.set('ns=2;s=Odd', 'float64', Number.MAX_VALUE)
  const device = open()
  const samples = await device.read(
    requestOf(
      tag('ns=2;s=Good', 'int32'),
      tag('ns=2;s=Absent', 'int32'),
      tag('nsu=urn:elsewhere;s=Good', 'int32'),
      tag('ns=2;s=List', 'float32'),
      tag('ns=2;s=List[3]', 'float32'),
      tag('ns=2;s=List[2]', 'float32'),
      tag('ns=2;s=Half', 'int16'),
      tag('ns=2;s=Good', 'bool'),
      tag('ns=2;s=Good[0]', 'int32'),
    ),
  )
  expect(samples.map(({ value, reason }) => reason ?? value)).toEqual([
    5,
    expect.stringMatching(/^BadNodeIdUnknown: /),
    'the server has no namespace urn:elsewhere',
    'the node holds an array of 3: add [0] to [2]',
    'the array has 3 elements',
    1.5,
    '0.5 is no whole number: take float64',
    'the node is a Int32, which does not fit bool',
    'the node holds a single value, not an array',
  ])
  await device.close()
})

test('a bracket belongs to the name where the server has such a node', async () => {
  machine.set('ns=2;s=Axis[2]', 'float64', 11)
  machine.setBracketed('ns=2;s=Axis[1]', 'float64', 22)
  const device = open()
  const request = requestOf(...[0, 1, 2].map((n) => tag(`ns=2;s=Axis[${n}]`, 'float64')))
  expect((await device.read(request)).map(({ value }) => value)).toEqual([0, 22, 11])
  await device.close()
})

test('values are written in the type of the node, and elements without touching their neighbours', async () => {
  machine.set('ns=2;s=Speed', 'uint16', 1)
  machine.set('ns=2;s=Recipe[2]', 'int32', 3)
  machine.set('ns=2;s=Name', 'text', '')
  machine.set('ns=2;s=Wide', 'int64', 0)
  const device = open()
  await device.write!(tag('ns=2;s=Speed', 'float64'), 1200)
  await device.write!(tag('ns=2;s=Recipe[1]', 'int32'), 22)
  await device.write!(tag('ns=2;s=Name', 'text'), 'P-7')
  await device.write!(tag('ns=2;s=Wide', 'int64'), -5_000_000_000)
  expect(machine.get('ns=2;s=Speed', 'uint16')).toBe(1200)
  expect([0, 1, 2].map((n) => machine.get(`ns=2;s=Recipe[${n}]`, 'int32'))).toEqual([0, 22, 3])
  expect(machine.get('ns=2;s=Name', 'text')).toBe('P-7')
  expect(machine.get('ns=2;s=Wide', 'int64')).toBe(-5_000_000_000)
  await expect(device.write!(tag('ns=2;s=Speed', 'uint16'), 70_000)).rejects.toThrow(
    'ns=2;s=Speed: number 70000 does not fit a UInt16',
  )
  await expect(device.write!(tag('ns=2;s=Recipe[9]', 'int32'), 1)).rejects.toThrow(/Recipe\[9\]: BadIndexRange/)
  await expect(device.write!(tag('ns=2;s=None', 'int32'), 1)).rejects.toBeInstanceOf(RefusedRequest)
  await device.close()
})

test('faults of a server are told apart, and it is read again when they are over', async () => {
  machine.set('ns=2;s=Good', 'int32', 5)
  const device = open({ timeoutMs: 500 })
  const request = requestOf(tag('ns=2;s=Good', 'int32'))
  const value = async () => (await device.read(request))[0]?.value
  expect(await value()).toBe(5)
  machine.faults.refusesAll = true
  await expect(value()).rejects.toThrow(/^the server refused: BadUserAccessDenied/)
  machine.faults.refusesAll = false
  machine.faults.missing.add('ns=2;s=Good')
  expect((await device.read(request))[0]?.reason).toMatch(/BadNodeIdUnknown/)
  machine.faults.missing.clear()
  expect(await value()).toBe(5)
  for (const fault of ['silent', 'answersForAnother'] as const) {
    machine.faults[fault] = true
    await expect(value()).rejects.toBeInstanceOf(DeviceError)
    machine.faults[fault] = false
    await until('the server to be read again', () =>
      value().then(
        (read) => read === 5,
        () => false,
      ),
    )
  }
  await device.close()
})

test('a server that is not there, and one that takes connections only, end in the time-out; closing ends both', async () => {
  const nobody = driver.open(settingsOf({ endpoint: 'opc.tcp://127.0.0.1:1', timeoutMs: 500 }))
  await expect(nobody.read(requestOf(tag('ns=2;s=A', 'int32')))).rejects.toBeInstanceOf(DeviceError)
  await nobody.close()
  machine.faults.silent = true
  const silent = open({ timeoutMs: 300 })
  await expect(silent.read(requestOf(tag('ns=2;s=A', 'int32')))).rejects.toThrow('no session within 300 ms')
  await silent.close()
  await expect(silent.read(requestOf(tag('ns=2;s=A', 'int32')))).rejects.toThrow('closed')
})

/** Subscribes and keeps what comes. */
async function watch(device: ReturnType<typeof open>, tags: DriverTag<OpcUaAddress>[], periodMs = 50) {
  const seen: { name: string; sample: Sample }[] = []
  const states: (string | undefined)[] = []
  await device.subscribe!(tags, {
    periodMs,
    deliver: (of, sample) => seen.push({ name: of.address.identifier, sample }),
    state: (error) => states.push(error?.message),
  })
  return { seen, states, of: (name: string) => seen.filter((each) => each.name === name).map(({ sample }) => sample) }
}

test('each value of a subscription comes once and in order, also those that fall into a break of the connection', async () => {
  machine.set('ns=2;s=Count', 'int32', 0)
  machine.set('ns=2;s=Still', 'int32', 7)
  // The server tells of each change by itself, so that its own sampling leaves nothing out.
  const device = open({ queueSize: 200, publishingIntervalMs: 50 })
  const { states, of } = await watch(
    device,
    [tag('ns=2;s=Count', 'int32'), tag('ns=2;s=Still', 'int32'), tag('ns=2;s=Absent', 'int32')],
    0,
  )
  expect(of('Absent')).toMatchObject([{ quality: 0, reason: expect.stringMatching(/BadNodeId/) }])
  const counts = () => of('Count').map(({ value }) => value)
  let next = 1
  const count = async (until: number) => {
    for (; next <= until; next++) {
      machine.set('ns=2;s=Count', 'int32', next)
      await new Promise((go) => setTimeout(go, 40))
    }
  }
  await count(10)
  for (const end of [20, 30]) {
    await until('the values before the break', () => counts().at(-1) === end - 10)
    // Long enough for a keep-alive to be the last that came.
    await new Promise((go) => setTimeout(go, 2_500))
    machine.cut()
    await count(end)
    await until('the values of the break', () => counts().at(-1) === end)
  }
  expect(counts()).toEqual(Array.from({ length: 31 }, (_, i) => i))
  expect(of('Still').map(({ value }) => value)).toEqual([7])
  await until('the news of both breaks', () => states.length === 4)
  expect(states).toEqual(['the connection broke', undefined, 'the connection broke', undefined])
  await device.close()
})

test('many items are subscribed in batches that the server takes', async () => {
  const addresses = Array.from({ length: 23 }, (_, i) => `nsu=urn:press;i=${1000 + i}`)
  for (const [i, address] of addresses.entries()) machine.set(address, 'int32', i)
  const device = open()
  const { seen } = await watch(
    device,
    addresses.map((address) => tag(address, 'int32')),
  )
  await until('every first value', () => seen.length === 23)
  expect(seen.map(({ sample }) => sample.value).sort((a, b) => Number(a) - Number(b))).toEqual(
    Array.from({ length: 23 }, (_, i) => i),
  )
  await device.close()
})

test('what the server can offer is listed with path, type and unit, in addresses that the driver reads', async () => {
  machine.set('nsu=urn:press;s=Line;1', 'float64', 3)
  machine.setUnit('nsu=urn:press;s=Line;1', 'kN')
  machine.set('ns=2;s=Zones[1]', 'int16', 4)
  const device = open()
  const found = []
  for await (const each of device.browse!()) found.push(each)
  expect(found).toContainEqual({
    address: 'nsu=urn:press;s=Line;1',
    name: 'Machine/Line;1',
    type: 'float64',
    unit: 'kN',
    writable: true,
  })
  expect(found.filter(({ name }) => name.includes('Zones')).map(({ address, type }) => [address, type])).toEqual([
    ['nsu=urn:machine;s=Zones[0]', 'int16'],
    ['nsu=urn:machine;s=Zones[1]', 'int16'],
  ])
  expect(found.some(({ name }) => name.includes('EngineeringUnits'))).toBe(false)
  const samples = await device.read(requestOf(...found.map(({ address, type }) => tag(address, type))))
  expect(samples.filter((sample) => sample.quality === 0)).toEqual([])
  await device.close()
})

test('a restarted server is subscribed again with its namespaces numbered anew', async () => {
  const port = Number(/\d+$/.exec((machine.settings as { endpoint: string }).endpoint)?.[0])
  const first = await startOpcUaSimulator({ namespaces: ['urn:one', 'urn:two'] })
  const same = Number(/\d+$/.exec((first.settings as { endpoint: string }).endpoint)?.[0])
  expect(same).not.toBe(port)
  first.set('nsu=urn:two;s=V', 'int32', 1)
  first.set('nsu=urn:one;s=V', 'int32', -1)
  for (const name of ['one', 'two']) first.set(`nsu=urn:${name};s=List[1]`, 'text', name)
  const device = open({ timeoutMs: 1000 }, first)
  const { of } = await watch(device, [tag('nsu=urn:two;s=V', 'int32'), tag('nsu=urn:two;s=List[1]', 'text')])
  await until('the first value', () => of('V').length === 1)
  await first.stop()
  const second = await startOpcUaSimulator({ port: same, namespaces: ['urn:two', 'urn:one'] })
  second.set('nsu=urn:two;s=V', 'int32', 2)
  second.set('nsu=urn:one;s=V', 'int32', -2)
  for (const name of ['one', 'two']) second.set(`nsu=urn:${name};s=List[1]`, 'text', `${name} again`)
  await until('a value of the second life', () => of('V').some(({ value }) => value === 2))
  expect(of('V').map(({ value }) => value)).not.toContain(-2)
  await until('the text of the second life', () => of('List').length === 2)
  expect(of('List').map(({ value }) => value)).toEqual(['two', 'two again'])
  const [sample] = await device.read(requestOf(tag('nsu=urn:two;s=V', 'int32')))
  expect(sample?.value).toBe(2)
  await device.close()
  await second.stop()
})

test('a simulated machine has the companion specifications that it was given', async () => {
  const made = await startOpcUaSimulator({ companions: ['machineTool', 'machineryJobs', 'packML'] })
  const device = open({}, made)
  const samples = await device.read(requestOf(...Array.from({ length: 20 }, (_, n) => tag(`i=2255[${n}]`, 'text'))))
  expect(samples.map(({ value }) => value)).toEqual(
    expect.arrayContaining(
      ['DI', 'IA', 'Machinery', 'MachineTool', 'PackML'].map((name) => `http://opcfoundation.org/UA/${name}/`),
    ),
  )
  await device.close()
  await made.stop()
})
