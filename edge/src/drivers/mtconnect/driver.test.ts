import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { DeviceError, type DriverTag, RefusedRequest, type Sample, type TagType } from '../../driver.ts'
import { until } from '../../testing.ts'
import type { MtconnectAddress } from './address.ts'
import { driver } from './driver.ts'
import { type MtconnectSimulator, startMtconnectSimulator } from './simulator.ts'

let agent: MtconnectSimulator
const opened: ReturnType<typeof driver.open>[] = []
beforeAll(async () => {
  agent = await startMtconnectSimulator({ bufferSize: 50 })
})
afterAll(() => agent.stop())
beforeEach(() => {
  Object.assign(agent.faults, { silent: false, answersForAnother: false, refusesAll: false })
  agent.faults.missing.clear()
})
afterEach(async () => {
  for (const device of opened.splice(0)) await device.close()
})

const settingsOf = (extra: Record<string, unknown> = {}) =>
  driver.settings({ ...agent.settings, timeoutMs: 1_000, heartbeatMs: 200, ...extra }, 'device')
function open(extra: Record<string, unknown> = {}) {
  const device = driver.open(settingsOf(extra))
  opened.push(device)
  return device
}
const tag = (address: string, type: TagType): DriverTag<MtconnectAddress> => ({
  address: driver.parseAddress(address, type, settingsOf()),
  type,
})
const read = (device: ReturnType<typeof open>, ...tags: DriverTag<MtconnectAddress>[]) => device.read({ tags })

test('values are read by id, by name and by path, with the time of the agent', async () => {
  agent.set('x2', 'float64', 12.25)
  agent.set('pos[2]', 'float64', -3)
  agent.set('door', 'bool', true)
  agent.set('pgm', 'text', 'A<B> & "C"')
  agent.set('parts', 'int32', 17)
  agent.setUnavailable('speed')
  const samples = await read(
    open(),
    tag('x2', 'float64'),
    tag('x2_name', 'float64'),
    tag('Machine/Axes/x2_NAME', 'text'),
    tag('pos[2]', 'int16'),
    tag('pos[3]', 'int16'),
    tag('door', 'bool'),
    tag('pgm', 'text'),
    tag('parts', 'uint8'),
    tag('speed', 'float64'),
    tag('nothing', 'text'),
    tag('Axes/POSITION', 'text'),
    tag('x2', 'int16'),
    tag('pgm', 'bool'),
  )
  expect(samples.map(({ value, reason }) => reason ?? value)).toEqual([
    12.25,
    12.25,
    '12.25',
    -3,
    'the value has 3 parts',
    true,
    'A<B> & "C"',
    17,
    'the agent says UNAVAILABLE',
    'the agent has no data item nothing',
    expect.stringMatching(/^3 data items fit Axes\/POSITION: x2, pos, parts/),
    '12.25 is no whole number: take float64',
    '“A<B> & "C"” is neither on nor off',
  ])
  expect(Math.abs((samples[0]?.at ?? 0) - Date.now())).toBeLessThan(60_000)
})

test('a condition is a text of all that is active', async () => {
  const device = open()
  const now = async () => (await read(device, tag('load', 'text')))[0]?.value
  agent.setCondition('load', 'Normal', '', '')
  expect(await now()).toBe('Normal')
  agent.setCondition('load', 'Warning', '12', 'spindle warm')
  agent.setCondition('load', 'Fault', '417', 'motor overload')
  expect(await now()).toBe('Fault 417: motor overload; Warning 12: spindle warm')
  agent.setCondition('load', 'Normal', '417', '')
  expect(await now()).toBe('Warning 12: spindle warm')
  agent.setUnavailable('load')
  expect((await read(device, tag('load', 'text')))[0]).toMatchObject({
    quality: 0,
    reason: 'the agent says UNAVAILABLE',
  })
})

test('faults of an agent are told apart, and each ends in the time-out', async () => {
  agent.set('x2', 'float64', 1)
  const device = open({ timeoutMs: 300 })
  const value = async () => (await read(device, tag('x2', 'float64')))[0]
  expect((await value())?.value).toBe(1)
  agent.faults.refusesAll = true
  await expect(value()).rejects.toBeInstanceOf(RefusedRequest)
  await expect(value()).rejects.toThrow('the agent refused: UNSUPPORTED: no request is answered')
  agent.faults.refusesAll = false
  agent.faults.answersForAnother = true
  await expect(value()).rejects.toThrow('answered for Other instead of Machine')
  agent.faults.answersForAnother = false
  agent.faults.silent = true
  await expect(value()).rejects.toThrow(/no answer within \d+ ms/)
  agent.faults.silent = false
  agent.faults.missing.add('x2')
  expect((await value())?.reason).toBe('the agent sent no value of x2')
  agent.faults.missing.clear()
  expect((await value())?.value).toBe(1)
  const nobody = open({ url: 'http://127.0.0.1:1' })
  await expect(read(nobody, tag('x2', 'float64'))).rejects.toBeInstanceOf(DeviceError)
})

/** Subscribes and keeps what comes. */
async function watch(device: ReturnType<typeof open>, tags: DriverTag<MtconnectAddress>[], periodMs = 20) {
  const seen: { id: string | undefined; sample: Sample }[] = []
  const states: (string | undefined)[] = []
  await device.subscribe!(tags, {
    periodMs,
    deliver: (of, sample) => seen.push({ id: of.address.parts[0], sample }),
    state: (error) => states.push(error?.message),
  })
  const values = (id: string) => seen.filter((each) => each.id === id).map(({ sample }) => sample.value)
  return { seen, states, values }
}
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

for (const streaming of [true, false])
  test(`every observation comes once and in order, a break included, ${streaming ? 'streamed' : 'polled'}`, async () => {
    agent.set('count', 'int32', 0)
    agent.requests.length = 0
    const device = open({ streaming, count: 7 })
    const { values, states, seen } = await watch(device, [tag('count', 'int32'), tag('none', 'text')])
    expect(seen[0]).toMatchObject({ id: 'none', sample: { quality: 0, reason: 'the agent has no data item none' } })
    for (const n of range(1, 20)) agent.set('count', 'int32', n)
    await until('the first values', () => values('count').at(-1) === 20)
    if (streaming) {
      agent.cut()
      await until('the news of the break', () => states.length === 1)
    }
    for (const n of range(21, 40)) agent.set('count', 'int32', n)
    await until('the values of the break', () => values('count').at(-1) === 40)
    expect(values('count')).toEqual(range(0, 40))
    expect(states).toEqual(streaming ? [expect.any(String), undefined] : [])
    const samples = agent.requests.filter((request) => request.includes('/sample'))
    expect(samples.some((request) => request.includes('interval='))).toBe(streaming)
  })

test('what fell out of the buffer, and a restart, are told with the values that follow', async () => {
  agent.set('count', 'int32', 0)
  const device = open()
  const { values, seen, states } = await watch(device, [tag('count', 'int32')])
  const newest = () => seen.at(-1)?.sample
  agent.set('count', 'int32', -1)
  await until('the stream to flow', () => values('count').at(-1) === -1)
  agent.faults.silent = true
  for (const n of range(1, 60)) agent.set('count', 'int32', n)
  await until('the missing heartbeat', () => states.length > 0)
  agent.faults.silent = false
  await until('the current value', () => values('count').at(-1) === 60)
  expect(newest()).toMatchObject({ quality: 192, reason: 'the agent no longer had what came before this value' })
  agent.set('count', 'int32', 61)
  await until('the next value', () => values('count').at(-1) === 61)
  expect(newest()?.reason).toBeUndefined()
  agent.restart()
  agent.set('count', 'int32', 62)
  await until('a value of the new life', () => values('count').at(-1) === 62)
  expect(seen.filter(({ sample }) => /restarted|no longer had/.test(sample.reason ?? '')).length).toBe(2)
})

test('a new life of the agent is known by its instance, even where it has come as far as the old one', async () => {
  const other = await startMtconnectSimulator()
  other.set('count', 'int32', 0)
  const { seen } = await watch(open(other.settings), [tag('count', 'int32')])
  other.restart()
  for (const n of range(1, 30)) other.set('count', 'int32', n)
  await until('a value of the new life', () => seen.at(-1)?.sample.value === 30)
  expect(seen.map(({ sample }) => [sample.value, sample.reason])).toEqual([
    [0, undefined],
    [30, 'the agent was restarted: what came before this value may be lost'],
  ])
  await other.stop()
})

test('conditions are followed in a stream as they come and go', async () => {
  agent.setCondition('temp', 'Normal', '', '')
  const { values } = await watch(open(), [tag('temp', 'text')])
  agent.setCondition('temp', 'Fault', '7', 'hot')
  agent.setCondition('temp', 'Warning', '8', '')
  agent.setCondition('temp', 'Normal', '7', '')
  agent.setCondition('temp', 'Normal', '', '')
  await until('every state', () => values('temp').length === 5)
  expect(values('temp')).toEqual(['Normal', 'Fault 7: hot', 'Fault 7: hot; Warning 8', 'Warning 8', 'Normal'])
})

test('data items are listed with path, type and unit', async () => {
  agent.set('x2', 'float64', 1)
  agent.set('pos[2]', 'float64', 1)
  agent.set('pgm', 'text', '')
  const found = []
  for await (const each of open().browse!()) found.push(each)
  expect(found).toContainEqual({
    address: 'x2',
    name: 'Machine/Axes/x2_name',
    type: 'float64',
    unit: 'MILLIMETER',
    writable: false,
  })
  expect(found).toContainEqual({
    address: 'pos[1]',
    name: 'Machine/Axes/pos_name Y',
    type: 'float64',
    unit: 'MILLIMETER',
    writable: false,
  })
  expect(found).toContainEqual({
    address: 'pgm',
    name: 'Machine/Axes/pgm_name',
    type: 'text',
    unit: undefined,
    writable: false,
  })
})

test('an endless answer is cut at the limit, and one that is no XML is refused', async () => {
  let kind = 'endless'
  const strange = createServer((_, response) => {
    if (kind !== 'endless') return response.end(kind)
    const chunk = Buffer.alloc(1 << 20, 'a')
    const more = () => {
      while (!response.destroyed && response.write(chunk));
      if (!response.destroyed) response.once('drain', more)
    }
    more()
  })
  await new Promise<void>((done) => strange.listen(0, '127.0.0.1', done))
  const device = open({ url: `http://127.0.0.1:${(strange.address() as AddressInfo).port}`, timeoutMs: 20_000 })
  const value = () => read(device, tag('x2', 'text'))
  await expect(value()).rejects.toThrow('the document is too large')
  for (const [answer, words] of [
    ['<html></html>', /no document of an MTConnect agent: html/],
    ['<!DOCTYPE x [<!ENTITY a "b">]><MTConnectStreams/>', /declares a document type/],
    [`${'<a>'.repeat(100)}`, /not readable as XML/],
    ['', /no document/],
  ] as const) {
    kind = answer
    await expect(value()).rejects.toThrow(words)
  }
  await new Promise((done) => {
    strange.close(done)
    strange.closeAllConnections()
  })
})
