import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { EdgeBuffer } from '../buffer/buffer.ts'
import { until } from '../testing.ts'
import { Northbounds } from './northbounds.ts'
import { startBroker, type TestBroker, TestHost, testPlant } from './test-broker.ts'

// The edge node against a broker and a host that decodes with a library that is not ours.
let broker: TestBroker
let host: TestHost
let folder = ''
let buffer: EdgeBuffer
let northbounds: Northbounds | undefined
const node = 'plant/gateway 1'

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kapok-sparkplug-'))
  buffer = new EdgeBuffer(join(folder, 'batches'))
  broker = await startBroker()
  host = await TestHost.at(broker.url)
})
afterEach(async () => {
  await northbounds?.stop()
  host.client.end(true)
  await broker.stop()
  buffer.close()
  rmSync(folder, { recursive: true, force: true })
  expect(host.faults).toEqual([])
})

const machine = (name: string) => ({
  name,
  protocol: 'modbus',
  connection: { host: '127.0.0.1' },
  tags: [
    { property: 'temperature', address: 'holding/0', type: 'int16', scale: 0.1, unit: '°C' },
    { property: 'count', address: 'holding/1', type: 'int32', write: { min: -1000, max: 1000 } },
    { property: 'running', address: 'coil/0', type: 'bool' },
    { property: 'mode', address: 'holding/9', type: 'uint16', values: { 0: 'off', 1: 'auto' } },
  ],
  derived: [{ property: 'twice', expression: 'count * 2', unit: 'pcs' }],
})
const tableOf = (more: object = {}, ...names: string[]) => ({
  northbound: [{ kind: 'sparkplug', url: broker.url, groupId: 'plant', ...more }],
  devices: (names.length === 0 ? ['press'] : names).map(machine),
})

async function begin(table: object = tableOf()) {
  const plant = await testPlant(buffer, table)
  northbounds = new Northbounds(plant.plant)
  northbounds.run(plant.config)
  return plant
}
const isOnline = () => northbounds?.states[0]?.phase === 'online'

test('a birth says every metric with alias, datatype, value, unit and quality; data have the alias alone, and only what changed', async () => {
  const at = Date.now()
  const { plant, config, read } = await testPlant(buffer, tableOf())
  await read('press', 'temperature', 21.5, at - 10)
  await read('press', 'count', -7, at - 20)
  northbounds = new Northbounds(plant)
  northbounds.run(config)
  await until('the births', () => host.of('DBIRTH').length === 1)
  const [nbirth] = host.of('NBIRTH')
  expect(nbirth).toMatchObject({
    seq: 0,
    retain: false,
    metrics: [
      { name: 'bdSeq', type: 'Int64', value: 0 },
      { name: 'Node Control/Rebirth', type: 'Boolean', value: false },
    ],
  })
  expect(nbirth?.metrics.every(({ alias }) => alias === undefined)).toBe(true)
  const [dbirth] = host.of('DBIRTH')
  expect(dbirth).toMatchObject({ device: 'press', seq: 1 })
  // In the order of time.
  expect(dbirth?.metrics.slice(0, 2)).toMatchObject([
    { name: 'count', type: 'Int32', value: -7, timestamp: at - 20, properties: { Quality: 192, readOnly: false } },
    {
      name: 'temperature',
      type: 'Double',
      value: 21.5,
      timestamp: at - 10,
      properties: { Quality: 192, readOnly: true, engUnit: '°C' },
    },
  ])
  expect(
    dbirth?.metrics.slice(2).map(({ name, type, value, properties }) => [name, type, value, properties.Quality]),
  ).toEqual([
    ['running', 'Boolean', null, 0],
    ['mode', 'String', null, 0],
  ])
  expect(new Set(dbirth?.metrics.map(({ alias }) => alias)).size).toBe(4)

  await read('press', 'temperature', 21.5)
  await read('press', 'temperature', 22.5)
  await read('press', 'mode', 'auto')
  await read('press', 'running', true)
  await until('the changes', () => host.data('press', 'running').length === 1)
  expect(host.data('press', 'temperature').map(({ value, name }) => [value, name])).toEqual([[22.5, undefined]])
  expect(host.data('press', 'mode')).toMatchObject([
    { value: 'auto', isHistorical: false, properties: { Quality: 192 } },
  ])
  // A derived value shows what kind it is when it comes first, and is born then.
  await read('press', 'twice', 44)
  await until('the derived value', () => host.data('press', 'twice').length + host.of('DBIRTH').length === 2)
  expect(host.of('DBIRTH')[1]?.metrics.find(({ name }) => name === 'twice')).toMatchObject({
    type: 'Double',
    value: 44,
    properties: { engUnit: 'pcs' },
  })
})

test('a bad value is null with quality 0, an uncertain one is told as stale, and a good one ends that', async () => {
  const { read } = await begin()
  await until('the session', isOnline)
  await read('press', 'count', 1)
  await read('press', 'count', 1, Date.now(), 0)
  await read('press', 'count', 2, Date.now(), 64)
  await read('press', 'count', 2, Date.now(), 192)
  await read('press', 'count', 3, Date.now(), 192)
  await until('all of them', () => host.data('press', 'count').length === 5)
  expect(host.data('press', 'count').map(({ value, properties }) => [value, properties.Quality])).toEqual([
    [1, 192],
    [null, 0],
    [2, 500],
    [2, 192],
    [3, undefined],
  ])
})

test('seq wraps after 255, and whole numbers below zero and beyond 32 bits arrive as they are', async () => {
  const { read } = await begin(tableOf())
  await until('the session', isOnline)
  for (let i = 0; i < 300; i++) {
    await read('press', 'count', i % 2 === 0 ? -i : i)
    await until('the value', () => host.data('press', 'count').length === i + 1)
  }
  expect(host.data('press', 'count').map(({ value }) => value)).toEqual(
    Array.from({ length: 300 }, (_, i) => (i % 2 === 0 ? -i : i) || 0),
  )
  const seqs = host.heard.map(({ seq }) => seq)
  expect(seqs.slice(0, 258)).toEqual([...Array.from({ length: 256 }, (_, i) => i), 0, 1])
  // Too large for Int32: born anew as text rather than cut.
  await read('press', 'count', 5_000_000_000)
  await until('the new birth', () => host.of('DBIRTH').length === 2)
  expect(host.of('DBIRTH')[1]?.metrics.find(({ name }) => name === 'count')).toMatchObject({
    type: 'String',
    value: '5000000000',
  })
})

test('a value that is older than what the birth said is historical, but not when the clock was set back', async () => {
  const { plant, config, read } = await testPlant(buffer, tableOf())
  let now = Date.now()
  plant.clock.now = () => now
  northbounds = new Northbounds(plant)
  northbounds.run(config)
  await until('the session', isOnline)
  await read('press', 'count', 1, now)
  await read('press', 'count', 2, now - 5)
  await until('two', () => host.data('press', 'count').length === 2)
  now -= 3_600_000
  await read('press', 'count', 3, now)
  await read('press', 'count', 4, now + 1)
  await until('all', () => host.data('press', 'count').length === 4)
  expect(host.data('press', 'count').map(({ value, isHistorical }) => [value, isHistorical])).toEqual([
    [1, false],
    [2, true],
    [3, false],
    [4, false],
  ])
})

test('a rebirth is a whole birth sequence from seq 0 with the same bdSeq and the same aliases', async () => {
  const { read } = await begin(tableOf({}, 'press', 'saw'))
  await until('the session', isOnline)
  await read('saw', 'count', 5)
  await until('a value', () => host.data('saw', 'count').length === 1)
  await host.rebirth(node)
  await until('the rebirth', () => host.of('DBIRTH').length === 4)
  expect(host.of('NBIRTH').map(({ metrics }) => metrics[0]?.value)).toEqual([0, 0])
  const aliasesOf = (n: number) =>
    host
      .of('DBIRTH', 'saw')
      [n]?.metrics.map(({ name, alias }) => [name, alias])
      .sort()
  expect(aliasesOf(1)).toEqual(aliasesOf(0))
  expect(host.of('DBIRTH', 'saw')[1]?.metrics.find(({ name }) => name === 'count')?.value).toBe(5)
  await read('saw', 'count', 6)
  await until('data after it', () => host.data('saw', 'count').length === 2)
})

test('a machine that is lost dies after its last values, and is born again when it answers', async () => {
  const { read, state } = await begin(tableOf({}, 'press', 'saw'))
  await until('the session', isOnline)
  await read('press', 'count', 1)
  const last = read('press', 'count', 2)
  const bad = read('press', 'count', 2, Date.now(), 0)
  state('press').connected = false
  await Promise.all([last, bad])
  await until('the death', () => host.of('DDEATH', 'press').length === 1)
  expect(host.data('press', 'count').map(({ value }) => value)).toEqual([1, 2, null])
  // Heartbeats of what is bad say nothing new.
  await read('press', 'count', 2, Date.now(), 0)
  state('press').connected = true
  await read('press', 'count', 9)
  await until('the birth', () => host.of('DBIRTH', 'press').length === 2)
  expect(host.of('DBIRTH', 'press')[1]?.metrics.find(({ name }) => name === 'count')?.value).toBe(9)
  expect(host.of('DBIRTH', 'saw').length).toBe(1)
  expect(host.of('DDEATH', 'saw').length).toBe(0)
})

test('the death of the node stands in its will; a stop says it itself; bdSeq is one more with each connection, over restarts too', async () => {
  const table = tableOf()
  const { read } = await begin(table)
  await until('the session', isOnline)
  await read('press', 'count', 1)
  await until('a value', () => host.data('press', 'count').length === 1)
  for (const { conn } of Object.values(
    (broker.aedes as unknown as { clients: Record<string, { id: string; conn: { destroy(): void } }> }).clients,
  ))
    if (
      (conn as unknown as { remotePort: number }).remotePort !==
      (host.client.stream as unknown as { localPort: number }).localPort
    )
      conn.destroy()
  await until('the will and a second birth', () => host.of('NDEATH').length === 1 && host.of('NBIRTH').length === 2)
  await northbounds?.stop()
  await until('the farewell', () => host.of('NDEATH').length === 2)
  buffer.close()
  buffer = new EdgeBuffer(join(folder, 'batches'))
  await begin(table)
  await until('the third birth', () => host.of('NBIRTH').length === 3 && isOnline())
  const bdSeqs = (type: string) => host.of(type).map(({ metrics }) => metrics[0]?.value)
  expect(bdSeqs('NBIRTH')).toEqual([0, 1, 2])
  expect(bdSeqs('NDEATH')).toEqual([0, 1])
  // What the broker has is not sent again.
  await until('all to be with the broker', () => northbounds?.states[0]?.waiting === 0)
  expect(host.data('press', 'count').length).toBe(1)
  expect(host.of('NDEATH').every(({ seq }) => seq === undefined || seq === null || seq === 0)).toBe(true)
})

test('what came while the broker was away follows as historical, in the order of time and once each; live values do not wait for it', async () => {
  const { read, state } = await begin(tableOf({}, 'press', 'saw'))
  await until('the session', isOnline)
  await read('press', 'count', 0)
  await until('a first value', () => host.data('press', 'count').length === 1)
  host.client.end(true)
  await broker.stop()
  await until('it to be noticed', () => !isOnline())
  const start = Date.now()
  const points = Array.from({ length: 20_000 }, (_, i) => ({
    device: i % 2 === 0 ? 'press' : 'saw',
    property: 'count',
    at: start + i,
    value: i,
  }))
  await buffer.append(points)
  // One of them died meanwhile; its history is told nevertheless.
  state('saw').connected = false
  broker = await startBroker(broker.port)
  host = await TestHost.at(broker.url)
  await until('the session', isOnline)
  await read('press', 'temperature', 99, Date.now() + 60_000)
  await until(
    'the backlog',
    () => host.data('press', 'count').length === 10_000 && host.data('saw', 'count').length === 10_000,
  )
  for (const [device, rest] of [
    ['press', 0],
    ['saw', 1],
  ] as const) {
    const values = host.data(device, 'count')
    expect(values.every(({ isHistorical }) => isHistorical)).toBe(true)
    expect(values.map(({ value }) => value)).toEqual(Array.from({ length: 10_000 }, (_, i) => i * 2 + rest))
    expect(values.map(({ timestamp }) => timestamp)).toEqual(
      Array.from({ length: 10_000 }, (_, i) => start + i * 2 + rest),
    )
  }
  expect(host.data('press', 'temperature')).toMatchObject([{ value: 99, isHistorical: false }])
  const orderOf = (found: (metric: { isHistorical: boolean }) => boolean) =>
    host.of('DDATA').findLastIndex(({ metrics }) => metrics.some(found))
  expect(orderOf(({ isHistorical }) => !isHistorical)).toBeLessThan(orderOf(({ isHistorical }) => isHistorical))
  await until('the dead one to be buried', () => host.of('DDEATH', 'saw').length === 1)
  expect(host.of('DBIRTH', 'saw').length).toBe(1)
  expect(northbounds?.states[0]).toMatchObject({ waiting: 0, lostBatches: 0 })
})

test('what gave way in a full buffer before the broker had it is told as a gap, and the rest is sent', async () => {
  buffer.close()
  buffer = new EdgeBuffer(join(folder, 'small'), { quotaBytes: 3 * 1024 * 1024 })
  await broker.stop()
  await begin()
  await until('it to be noticed', () => northbounds?.states[0]?.lastError !== undefined)
  for (let b = 0; b < 12; b++)
    await buffer.append(
      Array.from({ length: 40 }, (_, i) => ({
        device: 'press',
        property: 'mode',
        at: 1_800_000_000_000 + b * 100 + i,
        value: `${b} ${i} ${'x'.repeat(10_000)}`,
      })),
    )
  broker = await startBroker(broker.port)
  host = await TestHost.at(broker.url)
  await until('the rest', () => northbounds?.states[0]?.phase === 'online' && northbounds.states[0].waiting === 0)
  expect(northbounds?.states[0]?.lostBatches).toBeGreaterThan(2)
  const values = host.data('press', 'mode').map(({ value }) => String(value).slice(0, 5))
  expect(values.at(-1)).toBe('11 39')
  expect(values.length % 40).toBe(0)
})

test('with a primary host nothing is published until it is online, and all ends when it goes; meanwhile values are kept', async () => {
  const state = (online: boolean, timestamp = Date.now()) =>
    host.client.publishAsync('spBv1.0/STATE/scada', JSON.stringify({ online, timestamp }), { qos: 1, retain: true })
  const { read } = await begin(tableOf({ primaryHost: 'scada' }))
  await until('it to wait', () => northbounds?.states[0]?.phase === 'waiting')
  await read('press', 'count', 1)
  expect(host.heard).toEqual([])
  await state(true)
  await until('the births', () => host.data('press', 'count').length === 1)
  expect(host.data('press', 'count')).toMatchObject([{ value: 1, isHistorical: true }])
  // An old word of a host that was away does not count.
  await state(false, 1_000)
  await read('press', 'count', 2)
  await until('a live value', () => host.data('press', 'count').length === 2)
  await state(false)
  await until('the end', () => host.of('NDEATH').length === 1)
  await read('press', 'count', 3)
  await until('it to wait again', () => northbounds?.states[0]?.phase === 'waiting')
  const before = host.heard.length
  await state(true, Date.now() + 1)
  await until('the births', () => host.data('press', 'count').length === 3)
  expect(host.heard[before]).toMatchObject({ type: 'NBIRTH', metrics: [{ value: 1 }, {}] })
  expect(host.data('press', 'count')[2]).toMatchObject({ value: 3, isHistorical: true })
})

test('a DCMD is a write of the gateway: by name or alias, in the tag’s own terms; what is no command does nothing', async () => {
  const { writes } = await begin()
  await until('the births', () => host.of('DBIRTH').length === 1)
  const aliasOf = (name: string) => host.of('DBIRTH')[0]?.metrics.find((metric) => metric.name === name)?.alias
  const topic = 'spBv1.0/plant/DCMD/gateway 1/press'
  await host.client.publishAsync(topic, Buffer.from('nonsense'))
  await host.command(topic, [{ name: 'unknown', type: 'Int32', value: 1 }])
  await host.command(topic, [{ name: 'count', type: 'Int32', value: -12 }])
  await host.command(topic, [{ alias: aliasOf('running'), type: 'Boolean', value: true }])
  await host.command('spBv1.0/plant/DCMD/gateway 1/saw', [{ alias: aliasOf('running'), type: 'Boolean', value: true }])
  await host.command(topic, [{ name: 'mode', type: 'String', value: 'auto' }])
  await until('the writes', () => writes.length === 3)
  const who = expect.stringMatching(/^Sparkplug plant · 127\.0\.0\.1:\d+$/)
  expect(writes).toEqual([
    { who, device: 'press', property: 'count', value: -12 },
    { who, device: 'press', property: 'running', value: true },
    { who, device: 'press', property: 'mode', value: 'auto' },
  ])
})
