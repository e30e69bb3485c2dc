import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mqtt from 'mqtt'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { selfSigned } from '../../../tests/support/certificate.ts'
import { EdgeBuffer } from '../buffer/buffer.ts'
import { until } from '../testing.ts'
import { Northbounds } from './northbounds.ts'
import { startBroker, type TestBroker, testPlant } from './test-broker.ts'

let broker: TestBroker
let folder = ''
let buffer: EdgeBuffer
let northbounds: Northbounds | undefined
const clients: mqtt.MqttClient[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kapok-uns-'))
  buffer = new EdgeBuffer(join(folder, 'batches'))
  broker = await startBroker()
})
afterEach(async () => {
  await northbounds?.stop()
  for (const client of clients.splice(0)) client.end(true)
  await broker.stop()
  buffer.close()
  rmSync(folder, { recursive: true, force: true })
})

async function listener() {
  const client = await mqtt.connectAsync(broker.url, { protocolVersion: 4, reconnectPeriod: 0 })
  clients.push(client)
  const heard: { topic: string; body: Record<string, unknown>; retain: boolean }[] = []
  client.on('message', (topic, payload, { retain }) =>
    heard.push({ topic, body: JSON.parse(payload.toString()), retain }),
  )
  await client.subscribeAsync('#', { qos: 1 })
  return heard
}

const tableOf = (more: object) => ({
  levels: { enterprise: '木棉', site: '杭州' },
  northbound: [{ kind: 'uns', url: broker.url, ...more }],
  devices: ['press', 'saw'].map((name) => ({
    name,
    protocol: 'modbus',
    connection: { host: '127.0.0.1' },
    levels: { area: `area of ${name}` },
    tags: [
      { property: 'temperature', address: 'holding/0', type: 'int16', unit: '°C' },
      { property: 'count', address: 'holding/1', type: 'int32' },
    ],
  })),
})

async function begin(more: object) {
  const plant = await testPlant(buffer, tableOf(more))
  northbounds = new Northbounds(plant.plant)
  northbounds.run(plant.config)
  await until('the session', () => northbounds?.states[0]?.phase === 'online')
  return plant
}

test('a message a value, under the levels of the plant, retained: who comes later has the last ones', async () => {
  const heard = await listener()
  const { read } = await begin({ topic: '{enterprise}/{site}/{area}/{device}/{property}' })
  const at = Date.now()
  await read('press', 'temperature', 21.5, at)
  await read('saw', 'count', 7, at + 1, 64)
  await read('saw', 'count', 7, at + 2, 0)
  await until('three messages', () => heard.length === 3)
  const topic = '木棉/杭州/area of press/press/temperature'
  expect(heard).toEqual([
    { topic, body: { timestamp: at, value: 21.5, quality: 'good', unit: '°C' }, retain: false },
    {
      topic: '木棉/杭州/area of saw/saw/count',
      body: { timestamp: at + 1, value: 7, quality: 'uncertain' },
      retain: false,
    },
    {
      topic: '木棉/杭州/area of saw/saw/count',
      body: { timestamp: at + 2, value: null, quality: 'bad' },
      retain: false,
    },
  ])
  const later = await listener()
  await until('what is retained', () => later.length === 2)
  expect(later.find((each) => each.topic === topic)).toMatchObject({ retain: true, body: { value: 21.5 } })
})

test('a message a machine where the topic names no property; nothing is retained where that is not wanted', async () => {
  const heard = await listener()
  const { plant } = await begin({ topic: 'umh/{site}/{device}', retain: false, qos: 0 })
  const at = Date.now()
  await plant.buffer.append([
    { device: 'press', property: 'temperature', at, value: 20 },
    { device: 'press', property: 'count', at, value: 1 },
    { device: 'press', property: 'count', at: at + 5, value: 2 },
  ])
  await until('the messages', () => heard.length === 2)
  expect(heard.map(({ topic, body }) => [topic, body])).toEqual([
    [
      'umh/杭州/press',
      {
        timestamp: at,
        values: { temperature: { value: 20, quality: 'good', unit: '°C' }, count: { value: 1, quality: 'good' } },
      },
    ],
    ['umh/杭州/press', { timestamp: at + 5, values: { count: { value: 2, quality: 'good' } } }],
  ])
  expect(await listener()).toEqual([])
})

test('what came while the broker was away follows in order, before what is new, and once each', async () => {
  const { read } = await begin({ topic: '{device}/{property}' })
  await broker.stop()
  await until('it to be noticed', () => northbounds?.states[0]?.phase === 'away')
  const start = Date.now()
  await buffer.append(
    Array.from({ length: 3_000 }, (_, i) => ({ device: 'press', property: 'count', at: start + i, value: i })),
  )
  broker = await startBroker(broker.port)
  const heard = await listener()
  await read('press', 'count', -1, start + 5_000)
  await until('all of it', () => heard.length >= 3_001)
  expect(heard.map(({ body }) => body.value)).toEqual([...Array.from({ length: 3_000 }, (_, i) => i), -1])
  expect(northbounds?.states[0]).toMatchObject({ waiting: 0, sentPoints: 3_001 })
})

test('a broker that reads nothing keeps neither the buffer nor another broker waiting, and is given little', async () => {
  const { createServer } = await import('node:net')
  // It takes the connection and the first packet, and then never reads again.
  const stuck = createServer((socket) => {
    socket.once('data', () => {
      socket.write(Buffer.from([0x20, 2, 0, 0]))
      socket.pause()
    })
    socket.on('error', () => undefined)
  })
  await new Promise<void>((done) => stuck.listen(0, '127.0.0.1', done))
  const address = stuck.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const heard = await listener()
  const table = tableOf({ topic: '{device}/{property}' })
  table.northbound.push({ kind: 'uns', url: `mqtt://127.0.0.1:${port}`, topic: '{device}/{property}', qos: 0 } as never)
  const { plant, config } = await testPlant(buffer, table)
  northbounds = new Northbounds(plant)
  northbounds.run(config)
  await until('both sessions', () => northbounds?.states.filter(({ phase }) => phase === 'online').length === 2)
  const text = 'x'.repeat(2_000)
  for (let b = 0; b < 40; b++) {
    const at = 1_800_000_000_000 + b * 250
    await buffer.append(
      Array.from({ length: 250 }, (_, i) => ({ device: 'press', property: 'note', at: at + i, value: text })),
    )
  }
  await until('the other to have all', () => heard.length === 10_000)
  // What the sockets of both sides hold, and no more.
  expect(northbounds.states[1]?.waiting).toBeGreaterThan(12)
  // Written into a socket is not delivered.
  expect(northbounds.states[1]).toMatchObject({ phase: 'online', sentPoints: 0 })
  await northbounds.stop()
  stuck.close()
})

test('over TLS with the broker’s certificate and a password of their files; without trust or password the state says why', async () => {
  const { cert, key } = selfSigned()
  const secured = await startBroker(0, { cert, key })
  secured.aedes.authenticate = (_, name, password, done) =>
    done(null, name === 'kapok' && password?.toString() === 'secret')
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const [ca, passwordFile] = [file('ca.crt', cert), file('password', 'secret\n')]
  const stateWith = async (more: object) => {
    const { plant, config } = await testPlant(buffer, tableOf({ topic: '{device}', url: secured.url, ...more }))
    const tried = new Northbounds(plant)
    tried.run(config)
    await until('an outcome', () => {
      const [state] = tried.states
      return state?.phase === 'online' || state?.lastError !== undefined
    })
    const [state] = tried.states
    await tried.stop()
    return state
  }
  expect(await stateWith({ ca, username: 'kapok', passwordFile })).toMatchObject({ phase: 'online' })
  expect((await stateWith({ username: 'kapok', passwordFile }))?.lastError).toContain('self-signed certificate')
  expect((await stateWith({ ca, username: 'kapok', password: 'wrong' }))?.lastError).toMatch(/refused/i)
  expect((await stateWith({ ca: join(folder, 'none'), username: 'kapok' }))?.lastError).toContain('ENOENT')
  await secured.stop()
})
